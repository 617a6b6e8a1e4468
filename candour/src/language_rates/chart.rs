//! Charts of rates as SVG, each beside the table that holds the same numbers.

use std::fmt::Write as _;

use super::plain;

/// The top of an axis: the first round number at or above a value, and the step between its ticks.
fn axis(top: f64) -> (f64, f64) {
    let top = if top > 0.0 { top } else { 1.0 };
    let size = 10_f64.powf((top / 4.0).log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|m| m * size).find(|s| s * 5.0 >= top).unwrap_or(top);
    ((top / step).ceil() * step, step)
}

fn open(width: f64, height: f64, label: &str) -> String {
    format!(
        "<svg class=\"chart rates\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\"><g aria-hidden=\"true\">",
        escape(label)
    )
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let _ = write!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"15\">{}</text>",
        escape(words)
    );
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = write!(
        svg,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

/// A point and a line for its interval in each row.
pub(crate) fn intervals(rows: &[(String, [f64; 3])], label: &str) -> String {
    let most = rows.iter().map(|r| r.1[2]).fold(0.0, f64::max);
    let (top, step) = axis(most);
    let (left, right, row) = (210.0, 690.0, 30.0);
    let height = rows.len() as f64 * row + 34.0;
    let at = |value: f64| left + (right - left) * (value / top).clamp(0.0, 1.0);
    let spoken: Vec<String> = rows
        .iter()
        .map(|(name, [v, l, u])| format!("{name} {} ({} to {})", plain(*v), plain(*l), plain(*u)))
        .collect();
    let mut svg = open(720.0, height, &format!("{label}. {}", spoken.join("; ")));
    let bottom = height - 28.0;
    let mut tick = 0.0;
    while tick <= top + step / 2.0 {
        line(&mut svg, "grid", (at(tick), 4.0), (at(tick), bottom));
        text(&mut svg, at(tick), height - 8.0, "middle", &plain(tick));
        tick += step;
    }
    for (n, (name, [value, lower, upper])) in rows.iter().enumerate() {
        let y = n as f64 * row + 20.0;
        text(&mut svg, left - 12.0, y + 5.0, "end", &cut(name, 26));
        line(&mut svg, "thin", (at(*lower), y), (at(*upper), y));
        let _ = write!(svg, "<circle class=\"now\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"6\"/>", at(*value));
    }
    svg + "</g></svg>"
}

/// A body in a funnel.
pub(crate) struct Point {
    pub(crate) name: String,
    pub(crate) notes: f64,
    pub(crate) rate: f64,
    /// Outer and inner limit below, inner and outer above.
    pub(crate) limits: [f64; 4],
}

/// Bodies over their numbers of notes, with the limits by chance.
pub(crate) fn funnel(points: &[Point], label: &str) -> String {
    let mut sorted: Vec<&Point> = points.iter().collect();
    sorted.sort_by(|a, b| a.notes.total_cmp(&b.notes));
    let (top, step) = axis(points.iter().map(|p| p.rate.max(p.limits[3])).fold(0.0, f64::max));
    let (most, wide) = axis(points.iter().map(|p| p.notes).fold(0.0, f64::max));
    let (left, right, above, below) = (64.0, 690.0, 12.0, 300.0);
    let x = |v: f64| left + (right - left) * v / most;
    let y = |v: f64| below - (below - above) * v / top;
    let spoken: Vec<String> = sorted
        .iter()
        .map(|p| format!("{} {} with {} notes", p.name, plain(p.rate), plain(p.notes)))
        .collect();
    let mut svg = open(720.0, 350.0, &format!("{label}. {}", spoken.join("; ")));
    let mut tick = 0.0;
    while tick <= top + step / 2.0 {
        line(&mut svg, "grid", (left, y(tick)), (right, y(tick)));
        text(&mut svg, left - 8.0, y(tick) + 5.0, "end", &plain(tick));
        tick += step;
    }
    tick = 0.0;
    while tick <= most + wide / 2.0 {
        text(&mut svg, x(tick), below + 20.0, "middle", &plain(tick));
        tick += wide;
    }
    text(&mut svg, f64::midpoint(left, right), below + 42.0, "middle", "notes");
    for (limit, class) in [(0, "outer"), (1, "inner"), (2, "inner"), (3, "outer")] {
        let path: Vec<String> =
            sorted.iter().map(|p| format!("{:.1},{:.1}", x(p.notes), y(p.limits[limit]))).collect();
        let _ = write!(svg, "<polyline class=\"{class}\" points=\"{}\"/>", path.join(" "));
    }
    // Boxes that are taken: the points, then the names, which are left out where they would lie on anything. The table has them all.
    let mut taken: Vec<[f64; 4]> = sorted
        .iter()
        .map(|p| (x(p.notes), y(p.rate)))
        .map(|(x, y)| [x - 6.0, y - 6.0, x + 6.0, y + 6.0])
        .collect();
    for p in sorted {
        let (cx, cy) = (x(p.notes), y(p.rate));
        let _ = write!(svg, "<circle class=\"now\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"6\"/>");
        let name = cut(&p.name, 22);
        let wide = 8.0 * name.chars().count() as f64;
        let free = [("start", cx + 10.0, cx + 10.0), ("end", cx - 10.0, cx - 10.0 - wide)]
            .into_iter()
            .map(|(anchor, at, from)| (anchor, at, [from, cy - 9.0, from + wide, cy + 9.0]))
            .find(|(_, _, b)| {
                let clear = |t: &[f64; 4]| b[0] > t[2] || t[0] > b[2] || b[1] > t[3] || t[1] > b[3];
                b[0] > left && b[2] < 720.0 && taken.iter().all(clear)
            });
        if let Some((anchor, at, covers)) = free {
            text(&mut svg, at, cy + 5.0, anchor, &name);
            taken.push(covers);
        }
    }
    svg + "</g></svg>"
}

/// Lines over months; a month that is withheld leaves a gap.
pub(crate) fn lines(months: &[(String, Option<Vec<f64>>)], names: &[&str], label: &str) -> String {
    let values = || months.iter().filter_map(|m| m.1.as_ref()).flatten().copied();
    let (top, step) = axis(values().fold(0.0, f64::max));
    let (left, right, above, below) = (64.0, 700.0, 34.0, 270.0);
    let apart = (right - left) / (months.len().max(2) - 1) as f64;
    let x = |n: usize| left + apart * n as f64;
    let y = |v: f64| below - (below - above) * v / top;
    let spoken: Vec<String> = months
        .iter()
        .map(|(month, v)| match v {
            Some(v) => format!("{month} {}", v.iter().map(|v| plain(*v)).collect::<Vec<_>>().join(", ")),
            None => format!("{month} withheld"),
        })
        .collect();
    let mut svg = open(720.0, 310.0, &format!("{label}: {}. {}", names.join(", "), spoken.join("; ")));
    let mut tick = 0.0;
    while tick <= top + step / 2.0 {
        line(&mut svg, "grid", (left, y(tick)), (right, y(tick)));
        text(&mut svg, left - 8.0, y(tick) + 5.0, "end", &plain(tick));
        tick += step;
    }
    let every = months.len().div_ceil(8).max(1);
    for (n, (month, _)) in months.iter().enumerate().filter(|(n, _)| n % every == 0) {
        text(&mut svg, x(n), below + 22.0, "middle", month);
    }
    for (s, name) in names.iter().enumerate() {
        let mut open: Vec<String> = Vec::new();
        let draw = |svg: &mut String, points: &mut Vec<String>| {
            if points.len() == 1 {
                let (px, py) = points[0].split_once(',').unwrap_or_default();
                let _ = write!(svg, "<circle class=\"dot s{s}\" cx=\"{px}\" cy=\"{py}\" r=\"3\"/>");
            } else if points.len() > 1 {
                let _ = write!(svg, "<polyline class=\"series s{s}\" points=\"{}\"/>", points.join(" "));
            }
            points.clear();
        };
        for (n, (_, values)) in months.iter().enumerate() {
            match values.as_ref().and_then(|v| v.get(s)) {
                Some(value) => open.push(format!("{:.1},{:.1}", x(n), y(*value))),
                None => draw(&mut svg, &mut open),
            }
        }
        draw(&mut svg, &mut open);
        let at = left + 210.0 * s as f64;
        line(&mut svg, &format!("series s{s}"), (at, 12.0), (at + 28.0, 12.0));
        text(&mut svg, at + 36.0, 17.0, "start", name);
    }
    svg + "</g></svg>"
}

fn cut(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(['…']).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_numbers() {
        for (value, top, step) in
            [(0.0, 1.0, 0.2), (9.3, 10.0, 2.0), (233.0, 250.0, 50.0), (0.041, 0.05, 0.01)]
        {
            let found = axis(value);
            assert!((found.0 - top).abs() < 1e-9 && (found.1 - step).abs() < 1e-9, "{value}: {found:?}");
        }
    }

    #[test]
    fn charts_say_in_words_what_they_draw() {
        let drawn = intervals(&[("A & \"B\"".to_owned(), [2.0, 1.0, 4.0])], "Rates");
        assert!(drawn.contains("aria-label=\"Rates. A &amp; &quot;B&quot; 2 (1 to 4)\""), "{drawn}");
        let drawn =
            lines(&[("2024-01".into(), Some(vec![1.0])), ("2024-02".into(), None)], &["rate"], "By month");
        assert!(drawn.contains("2024-02 withheld") && drawn.contains("class=\"dot s0\""), "{drawn}");
    }
}
