//! What one distinct value of a column comes to. It is worked out once for each distinct text, not for each cell.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::civil::Date;

use crate::mapping::{DateOrder, Mapping};
use crate::specification::{CodeList, ColumnSpec, ColumnType, Missing};

/// Whether a cell has a value of its column's type, and if not, what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Value,
    Blank,
    Missing(Missing),
    Bad(Fault),
}

/// Why a cell is not of its column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Bytes that are no text.
    NotUtf8,
    /// Not of the form that the type has.
    Form,
    /// A spreadsheet's serial number for a date.
    Serial,
    /// No code of the list.
    NotListed,
    /// An id or code with characters that it cannot have.
    Pattern,
    /// An id that looks like a person's name.
    NameLike,
    /// A missing code that this column does not take.
    MissingRefused,
    /// An NHS number or pupil number whose check fails.
    Check,
    /// Below the least or above the greatest value.
    Range,
}

/// What a spreadsheet did to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    None,
    Scientific,
    Fraction,
    ErrorCell,
    Formula,
    CodeAsDate,
    LostZeros,
}

/// Bits of a list of codes that are wrong beside the codes themselves.
pub(crate) const DUPLICATED: u8 = 1;
/// Set where a code of the list itself says that the value is missing.
pub(crate) const LISTED: u8 = 2;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Fact {
    pub(crate) state: State,
    pub(crate) damage: Damage,
    pub(crate) extra: u8,
    /// Place in the list, or the number of the canonical text.
    pub(crate) code: u32,
    /// First day, minute or number that it can mean.
    pub(crate) low: i32,
    /// Last day, minute or number that it can mean.
    pub(crate) high: i32,
}

impl Fact {
    fn state(state: State) -> Self {
        Self { state, damage: Damage::None, extra: 0, code: 0, low: 0, high: 0 }
    }

    /// Several codes of a list as bits, or a long number.
    pub(crate) fn wide(&self) -> u64 {
        u64::from(self.low as u32) | u64::from(self.high as u32) << 32
    }

    fn with_wide(mut self, wide: u64) -> Self {
        self.low = wide as u32 as i32;
        self.high = (wide >> 32) as u32 as i32;
        self
    }

    pub(crate) fn is_value(&self) -> bool {
        self.state == State::Value
    }
}

/// All that is needed to read a column.
pub(crate) struct ColumnReader {
    kind: ColumnType,
    missing: Vec<Missing>,
    minimum: i64,
    maximum: i64,
    longest: usize,
    list: HashMap<String, (u32, Option<Missing>)>,
    renamed: HashMap<String, String>,
    dates: DateOrder,
    digits: Option<usize>,
}

impl ColumnReader {
    pub(crate) fn new(
        table: &str,
        column: &ColumnSpec,
        list: Option<&CodeList>,
        mapping: Option<&Mapping>,
    ) -> Self {
        let listed = list.map(|l| &l.codes[..]).unwrap_or_default();
        let mut renamed: HashMap<String, String> = HashMap::new();
        if let Some(mapping) = mapping {
            // A word that is a code of this list means that code, whatever it means elsewhere.
            let spellings =
                mapping.missing.iter().filter(|(from, _)| listed.iter().all(|c| c.code != **from));
            renamed.extend(spellings.map(|(from, to)| (from.clone(), to.code().to_owned())));
            if let Some(codes) = column.list.as_ref().and_then(|name| mapping.codes.get(name)) {
                renamed.extend(codes.iter().map(|(from, to)| (from.clone(), to.clone())));
            }
        }
        Self {
            kind: column.kind,
            missing: column.missing.clone(),
            minimum: column.minimum.unwrap_or(i64::from(i32::MIN)).max(i64::from(i32::MIN)),
            maximum: column.maximum.unwrap_or(i64::from(i32::MAX)).min(i64::from(i32::MAX)),
            longest: column.longest.unwrap_or(2000),
            list: listed.iter().zip(0u32..).map(|(c, at)| (c.code.clone(), (at, c.missing))).collect(),
            renamed,
            dates: mapping.map(|m| m.dates).unwrap_or_default(),
            digits: mapping.and_then(|m| m.digits.get(&format!("{table}.{}", column.name)).copied()),
        }
    }

