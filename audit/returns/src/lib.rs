#![doc = include_str!("../README.md")]

mod error;
mod fact;
mod generate;
mod mapping;
mod returned;
mod specification;
mod text;
mod xlsx;

pub use error::ReturnsError;
pub use mapping::{DateOrder, Mapping};
pub use returned::{Cell, FileFacts, Header, MOST_ROWS, Return, ReturnReader, SheetReader};
pub use specification::{
    Analysis, BodyType, Code, CodeList, ColumnOf, ColumnSpec, ColumnType, ForeignKey, Linkage, Missing, Part,
    Partition, Quality, Readable, Specification, TableSpec,
};
