//! Charts as SVG, always beside the table that holds the same numbers.

use std::fmt::Write as _;

use candour_register::{HeadlineCode, Tone};

use crate::releases::Bar;

/// Fills that differ in lightness as well as hue, one per headline in the order of [`HeadlineCode::ALL`].
const FILLS: [&str; 15] = [
    "#0f6b3c", "#7fae5f", "#c9a227", "#1b5a8f", "#5d9bd3", "#b35c00", "#d98b2b", "#8a6d3b", "#a7bfd8",
    "#8d93c7", "#7b1e3a", "#9c1c1c", "#6f7782", "#9aa1ab", "#ccd2da",
];

/// The fill that stands for a headline.
pub(super) fn fill(code: HeadlineCode) -> &'static str {
    HeadlineCode::ALL.iter().position(|c| *c == code).map_or("#ccd2da", |at| FILLS[at])
}

/// One bar cut in parts, as wide as their counts. The table beside it carries the words.
pub(super) fn bar(counts: &[(HeadlineCode, usize)], label: &str) -> String {
    let total: usize = counts.iter().map(|c| c.1).sum();
    if total == 0 {
        return String::new();
    }
    let (width, height) = (1000.0, 44.0);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\"><title>{0}</title>",
        escape(label)
    );
    let mut left = 0.0;
    for (code, count) in counts.iter().filter(|c| c.1 > 0) {
        let part = width * *count as f64 / total as f64;
        let _ = write!(
            svg,
            "<rect x=\"{left:.1}\" y=\"0\" width=\"{:.1}\" height=\"{height}\" fill=\"{}\"><title>{}: {count}</title></rect>",
            (part - 2.0).max(1.0),
            fill(*code),
            escape(code.words())
        );
        if part > 26.0 {
            let ink = if matches!(
                fill(*code),
                "#ccd2da" | "#a7bfd8" | "#9aa1ab" | "#c9a227" | "#d98b2b" | "#7fae5f" | "#5d9bd3" | "#8d93c7"
            ) {
                "#14181f"
            } else {
                "#fff"
            };
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"29\" text-anchor=\"middle\" font-size=\"19\" font-weight=\"700\" fill=\"{ink}\" aria-hidden=\"true\">{count}</text>",
                left + part / 2.0 - 1.0
            );
        }
        left += part;
    }
    svg.push_str("</svg>");
    svg
}

/// A share from 0 to 1 with its interval, and the words that tell it from the one beside it.
pub(super) struct Share {
    pub(super) words: &'static str,
    pub(super) value: f64,
    pub(super) interval: Option<[f64; 2]>,
}

/// What was and what is, under one name.
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) bars: [Option<Share>; 2],
}

/// Bars in pairs on a scale from 0 to 1, each with its words and figure; a thin line is the interval.
pub(super) fn shares(pairs: &[Pair], label: &str) -> String {
    // The bars stand between 0 and `scale`, their words right of them.
    let (width, scale, name, bar) = (540.0, 370.0, 27.0, 22.0);
    let mut top = 0.0;
    let mut drawn = String::new();
    let mut spoken = Vec::new();
    for pair in pairs {
        let _ = write!(
            drawn,
            "<text x=\"0\" y=\"{:.0}\" font-size=\"16\">{}</text>",
            top + 18.0,
            escape(&pair.name)
        );
        top += name;
        let mut said = Vec::new();
        for (class, share) in ["was", "now"].iter().zip(&pair.bars) {
            let Some(share) = share else { continue };
            let words = format!("{} {:.3}", share.words, share.value);
            let _ = write!(
                drawn,
                "<rect class=\"all\" y=\"{top:.0}\" width=\"{scale}\" height=\"{:.0}\"/><rect class=\"{class}\" y=\"{top:.0}\" width=\"{:.1}\" height=\"{0:.0}\"/><text x=\"{:.0}\" y=\"{:.0}\" font-size=\"16\">{words}</text>",
                bar - 4.0,
                scale * share.value,
                scale + 12.0,
                top + 15.0
            );
            if let Some([from, to]) = share.interval {
                let middle = top + (bar - 4.0) / 2.0;
                // Drawn twice: a wide pale line under a thin dark one is seen on the bar and beside it.
                for class in ["wide", "thin"] {
                    let _ = write!(
                        drawn,
                        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{middle:.0}\" x2=\"{:.1}\" y2=\"{middle:.0}\"/>",
                        scale * from,
                        scale * to
                    );
                }
            }
            said.push(words);
            top += bar;
        }
        spoken.push(format!("{}: {}", pair.name, said.join(", ")));
        top += 12.0;
    }
    format!(
        "<svg class=\"chart shares\" viewBox=\"0 0 {width} {top:.0}\" role=\"img\" aria-label=\"{}\"><title>{0}</title><g aria-hidden=\"true\">{drawn}</g></svg>",
        escape(&format!("{label}. {}", spoken.join("; ")))
    )
}

