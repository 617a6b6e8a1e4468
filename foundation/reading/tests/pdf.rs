//! PDF through the public door, on small files made here.
#![expect(clippy::unwrap_used, reason = "a test that cannot make its file should fail")]

use std::fmt::Write;

use candour_reading::{Block, BlockKind, Limits, Reading, ReadingError, read};
use candour_record::Severity;

/// A line to print: where its baseline begins from the bottom left corner, in which font and size, and the words.
struct Set {
    x: f32,
    y: f32,
    font: &'static str,
    size: f32,
    text: String,
}

const PLAIN: &str = "F1";
const BOLD: &str = "F2";
const ITALIC: &str = "F3";

fn set(x: f32, y: f32, font: &'static str, size: f32, text: &str) -> Set {
    Set { x, y, font, size, text: text.to_owned() }
}

/// Body lines in 11 point, 14 points apart, from near the top of a page.
fn body(lines: &[&str]) -> Vec<Set> {
    lines.iter().enumerate().map(|(i, text)| set(72.0, 720.0 - 14.0 * i as f32, PLAIN, 11.0, text)).collect()
}

/// A PDF of pages of 595 by 842 points, with Helvetica in three faces.
fn pdf(pages: &[Vec<Set>]) -> Vec<u8> {
    pdf_with(pages, "")
}

fn pdf_with(pages: &[Vec<Set>], trailer: &str) -> Vec<u8> {
    let mut objects: Vec<String> = Vec::new();
    let kids: Vec<String> = (0..pages.len()).map(|i| format!("{} 0 R", 6 + 2 * i)).collect();
    objects.push("<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>".to_owned());
    objects.push(format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()));
    for name in ["Helvetica", "Helvetica-Bold", "Helvetica-Oblique"] {
        objects
            .push(format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"));
    }
    for (index, page) in pages.iter().enumerate() {
        let mut content = String::new();
        for line in page {
            let text = line.text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
            writeln!(
                content,
                "BT /{} {} Tf 1 0 0 1 {} {} Tm ({text}) Tj ET",
                line.font, line.size, line.x, line.y
            )
            .unwrap();
        }
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R >> >> >>",
            7 + 2 * index
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    let mut out = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        write!(out, "{} 0 obj\n{object}\nendobj\n", index + 1).unwrap();
    }
    let table = out.len();
    write!(out, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(out, "{offset:010} 00000 n ").unwrap();
    }
    write!(
        out,
        "trailer\n<< /Size {} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    )
    .unwrap();
    // Letters past ASCII are written as single bytes of Windows-1252.
    out.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

fn read_pages(pages: &[Vec<Set>]) -> Reading {
    read(&pdf(pages), "made.pdf", &Limits::default()).unwrap()
}

fn of_kind<'r>(reading: &'r Reading, kind: &BlockKind) -> Vec<&'r str> {
    reading.blocks.iter().filter(|b| b.kind == *kind).map(|b| reading.slice(b.span)).collect()
}

fn all(reading: &Reading) -> Vec<(&BlockKind, &str)> {
    reading.blocks.iter().map(|b| (&b.kind, reading.slice(b.span))).collect()
}

fn item(label: &str, depth: u8) -> BlockKind {
    BlockKind::ListItem { label: label.to_owned(), depth }
}

/// What holds of every reading: spans lie in order and cover their blocks, and the index agrees with the text.
fn check_spans(reading: &Reading) {
    let characters: Vec<char> = reading.text.chars().collect();
    let mut last = 0;
    for Block { kind, span, runs, lines, .. } in &reading.blocks {
        assert!(span.start >= last && span.end <= characters.len());
        assert_eq!(kind.is_body(), span.start < reading.body_end || (span.end <= reading.body_end));
        assert_eq!(reading.slice(*span), characters[span.start..span.end].iter().collect::<String>());
        assert_eq!((runs.first().unwrap().span.start, runs.last().unwrap().span.end), (span.start, span.end));
        assert!(runs.windows(2).all(|w| w[0].span.end == w[1].span.start));
        assert_eq!(
            (lines.first().unwrap().span.start, lines.last().unwrap().span.end),
            (span.start, span.end)
        );
        last = span.end;
    }
}

