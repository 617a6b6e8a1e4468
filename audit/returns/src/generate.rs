//! What is made from a specification: dictionary, schemas, headings and templates. Nothing here is written by hand twice.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::error::ReturnsError;
use crate::specification::{BodyType, ColumnSpec, ColumnType, Missing, Specification, TableSpec};
use crate::xlsx::{Sheet, workbook};

/// Rows of a template that have lists and checks.
const TEMPLATE_ROWS: usize = 5_000;

impl Specification {
    /// The data dictionary in Markdown.
    pub fn dictionary_markdown(&self) -> String {
        let mut text = format!("# {} ({} {})\n\n{}\n\n", self.title, self.name, self.version, self.about);
        text.push_str("Missing values: ");
        for (at, code) in Missing::ALL.into_iter().enumerate() {
            let _ = write!(text, "{}`{}` {}", if at == 0 { "" } else { "; " }, code.code(), code.meaning());
        }
        text.push_str(". A blank is an error.\n\nPartitions: L linkage (stays at the body or becomes keyed encodings), A analysis, Q quality only.\n");
        for table in &self.tables {
            let _ = write!(text, "\n## {} (`{}`)\n\n{}\n\n", table.title, table.name, table.about);
            let _ = writeln!(text, "Key: {}. {}\n", table.key.join(", "), filled_by(table));
            text.push_str("| column | holds | part | missing | what | why |\n|---|---|---|---|---|---|\n");
            for column in &table.columns {
                let missing: Vec<&str> = column.missing.iter().map(|m| m.code()).collect();
                let _ = writeln!(
                    text,
                    "| `{}` | {} | {} | {} | {} | {} |",
                    column.name,
                    holds(column),
                    column.part.letter(),
                    missing.join(" "),
                    column.title,
                    column.why
                );
            }
        }
        text.push_str("\n## Lists\n");
        for (name, list) in &self.lists {
            let _ = write!(
                text,
                "\n### {} (`{name}`)\n\n| code | meaning | valid |\n|---|---|---|\n",
                list.title
            );
            for code in &list.codes {
                let from = code.from.map_or_else(String::new, |day| format!("from {day}"));
                let until = code.until.map_or_else(String::new, |day| format!("until {day}"));
                let gap = if from.is_empty() || until.is_empty() { "" } else { " " };
                let _ = writeln!(text, "| `{}` | {} | {from}{gap}{until} |", code.code, code.meaning);
            }
        }
        text
    }

    /// The data dictionary as a fragment of HTML: headings and tables, no scripts and no styles.
    pub fn dictionary_html(&self) -> String {
        let mut html = format!(
            "<h1>{} ({} {})</h1>\n<p>{}</p>\n",
            escape(&self.title),
            escape(&self.name),
            escape(&self.version),
            escape(&self.about)
        );
        for table in &self.tables {
            let name = escape(&table.name);
            let _ = writeln!(
                html,
                "<h2 id=\"table-{name}\">{} (<code>{name}</code>)</h2>\n<p>{} Key: {}. {}</p>",
                escape(&table.title),
                escape(&table.about),
                escape(&table.key.join(", ")),
                filled_by(table)
            );
            html.push_str("<table><thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Holds</th><th scope=\"col\">Part</th><th scope=\"col\">Missing</th><th scope=\"col\">What</th><th scope=\"col\">Why</th></tr></thead><tbody>\n");
            for column in &table.columns {
                let missing: Vec<&str> = column.missing.iter().map(|m| m.code()).collect();
                let list = column.list.as_ref().map_or_else(
                    || escape(&holds(column)),
                    |list| format!("<a href=\"#list-{0}\">{1}</a>", escape(list), escape(&holds(column))),
                );
                let _ = writeln!(
                    html,
                    "<tr><th scope=\"row\"><code>{}</code></th><td>{list}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    escape(&column.name),
                    column.part.letter(),
                    missing.join(" "),
                    escape(&column.title),
                    escape(&column.why)
                );
            }
            html.push_str("</tbody></table>\n");
        }
        for (name, list) in &self.lists {
            let _ = writeln!(
                html,
                "<h3 id=\"list-{0}\">{1} (<code>{0}</code>)</h3>\n<dl>",
                escape(name),
                escape(&list.title)
            );
            for code in &list.codes {
                let _ = writeln!(
                    html,
                    "<dt><code>{}</code></dt><dd>{}</dd>",
                    escape(&code.code),
                    escape(&code.meaning)
                );
            }
            html.push_str("</dl>\n");
        }
        html
    }