    pub(crate) fn kind(&self) -> ColumnType {
        self.kind
    }

    /// The meaning of a cell, and the canonical text where it differs from what was written: trimmed, in the codes of the
    /// specification, dates in ISO 8601, an NHS number without spaces.
    pub(crate) fn read<'a>(&'a self, raw: &'a [u8]) -> (Fact, Option<Cow<'a, str>>) {
        let Ok(raw) = std::str::from_utf8(raw) else {
            return (Fact::state(State::Bad(Fault::NotUtf8)), None);
        };
        let trimmed = raw.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let renamed = if self.renamed.is_empty() { None } else { self.renamed.get(trimmed) };
        let text = renamed.map_or(trimmed, String::as_str);
        if text.is_empty() {
            return (Fact::state(State::Blank), None);
        }
        if let Some(missing) = Missing::of(text) {
            let allowed = self.missing.contains(&missing);
            let state = if allowed { State::Missing(missing) } else { State::Bad(Fault::MissingRefused) };
            return (Fact::state(state), (text != raw).then_some(Cow::Borrowed(text)));
        }
        if is_error(text) {
            // Whatever the type, there is no value, and nobody said that it is missing.
            let fact = Fact { damage: Damage::ErrorCell, ..Fact::state(State::Bad(Fault::Form)) };
            return (fact, (text != raw).then_some(Cow::Borrowed(text)));
        }
        let mut fact = self.typed(text);
        if matches!(fact.state, State::Bad(_)) || matches!(self.kind, ColumnType::Text | ColumnType::Code) {
            fact.damage = damage(text, self.kind);
        }
        if let (Some(digits), true) = (self.digits, text.bytes().all(|b| b.is_ascii_digit()))
            && text.len() < digits
        {
            fact.damage = Damage::LostZeros;
        }
        let canonical = if fact.is_value() { self.canonical(&fact, text) } else { Cow::Borrowed(text) };
        let differs = canonical != raw;
        (fact, differs.then_some(canonical))
    }

    fn canonical<'a>(&self, fact: &Fact, text: &'a str) -> Cow<'a, str> {
        match self.kind {
            ColumnType::Date | ColumnType::PartialDate if fact.low == fact.high && text.len() != 10 => {
                day_of(fact.low).to_string().into()
            }
            ColumnType::Date if self.dates != DateOrder::Iso => day_of(fact.low).to_string().into(),
            ColumnType::PartialDate if self.dates != DateOrder::Iso && fact.low == fact.high => {
                day_of(fact.low).to_string().into()
            }
            ColumnType::DateTime => {
                let (day, minute) = (fact.low.div_euclid(1440), fact.low.rem_euclid(1440));
                format!("{}T{:02}:{:02}Z", day_of(day), minute / 60, minute % 60).into()
            }
            ColumnType::Nhs => format!("{:010}", fact.wide()).into(),
            ColumnType::Hex64 => text.to_ascii_lowercase().into(),
            _ => Cow::Borrowed(text),
        }
    }

    fn typed(&self, text: &str) -> Fact {
        let bad = |fault| Fact::state(State::Bad(fault));
        let good = |low: i32, high: i32| Fact { low, high, ..Fact::state(State::Value) };
        match self.kind {
            ColumnType::Enum => match self.list.get(text) {
                Some((code, missing)) => {
                    let extra = if missing.is_some() { LISTED } else { 0 };
                    Fact { code: *code, extra, ..Fact::state(missing.map_or(State::Value, State::Missing)) }
                }
                None => bad(Fault::NotListed),
            },
            ColumnType::EnumList => {
                let (mut bits, mut extra) = (0u64, 0);
                for part in text.split([' ', ',', ';', '|']).filter(|p| !p.is_empty()) {
                    let Some((code, _)) = self.list.get(part) else { return bad(Fault::NotListed) };
                    if bits & 1 << code != 0 {
                        extra |= DUPLICATED;
                    }
                    bits |= 1 << code;
                }
                let fact = Fact { extra, ..Fact::state(State::Value) }.with_wide(bits);
                if bits == 0 { bad(Fault::NotListed) } else { fact }
            }
            ColumnType::Id => {
                let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
                if text.len() > 40 || !text.bytes().all(allowed) {
                    bad(Fault::Pattern)
                } else if is_name_like(text) {
                    bad(Fault::NameLike)
                } else {
                    good(0, 0)
                }
            }
            ColumnType::Code => {
                let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'_' | b'-');
                if text.len() > 40 || !text.bytes().all(allowed) {
                    bad(Fault::Pattern)
                } else if is_name_like(text) {
                    bad(Fault::NameLike)
                } else {
                    good(0, 0)
                }
            }
            ColumnType::Integer => match text.parse::<i64>() {
                Ok(number) if number < self.minimum || number > self.maximum => bad(Fault::Range),
                Ok(number) => good(number as i32, number as i32),
                Err(_) => bad(Fault::Form),
            },
            ColumnType::Date => match self.date(text) {
                Ok(day) => good(day, day),
                Err(fault) => bad(fault),
            },
            ColumnType::PartialDate => match (self.date(text), text.parse::<candour_record::PartialDate>()) {
                (Ok(day), _) => good(day, day),
                (_, Ok(date)) => good(day_number(date.earliest()), day_number(date.latest())),
                (Err(fault), _) => bad(fault),
            },
            ColumnType::DateTime => match self.minutes(text) {
                Ok(minute) => good(minute, minute),
                Err(fault) => bad(fault),
            },
            ColumnType::YearMonth => match text.parse::<candour_record::PartialDate>() {
                Ok(date @ candour_record::PartialDate::Month(..)) => {
                    good(day_number(date.earliest()), day_number(date.latest()))
                }
                _ if is_serial(text) => bad(Fault::Serial),
                _ => bad(Fault::Form),
            },
            ColumnType::Version => {
                let parts: Vec<&str> = text.split('.').collect();
                let numeric =
                    |p: &&str| !p.is_empty() && p.len() < 6 && p.bytes().all(|b| b.is_ascii_digit());
                if parts.len() == 3 && parts.iter().all(numeric) { good(0, 0) } else { bad(Fault::Form) }
            }
            ColumnType::Hex64 => {
                let hex = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
                if hex { good(0, 0) } else { bad(Fault::Form) }
            }
            ColumnType::Country => {
                let three = text.len() == 3 && COUNTRIES.split_ascii_whitespace().any(|code| code == text);
                if three { good(0, 0) } else { bad(Fault::NotListed) }
            }
            ColumnType::Nhs => match nhs(text) {
                Ok(number) => Fact::state(State::Value).with_wide(number),
                Err(fault) => bad(fault),
            },
            ColumnType::Upn => match upn(text) {
                Ok(number) => Fact::state(State::Value).with_wide(number),
                Err(fault) => bad(fault),
            },
            ColumnType::Text | ColumnType::Note => {
                let length = text.chars().count();
                if length > self.longest {
                    bad(Fault::Range)
                } else {
                    good(length.min(i32::MAX as usize) as i32, 0)
                }
            }
        }
    }

    fn date(&self, text: &str) -> Result<i32, Fault> {
        let iso = |text: &str| (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
        if let Some(date) = iso(text) {
            return Ok(day_number(date));
        }
        match self.dates {
            DateOrder::SpreadsheetSerial => serial(text).map(|(day, _)| day).ok_or(Fault::Form),
            DateOrder::DayFirst | DateOrder::MonthFirst => slashed(text, self.dates)
                .map(|(day, _)| day)
                .ok_or(if is_serial(text) { Fault::Serial } else { Fault::Form }),
            DateOrder::Iso => Err(if is_serial(text) { Fault::Serial } else { Fault::Form }),
        }
    }

    /// Minutes since 1970.
    fn minutes(&self, text: &str) -> Result<i32, Fault> {
        let form = if is_serial(text) { Fault::Serial } else { Fault::Form };
        let bytes = text.as_bytes();
        if bytes.len() >= 16 && text.is_char_boundary(10) && matches!(bytes[10], b'T' | b' ') {
            let (date, clock) = text.split_at(10);
            if let Ok(date) = date.parse::<Date>() {
                let minute = clock_minutes(&clock[1..]).ok_or(form)?;
                return Ok(day_number(date).saturating_mul(1440).saturating_add(minute));
            }
        }
        let found = match self.dates {
            DateOrder::SpreadsheetSerial => serial(text),
            DateOrder::DayFirst | DateOrder::MonthFirst => slashed(text, self.dates),
            DateOrder::Iso => None,
        };
        let (day, minute) = found.ok_or(form)?;
        Ok(day.saturating_mul(1440).saturating_add(minute))
    }
}

