//! The language server: JSON-RPC over two pipes, as the Language Server Protocol 3.17 frames it.

use std::{
    collections::HashMap,
    io::{self, BufRead, Read, Write},
    ops::Range,
    path::PathBuf,
};

use candour_language::{Scratch, Severity};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability, CodeDescription,
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, Hover, HoverContents, HoverParams,
    HoverProviderCapability, InitializeParams, InitializeResult, Location, MarkupContent, MarkupKind,
    MessageType, NumberOrString, PositionEncodingKind, PublishDiagnosticsParams, ServerCapabilities,
    ServerInfo, ShowMessageParams, TextDocumentContentChangeEvent, TextDocumentSyncCapability,
    TextDocumentSyncKind, Uri,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    audit::{Alarm, Auditor, TEXT_LIMIT},
    position::Lines,
};

/// The longest message, in bytes.
const MESSAGE_LIMIT: u64 = 16 * 1024 * 1024;
/// The longest line of a message's head, in bytes.
const HEAD_LIMIT: u64 = 4 * 1024;

/// A document that is open in the editor.
struct Document {
    uri: Uri,
    version: i32,
    text: String,
}

#[derive(PartialEq)]
enum Stage {
    New,
    Running,
    ShutDown,
}

/// One editor's session.
pub(crate) struct Server<W> {
    auditor: Auditor,
    scratch: Scratch,
    documents: HashMap<String, Document>,
    /// Whether the editor takes the evidence of a contradiction beside a diagnostic.
    related: bool,
    stage: Stage,
    out: W,
}

impl<W: Write> Server<W> {
    pub(crate) fn new(auditor: Auditor, out: W) -> Self {
        Self {
            auditor,
            scratch: Scratch::default(),
            documents: HashMap::new(),
            related: false,
            stage: Stage::New,
            out,
        }
    }

    /// Serves until `exit` or the end of the input. Whether the session ended as the protocol asks: `exit` or the end came after
    /// `shutdown`.
    pub(crate) fn run(mut self, mut input: impl BufRead) -> io::Result<bool> {
        while let Some(frame) = read_frame(&mut input)? {
            let message = match frame {
                Ok(body) => serde_json::from_slice::<Message>(&body)
                    .map_err(|e| if e.is_data() { ErrorCode::InvalidRequest } else { ErrorCode::ParseError }),
                Err(code) => Err(code),
            };
            match message {
                Ok(Message::Request(request)) => self.request(request)?,
                Ok(Message::Notification(note)) if note.method == "exit" => break,
                Ok(Message::Notification(note)) => self.notification(note)?,
                // The server asks the editor nothing.
                Ok(Message::Response(_)) => {}
                Err(code) => {
                    // The message is not quoted: it may hold words of a record, and editors keep logs.
                    let error = json!({"code": code as i32, "message": "this message cannot be read; send a JSON-RPC 2.0 request of at most 16 MiB with its Content-Length"});
                    self.write(&json!({"jsonrpc": "2.0", "id": null, "error": error}))?;
                }
            }
        }
        Ok(self.stage == Stage::ShutDown)
    }

    fn request(&mut self, request: Request) -> io::Result<()> {
        let Request { id, method, params } = request;
        match self.stage {
            Stage::New if method == "initialize" => return self.initialize(id, params),
            Stage::New => {
                return self.refuse(id, ErrorCode::ServerNotInitialized, "send `initialize` first");
            }
            Stage::ShutDown => {
                return self.refuse(id, ErrorCode::InvalidRequest, "the server is shut down; send `exit`");
            }
            Stage::Running => {}
        }
        let result = match method.as_str() {
            "shutdown" => {
                self.stage = Stage::ShutDown;
                Ok(Value::Null)
            }
            "textDocument/codeAction" => parsed(params).map(|p| self.code_actions(&p)),
            "textDocument/hover" => parsed(params).map(|p| self.hover(&p)),
            "initialize" => {
                return self.refuse(id, ErrorCode::InvalidRequest, "`initialize` was sent before");
            }
            _ => {
                return self.refuse(id, ErrorCode::MethodNotFound, "this server does not know the method");
            }
        };
        let Ok(value) = result else {
            let message = format!("the parameters of {method} do not have the protocol's shape");
            return self.refuse(id, ErrorCode::InvalidParams, &message);
        };
        self.send(Response::new_ok(id, value))
    }