#[test]
fn lines_become_paragraphs_and_say_where_they_were_printed() {
    let reading = read_pages(&[body(&[
        "The Harbour Board should publish its plan for the",
        "north quay before the end of the year.",
    ])]);
    assert_eq!(
        reading.text,
        "The Harbour Board should publish its plan for the north quay before the end of the year."
    );
    let block = &reading.blocks[0];
    assert_eq!((block.page, block.lines.len(), &block.kind), (1, 2, &BlockKind::Paragraph));
    assert!(
        (block.bounds.left - 72.0).abs() < 1.0 && (block.bounds.top - 111.0).abs() < 3.0,
        "{:?}",
        block.bounds
    );
    assert_eq!((reading.pages[0].width, reading.pages[0].height), (595.0, 842.0));
    assert_eq!(reading.about.language.as_deref(), Some("en-GB"));
    check_spans(&reading);
}

#[test]
fn a_paragraph_goes_on_over_a_page_break_and_keeps_both_pages() {
    let reading = read_pages(&[
        body(&["2.1 The Board should publish", "its plan and the reasons for every change it makes to"]),
        body(&["the plan, within six months."]),
    ]);
    assert_eq!(
        all(&reading),
        [(
            &item("2.1", 0),
            "2.1 The Board should publish its plan and the reasons for every change it makes to the plan, within six months."
        )]
    );
    let last = reading.body_end - 1;
    assert_eq!((reading.page_of(0), reading.page_of(last)), (1, 2));
    check_spans(&reading);
}

#[test]
fn a_sentence_that_has_ended_ends_its_paragraph_at_the_page() {
    let reading = read_pages(&[body(&["The first page ends here."]), body(&["The second begins anew."])]);
    assert_eq!(
        of_kind(&reading, &BlockKind::Paragraph),
        ["The first page ends here.", "The second begins anew."]
    );
}

#[test]
fn running_heads_page_numbers_and_footnotes_stand_after_the_body() {
    let page = |number: u32, text: &[&str]| {
        let mut sets = body(text);
        sets.push(set(72.0, 800.0, PLAIN, 9.0, &format!("Harbour Inquiry, chapter {number}")));
        sets.push(set(290.0, 30.0, PLAIN, 9.0, &(number + 4).to_string()));
        sets
    };
    let mut first = page(1, &["The ferry was late on every day of the month that the witness"]);
    first.push(set(72.0, 80.0, PLAIN, 5.0, "7"));
    first.push(set(78.0, 77.0, PLAIN, 8.0, "Transcript of the fourth day, page 12."));
    let pages = [
        first,
        page(2, &["could remember."]),
        page(3, &["Nobody asked why."]),
        page(4, &["The timetable was not changed."]),
    ];
    let reading = read_pages(&pages);
    assert_eq!(
        reading.body(),
        "The ferry was late on every day of the month that the witness could remember.\n\nNobody asked why.\n\nThe timetable was not changed."
    );
    assert_eq!(of_kind(&reading, &BlockKind::RunningHead).len(), 4);
    assert_eq!(of_kind(&reading, &BlockKind::PageNumber), ["5", "6", "7", "8"]);
    assert_eq!(of_kind(&reading, &BlockKind::Footnote), ["7 Transcript of the fourth day, page 12."]);
    assert_eq!(reading.pages[2].printed.as_deref(), Some("7"));
    check_spans(&reading);
}

#[test]
fn a_number_in_a_running_head_that_keeps_step_is_the_page_number() {
    let page = |number: u32| {
        let mut sets = body(&["Some words of the body stand here."]);
        sets.push(set(72.0, 800.0, PLAIN, 9.0, &format!("{} Harbour Inquiry", number + 10)));
        sets
    };
    let reading = read_pages(&[page(1), page(2), page(3), page(4)]);
    let printed: Vec<Option<&str>> = reading.pages.iter().map(|p| p.printed.as_deref()).collect();
    assert_eq!(printed, [Some("11"), Some("12"), Some("13"), Some("14")]);
}

#[test]
fn a_note_number_in_a_sentence_is_left_out_of_it() {
    let mut page = body(&["The plan was late."]);
    page.push(set(164.0, 724.0, PLAIN, 6.0, "12"));
    page.push(set(174.0, 720.0, PLAIN, 11.0, "Nobody said so."));
    assert_eq!(read_pages(&[page]).text, "The plan was late. Nobody said so.");
}