/// Bars on one scale, each under its words and with its figure beside it; those below nought point to the left.
pub(super) fn bars(bars: &[Bar], label: &str) -> String {
    // One bar has nothing to be compared with.
    if bars.len() < 2 {
        return String::new();
    }
    let (width, scale, step) = (640.0, 430.0, 46.0);
    let ends = || {
        bars.iter().flat_map(|b| [b.value, b.interval.map_or(0.0, |i| i.0), b.interval.map_or(0.0, |i| i.1)])
    };
    let most = ends().fold(0.0, f64::max);
    let least = ends().fold(0.0, f64::min);
    let unit = scale / (most - least).max(f64::MIN_POSITIVE);
    // Room for the figures of bars that point left.
    let nought = if least < 0.0 { 60.0 - least * unit } else { 0.0 };
    let mut drawn = String::new();
    let mut spoken = Vec::new();
    for (at, bar) in bars.iter().enumerate() {
        let top = at as f64 * step;
        let length = bar.value.abs() * unit;
        let (left, class) = if bar.value < 0.0 { (nought - length, "was") } else { (nought, "now") };
        let furthest = bar.interval.map_or(0.0, |(_, upper)| nought + upper * unit);
        let (figure, anchor) =
            if bar.value < 0.0 { (left - 8.0, "end") } else { (furthest.max(left + length) + 8.0, "start") };
        let whisker = bar.interval.map_or_else(String::new, |(lower, upper)| {
            let (low, high, middle) = (nought + lower * unit, nought + upper * unit, top + 31.0);
            format!(
                "<path class=\"wide\" d=\"M{low:.1} {middle:.0}H{high:.1}\"/><path class=\"thin\" d=\"M{low:.1} {middle:.0}H{high:.1}\"/>"
            )
        });
        let _ = write!(
            drawn,
            "<text x=\"0\" y=\"{:.0}\" font-size=\"16\">{}</text><rect class=\"{class}\" x=\"{left:.1}\" y=\"{:.0}\" width=\"{:.1}\" height=\"16\"/>{whisker}<text x=\"{figure:.1}\" y=\"{:.0}\" font-size=\"15\" text-anchor=\"{anchor}\">{}</text>",
            top + 16.0,
            escape(&bar.words),
            top + 23.0,
            length.max(1.0),
            top + 36.0,
            escape(&bar.label)
        );
        spoken.push(format!("{} {}", bar.words, bar.label));
    }
    format!(
        "<svg class=\"chart shares\" viewBox=\"0 0 {width} {:.0}\" role=\"img\" aria-label=\"{}\"><title>{1}</title><g aria-hidden=\"true\">{drawn}</g></svg>",
        bars.len() as f64 * step,
        escape(&format!("{label}. {}", spoken.join("; ")))
    )
}

/// The style class of a tone.
pub(super) fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Moving => "moving",
        Tone::Caution => "caution",
        Tone::Bad => "bad",
        Tone::Plain => "plain",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
