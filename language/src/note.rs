//! What goes in: a note and what is known of it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What is known of a note beside its text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The child's age in years on the day of the note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_age: Option<u8>,
    /// What kind of document it is: `case_note`, `assessment`, `policy` and the others of the label scheme.
    pub doc_type: String,
    /// The structured fields of the record, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, serde_json::Value>,
    /// A key that is the same for all notes of one child. Never a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<String>,
    /// The day of the note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// The body that holds the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The role of who wrote it, never the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_role: Option<String>,
}

/// One note.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
    /// What is known of it.
    #[serde(default)]
    pub meta: Meta,
}
