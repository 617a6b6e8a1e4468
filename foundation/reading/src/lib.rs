#![doc = include_str!("../README.md")]

mod error;
mod limits;
// What only documents need of the XML of office files is not missed by workbooks.
#[cfg_attr(not(feature = "documents"), allow(dead_code))]
mod office;
mod sheet;

#[cfg(feature = "documents")]
mod assemble;
#[cfg(feature = "documents")]
mod docx;
#[cfg(feature = "documents")]
mod eml;
#[cfg(feature = "documents")]
mod html;
#[cfg(feature = "documents")]
mod label;
#[cfg(feature = "documents")]
mod markdown;
#[cfg(feature = "documents")]
mod model;
#[cfg(feature = "documents")]
mod odt;
#[cfg(feature = "documents")]
mod pdf;
#[cfg(feature = "documents")]
mod plain;
#[cfg(feature = "documents")]
mod sniff;

#[cfg(feature = "documents")]
mod document;

pub use error::ReadingError;
pub use limits::Limits;
pub use sheet::{Sheet, SheetRow, column_letters, read_sheets};
#[cfg(feature = "documents")]
pub use {
    document::read,
    eml::split_mailbox,
    model::{About, Block, BlockKind, Bounds, Face, Line, Page, Reading, Run},
    sniff::windows_1252,
};