    fn notification(&mut self, note: Notification) -> io::Result<()> {
        if self.stage != Stage::Running {
            return Ok(());
        }
        // A notification has no answer, so one that cannot be read is passed over.
        match note.method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(DidOpenTextDocumentParams { text_document: d }) = parsed(note.params) {
                    let key = d.uri.as_str().to_owned();
                    self.documents
                        .insert(key.clone(), Document { uri: d.uri, version: d.version, text: d.text });
                    self.publish(&key)?;
                }
            }
            "textDocument/didChange" => {
                if let Ok(DidChangeTextDocumentParams { text_document: d, content_changes }) =
                    parsed(note.params)
                {
                    let key = d.uri.as_str();
                    if let Some(document) = self.documents.get_mut(key) {
                        document.version = d.version;
                        for change in content_changes {
                            apply(&mut document.text, change);
                        }
                        self.publish(key)?;
                    }
                }
            }
            "textDocument/didClose" => {
                if let Ok(DidCloseTextDocumentParams { text_document: d }) = parsed(note.params) {
                    self.documents.remove(d.uri.as_str());
                    self.notify(
                        "textDocument/publishDiagnostics",
                        &PublishDiagnosticsParams::new(d.uri, Vec::new(), None),
                    )?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn initialize(&mut self, id: RequestId, params: Value) -> io::Result<()> {
        let Ok(params) = parsed::<InitializeParams>(params) else {
            let message = "the parameters of initialize do not have the protocol's shape";
            return self.refuse(id, ErrorCode::InvalidParams, message);
        };
        let related = params.capabilities.text_document.and_then(|t| t.publish_diagnostics);
        self.related = related.and_then(|p| p.related_information).unwrap_or(false);
        let result = InitializeResult {
            capabilities: ServerCapabilities {
                position_encoding: Some(PositionEncodingKind::UTF16),
                text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
                hover_provider: Some(HoverProviderCapability::Simple(true)),
                code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                    code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
                    ..CodeActionOptions::default()
                })),
                ..ServerCapabilities::default()
            },
            server_info: Some(ServerInfo {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        };
        self.stage = Stage::Running;
        self.send(Response::new_ok(id, result))?;
        let problems = match pack_files(params.initialization_options.as_ref()) {
            Ok(files) => self.auditor.add(&files),
            Err(problem) => vec![problem.to_owned()],
        };
        for message in problems {
            self.notify("window/showMessage", &ShowMessageParams { typ: MessageType::ERROR, message })?;
        }
        Ok(())
    }

    fn publish(&mut self, key: &str) -> io::Result<()> {
        let Some(document) = self.documents.get(key) else { return Ok(()) };
        let text = &document.text;
        let lines = Lines::of(text);
        let diagnostics = match self.auditor.check(text, false, &mut self.scratch) {
            None => vec![Diagnostic {
                severity: Some(DiagnosticSeverity::INFORMATION),
                source: Some("candour".to_owned()),
                message: format!(
                    "not checked: the text is longer than {} KiB; split it, or use `candour language check`",
                    TEXT_LIMIT / 1024
                ),
                ..Diagnostic::default()
            }],
            Some(audit) => {
                let alarms = audit.alarms.iter().map(|a| self.diagnostic(a, document, &lines));
                let complaints = audit.complaints.iter().map(|(message, span)| Diagnostic {
                    range: lines.range(text, span),
                    severity: Some(DiagnosticSeverity::WARNING),
                    code: Some(NumberOrString::String("suppression".to_owned())),
                    source: Some("candour".to_owned()),
                    message: message.clone(),
                    ..Diagnostic::default()
                });
                alarms.chain(complaints).collect()
            }
        };
        let params = PublishDiagnosticsParams::new(document.uri.clone(), diagnostics, Some(document.version));
        self.notify("textDocument/publishDiagnostics", &params)
    }

    fn diagnostic(&self, alarm: &Alarm, document: &Document, lines: &Lines) -> Diagnostic {
        let evidence = alarm.evidence.iter().map(|(what, span)| DiagnosticRelatedInformation {
            location: Location::new(document.uri.clone(), lines.range(&document.text, span)),
            message: format!("against it: {what}"),
        });
        Diagnostic {
            range: lines.range(&document.text, &alarm.span),
            severity: Some(match alarm.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Suggestion => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(alarm.rule.clone())),
            code_description: alarm
                .url
                .as_ref()
                .and_then(|url| url.parse().ok())
                .map(|href| CodeDescription { href }),
            source: Some("candour".to_owned()),
            message: format!("{}. {}", alarm.message, alarm.suggestion).trim_end().to_owned(),
            related_information: (self.related && !alarm.evidence.is_empty()).then(|| evidence.collect()),
            ..Diagnostic::default()
        }
    }

    fn code_actions(&mut self, params: &CodeActionParams) -> Value {
        let wanted = params.context.only.as_ref().is_none_or(|kinds| {
            // A kind asks for all that it begins: `` and `quickfix` alike.
            kinds.iter().any(|k| ["", "quickfix"].contains(&k.as_str()))
        });
        let Some(document) = self.documents.get(params.text_document.uri.as_str()).filter(|_| wanted) else {
            return json!([]);
        };
        let text = &document.text;
        let lines = Lines::of(text);
        let asked = lines.byte(text, params.range.start)..lines.byte(text, params.range.end);
        let audit = self.auditor.check(text, false, &mut self.scratch).unwrap_or_default();
        let mut actions = Vec::new();
        let mut allowed = Vec::new();
        for alarm in audit.alarms.iter().filter(|a| touches(&a.span, &asked)) {
            let diagnostic = self.diagnostic(alarm, document, &lines);
            let mut offer = |title: String, span: &Range<usize>, new: &str| {
                let edit = json!({"range": lines.range(text, span), "newText": new});
                actions.push(json!({
                    "title": title, "kind": CodeActionKind::QUICKFIX, "diagnostics": [diagnostic],
                    "edit": {"changes": {document.uri.as_str(): [edit]}},
                }));
            };
            if let Some(new) = &alarm.replacement {
                offer(format!("Replace by: {new}"), &alarm.span, new);
            }
            let end = lines.end(text, alarm.span.start);
            // One suppression serves every alarm of its rule on the line.
            if !allowed.contains(&(&alarm.rule, end)) {
                allowed.push((&alarm.rule, end));
                // Without a reason it does nothing, so the alarm stands until somebody has written one.
                let new = format!(" [candour: allow {} because ]", alarm.rule);
                offer(format!("Allow {} here; the reason is yours to write", alarm.rule), &(end..end), &new);
            }
        }
        Value::Array(actions)
    }

    fn hover(&mut self, params: &HoverParams) -> Value {
        let at = &params.text_document_position_params;
        let Some(document) = self.documents.get(at.text_document.uri.as_str()) else { return Value::Null };
        let text = &document.text;
        let lines = Lines::of(text);
        let byte = lines.byte(text, at.position);
        let audit = self.auditor.check(text, true, &mut self.scratch).unwrap_or_default();
        let mut parts = Vec::new();
        let mut whole: Option<Range<usize>> = None;
        let mut widen = |span: &Range<usize>| {
            let (start, end) = whole.as_ref().map_or((span.start, span.end), |w| (w.start, w.end));
            whole = Some(start.min(span.start)..end.max(span.end));
        };
        for alarm in audit.alarms.iter().filter(|a| a.span.contains(&byte)) {
            widen(&alarm.span);
            parts.push(explain(alarm));
        }
        for (rule, reason, span) in audit.passed_over.iter().filter(|(.., span)| span.contains(&byte)) {
            widen(span);
            parts.push(format!("**{rule}** matched and is not counted: {reason}."));
        }
        let Some(whole) = whole else { return Value::Null };
        let hover = Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind: MarkupKind::Markdown,
                value: parts.join("\n\n---\n\n"),
            }),
            range: Some(lines.range(text, &whole)),
        };
        serde_json::to_value(hover).unwrap_or_default()
    }

    fn refuse(&mut self, id: RequestId, code: ErrorCode, message: &str) -> io::Result<()> {
        self.send(Response::new_err(id, code as i32, message.to_owned()))
    }

    fn notify(&mut self, method: &str, params: &impl Serialize) -> io::Result<()> {
        self.send(Notification { method: method.to_owned(), params: serde_json::to_value(params)? })
    }

    fn send(&mut self, message: impl Into<Message>) -> io::Result<()> {
        message.into().write(&mut self.out)
    }

    fn write(&mut self, value: &Value) -> io::Result<()> {
        let body = value.to_string();
        write!(self.out, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        self.out.flush()
    }
}

