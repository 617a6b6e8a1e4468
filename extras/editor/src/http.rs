//! As much of HTTP/1.1 (RFC 9112) as a local service needs: one request a connection, a length, limits on everything.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{audit::Auditor, languagetool};

/// The longest head of a request, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;
/// The longest body, in bytes: a text of the greatest length, every byte of it written as `%XX`, and some room for the rest.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;
/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many requests are answered at once.
const AT_ONCE: usize = 16;

/// A request with its body.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// An answer: a status and JSON.
pub(crate) type Answer = (u16, Value);

/// Why a request is not answered, and what to do.
pub(crate) fn refusal(status: u16, message: &str) -> Answer {
    (status, json!({"status": status, "error": message}))
}

/// Opens the port on the loopback address, and on no other.
pub(crate) fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// Answers until the process is ended.
pub(crate) fn serve(listener: &TcpListener, auditor: &Auditor) {
    let busy = AtomicUsize::new(0);
    thread::scope(|scope| {
        for stream in listener.incoming() {
            // A client that went away before it was heard is no reason to stop.
            let Ok(mut stream) = stream else { continue };
            if busy.fetch_add(1, Ordering::SeqCst) >= AT_ONCE {
                busy.fetch_sub(1, Ordering::SeqCst);
                let _ = stream.set_write_timeout(Some(Duration::from_secs(1)));
                let _ = write(&mut stream, &refusal(503, "too many requests at once; try again"));
                continue;
            }
            let leave = Leave(&busy);
            scope.spawn(move || {
                let _leave = leave;
                let _ = answer(&mut stream, auditor);
            });
        }
    });
}

/// Counts a request out, also when its thread panics.
struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn answer(stream: &mut TcpStream, auditor: &Auditor) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let answer = match read(stream)? {
        Ok(request) => languagetool::answer(&request, auditor),
        Err(refused) => refused,
    };
    write(stream, &answer)?;
    // What the client is still sending is read away, or the connection is reset before it has the answer.
    stream.shutdown(std::net::Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    io::copy(&mut stream.take(4 * BODY_LIMIT as u64), &mut io::sink())?;
    Ok(())
}

fn read(stream: &mut TcpStream) -> io::Result<Result<Request, Answer>> {
    let deadline = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let (head, at) = loop {
        match head(&bytes) {
            Ok(Some(found)) if found.1 <= HEAD_LIMIT => break found,
            Ok(_) if bytes.len() > HEAD_LIMIT => {
                return Ok(Err(refusal(431, "the head of the request is longer than 16 KiB; shorten it")));
            }
            Ok(_) => {}
            Err(refused) => return Ok(Err(refused)),
        }
        if !more(stream, &mut bytes, deadline)? {
            return Ok(Err(refusal(400, "the request ends within its head; send it whole")));
        }
    };
    if head.length > BODY_LIMIT {
        return Ok(Err(refusal(413, "the body is longer than 1 MiB; send the text in parts")));
    }
    if head.expects {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    while bytes.len() < at + head.length {
        if !more(stream, &mut bytes, deadline)? {
            return Ok(Err(refusal(400, "the body is shorter than its Content-Length; send it whole")));
        }
    }
    let body = bytes[at..at + head.length].to_vec();
    Ok(Ok(Request { method: head.method, path: head.path, body }))
}

/// Reads what has come. Whether something came before the end or the deadline.
fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>, deadline: Instant) -> io::Result<bool> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Ok(false);
    }
    stream.set_read_timeout(Some(left))?;
    let mut part = [0; 8192];
    match stream.read(&mut part) {
        Ok(n) => {
            bytes.extend(&part[..n]);
            Ok(n > 0)
        }
        Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(false),
        Err(e) => Err(e),
    }
}

#[derive(Debug)]
struct Head {
    method: String,
    path: String,
    length: usize,
    expects: bool,
}

