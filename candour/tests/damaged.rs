//! Damaged and hostile documents: each is read or refused, in time and within memory, and says so in one clear way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Seconds of processor time that one document may take; counted so where the system can, so that a busy machine fails
/// nothing. Seconds on the clock are six times as many.
const LONGEST: u64 = 10;
/// Address space that one document may use, in KiB.
const MOST_MEMORY: u32 = 1 << 20;

/// How many of something that in a build for release would be so many. A debug build is ten to twenty times slower.
const fn many(number: usize) -> usize {
    if cfg!(debug_assertions) { number / 40 } else { number }
}

/// A document's name and bytes.
type Document = (String, Vec<u8>);

#[test]
fn no_damaged_document_stops_the_program() {
    let mut documents = Vec::new();
    for (name, whole) in examples() {
        documents.extend(damaged(&name, &whole));
    }
    documents.extend(pdfs());
    documents.extend(containers());
    documents.extend(pages());
    documents.extend(texts());
    documents.extend(messages());
    let folder = tempfile::tempdir().unwrap();
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let worker = || {
            let mut failures = Vec::new();
            while let Some((name, bytes)) = documents.get(next.fetch_add(1, Ordering::Relaxed)) {
                let path = folder.path().join(name);
                fs::write(&path, bytes).unwrap();
                failures.extend(fault(&path).map(|fault| format!("{name}: {fault}")));
            }
            failures
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), documents.len(), failures.join("\n"));
}

/// What the program does wrong with a document, if anything.
fn fault(path: &Path) -> Option<String> {
    let (out, err) = (path.with_added_extension("out"), path.with_added_extension("err"));
    let Some(status) = run(path, &out, &err) else {
        return Some(format!("was not done in {} s", 6 * LONGEST));
    };
    let error = String::from_utf8_lossy(&fs::read(&err).unwrap()).into_owned();
    let shown: String = error.chars().take(300).collect();
    if error.contains("panicked") || error.contains("overflowed its stack") || error.contains("allocation") {
        return Some(shown);
    }
    let name = path.file_name().unwrap().to_string_lossy();
    match status.code() {
        Some(0 | 1) => serde_json::from_slice::<Value>(&fs::read(&out).unwrap())
            .err()
            .map(|e| format!("its output is not JSON: {e}")),
        Some(2) if error.contains(&*name) => None,
        Some(2) => Some(format!("the message does not name it: {shown}")),
        _ => Some(format!("ended with {status}: {shown}")),
    }
}

