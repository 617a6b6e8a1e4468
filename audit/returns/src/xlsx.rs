//! A small writer of workbooks: text cells, lists to choose from, locked headings. Members are stored, not compressed, and
//! have a fixed date, so that the same template has the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::generate::escape;

/// One sheet of a template.
pub(crate) struct Sheet {
    pub(crate) name: String,
    /// Locked rows of text; the last is the heading.
    pub(crate) rows: Vec<Vec<String>>,
    /// Columns with a title and a hint that shows when a cell is chosen.
    pub(crate) prompts: Vec<(usize, String, String)>,
    /// Columns with the name of the list to choose from.
    pub(crate) lists: Vec<(usize, String)>,
    /// Rows below the heading that can be written in.
    pub(crate) entry_rows: usize,
}

impl Sheet {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rows: Vec::new(),
            prompts: Vec::new(),
            lists: Vec::new(),
            entry_rows: 0,
        }
    }
}

/// The bytes of a workbook. Lists stand on a hidden sheet under defined names.
pub(crate) fn workbook(sheets: &[Sheet], lists: &BTreeMap<String, Vec<String>>) -> Vec<u8> {
    let mut archive = Archive::default();
    let count = sheets.len() + 1;
    let mut types = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml\"/>",
    );
    let mut relations = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">",
    );
    let mut book = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><workbookProtection lockStructure=\"1\"/><sheets>",
    );
    for at in 1..=count {
        let _ = write!(
            types,
            "<Override PartName=\"/xl/worksheets/sheet{at}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>"
        );
        let _ = write!(
            relations,
            "<Relationship Id=\"rId{at}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{at}.xml\"/>"
        );
        let name = sheets.get(at - 1).map_or("lists", |s| s.name.as_str());
        let hidden = if at == count { " state=\"hidden\"" } else { "" };
        let _ = write!(book, "<sheet name=\"{}\" sheetId=\"{at}\"{hidden} r:id=\"rId{at}\"/>", escape(name));
    }
    types.push_str("</Types>");
    let _ = write!(
        relations,
        "<Relationship Id=\"rId{}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>",
        count + 1
    );
    book.push_str("</sheets><definedNames>");
    for (at, (name, codes)) in lists.iter().enumerate() {
        let column = letters(at);
        let _ = write!(
            book,
            "<definedName name=\"{}\">lists!${column}$1:${column}${}</definedName>",
            escape(name),
            codes.len()
        );
    }
    book.push_str("</definedNames></workbook>");
    archive.add("[Content_Types].xml", types.as_bytes());
    archive.add(
        "_rels/.rels",
        b"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
    );
    archive.add("xl/workbook.xml", book.as_bytes());
    archive.add("xl/_rels/workbook.xml.rels", relations.as_bytes());
    // Style 0 is locked text, style 1 a locked heading, style 2 text that can be written in. 49 is the format "text".
    archive.add(
        "xl/styles.xml",
        b"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Arial\"/></font><font><b/><sz val=\"11\"/><name val=\"Arial\"/></font></fonts><fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill><fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE6ECF2\"/></patternFill></fill></fills><borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"3\"><xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/><xf numFmtId=\"49\" fontId=\"1\" fillId=\"2\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\"/><xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyProtection=\"1\"><protection locked=\"0\"/></xf></cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>",
    );
    for (at, sheet) in sheets.iter().enumerate() {
        archive.add(&format!("xl/worksheets/sheet{}.xml", at + 1), sheet_xml(sheet).as_bytes());
    }
    archive.add(&format!("xl/worksheets/sheet{count}.xml"), list_sheet(lists).as_bytes());
    archive.finish()
}

const SHEET_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">";

