#![doc = include_str!("../README.md")]

mod error;
mod generate;
mod specification;
mod xlsx;

pub use error::ReturnsError;
pub use specification::{
    Analysis, BodyType, Code, CodeList, ColumnOf, ColumnSpec, ColumnType, ForeignKey, Linkage, Missing, Part,
    Partition, Quality, Readable, Specification, TableSpec,
};
