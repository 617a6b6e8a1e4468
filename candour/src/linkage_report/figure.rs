//! A figure: its words, its table and its chart, the last drawn from the table and nothing else.

use serde_json::{Map, Value, json};

/// A cell of a figure's table. What it shows and what the chart's data hold are one number, rounded once.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Text(String),
    Count(u64),
    /// A number to so many places.
    Fixed(f64, usize),
    /// A number to three significant figures.
    Rounded(f64),
    /// Nothing can be said.
    None,
}

/// A column of a figure's table: its key in the chart's data, and its heading.
pub(super) struct Column {
    pub(super) key: &'static str,
    pub(super) heading: String,
    /// Whether it holds numbers.
    pub(super) numeric: bool,
}

/// A table of a figure.
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// How a table is drawn. Numbers are places of columns.
pub(super) enum Plot {
    /// Bars to the right and left of zero.
    Bars { group: Option<usize>, label: usize, value: usize },
    /// Two bars to each label.
    Pairs { group: Option<usize>, label: usize, values: [usize; 2] },
    /// Upright columns over bins from `from` to `to`, stacked.
    Columns { from: usize, to: usize, values: Vec<usize> },
    /// Lines over `x`.
    Lines { x: usize, values: Vec<usize> },
    /// Bars from one value to the next.
    Steps { label: usize, from: usize, to: usize, value: usize },
}

/// A figure of the report.
pub(super) struct Figure {
    /// Its anchor, and the name of its file among the charts.
    pub(super) id: String,
    pub(super) title: String,
    /// How to read it.
    pub(super) caption: String,
    pub(super) table: Table,
    pub(super) chart: Option<Chart>,
    /// Values of records, where they were asked for: a heading and a table.
    pub(super) values: Option<(String, Table)>,
}

/// A chart of a figure.
pub(super) struct Chart {
    pub(super) plot: Plot,
    pub(super) x: String,
    pub(super) y: String,
    /// A threshold drawn as a line across the axis of values.
    pub(super) threshold: Option<f64>,
}

impl Cell {
    /// What it shows.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(n) => thousands(&n.to_string()),
            Self::None => "–".to_owned(),
            Self::Fixed(..) | Self::Rounded(_) => thousands(&self.digits()).replace('-', "\u{2212}"),
        }
    }

    fn digits(&self) -> String {
        let text = match self {
            Self::Fixed(value, places) => format!("{value:.places$}"),
            Self::Rounded(value) => rounded(*value),
            Self::Count(n) => n.to_string(),
            Self::Text(_) | Self::None => String::new(),
        };
        // No figure is less than nothing by rounding alone.
        match text.strip_prefix('-') {
            Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.to_owned(),
            _ => text,
        }
    }

    /// The number it holds, as rounded.
    pub(super) fn number(&self) -> Option<f64> {
        self.digits().parse().ok().filter(|n: &f64| n.is_finite())
    }

    pub(super) fn is_number(&self) -> bool {
        !matches!(self, Self::Text(_))
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Count(n) => json!(n),
            Self::Fixed(..) | Self::Rounded(_) => json!(self.number()),
            Self::None => Value::Null,
        }
    }
}

