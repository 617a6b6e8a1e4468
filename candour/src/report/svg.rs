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
        Plot::Intervals { .. } => intervals(&figure.table, chart),
        Plot::Points { x, y, logarithmic } => points(&figure.table, chart, (*x, *y), *logarithmic),
        Plot::Histogram { from, to, value } => histogram(&figure.table, chart, (*from, *to), *value),
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

/// An axis across of numbers above nought, straight or of their logarithms.
#[derive(Clone, Copy)]
struct Across {
    scale: Scale,
    logarithmic: bool,
}

impl Across {
    /// An axis that holds all the numbers with some room; straight ones do not begin at nought.
    fn of(numbers: &[f64], logarithmic: bool) -> Self {
        let usable = numbers.iter().filter(|n| n.is_finite() && (!logarithmic || **n > 0.0));
        let (least, most) =
            usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), n| (a.min(*n), b.max(*n)));
        let (least, most) = if least <= most { (least, most) } else { (1.0, 2.0) };
        let (least, most) = if logarithmic { (least.ln(), most.ln()) } else { (least, most) };
        let room = if most > least { 0.04 * (most - least) } else { 0.1 * most.abs().max(1.0) };
        let scale = Scale { from: least - room, to: most + room, start: 8.0, end: WIDTH - 12.0 };
        Self { scale, logarithmic }
    }

    fn at(&self, value: f64) -> f64 {
        self.scale.at(if self.logarithmic { value.max(1e-12).ln() } else { value })
    }

    fn axis(&self, into: &mut String, (top, bottom): (f64, f64), title: &str) {
        if !self.logarithmic {
            return axis_across(into, self.scale, (top, bottom), title);
        }
        // 1, 2 and 5 of each ten, as many as have room.
        let (from, to) = (self.scale.from.exp(), self.scale.to.exp());
        let mut last = f64::NEG_INFINITY;
        for ten in from.log10().floor() as i32..=to.log10().ceil() as i32 {
            for value in [1.0, 2.0, 5.0].map(|n| n * 10.0_f64.powi(ten)) {
                let x = self.at(value);
                if value < from || value > to || x - last < APART {
                    continue;
                }
                last = x;
                line(into, "grid", (x, top), (x, bottom));
                text(into, x, bottom + 15.0, "tick", "middle", &Cell::Rounded(value).text());
            }
        }
        let middle = f64::midpoint(self.scale.start, self.scale.end);
        text(into, middle, bottom + 35.0, "axis", "middle", &format!("{title} (each step a multiple)"));
    }
}

/// Names of lines across, a row each above what is drawn; returns the height taken.
fn mark_names(into: &mut String, marks: &[(f64, String)], at: impl Fn(f64) -> f64) -> f64 {
    for (place, (value, words)) in marks.iter().enumerate() {
        let (x, y) = (at(*value), 13.0 + 17.0 * place as f64);
        let (anchor, x) = if x + LETTER * words.chars().count() as f64 > WIDTH {
            ("end", x - 3.0)
        } else {
            ("start", x + 3.0)
        };
        text(into, x, y, "value", anchor, words);
    }
    17.0 * marks.len() as f64
}

fn intervals(table: &Table, chart: &Chart) -> (String, f64) {
    let Plot::Intervals { group, label, value, ends, truth, logarithmic } = chart.plot else {
        return (String::new(), 0.0);
    };
    let columns = [value, ends.0, ends.1].into_iter().chain(truth);
    let mut numbers: Vec<f64> = columns
        .flat_map(|column| (0..table.rows.len()).filter_map(move |row| table.number(row, column)))
        .collect();
    numbers.extend(chart.threshold.iter().chain(chart.marks.iter().map(|m| &m.0)));
    let across = Across::of(&numbers, logarithmic);
    let mut drawn = String::new();
    let top = mark_names(&mut drawn, &chart.marks, |v| across.at(v));
    let mut y = top;
    let mut body = String::new();
    let mut last: Option<String> = None;
    for row in 0..table.rows.len() {
        let cells = &table.rows[row];
        if let Some(at) = group {
            let name = cells[at].text();
            if last.as_ref() != Some(&name) {
                text(&mut body, 8.0, y + 22.0, "group", "start", &cut(&name, 50));
                y += 28.0;
                last = Some(name);
            }
        }
        text(&mut body, 8.0, y + 13.0, "label", "start", &cut(&cells[label].text(), 58));
        y += 26.0;
        let Some(centre) = table.number(row, value) else {
            text(&mut body, 8.0, y + 2.0, "value", "start", "no figure");
            y += 12.0;
            continue;
        };
        if let Some(low) = table.number(row, ends.0) {
            let high = table.number(row, ends.1);
            let right = high.map_or(across.scale.end, |h| across.at(h));
            line(&mut body, "whisker", (across.at(low), y), (right, y));
            line(&mut body, "whisker", (across.at(low), y - 5.0), (across.at(low), y + 5.0));
            if high.is_some() {
                line(&mut body, "whisker", (right, y - 5.0), (right, y + 5.0));
            } else {
                line(&mut body, "whisker", (right - 6.0, y - 5.0), (right, y));
                line(&mut body, "whisker", (right - 6.0, y + 5.0), (right, y));
            }
        }
        let _ =
            write!(body, "<circle class=\"b0\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>", across.at(centre));
        if let Some(known) = truth.and_then(|column| table.number(row, column)) {
            rect(&mut body, "against", (across.at(known) - 1.5, y - 9.0), (3.0, 18.0));
        }
        y += 14.0;
    }
    across.axis(&mut drawn, (top, y), &chart.x);
    lines_down(&mut drawn, chart, (top, y), |v| across.at(v));
    (drawn + &body, y + AXIS)
}