fn sheet_xml(sheet: &Sheet) -> String {
    let mut xml = String::from(SHEET_HEAD);
    let head = sheet.rows.len();
    if sheet.entry_rows > 0 {
        let _ = write!(
            xml,
            "<sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"{head}\" topLeftCell=\"A{}\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews>",
            head + 1
        );
    }
    let wide = sheet.rows.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let style = if sheet.entry_rows > 0 { 2 } else { 0 };
    let _ = write!(
        xml,
        "<cols><col min=\"1\" max=\"{wide}\" width=\"20\" style=\"{style}\" customWidth=\"1\"/></cols><sheetData>"
    );
    for (at, row) in sheet.rows.iter().enumerate() {
        let heading = sheet.entry_rows > 0 && at + 1 == head;
        text_row(&mut xml, at, row, usize::from(heading));
    }
    xml.push_str("</sheetData>");
    // Cells below the heading take the unlocked style of their column. Rows may be added, headings not changed.
    xml.push_str("<sheetProtection sheet=\"1\" formatColumns=\"0\" formatRows=\"0\" insertRows=\"0\" deleteRows=\"0\" sort=\"0\"/>");
    if !sheet.prompts.is_empty() {
        let last = head + sheet.entry_rows;
        let _ = write!(xml, "<dataValidations count=\"{}\">", sheet.prompts.len());
        for (at, title, hint) in &sheet.prompts {
            let column = letters(*at);
            let list = sheet.lists.iter().find(|(place, _)| place == at);
            let kind = if list.is_some() { " type=\"list\" showErrorMessage=\"1\"" } else { "" };
            // Spreadsheets refuse prompts beyond 32 and 255 characters.
            let title: String = title.chars().take(32).collect();
            let hint: String = hint.chars().take(255).collect();
            let _ = write!(
                xml,
                "<dataValidation{kind} allowBlank=\"1\" showInputMessage=\"1\" promptTitle=\"{}\" prompt=\"{}\" sqref=\"{column}{}:{column}{last}\">",
                escape(&title),
                escape(&hint),
                head + 1
            );
            if let Some((_, list)) = list {
                let _ = write!(xml, "<formula1>{}</formula1>", escape(list));
            }
            xml.push_str("</dataValidation>");
        }
        xml.push_str("</dataValidations>");
    }
    xml.push_str("</worksheet>");
    xml
}

fn list_sheet(lists: &BTreeMap<String, Vec<String>>) -> String {
    let mut xml = format!("{SHEET_HEAD}<sheetData>");
    let tall = lists.values().map(Vec::len).max().unwrap_or(0);
    for at in 0..tall {
        let _ = write!(xml, "<row r=\"{}\">", at + 1);
        for (column, codes) in lists.values().enumerate() {
            if let Some(code) = codes.get(at) {
                text_cell(&mut xml, at, column, code, 0);
            }
        }
        xml.push_str("</row>");
    }
    xml.push_str("</sheetData><sheetProtection sheet=\"1\"/></worksheet>");
    xml
}

fn text_row(xml: &mut String, at: usize, cells: &[String], style: usize) {
    let _ = write!(xml, "<row r=\"{}\">", at + 1);
    for (column, cell) in cells.iter().enumerate() {
        text_cell(xml, at, column, cell, style);
    }
    xml.push_str("</row>");
}

fn text_cell(xml: &mut String, row: usize, column: usize, text: &str, style: usize) {
    let _ = write!(
        xml,
        "<c r=\"{}{}\" t=\"inlineStr\" s=\"{style}\"><is><t xml:space=\"preserve\">{}</t></is></c>",
        letters(column),
        row + 1,
        escape(text)
    );
}

/// A column's letters, counted from 0: A, B, … Z, AA.
fn letters(mut at: usize) -> String {
    let mut text = Vec::new();
    loop {
        text.push(b'A' + (at % 26) as u8);
        if at < 26 {
            break;
        }
        at = at / 26 - 1;
    }
    text.iter().rev().map(|b| char::from(*b)).collect()
}

/// A ZIP archive of stored members, by PKWARE's APPNOTE 6.3.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    members: u16,
}

impl Archive {
    fn add(&mut self, name: &str, content: &[u8]) {
        let at = self.bytes.len() as u32;
        let mut common = Vec::new();
        common.extend_from_slice(&20u16.to_le_bytes());
        common.extend_from_slice(&0u16.to_le_bytes());
        common.extend_from_slice(&0u16.to_le_bytes());
        // Midnight of 1 January 1980, the first date that the format can write.
        common.extend_from_slice(&[0, 0, 0x21, 0]);
        common.extend_from_slice(&crc32(content).to_le_bytes());
        common.extend_from_slice(&(content.len() as u32).to_le_bytes());
        common.extend_from_slice(&(content.len() as u32).to_le_bytes());
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&0u16.to_le_bytes());
        self.bytes.extend_from_slice(b"PK\x03\x04");
        self.bytes.extend_from_slice(&common);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(content);
        self.directory.extend_from_slice(b"PK\x01\x02");
        self.directory.extend_from_slice(&20u16.to_le_bytes());
        self.directory.extend_from_slice(&common);
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&at.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.members += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&self.directory);
        self.bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend_from_slice(&self.members.to_le_bytes());
        self.bytes.extend_from_slice(&self.members.to_le_bytes());
        self.bytes.extend_from_slice(&(self.directory.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(&at.to_le_bytes());
        self.bytes.extend_from_slice(&0u16.to_le_bytes());
        self.bytes
    }
}

/// The CRC-32 of ISO 3309.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
        crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_and_columns_are_those_of_the_formats() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