/// Three significant figures, or two of what a number lacks of 1, without an exponent down to a millionth.
fn rounded(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if size < 1e-6 {
        return format!("{value:.2e}");
    }
    let places = if (0.99..1.0).contains(&size) {
        // What matters of a probability near 1 is how near it is.
        (1.0 - (1.0 - size).log10()).ceil().min(12.0) as usize
    } else {
        (2 - size.log10().floor() as i32).clamp(0, 8) as usize
    };
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Commas between thousands of the whole part.
fn thousands(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, rest) = digits.split_at(digits.find(['.', 'e']).unwrap_or(digits.len()));
    let mut text = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

impl Table {
    pub(super) fn new(columns: &[(&'static str, &str)], rows: Vec<Vec<Cell>>) -> Self {
        let of = |(at, (key, heading)): (usize, &(&'static str, &str))| Column {
            key,
            heading: (*heading).to_owned(),
            numeric: rows.iter().all(|row| row[at].is_number()),
        };
        let columns = columns.iter().enumerate().map(of).collect();
        Self { columns, rows }
    }

    pub(super) fn number(&self, row: usize, column: usize) -> Option<f64> {
        self.rows[row][column].number()
    }
}

impl Figure {
    pub(super) fn new(id: &str, title: &str, caption: &str, table: Table) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            caption: caption.to_owned(),
            table,
            chart: None,
            values: None,
        }
    }

    pub(super) fn drawn(self, plot: Plot, x: &str, y: &str) -> Self {
        let chart = Chart { plot, x: x.to_owned(), y: y.to_owned(), threshold: None };
        Self { chart: Some(chart), ..self }
    }

    pub(super) fn at(mut self, threshold: f64) -> Self {
        if let Some(chart) = &mut self.chart {
            chart.threshold = Some(threshold);
        }
        self
    }

    /// The chart as SVG, where there is one.
    pub(super) fn svg(&self) -> Option<String> {
        super::svg::draw(self)
    }

    /// The chart in Vega-Lite 5, its data the rows of the table.
    pub(super) fn vega(&self) -> Option<Value> {
        let chart = self.chart.as_ref()?;
        let key = |column: usize| self.table.columns[column].key;
        let rows: Vec<Value> = self
            .table
            .rows
            .iter()
            .map(|row| {
                let cells =
                    self.table.columns.iter().zip(row).map(|(c, cell)| (c.key.to_owned(), cell.json()));
                Value::Object(cells.collect::<Map<_, _>>())
            })
            .collect();
        let x = |field: &str| json!({"field": field, "type": "quantitative", "title": chart.x});
        let y = |field: &str| json!({"field": field, "type": "quantitative", "title": chart.y});
        let label = |at: usize| json!({"field": key(at), "type": "nominal", "sort": null, "title": chart.y, "axis": {"labelLimit": 360}});
        let colour = json!({"field": "series", "type": "nominal", "title": null});
        let fold = |values: &[usize]| json!([{"fold": values.iter().map(|v| key(*v)).collect::<Vec<_>>(), "as": ["series", "value"]}]);
        let group = |group: &Option<usize>, encoding: &mut Value| {
            if let Some(at) = group {
                encoding["row"] = json!({"field": key(*at), "type": "nominal", "sort": null, "title": null, "header": {"labelAngle": 0, "labelAlign": "left"}});
            }
        };
        let mut independent = false;
        let (mark, encoding, transform) = match &chart.plot {
            Plot::Bars { group: of, label: at, value } => {
                let mut encoding = json!({"x": x(key(*value)), "y": label(*at)});
                encoding["color"] = json!({"condition": {"test": format!("datum.{} < 0", key(*value)), "value": "#7a4b00"}, "value": "#1b5a8f"});
                group(of, &mut encoding);
                independent = of.is_some();
                (json!("bar"), encoding, json!([]))
            }
            Plot::Pairs { group: of, label: at, values } => {
                let mut encoding = json!({"x": x("value"), "y": label(*at), "color": colour});
                encoding["yOffset"] = json!({"field": "series", "sort": values.map(key)});
                group(of, &mut encoding);
                independent = of.is_some();
                (json!("bar"), encoding, fold(values))
            }
            Plot::Columns { from, to, values } => {
                let mut across = x(key(*from));
                across["bin"] = json!("binned");
                let encoding =
                    json!({"x": across, "x2": {"field": key(*to)}, "y": y("value"), "color": colour});
                (json!("bar"), encoding, fold(values))
            }
            Plot::Lines { x: at, values } => {
                let encoding = json!({"x": x(key(*at)), "y": y("value"), "color": colour, "strokeDash": colour, "order": {"field": self.table.columns[0].key, "type": "quantitative"}});
                (json!({"type": "line", "point": true}), encoding, fold(values))
            }
            Plot::Steps { label: at, from, to, .. } => {
                let encoding = json!({"x": x(key(*from)), "x2": {"field": key(*to)}, "y": label(*at),
                    "color": {"condition": {"test": format!("datum.{} < datum.{}", key(*to), key(*from)), "value": "#7a4b00"}, "value": "#1b5a8f"}});
                (json!("bar"), encoding, json!([]))
            }
        };
        let mut spec = json!({
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "title": self.title,
            "description": self.caption,
            "data": {"values": rows},
            "transform": transform,
        });
        if independent {
            spec["resolve"] = json!({"scale": {"y": "independent"}});
        }
        if let Some(threshold) = chart.threshold {
            // A facet takes no layers, and only charts without one have a threshold.
            spec["layer"] = json!([
                {"mark": mark, "encoding": encoding},
                {"mark": {"type": "rule", "strokeDash": [4, 4]}, "encoding": {"x": {"datum": threshold}}},
            ]);
        } else {
            spec["mark"] = mark;
            spec["encoding"] = encoding;
        }
        Some(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_shows_is_what_its_data_hold() {
        for (cell, text, number) in [
            (Cell::Count(1_234_567), "1,234,567", 1_234_567.0),
            (Cell::Fixed(-1234.56, 1), "\u{2212}1,234.6", -1234.6),
            (Cell::Fixed(-0.001, 2), "0.00", 0.0),
            (Cell::Rounded(0.000_123_46), "0.000123", 0.000_123),
            (Cell::Rounded(0.95), "0.95", 0.95),
            (Cell::Rounded(1_234.4), "1,234", 1_234.0),
            (Cell::Rounded(0.999_87), "0.99987", 0.999_87),
            (Cell::Rounded(2.345e-9), "2.35e\u{2212}9", 2.35e-9),
        ] {
            assert_eq!(cell.text(), text);
            assert_eq!(cell.number(), Some(number));
        }
    }
}
