//! XLSX: `SpreadsheetML` (ECMA-376, part 1, 18) to rows of cells as they are shown, near enough to find one's way in them.

use candour_record::{Finding, Severity};

use crate::error::ReadingError;
use crate::limits::Limits;
use crate::office::{Element, Package};

/// One sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Its rows that hold something, in order.
    pub rows: Vec<SheetRow>,
    /// Rows and ranges of columns that it hides.
    pub hidden: u32,
    /// Ranges of cells that are merged.
    pub merged: u32,
    /// Cells with a formula.
    pub formulas: u32,
}

/// One row of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// Its number as the program shows it, from 1.
    pub number: u32,
    /// Its cells that hold something: the column, from 0, and what is in it. Dates are written `2024-03-01`.
    pub cells: Vec<(u32, String)>,
}

/// The last column that a sheet can have (ECMA-376: `XFD`).
const MOST_COLUMNS: u32 = 16_384;

/// Reads the sheets of an XLSX workbook.
pub fn read_sheets(
    bytes: &[u8],
    name: &str,
    limits: &Limits,
) -> Result<(Vec<Sheet>, Vec<Finding>), ReadingError> {
    if bytes.len() as u64 > limits.bytes {
        let size = bytes.len() as u64;
        return Err(ReadingError::TooLarge { name: name.to_owned(), bytes: size, limit: limits.bytes });
    }
    let mut findings = Vec::new();
    let mut package = Package::open(bytes, name, limits)?;
    let Some(workbook) = package.xml("xl/workbook.xml", &mut findings)? else {
        return Err(ReadingError::UnsupportedFormat { name: name.to_owned(), found: "no XLSX workbook" });
    };
    if package.has("xl/vbaProject.bin") {
        let message =
            format!("{name}: holds macros; they were not run. Save it as a workbook without macros (.xlsx)");
        findings.push(Finding::new(Severity::Warning, "workbook_has_macros", message));
    }
    let relations = package.xml("xl/_rels/workbook.xml.rels", &mut findings)?.unwrap_or_default();
    let shared = package.xml("xl/sharedStrings.xml", &mut findings)?.unwrap_or_default();
    let shared: Vec<String> = shared.children().filter(|e| e.name == "si").map(words).collect();
    let dated = date_styles(&package.xml("xl/styles.xml", &mut findings)?.unwrap_or_default());
    let since_1904 = workbook
        .child("workbookPr")
        .and_then(|p| p.attribute("date1904"))
        .is_some_and(|v| v == "1" || v == "true");
    let mut sheets = Vec::new();
    for sheet in workbook.child("sheets").into_iter().flat_map(Element::children) {
        let title = sheet.attribute("name").unwrap_or_default().to_owned();
        let target = relations
            .children()
            .find(|r| r.attribute("Id").is_some() && r.attribute("Id") == sheet.attribute("id"))
            .and_then(|r| r.attribute("Target"));
        let member = target.map(|t| match t.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("xl/{t}"),
        });
        let part = match &member {
            Some(member) => package.xml(member, &mut findings)?,
            None => None,
        };
        let Some(part) = part else {
            let message =
                format!("{name}: its sheet “{title}” cannot be found; open it, save it again and read that");
            findings.push(Finding::new(Severity::Warning, "sheet_not_read", message));
            continue;
        };
        let is_hidden = |e: &&Element| e.attribute("hidden").is_some_and(|h| h == "1" || h == "true");
        let columns = part.child("cols").into_iter().flat_map(Element::children);
        let mut hidden = columns.filter(is_hidden).count() as u32;
        let merged = part.child("mergeCells").map_or(0, |m| m.children().count() as u32);
        let mut formulas = 0;
        let mut rows = Vec::new();
        // Rows and cells may say where they stand; those that do not follow the one before, be it empty or not.
        let mut next_row: u32 = 1;
        for row in part.child("sheetData").into_iter().flat_map(Element::children) {
            let number = row.attribute("r").and_then(|r| r.parse().ok()).unwrap_or(next_row);
            next_row = number.saturating_add(1);
            hidden += u32::from(is_hidden(&row));
            let mut cells: Vec<(u32, String)> = Vec::new();
            let mut next: u32 = 0;
            for cell in row.children().filter(|c| c.name == "c") {
                let column = cell.attribute("r").and_then(column_of).unwrap_or(next);
                next = column.saturating_add(1);
                formulas += u32::from(cell.child("f").is_some());
                let text = shown(cell, &shared, &dated, since_1904);
                if column < MOST_COLUMNS && !text.trim().is_empty() {
                    cells.push((column, text));
                }
            }
            cells.sort_by_key(|c| c.0);
            if !cells.is_empty() {
                rows.push(SheetRow { number, cells });
            }
        }
        sheets.push(Sheet { name: title, rows, hidden, merged, formulas });
    }
    Ok((sheets, findings))
}