fn parsed<T: DeserializeOwned>(params: Value) -> Result<T, ()> {
    // What serde says of a value quotes it, and the value may hold words of a record.
    serde_json::from_value(params).map_err(|_| ())
}

/// `{"packs": ["house.toml"]}`.
fn pack_files(options: Option<&Value>) -> Result<Vec<PathBuf>, &'static str> {
    let problem = "initializationOptions are not understood; write {\"packs\": [\"FILE.toml\"]}";
    let packs = match options {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(map)) if map.keys().all(|k| k == "packs") => map.get("packs"),
        Some(_) => return Err(problem),
    };
    let Some(packs) = packs else { return Ok(Vec::new()) };
    let packs = packs.as_array().ok_or(problem)?;
    packs.iter().map(|p| p.as_str().map(PathBuf::from).ok_or(problem)).collect()
}

fn apply(text: &mut String, change: TextDocumentContentChangeEvent) {
    let Some(range) = change.range else {
        *text = change.text;
        return;
    };
    let lines = Lines::of(text);
    let (a, b) = (lines.byte(text, range.start), lines.byte(text, range.end));
    text.replace_range(a.min(b)..a.max(b), &change.text);
}

/// Whether a span and what was asked for have a place in common, their ends included.
fn touches(span: &Range<usize>, asked: &Range<usize>) -> bool {
    span.start <= asked.end && asked.start <= span.end
}

