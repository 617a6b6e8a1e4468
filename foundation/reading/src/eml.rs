//! EML: a message of electronic mail (RFC 5322, MIME) to the letter it carries. Attachments are named, never opened.

use candour_record::{Finding, MediaKind, Severity, guarded};
use mail_parser::{Address, Message, MessageParser, MimeHeaders as _, PartType};

use crate::assemble::{Draft, MOST_LINES, assemble, cut};
use crate::error::ReadingError;
use crate::limits::Limits;
use crate::model::{About, BlockKind, Reading};
use crate::{html, plain};

pub(crate) fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Reading, ReadingError> {
    let damaged = || ReadingError::DamagedMessage { name: name.to_owned() };
    let parsed = guarded(|| MessageParser::default().parse(bytes)).ok_or_else(damaged)?;
    let Some(message) = parsed else {
        return Err(ReadingError::NotText { name: name.to_owned() });
    };
    let mut findings = Vec::new();
    let mut drafts = Vec::new();
    let one = |kind, text: String| Draft { kind, lines: vec![plain::bare(text, 1)] };
    if let Some(subject) = message.subject() {
        drafts.push(one(BlockKind::Heading(1), squeeze(subject)));
    }
    let people = [("From", message.from()), ("To", message.to()), ("Cc", message.cc())];
    for (head, address) in people {
        if let Some(address) = address {
            drafts.push(one(BlockKind::Paragraph, format!("{head}: {}", names(address))));
        }
    }
    if let Some(date) = message.date() {
        let month = MONTHS.get(usize::from(date.month).wrapping_sub(1)).copied().unwrap_or_default();
        drafts.push(one(BlockKind::Paragraph, format!("Date: {} {month} {}", date.day, date.year)));
    }
    match letter(&message) {
        Some(Letter::Plain(text)) => {
            drafts.extend(parted(text, limits));
            if text.lines().nth(MOST_LINES).is_some() {
                findings.push(cut(name));
            }
        }
        Some(Letter::Html(text)) => {
            let (_, inner, inner_findings) = html::page(text, name, limits);
            drafts.extend(inner);
            findings.extend(inner_findings);
        }
        None => {
            let message = format!("{name}: holds no text of its own; save its attachments and read those");
            findings.push(Finding::new(Severity::Warning, "no_letter", message));
        }
    }
    for attachment in message.attachments() {
        let called = attachment.attachment_name().unwrap_or("one without a name");
        let message = format!(
            "{name}: its attachment ({called}) was not read; save it and read it as a document of its own"
        );
        findings.push(Finding::new(Severity::Note, "attachment_not_read", message));
    }
    let assembled = assemble(drafts, limits.characters);
    let pages = assembled.pages(1, limits.pages);
    let about = About { title: message.subject().map(squeeze), producer: None, language: None };
    Ok(Reading::new(MediaKind::Email, assembled, pages, about, findings))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

enum Letter<'m> {
    Plain(&'m str),
    Html(&'m str),
}

/// The part that a person would read: the plain text where its sender wrote one, or the page.
fn letter<'m>(message: &'m Message<'_>) -> Option<Letter<'m>> {
    let parts = |ids: &'m [u32]| ids.iter().filter_map(|id| message.parts.get(*id as usize));
    let written = parts(&message.text_body).find_map(|part| match &part.body {
        PartType::Text(text) if !text.trim().is_empty() => Some(Letter::Plain(text)),
        _ => None,
    });
    written.or_else(|| {
        parts(&message.html_body).find_map(|part| match &part.body {
            PartType::Html(text) if !text.trim().is_empty() => Some(Letter::Html(text)),
            _ => None,
        })
    })
}

/// The messages of a mailbox (MBOX, RFC 4155): each begins after a line `From `, and a quoted `From ` in a letter is given back.
pub fn split_mailbox(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut blank = true;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if blank && line.starts_with(b"From ") {
            messages.push(Vec::new());
        } else if let Some(message) = messages.last_mut() {
            let quoted = line.iter().take_while(|b| **b == b'>').count();
            let line = if quoted > 0 && line[quoted..].starts_with(b"From ") { &line[1..] } else { line };
            message.extend_from_slice(line);
        }
        blank = line.iter().all(u8::is_ascii_whitespace);
    }
    messages
}

/// What the sender wrote and what they quote, the quoted as quotations.
fn parted(text: &str, limits: &Limits) -> Vec<Draft> {
    let quoted = |line: &&str| line.starts_with('>');
    let lines: Vec<&str> = text.lines().take(MOST_LINES).collect();
    let mut drafts = Vec::new();
    for stretch in lines.chunk_by(|a, b| quoted(a) == quoted(b)) {
        let is_quoted = stretch.first().is_some_and(&quoted);
        let words: Vec<&str> = stretch.iter().map(|l| l.trim_start_matches(['>', ' '])).collect();
        let words = if is_quoted { words.join("\n") } else { stretch.join("\n") };
        let mut inner = plain::drafts(&words, limits).drafts;
        if is_quoted {
            for draft in &mut inner {
                draft.kind = BlockKind::Quotation;
            }
        }
        drafts.extend(inner);
    }
    drafts
}

fn names(address: &Address<'_>) -> String {
    let shown = address.iter().map(|a| match (a.name(), a.address()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(address)) => address.to_owned(),
        (None, None) => String::new(),
    });
    shown.filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ")
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "From: The Minister <minister@example.org>\r\nTo: chair@example.org\r\nSubject: =?utf-8?q?Reply_to_the_Harbour_review_=E2=80=93_your_letter?=\r\n\
Date: Tue, 3 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n\
--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
We accept recommendation 4. It will be=\r\n done.\r\n\r\n> When will you reply?\r\n\r\n\
--b\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\nContent-Disposition: attachment; filename=\"plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n";

    #[test]
    fn a_message_in_which_the_parser_loses_its_place_is_read_or_refused() {
        // Messages inside a part whose boundary is never closed; in a debug build the parser panics.
        let lost = b"From:\nMessage-ID: <1@example.org>\nContent-Type: multipart/;boundary=\"a\n\n--aContent-Type:message/rfc822\n\nContent-Type:message/rfc822\n\n\n--a--";
        match crate::read(lost, "lost.eml", &Limits::default()) {
            Ok(reading) => assert_eq!(reading.media, MediaKind::Email),
            Err(error) => assert!(matches!(error, ReadingError::DamagedMessage { .. }), "{error}"),
        }
    }

    #[test]
    fn a_mailbox_is_its_letters() {
        let bytes = b"From a@example.org Mon\nSubject: One\n\nFirst.\n>From here on.\nFrom that day.\n\nFrom b@example.org Tue\nSubject: Two\n\nSecond.\n";
        let messages = split_mailbox(bytes);
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0], b"Subject: One\n\nFirst.\nFrom here on.\nFrom that day.\n\n");
        assert!(split_mailbox(b"Subject: One\n\nNo mailbox.").is_empty());
    }

    #[test]
    fn a_letter_its_heads_what_it_quotes_and_what_is_attached() {
        let reading = crate::read(LETTER.as_bytes(), "letter", &Limits::default()).unwrap();
        assert_eq!(reading.media, MediaKind::Email);
        assert_eq!(
            reading.text,
            "Reply to the Harbour review – your letter\n\nFrom: The Minister\n\nTo: chair@example.org\n\nDate: 3 March 2026\n\n\
We accept recommendation 4. It will be done.\n\nWhen will you reply?"
        );
        assert_eq!(reading.blocks[0].kind, BlockKind::Heading(1));
        assert_eq!(reading.blocks.last().unwrap().kind, BlockKind::Quotation);
        assert!(
            reading
                .findings
                .iter()
                .any(|f| f.code == "attachment_not_read" && f.message.contains("plan.pdf"))
        );
    }

    #[test]
    fn a_message_of_html_alone_is_read_as_a_page() {
        let mail = "Subject: Hello\nContent-Type: text/html\nMIME-Version: 1.0\n\n<p>We <b>accept</b> it.</p><script>x</script>";
        let reading = crate::read(mail.as_bytes(), "a.eml", &Limits::default()).unwrap();
        assert_eq!(reading.text, "Hello\n\nWe accept it.");
        assert!(
            reading.blocks[1].runs.iter().any(|r| r.face.bold && reading.slice(r.span).trim() == "accept")
        );
    }
}
