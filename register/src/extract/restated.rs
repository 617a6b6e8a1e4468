//! Rule `restated`: the same words printed again elsewhere in a document are the same item in a second place.

use std::collections::HashMap;

use super::{Body, Item, Place};

/// Words at the start of an item that must stand again, in order, for a place to be looked at.
const OPENING: usize = 6;
/// Share of an item's words, in per cent, that a second place must hold.
const SAME: usize = 80;
/// Items shorter than this repeat by accident.
const SHORTEST: usize = 12;

/// Adds to each item the other places where the body prints its words.
pub(super) fn find(body: &Body<'_>, items: &mut [Item]) {
    let mut openings: HashMap<Vec<&str>, Vec<usize>> = HashMap::new();
    let item_words: Vec<Vec<String>> =
        items.iter().map(|i| self::words(&i.text).into_iter().map(|w| w.0).collect()).collect();
    for own in &item_words {
        if own.len() >= SHORTEST {
            openings.insert(own.iter().take(OPENING).map(String::as_str).collect(), Vec::new());
        }
    }
    if openings.is_empty() {
        return;
    }
    let words = words(body.reading.body());
    for at in 0..words.len().saturating_sub(OPENING) {
        let opening: Vec<&str> = words[at..at + OPENING].iter().map(|w| w.0.as_str()).collect();
        if let Some(places) = openings.get_mut(&opening) {
            places.push(at);
        }
    }
    for (item, own) in items.iter_mut().zip(&item_words) {
        let opening: Vec<&str> = own.iter().take(OPENING).map(String::as_str).collect();
        for at in openings.get(&opening).into_iter().flatten() {
            let window = &words[*at..(*at + own.len()).min(words.len())];
            let (Some(first), Some(last)) = (window.first(), window.last()) else { continue };
            let (start, end) = (first.1, last.2);
            let known = |s: usize, e: usize| start < e && s < end;
            if known(item.start, item.end) || item.also_at.iter().any(|p| known(p.start, p.end)) {
                continue;
            }
            if share(own.iter().map(String::as_str), window.iter().map(|w| w.0.as_str())) >= SAME {
                item.also_at.push(Place { page: body.reading.page_of(start), start, end });
            }
        }
        item.also_at.sort();
    }
}

/// Whether two texts are the same words throughout.
pub(super) fn the_same(a: &str, b: &str) -> bool {
    let bare = |text: &str| -> Vec<String> { words(text).into_iter().map(|w| w.0).collect() };
    bare(a) == bare(b)
}

/// Whether two texts are the same words, but for small changes.
pub(super) fn alike(a: &str, b: &str) -> bool {
    let (a, b) = (words(a), words(b));
    let shorter = a.len().min(b.len());
    if shorter == 0 {
        return false;
    }
    let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    share(a.iter().map(|w| w.0.as_str()), b.iter().map(|w| w.0.as_str())) >= SAME
}

/// How many of the first words stand in the second, in per cent, each counted as often as it stands there.
fn share<'a>(of: impl Iterator<Item = &'a str>, within: impl Iterator<Item = &'a str>) -> usize {
    let mut stock: HashMap<&str, usize> = HashMap::new();
    for word in within {
        *stock.entry(word).or_default() += 1;
    }
    let (mut all, mut held) = (0, 0);
    for word in of {
        all += 1;
        if let Some(left) = stock.get_mut(word).filter(|n| **n > 0) {
            *left -= 1;
            held += 1;
        }
    }
    held * 100 / all.max(1)
}

/// Words in lower case with their first character and one past their last.
fn words(text: &str) -> Vec<(String, usize, usize)> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut start = 0;
    let mut length = 0;
    for (at, c) in text.chars().enumerate() {
        if c.is_alphanumeric() {
            if word.is_empty() {
                start = at;
            }
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            words.push((std::mem::take(&mut word), start, at));
        }
        length = at + 1;
    }
    if !word.is_empty() {
        words.push((word, start, length));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_changes_are_the_same_words() {
        let text =
            "The Harbour Board should publish a register of missed visits every year and say what was done";
        assert!(alike(text, &text.replace("every year", "each year")));
        assert!(!alike(text, "The Harbour Board should meet more often"));
        assert!(!alike("", text));
    }
}