fn explain(alarm: &Alarm) -> String {
    let titled = |title: &str, words: &str| format!("{title}: {words}");
    let mut parts = vec![format!("**{}**: {}.", alarm.rule, alarm.message)];
    parts.extend((!alarm.suggestion.is_empty()).then(|| titled("Instead", &alarm.suggestion)));
    parts.extend((!alarm.source.is_empty()).then(|| titled("Source", &alarm.source)));
    parts.extend(alarm.why.iter().map(|cue| titled("Because", &escape(cue))));
    parts.join("\n\n")
}

/// Words of the document are shown, not read as Markdown.
fn escape(words: &str) -> String {
    words.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// The next message's body; `None` at the end of the input. Lines that are no head are passed over until a head with a length comes,
/// so that one broken message does not end the session.
fn read_frame(input: &mut impl BufRead) -> io::Result<Option<Result<Vec<u8>, ErrorCode>>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(HEAD_LIMIT).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let head = line.trim_ascii();
        if head.is_empty() {
            if let Some(length) = length.take() {
                return read_body(input, length);
            }
            continue;
        }
        let Some(colon) = head.iter().position(|b| *b == b':') else { continue };
        if head[..colon].eq_ignore_ascii_case(b"content-length") {
            let digits = std::str::from_utf8(head[colon + 1..].trim_ascii()).unwrap_or_default();
            let Ok(n) = digits.parse::<u64>() else { return Ok(Some(Err(ErrorCode::ParseError))) };
            length = Some(n);
        }
    }
}

