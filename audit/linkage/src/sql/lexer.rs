//! Text to tokens.

use super::Dialect;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or keyword as written.
    Word(String),
    /// A quoted name.
    Quoted(String),
    /// A text literal.
    Text(String),
    /// A number as written.
    Number(String),
    /// A mark of one or two characters.
    Mark(&'static str),
}

const MARKS: [&str; 22] = [
    "||", "<>", "!=", "<=", ">=", "::", "->", "(", ")", ",", ".", "=", "<", ">", "+", "-", "*", "/", "[",
    "]", "%", ";",
];

/// Cuts an expression into tokens.
pub(super) fn tokens(sql: &str, dialect: Dialect) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
        } else if rest.starts_with("--") || rest.starts_with("/*") {
            return Err("comments are not read; take them out".to_owned());
        } else if matches!(first, '\'' | '"' | '`') {
            let spark = dialect == Dialect::Spark;
            let escapes = spark && first != '`';
            let (text, after) = quoted(&rest[1..], first, escapes)
                .ok_or_else(|| format!("a {first} that opens is never closed"))?;
            out.push(if first == '\'' || (spark && first == '"') {
                Token::Text(text)
            } else {
                Token::Quoted(text)
            });
            rest = after;
        } else if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            let length = number_length(rest);
            out.push(Token::Number(rest[..length].to_owned()));
            rest = &rest[length..];
        } else if first.is_alphabetic() || first == '_' {
            let length =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            out.push(Token::Word(rest[..length].to_owned()));
            rest = &rest[length..];
        } else if let Some(mark) = MARKS.iter().find(|m| rest.starts_with(**m)) {
            out.push(Token::Mark(mark));
            rest = &rest[mark.len()..];
        } else {
            return Err(format!("the character `{first}` is not part of the SQL read here"));
        }
    }
    Ok(out)
}

/// The text up to its closing mark, and what follows. A doubled mark stands for itself, and in Spark so does whatever follows
/// a backslash.
fn quoted(rest: &str, mark: char, escapes: bool) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && escapes {
            text.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            });
        } else if c != mark {
            text.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == mark) {
            text.push(mark);
            chars.next();
        } else {
            return Some((text, &rest[at + mark.len_utf8()..]));
        }
    }
    None
}

/// How many bytes the number at the start takes.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    end
}