#[test]
fn faces_come_out_in_runs_and_tell_headings() {
    let page = vec![
        set(72.0, 760.0, BOLD, 18.0, "Findings"),
        set(72.0, 730.0, BOLD, 11.0, "Recommendation 1: a plan"),
        set(72.0, 708.0, PLAIN, 11.0, "The Board should"),
        set(162.0, 708.0, ITALIC, 11.0, "publish"),
        set(202.0, 708.0, PLAIN, 11.0, "its plan, and it should keep it up to date"),
        set(72.0, 694.0, PLAIN, 11.0, "for as long as the quay is open to the public."),
    ];
    let reading = read_pages(&[page]);
    assert_eq!(
        all(&reading)[..2],
        [(&BlockKind::Heading(1), "Findings"), (&BlockKind::Heading(2), "Recommendation 1: a plan")]
    );
    let italic: Vec<&str> = reading.blocks[2]
        .runs
        .iter()
        .filter(|r| r.face.italic)
        .map(|r| reading.slice(r.span).trim())
        .collect();
    assert_eq!(italic, ["publish"]);
    assert!(reading.blocks[1].runs[0].face.bold);
    check_spans(&reading);
}

#[test]
fn list_items_hang_from_their_labels() {
    let page = vec![
        set(72.0, 720.0, PLAIN, 11.0, "1. The Board should publish:"),
        set(90.0, 702.0, PLAIN, 11.0, "(a) its plan for the north quay, as it was agreed by all who"),
        set(108.0, 688.0, PLAIN, 11.0, "(with one exception) were present at the second"),
        set(108.0, 674.0, PLAIN, 11.0, "meeting; and"),
        set(90.0, 656.0, PLAIN, 11.0, "(b) its reasons."),
        set(72.0, 638.0, PLAIN, 11.0, "2. The Council should answer."),
    ];
    assert_eq!(
        all(&read_pages(&[page])),
        [
            (&item("1.", 0), "1. The Board should publish:"),
            (
                &item("(a)", 1),
                "(a) its plan for the north quay, as it was agreed by all who (with one exception) were present at the second meeting; and"
            ),
            (&item("(b)", 1), "(b) its reasons."),
            (&item("2.", 0), "2. The Council should answer."),
        ]
    );
}

#[test]
fn words_divided_at_a_line_end_are_made_whole() {
    let reading = read_pages(&[body(&[
        "The Board made a recommendation that concerned every recom-",
        "mendation before it, and a long-term plan was made by the self-",
        "employed members; the long-",
        "term plan was made by the Board.",
    ])]);
    assert_eq!(
        reading.text,
        "The Board made a recommendation that concerned every recommendation before it, and a long-term plan was made by the \
         selfemployed members; the long-term plan was made by the Board."
    );
}

#[test]
fn two_columns_are_read_one_after_the_other() {
    let mut page = Vec::new();
    for row in 0..24 {
        let y = 740.0 - 14.0 * row as f32;
        page.push(set(50.0, y, PLAIN, 10.0, &format!("left column row {row} of the meeting notes")));
        page.push(set(310.0, y, PLAIN, 10.0, &format!("right column row {row} of the meeting notes")));
    }
    let text = read_pages(&[page]).text;
    assert!(text.find("left column row 23").unwrap() < text.find("right column row 0 ").unwrap(), "{text}");
}

#[test]
fn a_table_of_recommendations_and_responses_is_read_row_by_row() {
    let mut page = Vec::new();
    let mut y = 760.0;
    for row in 1..=6 {
        for line in 0..(2 + row % 2) {
            let y = y - 13.0 * line as f32;
            page.push(set(50.0, y, PLAIN, 10.0, &format!("what was recommended {row}, line {line} of it")));
            page.push(set(310.0, y, PLAIN, 10.0, &format!("what was answered to {row}, line {line} of it")));
        }
        y -= 70.0;
    }
    let text = read_pages(&[page]).text;
    let place = |words: &str| text.find(words).unwrap();
    for row in 1..6 {
        assert!(place(&format!("recommended {row}, line 1")) < place(&format!("answered to {row}, line 0")));
        assert!(
            place(&format!("answered to {row}, line 1")) < place(&format!("recommended {}, line 0", row + 1))
        );
    }
}

#[test]
fn rows_of_a_table_and_lines_of_a_contents_list_stay_apart() {
    let page = vec![
        set(72.0, 720.0, PLAIN, 11.0, "Harbour fees"),
        set(400.0, 720.0, PLAIN, 11.0, "12"),
        set(72.0, 706.0, PLAIN, 11.0, "Quay repairs"),
        set(400.0, 706.0, PLAIN, 11.0, "31"),
    ];
    assert_eq!(of_kind(&read_pages(&[page]), &BlockKind::Paragraph), ["Harbour fees 12", "Quay repairs 31"]);
}