/// Days since 1 January 1970.
pub(crate) fn day_number(date: Date) -> i32 {
    let seconds = date.duration_since(jiff::civil::date(1970, 1, 1)).as_secs();
    seconds.div_euclid(86_400) as i32
}

/// The day of a number; the ends of the calendar where it is beyond them.
pub(crate) fn day_of(number: i32) -> Date {
    let span = jiff::SignedDuration::from_secs(i64::from(number) * 86_400);
    jiff::civil::date(1970, 1, 1).checked_add(span).unwrap_or(if number < 0 { Date::MIN } else { Date::MAX })
}

/// Minutes of `hh:mm`, `hh:mm:ss` and either with `Z`.
fn clock_minutes(text: &str) -> Option<i32> {
    let mut parts = text.strip_suffix('Z').unwrap_or(text).split(':');
    let mut number = |most: i32| -> Option<i32> {
        let part = parts.next()?;
        let value = (part.len() == 2).then(|| part.parse::<i32>().ok()).flatten()?;
        (0..most).contains(&value).then_some(value)
    };
    let minutes = number(24)? * 60 + number(60)?;
    match parts.next() {
        None => Some(minutes),
        Some(seconds) => {
            let whole = seconds.split('.').next().unwrap_or_default();
            let valid =
                whole.len() == 2 && whole.parse::<u8>().is_ok_and(|s| s < 60) && parts.next().is_none();
            valid.then_some(minutes)
        }
    }
}

