//! The language server as an editor runs it: the program, two pipes, raw JSON-RPC.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::needless_pass_by_value, reason = "values made with json! at each call")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};

const NOTE: &str = "file:///note.txt";

struct Editor {
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next: i64,
}

impl Editor {
    fn start(options: &Value) -> Self {
        let mut editor = Self::silent();
        let answer = editor.request(
            "initialize",
            json!({
                "processId": null, "rootUri": null, "initializationOptions": options,
                "capabilities": {"textDocument": {"publishDiagnostics": {"relatedInformation": true}}},
            }),
        );
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        editor.notify("initialized", json!({}));
        editor
    }

    fn silent() -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_candour-editor"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let input = server.stdin.take();
        let output = BufReader::new(server.stdout.take().unwrap());
        Self { server, input, output, next: 0 }
    }

    fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn answer(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let answer = self.receive();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].take()
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server has ended");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", n)) => length = n.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn open(&mut self, text: &str) -> Vec<Value> {
        let document = json!({"uri": NOTE, "languageId": "plaintext", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
        self.diagnostics(&json!(1))
    }

    fn change(&mut self, version: i64, changes: Value) -> Vec<Value> {
        let document = json!({"uri": NOTE, "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
        self.diagnostics(&json!(version))
    }

    fn diagnostics(&mut self, version: &Value) -> Vec<Value> {
        let message = self.receive();
        assert_eq!(message["method"], "textDocument/publishDiagnostics", "{message}");
        assert_eq!(message["params"]["uri"], NOTE);
        assert_eq!(&message["params"]["version"], version);
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    /// The exit code, and what was said on the way that nobody asked for.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.input.take());
        let mut said = String::new();
        self.server.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.server.wait().unwrap().code(), said)
    }

    fn shut_down(mut self) {
        assert_eq!(self.request("shutdown", Value::Null), Value::Null);
        self.notify("exit", Value::Null);
        assert_eq!(self.end(), (Some(0), String::new()));
    }
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|d| d["code"].as_str().unwrap()).collect()
}

fn range(a: (u32, u32), b: (u32, u32)) -> Value {
    json!({"start": {"line": a.0, "character": a.1}, "end": {"line": b.0, "character": b.1}})
}

fn file(text: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::SeqCst);
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("pack-{}-{n}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const HOUSE: &str = r#"
[pack]
name = "house"
version = "1"
reviewed = "2026-11-01"
language = "en-GB"

[source.guide]
document = "House style"
publisher = "Invented Council"
year = 2026

[[rule]]
id = "X-flyer"
category = "X"
kind = "wording"
severity = "error"
pattern = ["frequent flyer"]
subject = "any"
suggestion = "often seen here"
source = "guide"
place = "page 2, https://example.org/style#flyer"
"#;

#[test]
fn a_session_from_opening_to_exit() {
    let mut editor = Editor::start(&Value::Null);
    let text = "Caf\u{e9} \u{1F600}.\r\nThis is a lifestyle choice.\r\nEnd.\r\n";
    let found = editor.open(text);
    assert_eq!(codes(&found), ["B1-choice"]);
    let words = &found[0]["range"];
    assert_eq!(*words, range((1, 10), (1, 26)));
    assert_eq!(found[0]["severity"], 2);
    assert_eq!(found[0]["source"], "candour");
    assert!(found[0]["message"].as_str().unwrap().contains("A child cannot choose to be exploited."));
    assert!(found[0].get("codeDescription").is_none(), "the bundled packs name no web address");

    // An emoji before the words on the same line counts two.
    let found = editor.change(2, json!([{"range": range((1, 0), (1, 0)), "text": "\u{1F600}\u{e9} "}]));
    assert_eq!(found[0]["range"], range((1, 14), (1, 30)));

    let at = json!({"textDocument": {"uri": NOTE}, "position": {"line": 1, "character": 20}});
    let hover = editor.request("textDocument/hover", at);
    assert_eq!(hover["range"], range((1, 14), (1, 30)));
    let said = hover["contents"]["value"].as_str().unwrap();
    for part in [
        "**B1-choice**",
        "gives the child the choice",
        "Instead: Name what adults did",
        "The Children's Society, 2022",
        "table of terms",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let at = json!({"textDocument": {"uri": NOTE}, "position": {"line": 2, "character": 1}});
    assert_eq!(editor.request("textDocument/hover", at), Value::Null);

    let ask = |only: Value| json!({"textDocument": {"uri": NOTE}, "range": range((1, 18), (1, 18)), "context": {"diagnostics": [], "only": only}});
    assert_eq!(editor.request("textDocument/codeAction", ask(json!(["refactor"]))), json!([]));
    let actions = editor.request("textDocument/codeAction", ask(json!(["quickfix"])));
    assert_eq!(actions.as_array().unwrap().len(), 2);
    let edit = |n: usize| actions[n]["edit"]["changes"][NOTE][0].clone();
    assert_eq!(actions[0]["kind"], "quickfix");
    assert_eq!(actions[0]["diagnostics"][0]["code"], "B1-choice");
    assert_eq!(edit(0)["range"], range((1, 14), (1, 30)));
    assert_eq!(
        edit(0)["newText"],
        "[Name what adults did to bring this about. A child cannot choose to be exploited]"
    );
    assert_eq!(edit(1)["newText"], " [candour: allow B1-choice because ]");
    assert_eq!(edit(1)["range"], range((1, 31), (1, 31)));

    // The suppression does nothing until somebody has written why.
    let found = editor.change(3, json!([{"range": edit(1)["range"], "text": edit(1)["newText"]}]));
    assert_eq!(codes(&found), ["B1-choice", "suppression"]);
    let found = editor
        .change(4, json!([{"range": range((1, 66), (1, 66)), "text": "it is the title of the report"}]));
    assert_eq!(codes(&found), [""; 0]);

    // A whole text in the place of the old one, and the first fix.
    let found = editor.change(5, json!([{"text": "A lifestyle choice."}]));
    assert_eq!(codes(&found), ["B1-choice"]);
    let found = editor.change(6, json!([{"range": found[0]["range"], "text": edit(0)["newText"]}]));
    assert_eq!(codes(&found), [""; 0]);

    editor.notify("textDocument/didClose", json!({"textDocument": {"uri": NOTE}}));
    assert_eq!(editor.diagnostics(&Value::Null), [Value::Null; 0]);
    editor.shut_down();
}

#[test]
fn a_contradiction_carries_its_evidence_and_reported_words_say_why_they_do_not_count() {
    let mut editor = Editor::start(&json!({}));
    let found = editor.open("She told the nurse that a man had assaulted her.\nShe is at risk of CSE.\nHer father says that she is promiscuous.\n");
    assert_eq!(codes(&found), ["C1"]);
    assert_eq!(found[0]["severity"], 1);
    let evidence = &found[0]["relatedInformation"][0];
    assert_eq!(evidence["location"]["range"]["start"]["line"], 0);
    assert!(evidence["message"].as_str().unwrap().starts_with("against it: "));

    let ask =
        json!({"textDocument": {"uri": NOTE}, "range": found[0]["range"], "context": {"diagnostics": []}});
    let actions = editor.request("textDocument/codeAction", ask);
    let titles: Vec<&str> =
        actions.as_array().unwrap().iter().map(|a| a["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Allow C1 here; the reason is yours to write"]);

    let at = json!({"textDocument": {"uri": NOTE}, "position": {"line": 2, "character": 32}});
    let hover = editor.request("textDocument/hover", at);
    let said = hover["contents"]["value"].as_str().unwrap();
    assert!(said.contains("is not counted: reported speech"), "{said}");
    editor.shut_down();
}

#[test]
fn packs_are_taken_and_bad_ones_named() {
    let (house, broken) = (file(HOUSE), file("[pack]\nname = 1"));
    let mut editor = Editor::start(&json!({"packs": [broken, house, "no-such.toml", house]}));
    // The third cannot be opened, and the last has the ids of the second.
    for part in [broken.as_str(), "no-such.toml", "is used twice"] {
        let message = editor.receive();
        assert_eq!(message["method"], "window/showMessage");
        assert_eq!(message["params"]["type"], 1);
        assert!(message["params"]["message"].as_str().unwrap().contains(part), "{message}");
    }
    let found = editor.open("It was frequent flyer.");
    assert_eq!(codes(&found), ["X-flyer"]);
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(found[0]["codeDescription"]["href"], "https://example.org/style#flyer");
    let ask =
        json!({"textDocument": {"uri": NOTE}, "range": found[0]["range"], "context": {"diagnostics": []}});
    let actions = editor.request("textDocument/codeAction", ask);
    // Wording, not advice, goes in as it is.
    assert_eq!(actions[0]["edit"]["changes"][NOTE][0]["newText"], "often seen here");
    editor.shut_down();

    let mut editor = Editor::start(&json!({"packs": "house.toml"}));
    assert!(editor.receive()["params"]["message"].as_str().unwrap().contains("initializationOptions"));
    editor.shut_down();
}

#[test]
fn messages_that_are_none_are_answered_and_passed_over() {
    let mut editor = Editor::start(&Value::Null);
    let secret = "Invented words";
    let broken = format!("{{\"{secret}");
    editor.raw(format!("Content-Length: {}\r\n\r\n{broken}", broken.len()).as_bytes());
    let answer = editor.receive();
    assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32700), &Value::Null));
    assert!(!answer.to_string().contains(secret));
    editor.send(&json!({"jsonrpc": "2.0", "id": [], "method": 7}));
    assert_eq!(editor.receive()["error"]["code"], -32600);
    editor.raw(b"Content-Length: many\r\n\r\n\xff\xfe no head at all\r\n");
    assert_eq!(editor.receive()["error"]["code"], -32700);

    assert_eq!(editor.answer("textDocument/definition", json!({}))["error"]["code"], -32601);
    for params in [Value::Null, json!({"textDocument": secret}), json!([1])] {
        let answer = editor.answer("textDocument/hover", params);
        assert_eq!(answer["error"]["code"], -32602);
        assert!(!answer.to_string().contains(secret));
    }
    assert_eq!(editor.answer("initialize", json!({"capabilities": {}}))["error"]["code"], -32600);
    // Nothing answers a notification, whatever is in it.
    editor.notify("textDocument/didOpen", json!({"textDocument": {"uri": 1}}));
    editor.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": NOTE, "version": 3}, "contentChanges": [{"text": "x"}]}),
    );
    editor.notify("$/setTrace", json!({"value": "verbose"}));
    let at = json!({"textDocument": {"uri": NOTE}, "position": {"line": 0, "character": 0}});
    assert_eq!(editor.request("textDocument/hover", at), Value::Null);

    editor.open("A note.");
    // A range outside the text is brought into it.
    let found = editor.change(2, json!([{"range": range((9, 9), (0, 4)), "text": "A lifestyle choice."}]));
    assert_eq!(codes(&found), ["B1-choice"]);
    let found = editor.change(3, json!([{"text": "A lifestyle choice. ".repeat(20_000)}]));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["severity"], 3);
    assert!(found[0]["message"].as_str().unwrap().starts_with("not checked"));
    editor.shut_down();
}

#[test]
fn the_order_of_a_session_is_kept_and_the_exit_code_tells() {
    let mut editor = Editor::silent();
    assert_eq!(editor.answer("textDocument/hover", json!({}))["error"]["code"], -32002);
    assert_eq!(editor.answer("shutdown", Value::Null)["error"]["code"], -32002);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.end(), (Some(1), String::new()));

    // The editor died.
    let editor = Editor::start(&Value::Null);
    assert_eq!(editor.end(), (Some(1), String::new()));

    let mut editor = Editor::start(&Value::Null);
    editor.request("shutdown", Value::Null);
    assert_eq!(editor.answer("shutdown", Value::Null)["error"]["code"], -32600);
    assert_eq!(editor.end(), (Some(0), String::new()));
}