    /// JSON Schema (draft 2020-12) of a return as an object with an array of rows for each table.
    pub fn json_schema(&self) -> Value {
        let mut tables = Map::new();
        for table in &self.tables {
            let mut properties = Map::new();
            for column in &table.columns {
                properties.insert(column.name.clone(), self.column_schema(column));
            }
            let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
            let row = json!({
                "type": "object",
                "description": table.about,
                "properties": properties,
                "required": names,
                "additionalProperties": false,
            });
            tables.insert(table.name.clone(), json!({ "type": "array", "title": table.title, "items": row }));
        }
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": format!("{} {}", self.name, self.version),
            "description": self.about,
            "type": "object",
            "properties": tables,
            "required": ["header", "file"],
            "additionalProperties": false,
        })
    }

    /// CSV on the Web metadata of the tables, by <https://www.w3.org/TR/tabular-metadata/>.
    pub fn csvw(&self) -> Value {
        let tables: Vec<Value> = self
            .tables
            .iter()
            .map(|table| {
                let columns: Vec<Value> = table
                    .columns
                    .iter()
                    .map(|column| {
                        json!({
                            "name": column.name,
                            "titles": column.name,
                            "dc:title": column.title,
                            "dc:description": column.why,
                            "datatype": self.csvw_type(column),
                            "required": column.missing.is_empty(),
                            "null": column.missing.iter().map(|m| m.code()).collect::<Vec<_>>(),
                        })
                    })
                    .collect();
                let mut schema = json!({ "columns": columns, "primaryKey": table.key });
                let foreign: Vec<Value> = table
                    .foreign
                    .iter()
                    .filter(|f| self.is_whole_key(&f.table, &f.to))
                    .map(|f| json!({ "columnReference": f.columns, "reference": { "resource": format!("{}.csv", f.table), "columnReference": f.to } }))
                    .collect();
                if let (false, Some(schema)) = (foreign.is_empty(), schema.as_object_mut()) {
                    schema.insert("foreignKeys".to_owned(), Value::Array(foreign));
                }
                json!({ "url": format!("{}.csv", table.name), "dc:title": table.title, "dc:description": table.about, "tableSchema": schema })
            })
            .collect();
        json!({
            "@context": ["http://www.w3.org/ns/csvw", { "@language": "en" }],
            "dc:title": self.title,
            "dc:description": self.about,
            "tables": tables,
        })
    }

    /// A Frictionless data package with a Table Schema for each table, by <https://specs.frictionlessdata.io>.
    pub fn datapackage(&self) -> Value {
        let resources: Vec<Value> = self
            .tables
            .iter()
            .map(|table| {
                let fields: Vec<Value> = table
                    .columns
                    .iter()
                    .map(|column| {
                        let (kind, format) = frictionless_type(column.kind);
                        let mut constraints = Map::new();
                        if column.missing.is_empty() {
                            constraints.insert("required".to_owned(), true.into());
                        }
                        if let (ColumnType::Enum, Some(list)) = (column.kind, self.list_of(column)) {
                            let codes: Vec<&str> = list.codes.iter().map(|c| c.code.as_str()).collect();
                            constraints.insert("enum".to_owned(), codes.into());
                        } else if let Some(pattern) = self.pattern(column).filter(|_| kind == "string") {
                            constraints.insert("pattern".to_owned(), pattern.into());
                        }
                        for (name, limit) in [("minimum", column.minimum), ("maximum", column.maximum)] {
                            if let Some(limit) = limit {
                                constraints.insert(name.to_owned(), limit.into());
                            }
                        }
                        json!({
                            "name": column.name,
                            "title": column.title,
                            "description": column.why,
                            "type": kind,
                            "format": format,
                            "constraints": constraints,
                            "candour:partition": column.part.letter(),
                        })
                    })
                    .collect();
                let foreign: Vec<Value> = table
                    .foreign
                    .iter()
                    .map(|f| json!({ "fields": f.columns, "reference": { "resource": f.table, "fields": f.to } }))
                    .collect();
                json!({
                    "name": table.name,
                    "path": format!("{}.csv", table.name),
                    "title": table.title,
                    "description": table.about,
                    "profile": "tabular-data-resource",
                    "encoding": "utf-8",
                    "schema": {
                        "fields": fields,
                        "missingValues": Missing::ALL.map(Missing::code),
                        "primaryKey": table.key,
                        "foreignKeys": foreign,
                    },
                })
            })
            .collect();
        json!({
            "name": self.name.to_lowercase(),
            "version": self.version,
            "title": self.title,
            "description": self.about,
            "profile": "tabular-data-package",
            "resources": resources,
        })
    }

    /// The heading line of a table as CSV, without a line end.
    pub fn csv_heading(&self, table: &str) -> Result<String, ReturnsError> {
        let names: Vec<&str> = self.table(table)?.columns.iter().map(|c| c.name.as_str()).collect();
        Ok(names.join(","))
    }

    /// A workbook for a type of body to fill in: a sheet for each table it sends, with locked headings, a note of what each
    /// column holds, lists to choose from, and the dictionary. Dates are cells of text, so that nothing turns them into serial
    /// numbers. The same specification gives the same bytes.
    pub fn xlsx_template(&self, body: BodyType) -> Vec<u8> {
        let mut sheets = vec![self.reading_sheet(body)];
        for table in self.taken(body) {
            let mut sheet = Sheet::new(&table.name);
            sheet.rows.push(table.columns.iter().map(|c| c.name.clone()).collect());
            for (at, column) in table.columns.iter().enumerate() {
                sheet.prompts.push((at, column.title.clone(), format!("{}. {}", holds(column), column.why)));
                if let (ColumnType::Enum, Some(list)) = (column.kind, &column.list) {
                    sheet.lists.push((at, list_key(list, column)));
                }
            }
            sheet.entry_rows = if table.name == "header" { 1 } else { TEMPLATE_ROWS };
            sheets.push(sheet);
        }
        let mut lists = std::collections::BTreeMap::new();
        for column in self.taken(body).flat_map(|t| &t.columns) {
            if let (ColumnType::Enum, Some(name), Some(list)) =
                (column.kind, &column.list, self.list_of(column))
            {
                let mut codes: Vec<String> = list.codes.iter().map(|c| c.code.clone()).collect();
                codes.extend(column.missing.iter().map(|m| m.code().to_owned()));
                lists.insert(list_key(name, column), codes);
            }
        }
        workbook(&sheets, &lists)
    }

    fn reading_sheet(&self, body: BodyType) -> Sheet {
        let mut sheet = Sheet::new("read me");
        let mut line = |cells: &[&str]| sheet.rows.push(cells.iter().map(|c| (*c).to_owned()).collect());
        line(&[&format!("{} ({} {})", self.title, self.name, self.version)]);
        line(&[&self.about]);
        line(&[
            "Fill one row for each record. Headings are locked; do not merge cells, hide rows or use formulas. Dates are written as text: 2025-01-31.",
        ]);
        for code in Missing::ALL {
            line(&[code.code(), code.meaning()]);
        }
        line(&["table", "column", "holds", "partition", "what", "why"]);
        for table in self.taken(body) {
            for column in &table.columns {
                line(&[
                    &table.name,
                    &column.name,
                    &holds(column),
                    column.part.letter(),
                    &column.title,
                    &column.why,
                ]);
            }
        }
        sheet
    }

    fn column_schema(&self, column: &ColumnSpec) -> Value {
        let missing: Vec<&str> = column.missing.iter().map(|m| m.code()).collect();
        let value = match (column.kind, self.list_of(column)) {
            (ColumnType::Enum, Some(list)) => {
                json!({ "enum": list.codes.iter().map(|c| c.code.as_str()).collect::<Vec<_>>() })
            }
            (ColumnType::Integer, _) => {
                let mut value = json!({ "type": "integer" });
                if let Some(object) = value.as_object_mut() {
                    for (name, limit) in [("minimum", column.minimum), ("maximum", column.maximum)] {
                        if let Some(limit) = limit {
                            object.insert(name.to_owned(), limit.into());
                        }
                    }
                }
                value
            }
            (ColumnType::Text | ColumnType::Note, _) => {
                json!({ "type": "string", "minLength": 1, "maxLength": column.longest.unwrap_or(2000) })
            }
            _ => json!({ "type": "string", "pattern": self.pattern(column).unwrap_or_default() }),
        };
        let mut schema =
            if missing.is_empty() { value } else { json!({ "anyOf": [value, { "enum": missing }] }) };
        if let Some(object) = schema.as_object_mut() {
            object.insert("title".to_owned(), column.title.clone().into());
            object.insert("description".to_owned(), column.why.clone().into());
            object.insert("x-partition".to_owned(), column.part.letter().into());
        }
        schema
    }

    fn csvw_type(&self, column: &ColumnSpec) -> Value {
        let base = match column.kind {
            ColumnType::Integer => "integer",
            ColumnType::Date => "date",
            ColumnType::YearMonth => "gYearMonth",
            _ => "string",
        };
        match self.pattern(column) {
            Some(pattern) if base == "string" => json!({ "base": base, "format": pattern }),
            _ => json!({ "base": base }),
        }
    }

    /// The regular expression of a column, in the part of the syntax that all schema languages share.
    fn pattern(&self, column: &ColumnSpec) -> Option<String> {
        let day = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
        Some(match column.kind {
            ColumnType::Id => "^[A-Za-z0-9_-]{1,40}$".to_owned(),
            ColumnType::Code => "^[A-Za-z0-9./_-]{1,40}$".to_owned(),
            ColumnType::Date => format!("^{day}$"),
            ColumnType::PartialDate => "^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$".to_owned(),
            ColumnType::DateTime => format!("^{day}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z?$"),
            ColumnType::YearMonth => "^[0-9]{4}-(0[1-9]|1[0-2])$".to_owned(),
            ColumnType::Version => "^[0-9]+\\.[0-9]+\\.[0-9]+$".to_owned(),
            ColumnType::Hex64 => "^[0-9a-f]{64}$".to_owned(),
            ColumnType::Country => "^[A-Z]{3}$".to_owned(),
            ColumnType::Nhs => "^[0-9]{10}$".to_owned(),
            ColumnType::Upn => "^[A-Z][0-9]{11}[0-9A-Z]$".to_owned(),
            ColumnType::Enum | ColumnType::EnumList => {
                let list = self.list_of(column)?;
                let codes: Vec<String> = list.codes.iter().map(|c| c.code.replace('+', "\\+")).collect();
                let one = format!("({})", codes.join("|"));
                if column.kind == ColumnType::Enum { format!("^{one}$") } else { format!("^{one}( {one})*$") }
            }
            ColumnType::Integer | ColumnType::Text | ColumnType::Note => return None,
        })
    }

    /// Whether columns are the whole key of a table: a CSVW reference must be to one row.
    fn is_whole_key(&self, table: &str, columns: &[String]) -> bool {
        self.table(table).is_ok_and(|t| t.key == columns)
    }
}

