//! String measures. Those that decide a linkage's speed are bit-parallel over one machine word; longer texts and the rarer
//! measures go to `rapidfuzz`.

use rapidfuzz::distance;

/// A text laid out so that many others can be compared with it: for each byte, the places where it stands.
///
/// Holds for texts of at most 64 bytes whose bytes are their letters.
pub(crate) struct Pattern {
    places: Box<[u64; 256]>,
    text: Vec<u8>,
}

impl Default for Pattern {
    fn default() -> Self {
        Self { places: Box::new([0; 256]), text: Vec::new() }
    }
}

impl Pattern {
    /// Takes another text. At most 64 bytes.
    pub(crate) fn set(&mut self, text: &[u8]) {
        for byte in &self.text {
            self.places[usize::from(*byte)] = 0;
        }
        self.text.clear();
        self.text.extend_from_slice(text);
        for (at, byte) in text.iter().enumerate() {
            self.places[usize::from(*byte)] |= 1 << at;
        }
    }

    /// Jaro similarity (Jaro 1989) with a text of at most 64 bytes, 0 to 1; the flags of the common letters are kept in words (as `RapidFuzz` does it).
    pub(crate) fn jaro(&self, other: &[u8]) -> f64 {
        let (a, b) = (self.text.len(), other.len());
        if a == 0 && b == 0 {
            return 1.0;
        }
        if a == 0 || b == 0 {
            return 0.0;
        }
        let reach = (a.max(b) / 2).saturating_sub(1);
        let mut window: u64 = if reach + 1 >= 64 { u64::MAX } else { (1 << (reach + 1)) - 1 };
        let (mut used, mut matched) = (0_u64, 0_u64);
        // Letters of the other text further out than the window reaches match nothing.
        let last = b.min(a + reach);
        for (at, byte) in other[..last].iter().enumerate() {
            let free = self.places[usize::from(*byte)] & window & !used;
            used |= free & free.wrapping_neg();
            matched |= u64::from(free != 0) << at;
            window = (window << 1) | u64::from(at < reach);
        }
        let common = used.count_ones();
        if common == 0 {
            return 0.0;
        }
        let mut transposed = 0_u32;
        let (mut mine, mut theirs) = (used, matched);
        while theirs != 0 {
            let lowest = mine & mine.wrapping_neg();
            let byte = other[theirs.trailing_zeros() as usize];
            transposed += u32::from(self.places[usize::from(byte)] & lowest == 0);
            mine &= mine - 1;
            theirs &= theirs - 1;
        }
        let common = f64::from(common);
        let mut sum = common / a as f64;
        sum += common / b as f64;
        sum += (common - f64::from(transposed / 2)) / common;
        sum / 3.0
    }

    /// Jaro–Winkler similarity (Winkler 1990) with a text of at most 64 bytes: a shared beginning of up to four letters counts 0.1 each, above 0.7.
    pub(crate) fn jaro_winkler(&self, other: &[u8]) -> f64 {
        let prefix = self.text.iter().zip(other).take(4).take_while(|(a, b)| a == b).count();
        winkler(self.jaro(other), prefix)
    }

    /// Levenshtein distance, in edits (Hyyrö 2003, "A bit-vector algorithm for computing Levenshtein and Damerau edit
    /// distances", figure 2).
    pub(crate) fn levenshtein(&self, other: &[u8]) -> u32 {
        let a = self.text.len();
        if a == 0 {
            return other.len() as u32;
        }
        let (mut plus, mut minus) = (u64::MAX, 0_u64);
        let mut distance = a as u32;
        let top = 1_u64 << (a - 1);
        for byte in other {
            let same = self.places[usize::from(*byte)];
            let d0 = (((same & plus).wrapping_add(plus)) ^ plus) | same | minus;
            let mut up = minus | !(d0 | plus);
            let mut down = d0 & plus;
            distance = distance + u32::from(up & top != 0) - u32::from(down & top != 0);
            up = (up << 1) | 1;
            down <<= 1;
            plus = down | !(d0 | up);
            minus = up & d0;
        }
        distance
    }

    /// Optimal string alignment distance, in edits: neighbours may change places once (Hyyrö 2003, section 4).
    pub(crate) fn optimal_string_alignment(&self, other: &[u8]) -> u32 {
        let a = self.text.len();
        if a == 0 {
            return other.len() as u32;
        }
        let (mut plus, mut minus, mut d0, mut same_before) = (u64::MAX, 0_u64, 0_u64, 0_u64);
        let mut distance = a as u32;
        let top = 1_u64 << (a - 1);
        for byte in other {
            let same = self.places[usize::from(*byte)];
            let swapped = (((!d0) & same) << 1) & same_before;
            d0 = (((same & plus).wrapping_add(plus)) ^ plus) | same | minus | swapped;
            let mut up = minus | !(d0 | plus);
            let mut down = d0 & plus;
            distance = distance + u32::from(up & top != 0) - u32::from(down & top != 0);
            up = (up << 1) | 1;
            down <<= 1;
            plus = down | !(d0 | up);
            minus = up & d0;
            same_before = same;
        }
        distance
    }
}

fn winkler(jaro: f64, prefix: usize) -> f64 {
    if jaro > 0.7 { jaro + prefix as f64 * 0.1 * (1.0 - jaro) } else { jaro }
}

/// Jaro similarity of any two texts, by their letters.
pub(crate) fn jaro(a: &str, b: &str) -> f64 {
    distance::jaro::similarity(a.chars(), b.chars())
}

/// Jaro–Winkler similarity of any two texts, by their letters.
pub(crate) fn jaro_winkler(a: &str, b: &str) -> f64 {
    winkler(jaro(a, b), a.chars().zip(b.chars()).take(4).take_while(|(a, b)| a == b).count())
}

