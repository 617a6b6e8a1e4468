//! Writes invented returns to try the page with: `cargo run --example returns -- FOLDER`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use candour_returns::files::sha256;
use candour_returns::{ColumnType, Example, Specification};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("name the folder to write to")?;
    let folder = Path::new(&folder);
    let specification = Specification::aud_1()?;
    let plain = |text: &str| text.as_bytes().to_vec();
    write(&specification, &folder.join("good"), "", plain)?;
    // An offence of three not marked as a group, a date as a spreadsheet keeps it, a blank, a key twice, and a body that may be
    // asked to explain.
    let faults = "offence.2.perp_count_noted = 3\noffence.5.recorded_on = 45723\nvictim.4.sex = \n\
        suspect.7.suspect_id = S001\nvictim.9.ethnicity = ZZ";
    write(&specification, &folder.join("bad"), faults, plain)?;
    // As a spreadsheet saves “CSV” in Western Europe: é is one byte, which is no UTF-8.
    write(&specification, &folder.join("latin"), "victim.3.surname = Ren\u{e9}e", |text| {
        text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
    })?;
    write(&specification, &folder.join("wide"), "", |text| {
        text.encode_utf16().fold(b"\xff\xfe".to_vec(), |mut all, unit| {
            all.extend(unit.to_le_bytes());
            all
        })
    })?;
    dialect(&specification, &folder.join("dialect"))?;
    // Two bodies, one with two versions, of which the newest stands.
    let nation = folder.join("nation");
    write(&specification, &nation.join("X23000001/v1"), faults, plain)?;
    write(&specification, &nation.join("X23000001/v2"), "header.1.return_version = 2", plain)?;
    write(&specification, &nation.join("X23000002"), faults, plain)?;
    Ok(())
}

type Table = (String, Vec<String>, Vec<Vec<String>>);

/// Writes the example, changed, with the hashes of its files in their list.
fn write(
    specification: &Specification,
    folder: &Path,
    changes: &str,
    encode: impl Fn(&str) -> Vec<u8>,
) -> Result<(), Box<dyn Error>> {
    let mut example = Example::new(specification);
    example.change(changes)?;
    let tables: Vec<Table> = example.tables().map(|(name, h, rows, _)| (name.to_owned(), h, rows)).collect();
    write_tables(folder, tables, encode)
}

fn write_tables(
    folder: &Path,
    mut tables: Vec<Table>,
    encode: impl Fn(&str) -> Vec<u8>,
) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    // The list of files comes last, when their hashes are known.
    tables.sort_by_key(|table| table.0 == "file");
    let mut hashes = std::collections::BTreeMap::new();
    for (name, heading, mut rows) in tables {
        let at = |column: &str| heading.iter().position(|name| name == column);
        if let (Some(table), Some(hash)) = (at("table"), at("sha256")) {
            for row in &mut rows {
                if let Some(found) = hashes.get(&row[table]) {
                    row[hash].clone_from(found);
                }
            }
        }
        let mut text = String::new();
        for row in std::iter::once(&heading).chain(&rows) {
            let cells: Vec<String> =
                row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            writeln!(text, "{}", cells.join(","))?;
        }
        let bytes = encode(&text);
        hashes.insert(name.clone(), sha256(&bytes));
        std::fs::write(folder.join(format!("{name}.csv")), bytes)?;
    }
    Ok(())
}

/// The good return as a system of its own exports it, with the mapping that says how.
fn dialect(specification: &Specification, folder: &Path) -> Result<(), Box<dyn Error>> {
    const MAPPING: &str = "name = \"our own\"\ndates = \"day-first\"\ncodes.sex = { Boy = \"M\", Girl = \"F\" }\n\
        columns.victim = { Ref = \"person_id\", Gender = \"sex\" }\n";
    let british = |cell: &str| {
        let parts: Vec<&str> = cell.split('-').collect();
        match parts.as_slice() {
            [year, month, day] if year.len() == 4 => format!("{day}/{month}/{year}"),
            _ => cell.to_owned(),
        }
    };
    let example = Example::new(specification);
    let mut tables = Vec::new();
    for (table, mut heading, mut rows, _) in example.tables() {
        let spec = specification.table(table)?;
        for (at, name) in heading.iter_mut().enumerate() {
            let kind = spec.column(name)?.kind;
            for row in &mut rows {
                row[at] = match (kind, table, name.as_str(), row[at].as_str()) {
                    (ColumnType::Date | ColumnType::PartialDate, ..) => british(&row[at]),
                    (_, "victim", "sex", "M") => "Boy".to_owned(),
                    (_, "victim", "sex", "F") => "Girl".to_owned(),
                    (.., cell) => cell.to_owned(),
                };
            }
            if table == "victim" {
                match name.as_str() {
                    "person_id" => "Ref".clone_into(name),
                    "sex" => "Gender".clone_into(name),
                    _ => {}
                }
            }
        }
        tables.push((table.to_owned(), heading, rows));
    }
    write_tables(folder, tables, |text| text.as_bytes().to_vec())?;
    Ok(std::fs::write(folder.join("mapping.toml"), MAPPING)?)
}