fn read_body(input: &mut impl BufRead, length: u64) -> io::Result<Option<Result<Vec<u8>, ErrorCode>>> {
    if length > MESSAGE_LIMIT {
        io::copy(&mut input.take(length), &mut io::sink())?;
        return Ok(Some(Err(ErrorCode::InvalidRequest)));
    }
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    // The input ended within the message.
    Ok((body.len() as u64 == length).then_some(Ok(body)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn frame(body: &str) -> Vec<u8> {
        format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    fn serve(input: Vec<u8>) -> (bool, Vec<Value>) {
        let mut out = Vec::new();
        let ended = Server::new(Auditor::bundled().unwrap(), &mut out).run(Cursor::new(input)).unwrap();
        let mut answers = Vec::new();
        let mut out = Cursor::new(out);
        while let Some(body) = read_frame(&mut out).unwrap() {
            answers.push(serde_json::from_slice(&body.unwrap()).unwrap());
        }
        (ended, answers)
    }

    #[test]
    fn a_message_that_is_too_long_is_skipped() {
        let mut input = format!("Content-Length: {}\r\n\r\n", MESSAGE_LIMIT + 1).into_bytes();
        input.resize(input.len() + MESSAGE_LIMIT as usize + 1, b' ');
        input.extend(frame(r#"{"jsonrpc":"2.0","id":1,"method":"shutdown"}"#));
        let (ended, answers) = serve(input);
        assert!(!ended);
        let codes: Vec<i64> = answers.iter().filter_map(|a| a["error"]["code"].as_i64()).collect();
        assert_eq!(codes, [-32600, -32002]);
    }

    #[test]
    fn options_must_name_files() {
        assert_eq!(pack_files(None), Ok(vec![]));
        assert_eq!(pack_files(Some(&json!({}))), Ok(vec![]));
        assert_eq!(pack_files(Some(&json!({"packs": ["a.toml"]}))), Ok(vec![PathBuf::from("a.toml")]));
        for bad in [json!({"packs": "a.toml"}), json!({"packs": [1]}), json!({"pack": []}), json!([])] {
            assert!(pack_files(Some(&bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn words_of_the_document_are_not_markdown() {
        assert_eq!(escape("a *b* [c](d)"), r"a \*b\* \[c\]\(d\)");
    }

    proptest! {
        // Each session compiles the packs.
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn no_bytes_stop_the_server(bytes in proptest::collection::vec(any::<u8>(), 0..400), body in "\\PC{0,80}") {
            let mut input = frame(&body);
            input.extend(b"\r\n");
            input.extend(bytes);
            serve(input);
        }
    }

    proptest! {
        #[test]
        fn changes_are_those_of_the_editor(
            text in "([a-z\u{e9}\u{1F600}]|\r\n|\n){0,30}", new in "([a-z\u{1F600}]|\n){0,8}", a in 0usize..40, b in 0usize..40,
        ) {
            // An editor holds the text as UTF-16; a range between two of its characters is one of its own.
            let places: Vec<usize> = text
                .char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .filter(|at| !(text[..*at].ends_with('\r') && text[*at..].starts_with('\n')))
                .collect();
            let (a, b) = (places[a % places.len()], places[b % places.len()]);
            let (a, b) = (a.min(b), a.max(b));
            let lines = Lines::of(&text);
            let range = Some(lines.range(&text, &(a..b)));
            let mut changed = text.clone();
            apply(&mut changed, TextDocumentContentChangeEvent { range, range_length: None, text: new.clone() });
            prop_assert_eq!(changed, format!("{}{new}{}", &text[..a], &text[b..]));
        }
    }
}