/// Jaro and Jaro–Winkler similarity by bytes, for texts longer than a machine word.
pub(crate) fn jaro_bytes(a: &[u8], b: &[u8]) -> f64 {
    distance::jaro::similarity(a.iter().copied(), b.iter().copied())
}

pub(crate) fn jaro_winkler_bytes(a: &[u8], b: &[u8]) -> f64 {
    winkler(jaro_bytes(a, b), a.iter().zip(b).take(4).take_while(|(a, b)| a == b).count())
}

pub(crate) fn levenshtein(a: &str, b: &str) -> u32 {
    distance::levenshtein::distance(a.chars(), b.chars()) as u32
}

pub(crate) fn levenshtein_bytes(a: &[u8], b: &[u8]) -> u32 {
    distance::levenshtein::distance(a.iter().copied(), b.iter().copied()) as u32
}

pub(crate) fn damerau_levenshtein(a: &str, b: &str) -> u32 {
    distance::damerau_levenshtein::distance(a.chars(), b.chars()) as u32
}

pub(crate) fn damerau_levenshtein_bytes(a: &[u8], b: &[u8]) -> u32 {
    distance::damerau_levenshtein::distance(a.iter().copied(), b.iter().copied()) as u32
}

pub(crate) fn optimal_string_alignment(a: &str, b: &str) -> u32 {
    distance::osa::distance(a.chars(), b.chars()) as u32
}

pub(crate) fn optimal_string_alignment_bytes(a: &[u8], b: &[u8]) -> u32 {
    distance::osa::distance(a.iter().copied(), b.iter().copied()) as u32
}

/// Jaccard similarity of the sets of letters of two texts.
pub(crate) fn jaccard(a: &str, b: &str) -> f64 {
    let set = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        letters
    };
    let (a, b) = (set(a), set(b));
    let shared = a.iter().filter(|c| b.binary_search(c).is_ok()).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// American Soundex (United States National Archives, "The Soundex Indexing System"): a letter and three digits; empty where
/// there is no letter of the Latin alphabet.
pub(crate) fn soundex(text: &str) -> String {
    let digit = |c: char| match c {
        'b' | 'f' | 'p' | 'v' => '1',
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => '2',
        'd' | 't' => '3',
        'l' => '4',
        'm' | 'n' => '5',
        'r' => '6',
        _ => '0',
    };
    let letters: Vec<char> =
        text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
    let Some(first) = letters.first() else { return String::new() };
    let mut code = String::from(first.to_ascii_uppercase());
    let mut before = digit(*first);
    for letter in &letters[1..] {
        let here = digit(*letter);
        if here != '0' && here != before {
            code.push(here);
        }
        // H and W do not part two letters of one sound; a vowel does.
        if !matches!(letter, 'h' | 'w') {
            before = here;
        }
        if code.len() == 4 {
            break;
        }
    }
    while code.len() < 4 {
        code.push('0');
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> Pattern {
        let mut pattern = Pattern::default();
        pattern.set(b"something before");
        pattern.set(text.as_bytes());
        pattern
    }

    #[test]
    fn winklers_own_examples() {
        // Winkler 2006, "Overview of record linkage and current research directions", table 6.
        for (a, b, jaro_expected, jw_expected) in [
            ("MARTHA", "MARHTA", 0.944, 0.961),
            ("DWAYNE", "DUANE", 0.822, 0.840),
            ("DIXON", "DICKSONX", 0.767, 0.813),
        ] {
            assert!((pattern(a).jaro(b.as_bytes()) - jaro_expected).abs() < 0.0006, "{a} {b}");
            assert!((pattern(a).jaro_winkler(b.as_bytes()) - jw_expected).abs() < 0.0006, "{a} {b}");
        }
        assert!((pattern("a").jaro(b"a") - 1.0).abs() < f64::EPSILON);
        assert_eq!(pattern("").jaro(b"a"), 0.0);
    }

    #[test]
    fn neighbours_that_change_places_are_one_edit() {
        assert_eq!(pattern("martha").levenshtein(b"marhta"), 2);
        assert_eq!(pattern("martha").optimal_string_alignment(b"marhta"), 1);
        assert_eq!(pattern("ca").optimal_string_alignment(b"abc"), 3);
        assert_eq!(damerau_levenshtein("ca", "abc"), 2);
    }

    #[test]
    fn soundex_as_the_archives_print_it() {
        for (name, code) in [
            ("Washington", "W252"),
            ("Lee", "L000"),
            ("Gutierrez", "G362"),
            ("Pfister", "P236"),
            ("Ashcraft", "A261"),
        ] {
            assert_eq!(soundex(name), code, "{name}");
        }
        assert_eq!(soundex("…"), "");
    }

    proptest! {
        #[test]
        fn words_and_rapidfuzz_agree(a in "[a-e]{0,64}", b in "[a-e]{0,64}", more in "[a-e]{0,10}") {
            let p = pattern(&a);
            prop_assert_eq!(p.jaro(b.as_bytes()), jaro_bytes(a.as_bytes(), b.as_bytes()));
            let b = format!("{b}{more}");
            prop_assert_eq!(p.levenshtein(b.as_bytes()), levenshtein_bytes(a.as_bytes(), b.as_bytes()));
            prop_assert_eq!(p.optimal_string_alignment(b.as_bytes()), optimal_string_alignment_bytes(a.as_bytes(), b.as_bytes()));
        }

        #[test]
        fn letters_beyond_ascii_count_once(a in "[aé中]{1,8}") {
            prop_assert_eq!(levenshtein(&a, &format!("{a}é")), 1);
            prop_assert!((jaro_winkler(&a, &a) - 1.0).abs() < 1e-12);
        }
    }
}