/// Reads a document within limits; `None` where it takes too long.
fn run(path: &Path, out: &Path, err: &Path) -> Option<ExitStatus> {
    let program = env!("CARGO_BIN_EXE_candour");
    let mut command = if cfg!(target_os = "linux") {
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            &format!("ulimit -v {MOST_MEMORY}; ulimit -t {LONGEST}; exec \"$0\" \"$@\""),
            program,
        ]);
        shell
    } else {
        Command::new(program)
    };
    let mut child = command
        .args(["read", "--format", "json"])
        .arg(path)
        .current_dir(path.parent().unwrap())
        .stdin(Stdio::null())
        .stdout(File::create(out).unwrap())
        .stderr(File::create(err).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(6 * LONGEST) {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// A whole document of each kind.
fn examples() -> Vec<Document> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/harbour-inquiry/documents");
    let mut examples: Vec<Document> =
        ["inquiry-report.pdf", "government-response.html", "ministerial-statement.md", "news-article.txt"]
            .iter()
            .map(|name| ((*name).to_owned(), fs::read(folder.join(name)).unwrap()))
            .collect();
    let statement = String::from_utf8(examples[2].1.clone()).unwrap();
    examples.push(("statement.docx".to_owned(), docx(&word(&statement))));
    examples.push(("statement.odt".to_owned(), odt(&open(&statement))));
    let message = format!(
        "From: writer@example.org\nSubject: Statement\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{statement}"
    );
    examples.push(("statement.eml".to_owned(), message.into_bytes()));
    examples
}

/// What happens to a document on its way: cut short, altered, blanked, or under a wrong name.
fn damaged(name: &str, whole: &[u8]) -> Vec<Document> {
    let mut out = Vec::new();
    let mut add = |how: &str, bytes: Vec<u8>| out.push((format!("{how}-{name}"), bytes));
    for part in [1, 10, 50, 90, 99] {
        add(&format!("first-{part}-per-cent"), whole[..whole.len() * part / 100].to_vec());
    }
    for (how, every) in [("flipped-rarely", 2_000), ("flipped-often", 50)] {
        let mut bytes = whole.to_vec();
        // Steps of a simple generator, so that the same bytes are altered each time.
        let mut step = 12_345_u64;
        let mut at = 0;
        loop {
            step = step.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            at += 1 + (step >> 33) as usize % (2 * every);
            let Some(byte) = bytes.get_mut(at) else { break };
            *byte ^= 1 << ((step >> 20) % 8);
        }
        add(how, bytes);
    }
    for (how, from, to) in
        [("start-zeroed", 0, 20), ("middle-zeroed", 40, 60), ("end-zeroed", 90, 100), ("end-only", 0, 50)]
    {
        let (from, to) = (whole.len() * from / 100, whole.len() * to / 100);
        if how == "end-only" {
            add(how, whole[to..].to_vec());
        } else {
            let mut bytes = whole.to_vec();
            bytes[from..to].fill(0);
            add(how, bytes);
        }
    }
    add("twice", [whole, whole].concat());
    let ending = if whole.starts_with(b"%PDF") { "docx" } else { "pdf" };
    out.push((format!("{name}.{ending}"), whole.to_vec()));
    out
}

fn pdfs() -> Vec<Document> {
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> /XObject << /X 6 0 R >> >> >>";
    let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
    let words = stream("", b"BT /F1 11 Tf 72 700 Td (The Board should publish.) Tj ET");
    let tree = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
    let with = |tree: &str, page: &str, content: &[u8], font: &str, more: &[Vec<u8>]| {
        let mut objects =
            vec![catalogue(), tree.into(), page.into(), content.to_vec(), font.as_bytes().to_vec()];
        objects.extend_from_slice(more);
        pdf(&objects, "")
    };
    let content = |content: &[u8]| with(tree, page, &stream("", content), font, &[]);
    let form = |content: &str| {
        stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X 6 0 R /Y 7 0 R >> >>",
            content.as_bytes(),
        )
    };
    let zeros = deflated_zeros(200 << 20, true);
    let plain = [catalogue(), tree.into(), page.into(), words.clone(), font.into()];
    // Every level of the tree lists the next one twice.
    let mut doubling = vec![catalogue()];
    for level in 2..40 {
        doubling.push(format!("<< /Type /Pages /Kids [{0} 0 R {0} 0 R] /Count 2 >>", level + 1).into());
    }
    doubling.push(page.into());
    let mut long_tree = vec![catalogue()];
    for level in 2..50_000 {
        long_tree.push(format!("<< /Type /Pages /Kids [{} 0 R] /Count 1 >>", level + 1).into());
    }
    long_tree.push(page.into());
    let mut ladder = vec![form("/X Do /Y Do"); 2];
    ladder[1] = form("/X Do /X Do /Y Do /Y Do");
    let unicode = stream(
        "",
        b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <00000000> <ffffffff> <0041> endbfrange endcmap",
    );
    let named = |name: &str, bytes: Vec<u8>| (format!("{name}.pdf"), bytes);
    vec![
        named(
            "cyclic-tree",
            with("<< /Type /Pages /Kids [2 0 R 3 0 R] /Parent 2 0 R /Count 1 >>", page, &words, font, &[]),
        ),
        named("doubling-tree", pdf(&doubling, "")),
        named("long-tree", pdf(&long_tree, "")),
        named(
            "the-same-page-often",
            with(
                &format!("<< /Type /Pages /Kids [{}] /Count 1 >>", "3 0 R ".repeat(100_000)),
                page,
                &words,
                font,
                &[],
            ),
        ),
        named(
            "huge-count",
            with("<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>", page, &words, font, &[]),
        ),
        named("negative-count", with("<< /Type /Pages /Kids [3 0 R] /Count -1 >>", page, &words, font, &[])),
        named("object-is-itself", with(tree, "3 0 R", &words, font, &[])),
        named(
            "length-is-itself",
            with(tree, page, b"<< /Length 4 0 R >>\nstream\nBT ET\nendstream", font, &[]),
        ),
        named(
            "huge-length",
            with(tree, page, b"<< /Length 99999999999 >>\nstream\nBT ET\nendstream", font, &[]),
        ),
        named(
            "encrypted",
            pdf(
                &plain,
                &format!(
                    "/ID [<00> <00>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{0}> /U <{0}> >>",
                    "41".repeat(32)
                ),
            ),
        ),
        named("encrypted-in-an-unknown-way", pdf(&plain, "/Encrypt << /Filter /Other /V 99 >>")),
        named("table-before-itself", pdf(&plain, "/Prev 9").replace(b"/Prev 9", b"/Prev 0")),
        named("bomb-of-content", with(tree, page, &stream("/Filter /FlateDecode", &zeros), font, &[])),
        named(
            "bomb-of-objects",
            with(
                tree,
                page,
                &words,
                font,
                &[stream("/Type /ObjStm /N 9 /First 9 /Filter /FlateDecode", &zeros)],
            ),
        ),
        named(
            "bomb-of-a-font-map",
            with(
                tree,
                page,
                &words,
                "<< /Type /Font /Subtype /Type1 /BaseFont /A /ToUnicode 6 0 R >>",
                &[stream("/Filter /FlateDecode", &zeros)],
            ),
        ),
        named(
            "filter-of-filters",
            with(
                tree,
                page,
                &stream(&format!("/Filter [{}]", "/ASCIIHexDecode ".repeat(100_000)), b"41>"),
                font,
                &[],
            ),
        ),
        named("nested-arrays-in-content", content("[".repeat(1_000_000).as_bytes())),
        named("nested-dictionaries-in-content", content("/A << ".repeat(300_000).as_bytes())),
        named("nested-arrays-in-an-object", with(tree, &"[".repeat(1_000_000), &words, font, &[])),
        named("nested-dictionaries-in-an-object", with(tree, &"<</A".repeat(300_000), &words, font, &[])),
        named("unclosed-string", content(format!("BT ({}", "(".repeat(1_000_000)).as_bytes())),
        named("states-saved", content("q ".repeat(1_000_000).as_bytes())),
        named("forms-that-draw-each-other", with(tree, page, &stream("", b"/X Do"), font, &ladder)),
        named(
            "map-of-all-numbers",
            with(
                tree,
                page,
                &words,
                "<< /Type /Font /Subtype /Type1 /BaseFont /A /ToUnicode 6 0 R >>",
                &[unicode],
            ),
        ),
        named(
            "huge-coordinates",
            content(b"BT /F1 1e38 Tf 1e38 0 0 1e38 1e38 1e38 Tm (a) Tj 99999999999999999999 0 Td (b) Tj ET"),
        ),
        named(
            "font-is-its-own-descendant",
            with(
                tree,
                page,
                &words,
                "<< /Type /Font /Subtype /Type0 /DescendantFonts [5 0 R] /Encoding 5 0 R /ToUnicode 5 0 R >>",
                &[],
            ),
        ),
        named("page-of-no-size", with(tree, &page.replace("595 842", "0 0"), &words, font, &[])),
        named("page-of-any-size", with(tree, &page.replace("595 842", "-1e30 1e30"), &words, font, &[])),
        named("head-alone", b"%PDF-1.7\n".to_vec()),
        named("head-and-noise", [b"%PDF-1.7\n".as_slice(), &vec![0xa5; 1 << 20]].concat()),
        named("endless-objects", [b"%PDF-1.7\n".as_slice(), "1 0 obj ".repeat(500_000).as_bytes()].concat()),
    ]
}