#[test]
fn pages_without_text_are_named() {
    let whole = read_pages(&[vec![], vec![]]);
    assert_eq!(
        (whole.findings[0].code.as_str(), whole.findings[0].severity),
        ("no_text_layer", Severity::Error)
    );
    let part = read_pages(&[body(&["Words."]), vec![], vec![], body(&["More words."]), vec![]]);
    let finding = &part.findings[0];
    assert_eq!(
        (finding.code.as_str(), finding.severity, finding.page),
        ("no_text_layer", Severity::Warning, Some(2))
    );
    assert!(finding.message.contains("pages 2–3 and 5"), "{}", finding.message);
}

#[test]
fn limits_are_kept_and_said() {
    let made = pdf(&[body(&["One."]), body(&["Two."]), body(&["Three."])]);
    let pages = read(&made, "made.pdf", &Limits { pages: 2, ..Limits::default() }).unwrap();
    assert_eq!((pages.pages.len(), pages.findings[0].code.as_str()), (2, "pages_over_limit"));
    let text = read(&made, "made.pdf", &Limits { characters: 3, ..Limits::default() }).unwrap();
    assert!(text.findings.iter().any(|f| f.code == "text_over_limit"));
    let bytes = read(&made, "made.pdf", &Limits { bytes: 100, ..Limits::default() });
    assert!(matches!(bytes, Err(ReadingError::TooLarge { limit: 100, .. })));
    let expanded = read(&made, "made.pdf", &Limits { expanded: 10, ..Limits::default() }).unwrap();
    assert!(expanded.findings.iter().any(|f| f.code == "page_over_limit"), "{:?}", expanded.findings);
}

#[test]
fn an_encrypted_file_asks_for_a_copy_without_a_password() {
    let hex = "00".repeat(32);
    let trailer =
        format!("/Encrypt << /Filter /Standard /V 1 /R 2 /O <{hex}> /U <{hex}> /P -4 >> /ID [<00> <00>]");
    let error =
        read(&pdf_with(&[body(&["Secret."])], &trailer), "sealed.pdf", &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "sealed.pdf: is encrypted; save a copy without a password and read that");
}

#[test]
fn no_beginning_of_a_file_makes_the_reader_fall_over() {
    let whole = pdf(&[body(&["The Board should publish its plan."]), body(&["And keep it."])]);
    let mut read_in_part = 0;
    for end in 0..whole.len() {
        match read(&whole[..end], "cut.pdf", &Limits::default()) {
            Ok(reading) if whole[..end].windows(4).any(|w| w == b"%PDF") => {
                check_spans(&reading);
                read_in_part += usize::from(reading.findings.iter().any(|f| f.code == "pages_missing"));
            }
            Ok(_) => {}
            Err(error) => assert!(error.to_string().starts_with("cut.pdf: "), "{error}"),
        }
    }
    assert!(read_in_part > 0);
}

#[test]
fn a_file_with_parts_overwritten_is_read_or_refused() {
    let whole = pdf(&[body(&["The Board should publish its plan."])]);
    for at in 0..whole.len() {
        for byte in [0, b'<', b'(', b'9', 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            if let Ok(reading) = read(&damaged, "damaged.pdf", &Limits::default()) {
                check_spans(&reading);
            }
        }
    }
}

#[test]
fn deep_nesting_in_a_file_does_no_harm() {
    for nest in ["[", "<<", "<</A", "("] {
        let mut made = pdf(&[body(&["Words."])]);
        made.extend_from_slice(b"99 0 obj\n");
        made.extend(nest.repeat(200_000).bytes());
        let _ = read(&made, "deep.pdf", &Limits::default());
        let content = nest.repeat(200_000);
        let _ = read(format!("%PDF-1.4\n1 0 obj\n{content}").as_bytes(), "deep.pdf", &Limits::default());
    }
}

#[test]
fn a_form_that_draws_itself_ends() {
    let mut made = String::from_utf8(pdf(&[vec![]])).unwrap();
    made = made.replace("/Font <<", "/XObject << /X 9 0 R >> /Font <<");
    made.push_str("9 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 9 0 R >> >> /Length 5 >>\nstream\n/X Do\nendstream\nendobj\n");
    let _ = read(made.as_bytes(), "loop.pdf", &Limits::default());
}