/// A list as it is offered in a template: its name and the missing codes its column takes.
fn list_key(list: &str, column: &ColumnSpec) -> String {
    let mut key = format!("list_{list}");
    for code in &column.missing {
        key.push('_');
        key.push_str(code.code());
    }
    key
}

fn filled_by(table: &TableSpec) -> String {
    let names = |bodies: &[BodyType]| bodies.iter().map(|b| b.code()).collect::<Vec<_>>().join(", ");
    match (table.required.is_empty(), table.optional.is_empty()) {
        (false, false) => {
            format!("Sent by {}; may be sent by {}.", names(&table.required), names(&table.optional))
        }
        (false, true) => format!("Sent by {}.", names(&table.required)),
        (true, false) => format!("May be sent by {}.", names(&table.optional)),
        (true, true) => String::new(),
    }
}

/// What a column holds, in a few words.
pub(crate) fn holds(column: &ColumnSpec) -> String {
    match column.kind {
        ColumnType::Id => "pseudonym: 1 to 40 of A-Z a-z 0-9 _ -".to_owned(),
        ColumnType::Code => "code: 1 to 40 of A-Z a-z 0-9 . / _ -".to_owned(),
        ColumnType::Enum => format!("one of list {}", column.list.as_deref().unwrap_or_default()),
        ColumnType::EnumList => {
            format!("some of list {}, separated by spaces", column.list.as_deref().unwrap_or_default())
        }
        ColumnType::Integer => match (column.minimum, column.maximum) {
            (Some(least), Some(most)) => format!("whole number, {least} to {most}"),
            (Some(least), None) => format!("whole number, at least {least}"),
            (None, Some(most)) => format!("whole number, at most {most}"),
            (None, None) => "whole number".to_owned(),
        },
        ColumnType::Date => "date YYYY-MM-DD".to_owned(),
        ColumnType::PartialDate => "as much as is known of YYYY-MM-DD".to_owned(),
        ColumnType::DateTime => "time YYYY-MM-DDThh:mm, UTC".to_owned(),
        ColumnType::YearMonth => "month YYYY-MM".to_owned(),
        ColumnType::Version => "version 1.2.3".to_owned(),
        ColumnType::Hex64 => "64 hexadecimal digits".to_owned(),
        ColumnType::Country => "three letters of ISO 3166-1".to_owned(),
        ColumnType::Nhs => "NHS number, ten digits".to_owned(),
        ColumnType::Upn => "unique pupil number".to_owned(),
        ColumnType::Text | ColumnType::Note => {
            format!("text of at most {} characters", column.longest.unwrap_or(2000))
        }
    }
}