fn containers() -> Vec<Document> {
    let named = |name: &str, bytes: Vec<u8>| (name.to_owned(), bytes);
    let paragraph = "<w:p><w:r><w:t>The Board should publish.</w:t></w:r></w:p>";
    let member = |name: &str, content: &[u8]| Member::stored(name, content);
    let kind = || member("mimetype", b"application/vnd.oasis.opendocument.text");
    let bomb = |name: &str| Member {
        name: name.to_owned(),
        method: 8,
        flags: 0,
        sum: 0,
        size: 400 << 20,
        data: deflated_zeros(400 << 20, false),
    };
    let inner = zip(&[bomb("word/document.xml")]);
    let nested = zip(&[member("word/document.xml", &inner), member("inner.zip", &inner)]);
    let locked = Member { flags: 1, ..member("word/document.xml", word(paragraph).as_bytes()) };
    let lying = Member { size: u32::MAX - 1, ..member("word/document.xml", word(paragraph).as_bytes()) };
    let members: Vec<Member> = (0..30_000).map(|n| member(&format!("word/header{n}.xml"), b"<a/>")).collect();
    let laughs = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\">{}]><w:document xmlns:w=\"w\"><w:body><w:p><w:r><w:t>&e30;</w:t></w:r></w:p></w:body></w:document>",
        (1..=30).fold(String::new(), |mut all, n| {
            let before = if n == 1 { "a".to_owned() } else { format!("e{}", n - 1) };
            write!(all, "<!ENTITY e{n} \"&{before};&{before};\">").unwrap();
            all
        })
    );
    let styles = r#"<w:styles xmlns:w="w"><w:style w:styleId="A"><w:basedOn w:val="B"/></w:style><w:style w:styleId="B"><w:basedOn w:val="A"/></w:style></w:styles>"#;
    let styled = word(
        r#"<w:p><w:pPr><w:pStyle w:val="A"/></w:pPr><w:r><w:t>The Board should publish.</w:t></w:r></w:p>"#,
    );
    let tables = |depth: usize| {
        word(&format!("{}{}", "<w:tbl><w:tr><w:tc>".repeat(depth), "</w:tc></w:tr></w:tbl>".repeat(depth)))
    };
    let wide = word(&r#"<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="4294967295"/></w:tcPr><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"#.repeat(1_000));
    let breaks = word(&format!(
        "<w:p><w:r><w:t>x</w:t>{}<w:t>y</w:t></w:r></w:p>",
        r#"<w:br w:type="page"/>"#.repeat(300_000)
    ));
    let repeated = open(
        r#"<table:table><table:table-row table:number-rows-repeated="4294967295"><table:table-cell table:number-columns-repeated="4294967295"><text:p>x</text:p></table:table-cell></table:table-row></table:table>"#,
    );
    let spaces = open(&r#"<text:p>a<text:s text:c="4294967295"/>b</text:p>"#.repeat(1_000));
    let starts = open(&r#"<text:list><text:list-item text:start-value="18446744073709551615"><text:p>x</text:p></text:list-item></text:list>"#.repeat(100));
    vec![
        named("bomb.docx", inner.clone()),
        named("bomb.odt", zip(&[kind(), bomb("content.xml")])),
        named("bomb-of-a-kind.odt", zip(&[bomb("mimetype")])),
        named("nested-bomb.docx", nested.clone()),
        named("nested-bomb.odt", zip(&[kind(), member("content.xml", &nested)])),
        named("locked.docx", zip(&[locked])),
        named("lying.docx", zip(&[lying])),
        named("many-members.docx", zip(&members)),
        named(
            "twice-the-same.docx",
            zip(&[
                member("word/document.xml", b"<a/>"),
                member("word/document.xml", word(paragraph).as_bytes()),
            ]),
        ),
        named("no-document.docx", zip(&[member("word/styles.xml", b"<a/>")])),
        named("empty-document.docx", zip(&[member("word/document.xml", b"")])),
        named("not-xml.docx", docx(&"\0\u{1}<<<>>>&&&;".repeat(1_000))),
        named("deep.docx", docx(&word(&"<w:sdt>".repeat(1_000_000)))),
        named("deep.odt", odt(&open(&"<text:list>".repeat(1_000_000)))),
        named("deep-tables.docx", docx(&tables(60))),
        named("wide-tables.docx", docx(&wide)),
        named("many-elements.docx", docx(&word(&"<w:p/>".repeat(many(3_000_000))))),
        named("many-attributes.docx", docx(&word(&format!("<w:p {}/>", "a=\"1\" ".repeat(300_000))))),
        named("many-breaks.docx", docx(&breaks)),
        named("laughs.docx", docx(&laughs)),
        named(
            "styles-in-a-circle.docx",
            zip(&[
                member("word/document.xml", styled.as_bytes()),
                member("word/styles.xml", styles.as_bytes()),
            ]),
        ),
        named("repeated.odt", odt(&repeated)),
        named("spaces.odt", odt(&spaces)),
        named("starts.odt", odt(&starts)),
    ]
}

fn pages() -> Vec<Document> {
    let named = |name: &str, text: String| (format!("{name}.html"), text.into_bytes());
    vec![
        named("nested-blocks", format!("<html>{}The Board should publish.", "<div>".repeat(1_000_000))),
        named("nested-faces", format!("<html><p>{}x", "<b><i>".repeat(200_000))),
        named("nested-just-within", format!("<html>{}x", "<div>".repeat(4_990))),
        named("faces-across-blocks", format!("<html>{}x", "<b><p>".repeat(2_400))),
        named("links-across-cells", format!("<html>{}x", "<table><a>".repeat(2_400))),
        named("nested-tables", format!("<html>{}x", "<table><tr><td>".repeat(100_000))),
        named("nested-lists", format!("<html>{}x", "<ol><li>".repeat(100_000))),
        named(
            "many-attributes",
            format!(
                "<html><p {}>x",
                (0..200_000).fold(String::new(), |mut all, n| {
                    write!(all, "a{n}=1 ").unwrap();
                    all
                })
            ),
        ),
        named("many-tags", format!("<html>{}", "<p>a".repeat(many(2_000_000)))),
        named("no-tag-ends", format!("<html>{}", "<a ".repeat(many(5_000_000)))),
        named("unclosed-comment", format!("<html><!--{}", "- ".repeat(many(10 << 20)))),
        named("unclosed-tag", format!("<html><p {}", "a ".repeat(many(10 << 20)))),
        named(
            "many-paragraphs",
            format!("<html>{}", "<p>Recommendation 1: the Board should act.".repeat(5_000)),
        ),
        named(
            "list-from-the-last",
            "<html><ol start=4294967295><li>x<li>y</ol><ol start=-9999999999999><li>z</ol>".to_owned(),
        ),
        named("controls", format!("<html><p>{}", "&#0;&#x110000;\u{202e}\u{fffd}".repeat(1_000))),
    ]
}

fn texts() -> Vec<Document> {
    let named = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
    let utf16 = |text: &str, mark: &[u8], unit: fn(u16) -> [u8; 2]| {
        [mark, &text.encode_utf16().flat_map(unit).collect::<Vec<u8>>()].concat()
    };
    let words = "The Board should publish its returns within six months. ";
    vec![
        named("empty.txt", b""),
        named("blank.txt", &[b' '; 4_096]),
        named("mark-alone.txt", b"\xef\xbb\xbf"),
        named("one-letter.md", b"x"),
        named("one-line.txt", words.repeat(many(20 << 20) / words.len()).as_bytes()),
        named("one-word.txt", "a".repeat(many(20 << 20)).as_bytes()),
        named("short-words.txt", "a ".repeat(many(10 << 20)).as_bytes()),
        named("one-line.md", words.repeat(many(20 << 20) / words.len()).as_bytes()),
        named("nothing-but-nul.txt", &[0; 100_000]),
        named("some-nul.txt", format!("{words}\0\0{}", words.repeat(100)).as_bytes()),
        named("not-utf-8.txt", &[b"caf\xe9 \x81\x8d ".as_slice(), words.as_bytes()].concat()),
        named("utf-16-le.txt", &utf16(words, b"\xff\xfe", u16::to_le_bytes)),
        named("utf-16-be.md", &utf16(words, b"\xfe\xff", u16::to_be_bytes)),
        named("utf-16-odd.txt", &[&utf16(words, b"\xff\xfe", u16::to_le_bytes)[..], b"x"].concat()),
        named("utf-16-half-a-letter.txt", b"\xff\xfea\0\x00\xd8b\0"),
        named("form-feeds.txt", &[b"x".as_slice(), &vec![0x0c; many(20 << 20)], b"y"].concat()),
        named("blank-lines.txt", &[vec![b'\n'; many(20 << 20)], b"x".to_vec()].concat()),
        named("short-lines.txt", "a\n".repeat(many(2_000_000)).as_bytes()),
        named("short-paragraphs.txt", "a\n\n".repeat(many(2_000_000)).as_bytes()),
        named("short-paragraphs.md", "a\n\n".repeat(many(2_000_000)).as_bytes()),
        named("short-items.md", "- a\n".repeat(many(2_000_000)).as_bytes()),
        named("items.txt", "1. The Board should act.\n".repeat(many(200_000)).as_bytes()),
        named("headings.txt", "RECOMMENDATIONS\n\n1. Act.\n\n".repeat(many(50_000)).as_bytes()),
        named("answers.txt", "Recommendation 1\n\nThe Government accepts this.\n\n".repeat(3_000).as_bytes()),
        named("numbers.txt", "Recommendation 99999999999999999999999\n\nwithin 99999999999999999999 years, by 31 December 99999\n\n".repeat(200).as_bytes()),
        named("brackets.txt", "(((((a) [b] “c ".repeat(many(500_000)).as_bytes()),
        named("quotations.md", format!("{}The Board should publish.", "> ".repeat(100_000)).as_bytes()),
        named("quotations-on-every-line.md", (0..2_000).fold(String::new(), |all, n| all + &">".repeat(n % 500) + " x\n").as_bytes()),
        named("nested-lists.md", (0..2_000).fold(String::new(), |all, n| all + &" ".repeat(2 * n) + "- x\n").as_bytes()),
        named("brackets.md", "[".repeat(200_000).as_bytes()),
        named("links.md", "[a](".repeat(50_000).as_bytes()),
        named("stars.md", "*a **b _c __d ".repeat(many(200_000)).as_bytes()),
        named("backticks.md", (1..700).fold(String::new(), |all, n| all + &"`".repeat(n) + " ").as_bytes()),
        named("cells.md", format!("{0}\n{1}\n{0}\n", "|a".repeat(many(50_000)), "|-".repeat(many(50_000))).as_bytes()),
        named("rows.md", format!("{}\n{}\n{}", "|a".repeat(500), "|-".repeat(500), "|\n".repeat(20_000)).as_bytes()),
        named("notes.md", (0..20_000).fold(String::new(), |all, n| all + &format!("[^{n}]: x [^{n}]\n")).as_bytes()),
        named("references.md", (0..20_000).fold(String::new(), |all, n| all + &format!("[a{n}]: x\n")).as_bytes()),
        named("page-markers.md", "x\n\n%%page 4294967295%%\n\n%%page 499%%\n\ny\n".as_bytes()),
        named("tags.md", "<div>".repeat(200_000).as_bytes()),
    ]
}

fn messages() -> Vec<Document> {
    let head = "From: writer@example.org\nSubject: x\nMIME-Version: 1.0\n";
    let named = |name: &str, text: String| (format!("{name}.eml"), text.into_bytes());
    let nested = |kind: &str, depth: usize| {
        (0..depth).fold(head.to_owned(), |mut all, n| {
            if kind == "message" {
                write!(all, "Content-Type: message/rfc822\n\n{head}").unwrap();
            } else {
                write!(all, "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n").unwrap();
            }
            all
        }) + "Content-Type: text/plain\n\nThe Board accepts recommendation 1.\n"
    };
    vec![
        named("headers-alone", head.to_owned() + &"X-A: b\n".repeat(100_000)),
        named("one-header", format!("{head}X-A:{}\n\nx", " b\n".repeat(500_000))),
        named("nested-parts", nested("parts", 1_000)),
        named("nested-parts-very-deep", nested("parts", 30_000)),
        named("nested-messages", nested("message", 1_000)),
        named("nested-messages-very-deep", nested("message", 30_000)),
        named(
            "many-parts",
            format!("{head}Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(100_000)),
        ),
        named("many-people", format!("{head}To: {}\n\nx", "a <a@example.org>, ".repeat(100_000))),
        named("nested-comments", format!("{head}To: {}\n\nx", "(".repeat(500_000))),
        named(
            "encoded-words",
            format!("{head}X: y\nSubject: {}\n\nx", "=?utf-8?q?=E9=FF?= =?utf-8?b?4pyT?=".repeat(50_000)),
        ),
        named(
            "base64-broken",
            format!("{head}Content-Transfer-Encoding: base64\n\n{}", "!@#$ 4pyT=".repeat(100_000)),
        ),
        named(
            "quoted-broken",
            format!("{head}Content-Transfer-Encoding: quoted-printable\n\n{}", "=ZZ=\n=E9=".repeat(100_000)),
        ),
        named("unknown-letters", format!("{head}Content-Type: text/plain; charset=utf-99\n\ncaf\u{e9}")),
        named("page-inside", format!("{head}Content-Type: text/html\n\n<html>{}", "<div>".repeat(300_000))),
        named("date-of-no-month", format!("{head}Date: Tue, 99 Foo 99999 99:99:99 +9999\n\nx")),
    ]
}

trait Replace {
    fn replace(self, from: &[u8], to: &[u8]) -> Self;
}

impl Replace for Vec<u8> {
    /// The first place of some bytes, which must be there, with others of the same length.
    fn replace(mut self, from: &[u8], to: &[u8]) -> Self {
        let at = self.windows(from.len()).position(|w| w == from).unwrap();
        self[at..at + to.len()].copy_from_slice(to);
        self
    }
}

fn catalogue() -> Vec<u8> {
    b"<< /Type /Catalog /Pages 2 0 R >>".to_vec()
}

fn stream(more: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<< /Length {} {more} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

/// A file of objects numbered from 1, the first of them its catalogue.
fn pdf(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        out.extend(format!("{} 0 obj\n", index + 1).into_bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let at = out.len();
    write!(
        table,
        "trailer\n<< /Size {} /Root 1 0 R {trailer} >>\nstartxref\n{at}\n%%EOF\n",
        objects.len() + 1
    )
    .unwrap();
    out.extend(table.into_bytes());
    out
}

/// The body of a Word document; plain text becomes a paragraph for each line.
fn word(body: &str) -> String {
    let body = if body.contains("<w:") {
        body.to_owned()
    } else {
        paragraphs(body, "w:p><w:r><w:t", "w:t></w:r></w:p")
    };
    format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>")
}

/// The body of an `OpenDocument` text.
fn open(body: &str) -> String {
    let body = if body.contains("<text:") { body.to_owned() } else { paragraphs(body, "text:p", "text:p") };
    format!(
        "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"o\" xmlns:text=\"t\" xmlns:table=\"b\"><office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
}

fn paragraphs(text: &str, begin: &str, end: &str) -> String {
    text.lines().fold(String::new(), |mut all, line| {
        let line = line.replace('&', "&amp;").replace('<', "&lt;");
        write!(all, "<{begin}>{line}</{end}>").unwrap();
        all
    })
}

fn docx(document: &str) -> Vec<u8> {
    zip(&[Member::stored("word/document.xml", document.as_bytes())])
}

fn odt(content: &str) -> Vec<u8> {
    let kind = Member::stored("mimetype", b"application/vnd.oasis.opendocument.text");
    zip(&[kind, Member::stored("content.xml", content.as_bytes())])
}

/// A member of a ZIP container, with what its headers say of it, true or not.
struct Member {
    name: String,
    method: u16,
    flags: u16,
    sum: u32,
    size: u32,
    data: Vec<u8>,
}

impl Member {
    fn stored(name: &str, data: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            method: 0,
            flags: 0,
            sum: checksum(data),
            size: data.len() as u32,
            data: data.to_vec(),
        }
    }
}

/// CRC-32 as ZIP uses it (APPNOTE 4.4.7).
fn checksum(data: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256)
        .map(|n| (0..8).fold(n, |sum: u32, _| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 }))
        .collect();
    !data.iter().fold(u32::MAX, |sum, byte| table[((sum ^ u32::from(*byte)) & 0xff) as usize] ^ (sum >> 8))
}

/// A ZIP container (APPNOTE 4.3.7, 4.3.12, 4.3.16), written here so that it may lie.
fn zip(members: &[Member]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut listing = Vec::new();
    for member in members {
        let at = out.len() as u32;
        let mut about = Vec::new();
        for half in [20, member.flags, member.method, 0, 0x21] {
            about.extend(half.to_le_bytes());
        }
        for whole in [member.sum, member.data.len() as u32, member.size] {
            about.extend(whole.to_le_bytes());
        }
        about.extend((member.name.len() as u16).to_le_bytes());
        about.extend(0_u16.to_le_bytes());
        out.extend([b"PK\x03\x04", about.as_slice(), member.name.as_bytes(), &member.data].concat());
        let place = [[0; 10].as_slice(), &at.to_le_bytes()].concat();
        listing.extend([b"PK\x01\x02\x14\0", about.as_slice(), &place, member.name.as_bytes()].concat());
    }
    let (at, count) = (out.len() as u32, members.len() as u16);
    let end = [b"PK\x05\x06\0\0\0\0".as_slice(), &count.to_le_bytes(), &count.to_le_bytes()].concat();
    let sizes = [(listing.len() as u32).to_le_bytes(), at.to_le_bytes()].concat();
    [out, listing, end, sizes, vec![0, 0]].concat()
}

/// So many zero bytes and a few more, deflated (RFC 1951): one literal, then repeats of the longest length in the fixed
/// code, 13 bits each. In a zlib frame (RFC 1950) or bare.
fn deflated_zeros(bytes: usize, framed: bool) -> Vec<u8> {
    let mut bits = Bits { out: if framed { vec![0x78, 0x9c] } else { Vec::new() }, held: 0, count: 0 };
    // Last block, fixed code; the literal 0 is 00110000.
    bits.push(0b011, 3);
    bits.push(0b0000_1100, 8);
    for _ in 0..bytes.div_ceil(258) {
        // Length 258 is 11000101, sent from its highest bit; distance 1 is 00000.
        bits.push(0b1010_0011, 13);
    }
    bits.push(0, 7);
    bits.push(0, 7);
    bits.out
}

struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.held |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }
}
