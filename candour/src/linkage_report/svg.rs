//! Charts as SVG, drawn from a figure's table. Words stand above their bars, so that they can be read on a telephone too.

use std::fmt::Write as _;

use super::figure::{Cell, Chart, Figure, Plot, Table};

const WIDTH: f64 = 480.0;
/// Height of the axis with its numbers and title.
const AXIS: f64 = 42.0;
/// Least distance of two numbers on an axis across, and upright.
const APART: f64 = 60.0;
const APART_UP: f64 = 40.0;
/// Width of a digit.
const LETTER: f64 = 7.5;
/// How lines are told apart without colour.
const DASHES: [&str; 4] = ["", "8 4", "2 4", "10 3 2 3"];

/// The drawing of a figure, where it has a chart and something to draw.
pub(super) fn draw(figure: &Figure) -> Option<String> {
    let chart = figure.chart.as_ref()?;
    if figure.table.rows.is_empty() {
        return None;
    }
    let (drawn, height) = match &chart.plot {
        Plot::Bars { group, label, value } => bars(&figure.table, chart, *group, *label, &[*value]),
        Plot::Pairs { group, label, values } => bars(&figure.table, chart, *group, *label, values),
        Plot::Columns { from, to, values } => columns(&figure.table, chart, (*from, *to), values),
        Plot::Lines { x, values } => lines(&figure.table, chart, *x, values),
        Plot::Steps { label, from, to, value } => steps(&figure.table, chart, *label, (*from, *to), *value),
    };
    Some(format!(
        "<svg class=\"chart figure\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{} Across: {}. The table after the chart holds the same figures.</desc><g aria-hidden=\"true\">{drawn}</g></svg>",
        escape(&figure.title),
        escape(&figure.caption),
        escape(&chart.x),
        id = figure.id,
    ))
}

/// A straight scale.
#[derive(Clone, Copy)]
struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    fn at(&self, value: f64) -> f64 {
        let width = self.to - self.from;
        let part = if width > 0.0 { (value - self.from) / width } else { 0.0 };
        self.start + part * (self.end - self.start)
    }

    /// The distance of its numbers, this far apart or more.
    fn step(&self, apart: f64) -> f64 {
        round_step((self.to - self.from) * apart / (self.end - self.start).abs().max(1.0))
    }

    /// The same, ending at round numbers.
    fn rounded(self) -> Self {
        let step = self.step(APART);
        let (from, to) = ((self.from / step + 1e-9).floor() * step, (self.to / step - 1e-9).ceil() * step);
        Self { from, to, ..self }
    }

    /// The same, its upper end a round number.
    fn rounded_up(self) -> Self {
        let step = self.step(APART_UP);
        Self { to: (self.to / step - 1e-9).ceil() * step, ..self }
    }

    /// Round numbers along it, this far apart or more.
    fn ticks(&self, apart: f64) -> Vec<f64> {
        let step = self.step(apart);
        let (first, last) = ((self.from / step - 1e-9).ceil() as i64, (self.to / step + 1e-9).floor() as i64);
        (first..=last).map(|n| n as f64 * step).collect()
    }
}

/// The least of 1, 2, 5 and their tenfolds that is not below a step.
fn round_step(step: f64) -> f64 {
    if !(step.is_finite() && step > 0.0) {
        return 1.0;
    }
    let ten = 10.0_f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * ten).find(|n| *n >= step * 0.999_999).unwrap_or(ten * 10.0)
}

/// A number on an axis: as short as its step allows.
fn tick(value: f64, step: f64) -> String {
    let places = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    Cell::Fixed(value, places).text()
}

fn text(into: &mut String, x: f64, y: f64, class: &str, anchor: &str, words: &str) {
    let _ = write!(
        into,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{}</text>",
        escape(words)
    );
}