fn frictionless_type(kind: ColumnType) -> (&'static str, &'static str) {
    match kind {
        ColumnType::Integer => ("integer", "default"),
        ColumnType::Date => ("date", "default"),
        ColumnType::YearMonth => ("yearmonth", "default"),
        _ => ("string", "default"),
    }
}

/// Text with the five characters that matter to HTML and XML written as entities.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_column_and_list_is_in_every_form() {
        let specification = Specification::aud_1().unwrap();
        let markdown = specification.dictionary_markdown();
        let html = specification.dictionary_html();
        let schema = specification.json_schema();
        let csvw = specification.csvw();
        let package = specification.datapackage();
        for (at, table) in specification.tables.iter().enumerate() {
            let heading = specification.csv_heading(&table.name).unwrap();
            assert_eq!(heading.split(',').count(), table.columns.len());
            assert_eq!(package["resources"][at]["name"], table.name.as_str());
            assert_eq!(
                csvw["tables"][at]["tableSchema"]["columns"].as_array().unwrap().len(),
                table.columns.len()
            );
            for (place, column) in table.columns.iter().enumerate() {
                assert!(markdown.contains(&format!("| `{}` |", column.name)));
                assert!(html.contains(&format!("<code>{}</code>", column.name)));
                let field = &schema["properties"][&table.name]["items"]["properties"][&column.name];
                assert_eq!(field["x-partition"], column.part.letter());
                assert_eq!(package["resources"][at]["schema"]["fields"][place]["name"], column.name.as_str());
            }
        }
        for name in specification.lists.keys() {
            assert!(
                markdown.contains(&format!("(`{name}`)")) && html.contains(&format!("id=\"list-{name}\""))
            );
        }
        assert_eq!(package["resources"][2]["schema"]["missingValues"], json!(["NA", "NK", "NR", "NC"]));
    }

    #[test]
    fn a_workbook_has_the_sheets_of_the_body_and_is_the_same_each_time() {
        let specification = Specification::aud_1().unwrap();
        let police = specification.xlsx_template(BodyType::Police);
        assert_eq!(&police[..4], b"PK\x03\x04");
        assert_eq!(police, specification.xlsx_template(BodyType::Police));
        let text = String::from_utf8_lossy(&police);
        assert!(text.contains("name=\"offence\"") && text.contains("list_sex_NA_NK_NR_NC"));
        assert!(text.contains("<sheetProtection sheet=\"1\""));
        let childrens = specification.xlsx_template(BodyType::Childrens);
        assert!(!String::from_utf8_lossy(&childrens).contains("name=\"offence\""));
    }
}
