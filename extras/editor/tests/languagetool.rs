//! The HTTP service as a client of `LanguageTool` uses it: the program and raw TCP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

struct Service {
    program: Child,
    address: String,
}

impl Service {
    fn start() -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_candour-editor"))
            .args(["serve", "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Serving at http://").unwrap().strip_suffix("/v2").unwrap();
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        Self { address: address.to_owned(), program }
    }

    /// The status and the body of the answer to raw bytes.
    fn raw(&self, bytes: &[u8]) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("\r\nContent-Type: application/json"), "{head}");
        assert!(!head.to_lowercase().contains("access-control"), "{head}");
        let status = head.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }

    fn send(&self, line: &str, host: &str, body: &str) -> (u16, Value) {
        self.raw(
            format!(
                "{line} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: LibreOffice\r\nAccept: */*\r\nContent-Length: {}\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        )
    }

    fn check(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send("POST /v2/check", &self.address, &body)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[test]
fn a_check_has_the_shape_that_clients_read() {
    let service = Service::start();
    let text = "\u{1F600} Caf\u{e9}: a lifestyle choice.";
    let (status, answer) = service.check(&[("text", text), ("language", "en-GB")]);
    assert_eq!(status, 200);
    assert_eq!(answer["software"]["apiVersion"], 1);
    assert_eq!(answer["language"]["code"], "en-GB");
    assert_eq!(answer["language"]["detectedLanguage"]["code"], "en-GB");
    let matches = answer["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 1);
    let m = &matches[0];
    assert_eq!((&m["offset"], &m["length"]), (&json!(11), &json!(16)));
    assert_eq!(m["context"], json!({"text": text, "offset": 11, "length": 16}));
    assert_eq!(m["rule"]["id"], "B1-choice");
    assert_eq!(m["rule"]["issueType"], "style");
    assert_eq!(m["rule"]["category"]["id"], "B1");
    assert_eq!(m["rule"]["urls"], json!([]));
    assert!(m["rule"]["description"].as_str().is_some());
    assert_eq!(m["shortMessage"], "gives the child the choice or the responsibility");
    assert!(m["message"].as_str().unwrap().contains("The Children's Society, 2022"));
    assert!(m["replacements"][0]["value"].as_str().unwrap().starts_with("[Name what adults did"));

    // Markup counts in the offsets and is not read.
    let data = json!({"annotation": [
        {"text": "A "}, {"markup": "<b>"}, {"text": "lifestyle"}, {"markup": "</b>"}, {"text": " choice."},
        {"markup": "<p>", "interpretAs": "\n\n"}, {"text": "End."},
    ]});
    let (status, answer) = service.check(&[("data", &data.to_string()), ("language", "en-US")]);
    assert_eq!(status, 200);
    let m = &answer["matches"][0];
    assert_eq!((&m["offset"], &m["length"]), (&json!(5), &json!(20)));
    assert_eq!(m["context"]["text"], "A lifestyle choice.  End.");

    let (_, answer) = service.check(&[("text", text), ("language", "en-GB"), ("disabledRules", "B1-choice")]);
    assert_eq!(answer["matches"], json!([]));
}

#[test]
fn languages_are_listed() {
    let service = Service::start();
    let (status, list) = service.send("GET /v2/languages", "localhost", "");
    assert_eq!(status, 200);
    let british = json!({"name": "English (GB)", "code": "en", "longCode": "en-GB"});
    assert!(list.as_array().unwrap().contains(&british), "{list}");
}

#[test]
fn what_is_refused_says_why() {
    let service = Service::start();
    let good = "language=en&text=a+note";
    let status = |line: &str, host: &str| {
        let (status, answer) = service.send(line, host, good);
        assert_eq!(answer["error"].is_string(), status != 200, "{answer}");
        status
    };
    assert_eq!(status("POST /v2/check", &service.address), 200);
    assert_eq!(status("POST /v2/check?x=1", "[::1]:80"), 200);
    assert_eq!(status("GET /v2/check", "localhost"), 405);
    assert_eq!(status("POST /v2/languages", "localhost"), 405);
    assert_eq!(status("GET /", "localhost"), 404);
    assert_eq!(status("POST /v2/words/add", "localhost"), 404);
    // A name that its owner has pointed at this machine.
    assert_eq!(status("POST /v2/check", "rebinding.example"), 403);
    assert_eq!(status("POST /v2/check", "127.0.0.1.rebinding.example"), 403);
    assert_eq!(service.check(&[("text", "a")]).0, 400);
    assert_eq!(service.check(&[("text", "a"), ("language", "xx")]).0, 400);
    assert_eq!(service.check(&[("language", "en")]).0, 400);
    assert_eq!(service.check(&[("data", "no json"), ("language", "en")]).0, 400);
}

#[test]
fn limits_hold_and_the_service_goes_on() {
    let service = Service::start();
    let long = "a ".repeat(100 * 1024);
    assert_eq!(service.check(&[("text", &long), ("language", "en")]).0, 413);
    let longer = "a".repeat(2 * 1024 * 1024);
    assert_eq!(service.check(&[("text", &longer), ("language", "en")]).0, 413);
    let head = |more: &str| format!("POST /v2/check HTTP/1.1\r\nHost: localhost\r\n{more}\r\n").into_bytes();
    assert_eq!(service.raw(&head("Content-Length: 99999999999999999999999999\r\n")).0, 413);
    assert_eq!(service.raw(&head("Transfer-Encoding: chunked\r\n")).0, 411);
    assert_eq!(service.raw(&head("Content-Length: x\r\n")).0, 400);
    assert_eq!(service.raw(&head(&format!("X: {}\r\n", "x".repeat(20_000)))).0, 431);
    assert_eq!(service.raw(b"\x16\x03\x01 not HTTP\r\n\r\n").0, 400);
    let mut expecting = head("Content-Length: 23\r\nExpect: 100-continue\r\n");
    expecting.extend(b"language=en&text=a+note");
    assert_eq!(service.raw(&expecting).0, 200);
    // One that goes away half-way.
    drop(TcpStream::connect(&service.address).unwrap());
    let mut stream = TcpStream::connect(&service.address).unwrap();
    stream.write_all(&head("Content-Length: 50\r\n")).unwrap();
    drop(stream);
    assert_eq!(service.send("GET /v2/languages", "localhost", "").0, 200);
}
