//! Fields that a browser sends.

/// The fields of a form or a query, in the order in which they were sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded` (URL Standard, section 5).
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).map(|(k, v)| (k.into_owned(), v.into_owned())).collect())
    }

    /// A field, as sent.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A field without the white space around it, its line ends made plain.
    pub(super) fn text(&self, name: &str) -> String {
        self.one(name).unwrap_or_default().replace("\r\n", "\n").trim().to_owned()
    }

    /// The lines of a field that hold anything.
    pub(super) fn lines(&self, name: &str) -> Vec<String> {
        self.text(name).lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect()
    }
}
