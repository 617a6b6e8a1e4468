//! Review over HTTP, as a browser without scripts sees it: judgements become entries under a name, and nothing else does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

const REPORT: &str = "# The Harbour Report\n\n# Recommendations\n\n1. The Harbour Board should publish its returns by 31 March 2027.\n2. The Coast Council should count its visits. It should say how many were missed.\n3. The Board should meet.\n4. They should both report.\n";

struct Served {
    folder: tempfile::TempDir,
    child: Child,
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    location: String,
    body: String,
}

fn candour(folder: &std::path::Path, arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_candour")).args(arguments).current_dir(folder).output().unwrap()
}

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        assert!(candour(folder.path(), &["init", "w", "--name", "Test register"]).status.success());
        fs::write(folder.path().join("report.md"), REPORT).unwrap();
        assert!(
            candour(folder.path(), &["read", "report.md", "-w", "w", "--kind", "report"]).status.success()
        );
        let mut child = Command::new(env!("CARGO_BIN_EXE_candour"))
            .args(["serve", "-w", "w", "--port", "0", "--reviewer", "Robin Ash, secretariat"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        Self { folder, child, address }
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let location = head.lines().find_map(|l| l.strip_prefix("location: ")).unwrap_or_default().to_owned();
        Answer { status: head.split(' ').nth(1).unwrap().parse().unwrap(), location, body: body.to_owned() }
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "")
    }

    /// Sends a form with the token of the page it is on.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token();
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("token", &token);
        body.extend_pairs(fields);
        self.send("POST", path, "sec-fetch-site: same-origin\r\n", &body.finish())
    }

    fn token(&self) -> String {
        let page = self.get(&self.document()).body;
        let page = if page.contains("name=\"token\"") { page } else { self.get(&self.first()).body };
        page.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    fn document(&self) -> String {
        let index = self.get("/review/").body;
        format!("/review/{}/", index.split("href=\"/review/").nth(1).unwrap().split('/').next().unwrap())
    }

    /// Addresses of the proposals that wait, in order.
    fn waiting(&self) -> Vec<String> {
        let page = self.get(&self.document()).body;
        let Some(list) = page.split("<h2>Waiting</h2>").nth(1) else { return Vec::new() };
        let list = list.split("</ol>").next().unwrap();
        list.split("href=\"").skip(1).map(|l| l.split('"').next().unwrap().to_owned()).collect()
    }

    fn first(&self) -> String {
        self.waiting().first().unwrap().clone()
    }

    fn ledger(&self) -> String {
        let output = candour(self.folder.path(), &["register", "list", "-w", "w", "--format", "json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The fields of an acceptance that changes nothing but what is given.
fn accepting<'a>(text: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("action", "accept"),
        ("kind", "recommendation"),
        ("instrument_title", "The Harbour Report"),
        ("number", "1"),
        ("title", "Returns"),
        ("text", text),
        ("addressees", "Harbour Board"),
    ];
    for (name, value) in more {
        fields.retain(|f| f.0 != *name);
        fields.push((name, value));
    }
    fields
}

#[test]
fn judgements_are_entries_under_a_name_and_can_be_taken_back() {
    let served = Served::new();
    let waiting = served.waiting();
    assert_eq!(waiting.len(), 4);
    let page = served.get(&waiting[0]).body;
    assert!(
        page.contains("<mark>The Harbour Board should publish its returns by 31 March 2027.</mark>"),
        "{page}"
    );

    // Accepted as read.
    let words = "The Harbour Board should publish its returns by 31 March 2027.";
    let accepted = served.post(&waiting[0], &accepting(words, &[("deadline0", "on")]));
    assert_eq!(accepted.status, 303, "{}", accepted.body);
    assert!(accepted.location.contains("done=accepted"));
    assert!(served.ledger().contains("harbour-report-01"));

    // Accepted with changed words, which are then a paraphrase.
    let instrument = ("instrument", "harbour-report");
    let changed = "Visits are to be counted.";
    let amended = served.post(&waiting[1], &accepting(changed, &[("number", "2"), instrument]));
    assert_eq!(amended.status, 303, "{}", amended.body);
    let shown = served.get("/recommendations/harbour-report-02/").body;
    assert!(shown.contains(&format!("{changed} <span class=\"soft\">(our paraphrase)")), "{shown}");
    assert!(
        shown.contains("<blockquote>The Coast Council should count"),
        "the source's words stand beside it: {shown}"
    );

    // Taken back, it waits again, and the register holds it no more.
    let undone = served.post(&waiting[1], &[("action", "undo")]);
    assert_eq!(undone.status, 303);
    assert_eq!(served.waiting().len(), 3);
    assert_eq!(served.get("/recommendations/harbour-report-02/").status, 404);

    // Split at its second sentence, then merged again.
    let split = served.post(&waiting[1], &[("action", "split"), ("before", "It should say")]);
    assert!(split.location.contains("done=split"), "{}", split.body);
    let halves = served.waiting();
    assert_eq!(halves.len(), 4);
    let merged = served.post(&halves[0], &[("action", "merge")]);
    assert!(merged.location.contains("done=merged"), "{}", merged.body);
    assert_eq!(served.waiting().len(), 3);

    // Rejected with a reason.
    let rejected = served.post(&waiting[2], &[("action", "reject"), ("reason", "Not asked of anyone")]);
    assert!(rejected.location.contains("done=rejected"));
    assert_eq!(served.waiting().len(), 2);

    // What was judged cannot be judged again from an old page; what was typed is still there.
    let stale = served.post(&waiting[2], &accepting("Typed meanwhile.", &[]));
    assert_eq!(stale.status, 409);
    assert!(stale.body.contains("Typed meanwhile."));

    // The same document read again proposes nothing that was proposed or judged before.
    let again = candour(served.folder.path(), &["read", "report.md", "-w", "w", "--kind", "report"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("0 new entries"), "{again:?}");

    // Everything is in the log, under the name, and the log holds.
    let history = served.get("/history/").body;
    assert!(history.contains("Robin Ash, secretariat"));
    assert!(candour(served.folder.path(), &["log", "verify", "-w", "w"]).status.success());
    let published = candour(served.folder.path(), &["publish", "out", "-w", "w"]);
    assert!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
    assert!(!served.folder.path().join("out/review").exists(), "review is for serve alone");
}

#[test]
fn nobody_else_can_judge() {
    let served = Served::new();
    let first = served.first();
    let token = served.token();
    let body = format!("token={token}&action=reject");
    assert_eq!(served.send("POST", &first, "origin: https://elsewhere.example\r\n", &body).status, 403);
    assert_eq!(
        served.send("POST", &first, "origin: null\r\nsec-fetch-site: cross-site\r\n", &body).status,
        403
    );
    assert_eq!(served.send("POST", &first, "", "token=wrong&action=reject").status, 403);
    assert_eq!(served.send("POST", "/recommendations/", "", &body).status, 405);
    let huge = format!("{body}&text={}", "x".repeat(600 * 1024));
    assert_eq!(served.send("POST", &first, "", &huge).status, 413);
    assert_eq!(served.waiting().len(), 4);
}

#[test]
fn a_form_that_cannot_be_taken_says_why_beside_the_field() {
    let served = Served::new();
    let first = served.first();
    let refused = served.post(&first, &accepting("", &[("instrument_title", "")]));
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("href=\"#text\"") && refused.body.contains("href=\"#instrument\""));
    let refused = served.post(&first, &[("action", "accept"), ("kind", "response"), ("text", "Words")]);
    assert!(refused.body.contains("href=\"#recommendation\"") && refused.body.contains("href=\"#position\""));
    let refused = served.post(&first, &[("action", "split"), ("before", "not in it")]);
    assert_eq!(refused.status, 422);
    assert_eq!(served.waiting().len(), 4);
}
