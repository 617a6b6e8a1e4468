use serde::{Deserialize, Serialize};

/// How much a [`Finding`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing was lost.
    Note,
    /// Something could not be read or resolved; the rest stands.
    Warning,
    /// The input cannot be used as it is.
    Error,
}

/// Something a core noticed about its input.
///
/// Cores return `(value, findings)` rather than failing, so that one bad page, row or cell never costs the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable, searchable name in `snake_case`, such as `no_text_layer`.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// One plain sentence that names the thing at fault and says what to do next.
    pub message: String,
    /// The page it concerns, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
}

impl Finding {
    /// A finding about the whole input.
    pub fn new(severity: Severity, code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), severity, message: message.into(), page: None }
    }

    /// The same finding, tied to a page counted from 1.
    pub fn on_page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }
}