/// The head of a request and where its body begins; nothing while it is not whole.
fn head(bytes: &[u8]) -> Result<Option<(Head, usize)>, Answer> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let at = match request.parse(bytes) {
        Ok(httparse::Status::Complete(at)) => at,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => {
            return Err(refusal(400, "this is not HTTP/1.1; send a request as a LanguageTool client does"));
        }
    };
    let all = |name: &str| -> Vec<&str> {
        let same = request.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
        same.map(|h| std::str::from_utf8(h.value).unwrap_or("\u{FFFD}").trim()).collect()
    };
    // A page of any site can name a host that it has pointed at 127.0.0.1; the browser then sends that name.
    match all("host")[..] {
        [host] if loopback(host) => {}
        _ => return Err(refusal(403, "the Host is not this machine; use http://127.0.0.1 and the port")),
    }
    // Pages of other sites may not ask; programs and the add-ons of browsers may.
    for origin in all("origin") {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        if host.is_some_and(|h| !loopback(h)) || origin == "null" {
            return Err(refusal(403, "a page of another site may not use this service"));
        }
    }
    if !all("transfer-encoding").is_empty() {
        return Err(refusal(411, "chunked bodies are not taken; send a Content-Length"));
    }
    let length = match all("content-length")[..] {
        [] => 0,
        [digits] if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().unwrap_or(usize::MAX)
        }
        _ => return Err(refusal(400, "the Content-Length cannot be read; send one number")),
    };
    let target = request.path.unwrap_or_default();
    Ok(Some((
        Head {
            method: request.method.unwrap_or_default().to_owned(),
            path: target.split('?').next().unwrap_or_default().to_owned(),
            length,
            expects: all("expect").iter().any(|e| e.eq_ignore_ascii_case("100-continue")),
        },
        at,
    )))
}

/// Whether a host, with or without a port, is a name of this machine.
fn loopback(host: &str) -> bool {
    let rest = ["127.0.0.1", "localhost", "[::1]"].iter().find_map(|name| {
        host.get(..name.len()).filter(|h| h.eq_ignore_ascii_case(name)).map(|_| &host[name.len()..])
    });
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn write(stream: &mut TcpStream, (status, value): &Answer) -> io::Result<()> {
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    };
    let body = value.to_string();
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    stream.flush()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(head_text: &str) -> Option<u16> {
        head(head_text.as_bytes()).err().map(|(status, _)| status)
    }

    #[test]
    fn names_of_this_machine() {
        for good in ["127.0.0.1", "127.0.0.1:8081", "localhost", "LocalHost:1", "[::1]:8081"] {
            assert!(loopback(good), "{good}");
        }
        for bad in [
            "",
            "example.org",
            "127.0.0.1.example.org",
            "localhost.example.org:8081",
            "127.0.0.1:x",
            "évil",
            "127.0.0.2",
        ] {
            assert!(!loopback(bad), "{bad}");
        }
    }

    #[test]
    fn heads_are_refused_for_what_is_wrong_with_them() {
        let with = |more: &str| format!("POST /v2/check HTTP/1.1\r\n{more}\r\n");
        assert_eq!(status(&with("Host: localhost:1\r\nContent-Length: 5\r\n")), None);
        assert_eq!(status(&with("Content-Length: 5\r\n")), Some(403));
        assert_eq!(status(&with("Host: localhost\r\nHost: example.org\r\n")), Some(403));
        assert_eq!(status(&with("Host: localhost\r\nOrigin: https://example.org\r\n")), Some(403));
        assert_eq!(status(&with("Host: localhost\r\nOrigin: moz-extension://abc\r\n")), None);
        assert_eq!(status(&with("Host: localhost\r\nTransfer-Encoding: chunked\r\n")), Some(411));
        assert_eq!(status(&with("Host: localhost\r\nContent-Length: -5\r\n")), Some(400));
        assert_eq!(status(&with("Host: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n")), Some(400));
        assert_eq!(status("NOT HTTP\r\n\r\n"), Some(400));
        let (head, at) =
            head(with("Host: localhost\r\nExpect: 100-continue\r\n").as_bytes()).unwrap().unwrap();
        assert!(head.expects && at == with("Host: localhost\r\nExpect: 100-continue\r\n").len());
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = head(&bytes);
            let mut after = b"POST /v2/check HTTP/1.1\r\nHost: ".to_vec();
            after.extend(bytes);
            let _ = head(&after);
        }
    }
}