/// The threshold and the marks of a chart, drawn from top to bottom.
fn lines_down(into: &mut String, chart: &Chart, (top, bottom): (f64, f64), at: impl Fn(f64) -> f64) {
    for value in chart.threshold.iter().chain(chart.marks.iter().map(|m| &m.0)) {
        line(into, "threshold", (at(*value), top), (at(*value), bottom));
    }
}

fn points(table: &Table, chart: &Chart, (x, y): (usize, usize), logarithmic: bool) -> (String, f64) {
    const HEIGHT: f64 = 230.0;
    let column = |c: usize| (0..table.rows.len()).filter_map(move |row| table.number(row, c));
    let mut numbers: Vec<f64> = column(x).collect();
    numbers.extend(chart.marks.iter().map(|m| m.0));
    let mut across = Across::of(&numbers, logarithmic);
    let (_, most) = range(table, &[y]);
    let mut drawn = String::new();
    let top = mark_names(&mut drawn, &chart.marks, |v| across.at(v)) + 24.0;
    let bottom = top + HEIGHT;
    let up = Scale { from: 0.0, to: most, start: bottom, end: top }.rounded_up();
    across.scale.start = 10.0 + LETTER * tick(up.to, up.step(APART_UP)).len() as f64;
    axis_up(&mut drawn, up, (across.scale.start, across.scale.end), &chart.y);
    across.axis(&mut drawn, (top, bottom), &chart.x);
    lines_down(&mut drawn, chart, (top, bottom), |v| across.at(v));
    for row in 0..table.rows.len() {
        if let (Some(a), Some(b)) = (table.number(row, x), table.number(row, y)) {
            let (a, b) = (across.at(a), up.at(b));
            let _ = write!(drawn, "<circle class=\"dot\" cx=\"{a:.1}\" cy=\"{b:.1}\" r=\"3\"/>");
        }
    }
    (drawn, bottom + AXIS)
}

fn histogram(table: &Table, chart: &Chart, (from, to): (usize, usize), value: usize) -> (String, f64) {
    const HEIGHT: f64 = 210.0;
    /// Edges that are named.
    const NAMED: usize = 5;
    let bins = table.rows.len();
    let most = (0..bins).filter_map(|row| table.number(row, value)).fold(1.0, f64::max);
    let room = 17.0 * chart.marks.len() as f64;
    let (top, mut drawn) = (room + 24.0, String::new());
    let bottom = top + HEIGHT;
    let up = Scale { from: 0.0, to: most, start: bottom, end: top }.rounded_up();
    let left = 10.0 + LETTER * tick(up.to, up.step(APART_UP)).len() as f64;
    let across = Scale { from: 0.0, to: bins as f64, start: left, end: WIDTH - 24.0 };
    // A number lies in its bin as far along as between the bin's edges; beyond the first and the last it stands at the end.
    let place = |number: f64| {
        let bin = (0..bins).find(|bin| table.number(*bin, to).is_some_and(|end| number < end));
        let at = bin.map_or(bins as f64, |bin| {
            let (low, high) = (table.number(bin, from).unwrap_or(0.0), table.number(bin, to).unwrap_or(0.0));
            bin as f64 + if high > low { ((number - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
        });
        across.at(at)
    };
    mark_names(&mut drawn, &chart.marks, place);
    axis_up(&mut drawn, up, (left, WIDTH - 24.0), &chart.y);
    for row in 0..bins {
        let height = bottom - up.at(table.number(row, value).unwrap_or(0.0));
        let (a, b) = (across.at(row as f64), across.at(row as f64 + 1.0));
        rect(&mut drawn, "b0", (a + 0.5, bottom - height), (b - a - 1.0, height));
    }
    for named in 0..=NAMED.min(bins) {
        let bin = named * bins / NAMED.min(bins);
        let edge = if bin < bins { &table.rows[bin][from] } else { &table.rows[bins - 1][to] };
        text(&mut drawn, across.at(bin as f64), bottom + 15.0, "tick", "middle", &edge.text());
    }
    text(&mut drawn, f64::midpoint(left, WIDTH - 24.0), bottom + 35.0, "axis", "middle", &chart.x);
    lines_down(&mut drawn, chart, (top, bottom), place);
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