/// A spreadsheet's serial number as a day and minutes. Serial 60 is a day that never was, so what is before it is refused.
fn serial(text: &str) -> Option<(i32, i32)> {
    let number: f64 = text.parse().ok()?;
    if !(61.0..2_958_466.0).contains(&number) || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let day = number.floor() as i32 - 25_569;
    Some((day, ((number.fract() * 1440.0).round() as i32).min(1439)))
}

/// Whether a text looks like the serial number of a day between 1927 and 2064.
fn is_serial(text: &str) -> bool {
    let whole = text.split('.').next().unwrap_or_default();
    whole.len() == 5
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && whole.parse::<u32>().is_ok_and(|n| (10_000..60_000).contains(&n))
}

fn slashed(text: &str, order: DateOrder) -> Option<(i32, i32)> {
    let (date, clock) = text.split_once(' ').map_or((text, None), |(date, clock)| (date, Some(clock.trim())));
    let mut parts = date.split(['/', '-', '.']);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || first.len() > 2 || second.len() > 2 {
        return None;
    }
    let (day, month) = if order == DateOrder::DayFirst { (first, second) } else { (second, first) };
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let minute = clock.map_or(Some(0), clock_minutes)?;
    Some((day_number(date), minute))
}

/// The codes of three letters of ISO 3166-1, and XXA, which travel documents (ICAO 9303, part 3) write for a
/// stateless person.
const COUNTRIES: &str = "ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR \
    BHS BIH BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL \
    COM CPV CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK \
    FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV \
    HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO \
    LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG \
    MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN \
    PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE \
    SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO \
    TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE XXA";

/// Letters only, in words that begin with capitals: `Ida`, `Ida-Vance`, `VANCE_Ida`.
fn is_name_like(text: &str) -> bool {
    let words: Vec<&str> = text.split(['_', '-', '.']).filter(|w| !w.is_empty()).collect();
    let letters = words.iter().all(|w| w.bytes().all(|b| b.is_ascii_alphabetic()));
    let capitalised = |w: &&str| {
        w.len() > 2
            && w.as_bytes()[0].is_ascii_uppercase()
            && w.bytes().skip(1).all(|b| b.is_ascii_lowercase())
    };
    letters && words.iter().any(capitalised)
}

