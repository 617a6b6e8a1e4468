//! A look at the headers of a Parquet file before the library reads it.
//!
//! Headers are structures of Thrift's compact protocol, and a field that a reader does not know is passed over by its stated size. A
//! list of truth values that states billions of elements takes no bytes to state them, and the library counts them one by one. No
//! header of the format (apache/parquet-format, `parquet.thrift`) has such a list, so a file that has one is damaged.

use candour_record::guarded;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::reader::ChunkReader;

/// The deepest nesting of structures; the format's own is 6.
const DEEPEST: u8 = 24;
/// Bytes of a chunk looked at first for the header of a page; most headers have under a hundred.
const WINDOW: usize = 4 << 10;

/// Looks at the footer and at the header of every page.
///
/// # Errors
/// In words, where a header states more than the file can hold, or the file is no Parquet. A header that ends early is left for
/// the library to refuse.
pub fn check_parquet<R: ChunkReader>(input: &R) -> Result<(), String> {
    let damaged = || "is a damaged Parquet file; write it again from where it came".to_owned();
    let bytes = |start: u64, length: usize| input.get_bytes(start, length).map_err(|_| damaged());
    let length = input.len();
    let Some(tail) = length.checked_sub(8) else { return Err(damaged()) };
    let end = bytes(tail, 8)?;
    let footer = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    let Some(start) = tail.checked_sub(footer) else { return Err(damaged()) };
    if walk(&bytes(start, footer as usize)?).is_err_and(|stop| stop == Stop::Overstated) {
        return Err(damaged());
    }
    let metadata = guarded(|| ParquetMetaDataReader::new().parse_and_finish(input))
        .ok_or_else(damaged)?
        .map_err(|_| damaged())?;
    for column in metadata.row_groups().iter().flat_map(parquet::file::metadata::RowGroupMetaData::columns) {
        let (mut at, size) = guarded(|| column.byte_range()).ok_or_else(damaged)?;
        let chunk_end = at.saturating_add(size).min(length);
        while at < chunk_end {
            let left = (chunk_end - at) as usize;
            let mut window = WINDOW.min(left);
            let header = loop {
                match walk(&bytes(at, window)?) {
                    Err(Stop::Short) if window < left => window = (window * 8).min(left),
                    other => break other,
                }
            };
            match header {
                Ok(header) => at += (header.bytes + header.page) as u64,
                Err(Stop::Overstated) => return Err(damaged()),
                Err(Stop::Short) => break,
            }
        }
    }
    Ok(())
}

/// Why a structure was not walked to its end.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    /// It goes on past the bytes there are.
    Short,
    /// It states more than bytes could hold, or nests too deep.
    Overstated,
}

/// A header: its own bytes, and those of its page as its third field states them.
struct Header {
    bytes: usize,
    page: usize,
}

fn walk(bytes: &[u8]) -> Result<Header, Stop> {
    let mut walker = Walker { bytes, at: 0, third: 0 };
    walker.structure(0)?;
    Ok(Header { bytes: walker.at, page: usize::try_from(walker.third).unwrap_or(0) })
}

struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The whole number of field 3 of the outermost structure.
    third: i64,
}

impl Walker<'_> {
    fn byte(&mut self) -> Result<u8, Stop> {
        let byte = *self.bytes.get(self.at).ok_or(Stop::Short)?;
        self.at += 1;
        Ok(byte)
    }

    fn pass(&mut self, count: u64) -> Result<(), Stop> {
        if count > (self.bytes.len() - self.at) as u64 {
            return Err(Stop::Short);
        }
        self.at += count as usize;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Stop> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Stop::Overstated)
    }

    fn zigzag(&mut self) -> Result<i64, Stop> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn structure(&mut self, depth: u8) -> Result<(), Stop> {
        if depth > DEEPEST {
            return Err(Stop::Overstated);
        }
        let mut field = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            field = match head >> 4 {
                0 => self.zigzag()?,
                step => field.saturating_add(i64::from(step)),
            };
            match head & 15 {
                // A field's truth value is its type.
                1 | 2 => {}
                4..=6 => {
                    let value = self.zigzag()?;
                    if depth == 0 && field == 3 {
                        self.third = value;
                    }
                }
                kind => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: u8) -> Result<(), Stop> {
        match kind {
            3 => self.pass(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                self.elements(count, &[head & 15], depth)
            }
            11 => {
                let count = self.varint()?;
                if count == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                self.elements(count, &[kinds >> 4, kinds & 15], depth)
            }
            12 => self.structure(depth + 1),
            _ => Err(Stop::Overstated),
        }
    }

    /// Elements of a list, a set or a map. Each takes a byte at least, but for truth values, which no header has.
    fn elements(&mut self, count: u64, kinds: &[u8], depth: u8) -> Result<(), Stop> {
        if depth > DEEPEST || count > i32::MAX as u64 || count > 0 && kinds.iter().any(|k| matches!(k, 0..=2))
        {
            return Err(Stop::Overstated);
        }
        for _ in 0..count {
            for kind in kinds {
                self.value(*kind, depth + 1)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_gives_its_length_and_that_of_its_page() {
        // Fields 1, 2 and 3 as numbers: 0, 10 and 300; field 5 a structure with one number.
        let bytes = [0x15, 0, 0x15, 20, 0x15, 0xd8, 0x04, 0x2c, 0x15, 2, 0, 0, 99];
        let header = walk(&bytes).unwrap();
        assert_eq!((header.bytes, header.page), (12, 300));
    }

    #[test]
    fn what_bytes_cannot_hold_is_refused() {
        // Field 9, a list of two thousand million truth values.
        let list = [0x99, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0];
        assert_eq!(walk(&list).err(), Some(Stop::Overstated));
        let nested: Vec<u8> = vec![0x1c; 200];
        assert_eq!(walk(&nested).err(), Some(Stop::Overstated));
        assert_eq!(walk(&[0x18, 0xff, 0x01, 1]).err(), Some(Stop::Short));
        assert_eq!(walk(&[]).err(), Some(Stop::Short));
    }
}
