//! Rule `cited`: recommendations of other reports that an item names ("recommendation 12 of the 2019 Harbour Review").
//!
//! A citation is a link from the item that holds it, never an item of its own.

use super::numbering;
use super::sentences::bare;

/// The citations in a text, as written, each once.
pub(super) fn read(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found: Vec<String> = Vec::new();
    for at in 0..words.len() {
        if !bare(words[at]).starts_with("recommendation") {
            continue;
        }
        let rest = words[at + 1..].join(" ");
        let Some((numbers, length)) = numbering::read_several(&rest) else { continue };
        let taken = rest.chars().take(length).collect::<String>().split_whitespace().count();
        let after = &words[at + 1 + taken..];
        // "recommendation 4 of this report" is the document's own.
        if !after.first().is_some_and(|w| matches!(*w, "of" | "in" | "from" | "made")) || numbers.is_empty() {
            continue;
        }
        let mut end = 1;
        while end < after.len().min(14) && !after[end - 1].ends_with([',', '.', ';', ':', ')']) {
            let w = after[end].trim_end_matches([',', '.', ';', ':', ')']);
            let part = w.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '(')
                || matches!(
                    w,
                    "the"
                        | "of"
                        | "by"
                        | "in"
                        | "into"
                        | "and"
                        | "on"
                        | "report"
                        | "review"
                        | "inquiry"
                        | "audit"
                        | "its"
                        | "his"
                        | "her"
                        | "their"
                        | "for"
                        | "committee"
                );
            if !part {
                break;
            }
            end += 1;
        }
        let of = after[..end].join(" ");
        let own = ["of this report", "in this report", "of the report", "in the report", "of this volume"]
            .iter()
            .any(|o| of.to_lowercase().starts_with(o));
        let names = after[1..end].iter().any(|w| {
            w.starts_with(char::is_uppercase)
                || matches!(bare(w).as_str(), "review" | "inquiry" | "audit" | "committee")
        });
        if own || !names {
            continue;
        }
        let cited = format!("{} {}", words[at..at + 1 + taken].join(" "), of);
        let cited = cited.trim_end_matches([',', '.', ';', ':']).to_owned();
        if !found.contains(&cited) {
            found.push(cited);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_recommendations_of_others_are_links() {
        assert_eq!(
            read(
                "The Board should carry out recommendation 12 of the 2019 Harbour Review, and recommendations 3 and 4 of the Interim Report."
            ),
            ["recommendation 12 of the 2019 Harbour Review", "recommendations 3 and 4 of the Interim Report"]
        );
        assert!(
            read("As recommendation 4 of this report says, and recommendation 5, the Board should act.")
                .is_empty()
        );
        assert!(read("The recommendation of the Board stands.").is_empty());
    }
}