/// Whether a cell holds a spreadsheet's error (ECMA-376, part 1, 18.17.3, and those that came later), or the signs of a number that
/// was wider than its column.
fn is_error(text: &str) -> bool {
    const ERRORS: [&str; 13] = [
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#UNKNOWN!",
        "#GETTING_DATA",
    ];
    text.starts_with('#') && (ERRORS.contains(&text) || text.len() > 2 && text.bytes().all(|b| b == b'#'))
}

/// What a spreadsheet did to a cell that holds something still.
fn damage(text: &str, kind: ColumnType) -> Damage {
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if text.starts_with('=') || text.starts_with("+SUM") {
        return Damage::Formula;
    }
    // Ordinary text may well say 12.0 or Mar-24; numbers and codes may not.
    if matches!(kind, ColumnType::Text | ColumnType::Note) {
        return Damage::None;
    }
    if let Some((digits, power)) = text.split_once(['E', 'e'])
        && numeric(digits)
        && digits.contains('.')
        && power.strip_prefix('+').is_some_and(numeric)
    {
        return Damage::Scientific;
    }
    if matches!(kind, ColumnType::Id | ColumnType::Code | ColumnType::Integer | ColumnType::Nhs)
        && text.strip_suffix(".0").is_some_and(numeric)
    {
        return Damage::Fraction;
    }
    if let Some((one, two)) = text.split_once('-') {
        let month = |part: &str| part.len() == 3 && candour_record::month_number(part).is_some();
        let short = |part: &str| (1..=2).contains(&part.len()) && numeric(part);
        if (month(one) && short(two)) || (short(one) && month(two)) {
            return Damage::CodeAsDate;
        }
    }
    Damage::None
}

/// An NHS number: ten digits whose weighted sum, modulo 11, gives the last (NHS Data Dictionary, NHS NUMBER).
fn nhs(text: &str) -> Result<u64, Fault> {
    let digits: Vec<u64> =
        text.bytes().filter(|b| *b != b' ' && *b != b'-').map(|b| u64::from(b.wrapping_sub(b'0'))).collect();
    if digits.len() != 10 || digits.iter().any(|d| *d > 9) {
        return Err(Fault::Form);
    }
    let sum: u64 = digits[..9].iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    let check = (11 - sum % 11) % 11;
    let number = digits.iter().fold(0, |number, digit| number * 10 + digit);
    if check == digits[9] && number != 0 { Ok(number) } else { Err(Fault::Check) }
}