/// The letters of a column counted from 0: `A`, `Z`, `AA`.
pub fn column_letters(column: u32) -> String {
    let (mut letters, mut left) = (Vec::new(), column + 1);
    while left > 0 {
        letters.push(char::from(b'A' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// The column of a reference such as `AB12`, from 0.
fn column_of(reference: &str) -> Option<u32> {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase);
    let column = letters.take(4).fold(0, |n, b| n * 26 + u32::from(b - b'A') + 1);
    column.checked_sub(1)
}

/// The words of a string, without the reading aids that stand above them.
fn words(string: &Element) -> String {
    let part = |e: &Element| match e.name.as_str() {
        "t" => e.text(),
        "r" => e.child("t").map(Element::text).unwrap_or_default(),
        _ => String::new(),
    };
    // A carriage return is written as a code of its own (ECMA-376, part 1, 22.9.2.19).
    string.children().map(part).collect::<String>().replace("_x000D_", "")
}

fn shown(cell: &Element, shared: &[String], dated: &[bool], since_1904: bool) -> String {
    let value = cell.child("v").map(Element::text).unwrap_or_default();
    match cell.attribute("t") {
        Some("s") => {
            value.trim().parse::<usize>().ok().and_then(|at| shared.get(at)).cloned().unwrap_or_default()
        }
        Some("inlineStr") => cell.child("is").map(words).unwrap_or_default(),
        Some("b") => if value.trim() == "1" { "true" } else { "false" }.to_owned(),
        // An error is shown as what it is (#REF!, #N/A): a cell whose value is lost is not an empty cell.
        Some("str" | "d" | "e") => value,
        _ => {
            let style = cell.attribute("s").and_then(|s| s.parse::<usize>().ok()).unwrap_or(0);
            match value.trim().parse::<f64>() {
                Ok(serial) if dated.get(style) == Some(&true) => day(serial, since_1904).unwrap_or(value),
                _ => value,
            }
        }
    }
}

/// Which cell formats show a date (ECMA-376, part 1, 18.8.30: the built-in ones, and codes that name a day or a year).
fn date_styles(styles: &Element) -> Vec<bool> {
    let own: Vec<(&str, bool)> = styles
        .child("numFmts")
        .into_iter()
        .flat_map(Element::children)
        .filter_map(|f| {
            let code = f.attribute("formatCode")?.to_lowercase();
            // Words in quotation marks or brackets are shown as they are.
            let (mut bare, mut inside) = (String::new(), false);
            for c in code.chars() {
                match c {
                    '"' | '[' | ']' => inside = !inside,
                    c if !inside => bare.push(c),
                    _ => {}
                }
            }
            Some((f.attribute("numFmtId")?, bare.contains('y') || bare.contains('d')))
        })
        .collect();
    styles
        .child("cellXfs")
        .into_iter()
        .flat_map(Element::children)
        .map(|format| {
            let id = format.attribute("numFmtId").unwrap_or_default();
            matches!(id.parse::<u32>(), Ok(14..=17 | 22)) || own.iter().any(|(o, date)| *o == id && *date)
        })
        .collect()
}

/// A day counted from the last of 1899, or from the first of 1904, as `2024-03-01`.
fn day(serial: f64, since_1904: bool) -> Option<String> {
    /// Days from the start of the era of the algorithm (1 March of year 0) to the day that both calendars count from.
    const FROM_ERA: [i64; 2] = [693_899, 695_361];
    if !(1.0..2_958_466.0).contains(&serial) {
        return None;
    }
    // Years that begin in March have their leap day last (Hinnant, chrono-compatible low-level date algorithms, 2013).
    let days = serial as i64 + FROM_ERA[usize::from(since_1904)];
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docx::tests::made as zipped;

    #[test]
    fn cells_are_read_as_they_are_shown() {
        let bytes = zipped(&[
            (
                "xl/workbook.xml",
                r#"<workbook xmlns:r="r"><workbookPr/><sheets><sheet name="Notes" sheetId="1" r:id="rId1"/><sheet name="Lost" sheetId="2" r:id="rId9"/></sheets></workbook>"#,
            ),
            (
                "xl/_rels/workbook.xml.rels",
                r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>"#,
            ),
            (
                "xl/sharedStrings.xml",
                r#"<sst><si><t>text</t></si><si><r><t>She </t></r><r><t xml:space="preserve">was missing.</t></r><rPh><t>no</t></rPh></si></sst>"#,
            ),
            (
                "xl/styles.xml",
                r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/><numFmt numFmtId="165" formatCode="0.0 &quot;days&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>"#,
            ),
            (
                "xl/worksheets/sheet1.xml",
                r#"<worksheet><cols><col min="2" max="2" hidden="1"/><col min="3" max="3"/></cols><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>date</t></is></c></row>
<row r="4" hidden="1"><c r="A4" t="s"><v>1</v></c><c r="B4" t="b"><v>1</v></c><c r="C4" s="1"><v>45352</v></c><c r="D4" s="2"><v>45352</v></c><c r="E4" t="e"><v>#REF!</v></c><c r="AA4"><f>3+4</f><v>7</v></c></row>
<row/><row><c/><c t="b"><v>0</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells></worksheet>"#,
            ),
            ("xl/vbaProject.bin", "code"),
        ]);
        let (sheets, findings) = read_sheets(&bytes, "a.xlsx", &Limits::default()).unwrap();
        assert_eq!(sheets.len(), 1);
        assert_eq!(sheets[0].rows[0].cells, [(0, "text".to_owned()), (2, "date".to_owned())]);
        let row = &sheets[0].rows[1];
        let cells: Vec<(u32, &str)> = row.cells.iter().map(|(c, t)| (*c, t.as_str())).collect();
        assert_eq!(row.number, 4);
        assert_eq!(cells[..4], [(0, "She was missing."), (1, "true"), (2, "2024-03-01"), (3, "45352")]);
        assert_eq!(cells[4..], [(4, "#REF!"), (26, "7")]);
        let last = &sheets[0].rows[2];
        assert_eq!((last.number, &last.cells[..]), (6, &[(1, "false".to_owned())][..]));
        assert_eq!((sheets[0].hidden, sheets[0].merged, sheets[0].formulas), (2, 1, 1));
        assert!(findings.iter().any(|f| f.code == "workbook_has_macros"));
        assert!(findings.iter().any(|f| f.code == "sheet_not_read" && f.message.contains("Lost")));
        assert!(read_sheets(b"PK\x03\x04", "b.xlsx", &Limits::default()).is_err());
    }

    #[test]
    fn columns_and_days() {
        assert_eq!([0, 25, 26, 701, 702].map(column_letters), ["A", "Z", "AA", "ZZ", "AAA"]);
        assert_eq!(column_of("AAA9"), Some(702));
        assert_eq!(day(61.0, false).as_deref(), Some("1900-03-01"));
        assert_eq!(day(36_585.0, false).as_deref(), Some("2000-02-29"));
        assert_eq!(day(43_890.0, true).as_deref(), Some("2024-03-01"));
        assert_eq!(day(-3.0, false), None);
    }
}