fn line(into: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = write!(
        into,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn rect(into: &mut String, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
    let _ = write!(
        into,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
        width.max(0.0)
    );
}

/// The grid, numbers and title of the axis across, below what is drawn from `top` to `bottom`.
fn axis_across(into: &mut String, scale: Scale, (top, bottom): (f64, f64), title: &str) {
    let (ticks, step) = (scale.ticks(APART), scale.step(APART));
    for value in &ticks {
        let x = scale.at(*value);
        line(into, if *value == 0.0 { "zero" } else { "grid" }, (x, top), (x, bottom));
        text(into, x, bottom + 15.0, "tick", "middle", &tick(*value, step));
    }
    text(into, f64::midpoint(scale.start, scale.end), bottom + 35.0, "axis", "middle", title);
}

/// The grid, numbers and title of the upright axis.
fn axis_up(into: &mut String, scale: Scale, (left, right): (f64, f64), title: &str) {
    let (ticks, step) = (scale.ticks(APART_UP), scale.step(APART_UP));
    for value in &ticks {
        let y = scale.at(*value);
        line(into, if *value == 0.0 { "zero" } else { "grid" }, (left, y), (right, y));
        text(into, left - 6.0, y + 4.0, "tick", "end", &tick(*value, step));
    }
    text(into, 0.0, scale.end - 10.0, "axis", "start", title);
}

/// Swatches or dashes with the names of series, one to a row; returns the height taken.
fn legend(into: &mut String, names: &[&str], dashes: bool) -> f64 {
    if names.len() < 2 {
        return 0.0;
    }
    for (at, name) in names.iter().enumerate() {
        let y = 8.0 + at as f64 * 19.0;
        if dashes {
            let _ = write!(
                into,
                "<line class=\"series s{at}\" stroke-dasharray=\"{}\" x1=\"2\" y1=\"{y:.1}\" x2=\"34\" y2=\"{y:.1}\"/>",
                DASHES[at % DASHES.len()]
            );
        } else {
            rect(into, &format!("b{at}"), (2.0, y - 6.0), (32.0, 12.0));
        }
        text(into, 42.0, y + 4.5, "label", "start", name);
    }
    names.len() as f64 * 19.0 + 6.0
}

/// The least and greatest of some columns, zero among them.
fn range(table: &Table, columns: &[usize]) -> (f64, f64) {
    let all = (0..table.rows.len()).flat_map(|row| columns.iter().filter_map(move |c| table.number(row, *c)));
    let (least, most) = all.fold((0.0_f64, 0.0_f64), |(a, b), n| (a.min(n), b.max(n)));
    if least == most { (least, least + 1.0) } else { (least, most) }
}

fn bars(table: &Table, chart: &Chart, group: Option<usize>, label: usize, values: &[usize]) -> (String, f64) {
    let (least, most) = range(table, values);
    let room = |of: &dyn Fn(f64) -> bool| {
        let cells = table.rows.iter().flat_map(|row| values.iter().map(|v| &row[*v]));
        let longest = cells.filter(|c| of(c.number().unwrap_or(0.0))).map(|c| c.text().chars().count()).max();
        8.0 + LETTER * longest.unwrap_or(0) as f64
    };
    let start = if least < 0.0 { room(&|n| n < 0.0) } else { 2.0 };
    let scale = Scale { from: least, to: most, start, end: WIDTH - room(&|n| n >= 0.0) }.rounded();
    // Words stand clear of the line at zero where that is at the edge.
    let words = if least < 0.0 { 0.0 } else { 8.0 };
    let mut drawn = String::new();
    let names: Vec<&str> = values.iter().map(|v| table.columns[*v].heading.as_str()).collect();
    let mut y = legend(&mut drawn, &names, false);
    let top = y;
    let mut body = String::new();
    let mut last: Option<String> = None;
    for row in &table.rows {
        if let Some(at) = group {
            let name = row[at].text();
            if last.as_ref() != Some(&name) {
                y += 8.0;
                text(&mut body, words, y + 14.0, "group", "start", &cut(&name, 50));
                y += 20.0;
                last = Some(name);
            }
        }
        text(&mut body, words, y + 13.0, "label", "start", &cut(&row[label].text(), 58));
        y += 18.0;
        for (at, value) in values.iter().enumerate() {
            let shown = row[*value].text();
            let number = row[*value].number().unwrap_or(0.0);
            let (zero, end) = (scale.at(0.0), scale.at(number));
            let class =
                if values.len() == 1 && number < 0.0 { "against".to_owned() } else { format!("b{at}") };
            rect(&mut body, &class, (zero.min(end), y), ((end - zero).abs().max(1.0), 11.0));
            if number < 0.0 {
                text(&mut body, end - 5.0, y + 10.0, "value", "end", &shown);
            } else {
                text(&mut body, end + 5.0, y + 10.0, "value", "start", &shown);
            }
            y += 14.0;
        }
        y += 4.0;
    }
    axis_across(&mut drawn, scale, (top, y), &chart.x);
    (drawn + &body, y + AXIS)
}

fn steps(
    table: &Table,
    chart: &Chart,
    label: usize,
    (from, to): (usize, usize),
    value: usize,
) -> (String, f64) {
    let (mut least, mut most) = range(table, &[from, to]);
    if let Some(threshold) = chart.threshold {
        (least, most) = (least.min(threshold), most.max(threshold));
    }
    let scale = Scale { from: least, to: most, start: 52.0, end: WIDTH - 52.0 }.rounded();
    let mut drawn = String::new();
    let mut body = String::new();
    let mut y = 0.0;
    let last = table.rows.len() - 1;
    for (at, row) in table.rows.iter().enumerate() {
        text(
            &mut body,
            0.0,
            y + 13.0,
            if at == last { "group" } else { "label" },
            "start",
            &cut(&row[label].text(), 58),
        );
        y += 18.0;
        let (a, b) = (row[from].number().unwrap_or(0.0), row[to].number().unwrap_or(0.0));
        let (start, end) = (scale.at(a), scale.at(b));
        let class = if at == last {
            "whole"
        } else if b < a {
            "against"
        } else {
            "b0"
        };
        rect(&mut body, class, (start.min(end), y), ((end - start).abs().max(1.0), 11.0));
        if at < last {
            line(&mut body, "joint", (end, y), (end, y + 33.0));
        }
        let shown = row[value].text();
        if b < a {
            text(&mut body, end - 5.0, y + 10.0, "value", "end", &shown);
        } else {
            text(&mut body, end + 5.0, y + 10.0, "value", "start", &shown);
        }
        y += 18.0;
    }
    axis_across(&mut drawn, scale, (0.0, y), &chart.x);
    if let Some(threshold) = chart.threshold {
        let x = scale.at(threshold);
        line(&mut drawn, "threshold", (x, 0.0), (x, y));
    }
    (drawn + &body, y + AXIS)
}

fn columns(table: &Table, chart: &Chart, (from, to): (usize, usize), values: &[usize]) -> (String, f64) {
    const HEIGHT: f64 = 210.0;
    let rows = 0..table.rows.len();
    let sum = |row: usize| values.iter().filter_map(|v| table.number(row, *v)).sum::<f64>();
    let most = rows.clone().map(sum).fold(1.0, f64::max);
    let mut drawn = String::new();
    let names: Vec<&str> = values.iter().map(|v| table.columns[*v].heading.as_str()).collect();
    let top = legend(&mut drawn, &names, false) + 22.0;
    let bottom = top + HEIGHT;
    let up = Scale { from: 0.0, to: most, start: bottom, end: top }.rounded_up();
    let left = 10.0 + LETTER * tick(up.to, up.step(APART_UP)).len() as f64;
    let first = table.number(0, from).unwrap_or(0.0);
    let last = table.number(table.rows.len() - 1, to).unwrap_or(1.0);
    let across = Scale { from: first, to: last, start: left, end: WIDTH - 14.0 };
    axis_up(&mut drawn, up, (left, WIDTH - 14.0), &chart.y);
    axis_across(&mut drawn, across, (top, bottom), &chart.x);
    for row in rows {
        let (Some(a), Some(b)) = (table.number(row, from), table.number(row, to)) else { continue };
        let (a, b) = (across.at(a), across.at(b));
        let mut low = bottom;
        for (at, value) in values.iter().enumerate() {
            let height = bottom - up.at(table.number(row, *value).unwrap_or(0.0));
            if height > 0.0 {
                rect(&mut drawn, &format!("b{at}"), (a + 0.5, low - height), (b - a - 1.0, height));
                low -= height;
            }
        }
    }
    if let Some(x) = chart.threshold.map(|t| across.at(t)).filter(|x| (left..=WIDTH).contains(x)) {
        line(&mut drawn, "threshold", (x, top), (x, bottom));
    }
    (drawn, bottom + AXIS)
}

fn lines(table: &Table, chart: &Chart, x: usize, values: &[usize]) -> (String, f64) {
    const HEIGHT: f64 = 230.0;
    let all = (0..table.rows.len()).filter_map(|row| table.number(row, x));
    let (first, last) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), n| (a.min(n), b.max(n)));
    let (first, last) = if first < last { (first, last) } else { (first.min(0.0), first.min(0.0) + 1.0) };
    let (_, most) = range(table, values);
    let mut drawn = String::new();
    let names: Vec<&str> = values.iter().map(|v| table.columns[*v].heading.as_str()).collect();
    let top = legend(&mut drawn, &names, true) + 22.0;
    let bottom = top + HEIGHT;
    let up = Scale { from: 0.0, to: most, start: bottom, end: top }.rounded_up();
    let left = 10.0 + LETTER * tick(up.to, up.step(APART_UP)).len() as f64;
    let across = Scale { from: first, to: last, start: left, end: WIDTH - 24.0 };
    axis_up(&mut drawn, up, (left, WIDTH - 24.0), &chart.y);
    axis_across(&mut drawn, across, (top, bottom), &chart.x);
    if let Some(at) = chart.threshold.map(|t| across.at(t)).filter(|x| (left..=WIDTH).contains(x)) {
        line(&mut drawn, "threshold", (at, top), (at, bottom));
    }
    for (at, value) in values.iter().enumerate() {
        let points: Vec<(f64, f64)> = (0..table.rows.len())
            .filter_map(|row| Some((across.at(table.number(row, x)?), up.at(table.number(row, *value)?))))
            .collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = write!(
            drawn,
            "<polyline class=\"series s{at}\" stroke-dasharray=\"{}\" points=\"{}\"/>",
            DASHES[at % DASHES.len()],
            path.join(" ")
        );
        if values.len() == 1 {
            for (x, y) in points {
                let _ = write!(drawn, "<circle class=\"b0\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>");
            }
        }
    }
    (drawn, bottom + AXIS)
}

/// The beginning of a long name.
fn cut(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(['…']).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_stand_inside() {
        let scale = Scale { from: -6.6, to: 31.2, start: 0.0, end: 400.0 };
        assert_eq!(scale.ticks(80.0), [0.0, 10.0, 20.0, 30.0]);
        let wider = scale.rounded();
        assert_eq!((wider.from, wider.to), (-10.0, 40.0));
        let small = Scale { from: 0.0, to: 0.35, start: 0.0, end: 400.0 };
        assert_eq!(small.ticks(100.0).len(), 4);
        assert_eq!(tick(0.1 + 0.2, 0.1), "0.3");
        assert_eq!(round_step(0.0), 1.0);
    }
}