/// A unique pupil number: a check letter of 23, twelve digits of which the last may be a letter, weighted from 2
/// (Department for Education, unique pupil numbers guide).
fn upn(text: &str) -> Result<u64, Fault> {
    const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let bytes = text.as_bytes();
    if bytes.len() != 13 {
        return Err(Fault::Form);
    }
    let mut sum = 0;
    let mut number = 0u64;
    for (at, byte) in bytes[1..].iter().enumerate() {
        let value = match byte {
            b'0'..=b'9' => u64::from(byte - b'0'),
            // A temporary number ends in a letter.
            _ if at == 11 => LETTERS.iter().position(|l| l == byte).ok_or(Fault::Form)? as u64,
            _ => return Err(Fault::Form),
        };
        sum += value * (at as u64 + 2);
        number = number * 23 + value;
    }
    let local_authority: u32 = text[1..4].parse().map_err(|_| Fault::Form)?;
    if !(201..=998).contains(&local_authority) || LETTERS[(sum % 23) as usize] != bytes[0] {
        return Err(Fault::Check);
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specification::Specification;

    fn reader(table: &str, column: &str, mapping: Option<&Mapping>) -> ColumnReader {
        let specification = Specification::aud_1().unwrap();
        let column = specification.table(table).unwrap().column(column).unwrap();
        ColumnReader::new(table, column, specification.list_of(column), mapping)
    }

    fn state(table: &str, column: &str, text: &str) -> State {
        reader(table, column, None).read(text.as_bytes()).0.state
    }

    #[test]
    fn numbers_with_checks_are_those_of_their_guides() {
        // 943 476 5919 is the NHS Data Dictionary's own example.
        assert_eq!(nhs("943 476 5919"), Ok(9_434_765_919));
        assert_eq!(nhs("9434765918"), Err(Fault::Check));
        assert_eq!(nhs("0000000000"), Err(Fault::Check));
        assert_eq!(nhs("943476591"), Err(Fault::Form));
        let digits = "82310000".to_owned() + "0001";
        let sum: u64 = digits.bytes().enumerate().map(|(at, b)| u64::from(b - b'0') * (at as u64 + 2)).sum();
        let letter = char::from(b"ABCDEFGHJKLMNPQRTUVWXYZ"[(sum % 23) as usize]);
        assert!(upn(&format!("{letter}{digits}")).is_ok());
        assert_eq!(upn(&format!("{}{digits}", if letter == 'A' { 'B' } else { 'A' })), Err(Fault::Check));
    }

    #[test]
    fn missing_blank_and_wrong_are_kept_apart() {
        assert_eq!(state("victim", "sex", "M"), State::Value);
        assert_eq!(state("victim", "sex", "U"), State::Missing(Missing::NotKnown));
        assert_eq!(state("victim", "sex", " "), State::Blank);
        assert_eq!(state("victim", "sex", "NR"), State::Missing(Missing::Refused));
        assert_eq!(state("victim", "sex", "Male"), State::Bad(Fault::NotListed));
        assert_eq!(state("victim", "person_id", "NK"), State::Bad(Fault::MissingRefused));
        assert_eq!(state("victim", "person_id", "Ida-Vance"), State::Bad(Fault::NameLike));
        assert_eq!(state("victim", "person_id", "a b"), State::Bad(Fault::Pattern));
        assert_eq!(state("victim", "dob", "39848"), State::Bad(Fault::Serial));
        assert_eq!(state("victim", "dob", "2009-02-30"), State::Bad(Fault::Form));
        assert_eq!(state("offence", "committed_from", "2009"), State::Value);
        assert_eq!(state("missing", "start", "2025-03-01T22:15Z"), State::Value);
        assert_eq!(state("missing", "start", "2025-03-01T25:15"), State::Bad(Fault::Form));
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 250);
        assert_eq!(state("suspect", "nationality", "NAM"), State::Value);
        assert_eq!(state("suspect", "nationality", "NA"), State::Missing(Missing::NotApplicable));
        assert_eq!(state("suspect", "nationality", "ZZZ"), State::Bad(Fault::NotListed));
    }

    #[test]
    fn spreadsheet_damage_is_told_apart() {
        let found = |column: &str, text: &str| reader("suspect", column, None).read(text.as_bytes()).0.damage;
        assert_eq!(found("local_id", "9.4E+09"), Damage::Scientific);
        assert_eq!(found("age_band", "Oct-17"), Damage::CodeAsDate);
        assert_eq!(found("local_id", "12345.0"), Damage::Fraction);
        assert_eq!(found("surname", "#REF!"), Damage::ErrorCell);
        assert_eq!(found("surname", "=A2"), Damage::Formula);
        assert_eq!(found("local_id", "ABC-12"), Damage::None);
    }

    #[test]
    fn dialects_change_codes_dates_and_missing_values() {
        let specification = Specification::aud_1().unwrap();
        let niche = Mapping::dialect("niche", &specification).unwrap();
        let sex = reader("victim", "sex", Some(&niche));
        let (fact, canonical) = sex.read(b"FEMALE");
        assert_eq!((fact.state, fact.code, canonical.as_deref()), (State::Value, 1, Some("F")));
        let day = reader("victim", "dob", Some(&niche)).read(b"31/01/2009").0;
        assert_eq!(day_of(day.low).to_string(), "2009-01-31");
        let connect = Mapping::dialect("connect", &specification).unwrap();
        let serial = reader("victim", "dob", Some(&connect)).read(b"39844").0;
        assert_eq!(day_of(serial.low).to_string(), "2009-01-31");
        let time = reader("missing", "start", Some(&connect)).read(b"45717.927083").0;
        assert_eq!(
            (day_of(time.low / 1440).to_string(), time.low % 1440),
            ("2025-03-01".to_owned(), 22 * 60 + 15)
        );
    }
}
