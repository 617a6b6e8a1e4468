//! What a linkage writes: pairs as Parquet, clusters as CSV, the model as Splink's JSON.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};

use crate::clusters::Clusters;
use crate::error::LinkageError;
use crate::linker::{KeptPair, Linker};
use crate::persistent::ClusterId;
use crate::records::Records;

/// Writes scored pairs as Parquet: `unique_id_l`, `unique_id_r`, with several sources `source_dataset_l` and `_r`,
/// `match_weight`, `match_probability`, with deterministic passes `pass` (0 where none joined the pair), and a
/// `gamma_…` column for each comparison, named as Splink names them.
pub struct PairWriter<'a, W: Write + Send> {
    linker: &'a Linker<'a>,
    file: SerializedFileWriter<W>,
    sources: bool,
    passes: usize,
    waiting: Vec<KeptPair>,
}

type NumberOf<'a> = Box<dyn Fn(&KeptPair) -> i32 + 'a>;

/// Texts one after another, and where each ends.
fn joined<'t>(texts: impl Iterator<Item = &'t [u8]>) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for text in texts {
        bytes.extend_from_slice(text);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// Pairs in a row group.
const GROUP: usize = 1 << 18;

impl<'a, W: Write + Send> PairWriter<'a, W> {
    /// Begins a file.
    pub fn new(linker: &'a Linker<'a>, into: W) -> Result<Self, LinkageError> {
        let sources = linker.records().source_names().len() > 1;
        let passes = linker.settings().passes.len();
        let text = |name: &str| {
            Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
                .with_repetition(Repetition::REQUIRED)
                .with_converted_type(ConvertedType::UTF8)
                .build()
        };
        let number = |name: &str, kind| {
            Type::primitive_type_builder(name, kind).with_repetition(Repetition::REQUIRED).build()
        };
        let mut fields = vec![text("unique_id_l"), text("unique_id_r")];
        if sources {
            fields.extend([text("source_dataset_l"), text("source_dataset_r")]);
        }
        fields.extend([
            number("match_weight", Physical::DOUBLE),
            number("match_probability", Physical::DOUBLE),
        ]);
        if passes > 0 {
            fields.push(number("pass", Physical::INT32));
        }
        for comparison in &linker.settings().comparisons {
            fields.push(number(&format!("gamma_{}", comparison.name), Physical::INT32));
        }
        let fields =
            fields.into_iter().map(|f| f.map(Arc::new)).collect::<Result<Vec<_>, _>>().map_err(fault)?;
        let schema = Type::group_type_builder("pairs").with_fields(fields).build().map_err(fault)?;
        // Comparison values repeat; ids and weights do not, and a dictionary of them only costs.
        let mut properties =
            WriterProperties::builder().set_compression(Compression::SNAPPY).set_dictionary_enabled(true);
        for plain in ["unique_id_l", "unique_id_r", "match_weight", "match_probability"] {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(plain), false);
        }
        let properties = properties
            .set_created_by(concat!("candour-linkage ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let file = SerializedFileWriter::new(into, Arc::new(schema), Arc::new(properties)).map_err(fault)?;
        Ok(Self { linker, file, sources, passes, waiting: Vec::new() })
    }

    /// Adds pairs.
    pub fn add(&mut self, pairs: &[KeptPair]) -> Result<(), LinkageError> {
        let mut rest = pairs;
        while !rest.is_empty() {
            let take = rest.len().min(GROUP - self.waiting.len());
            self.waiting.extend_from_slice(&rest[..take]);
            rest = &rest[take..];
            if self.waiting.len() == GROUP {
                self.write_group()?;
            }
        }
        Ok(())
    }

    /// Writes what is waiting and ends the file.
    pub fn finish(mut self) -> Result<W, LinkageError> {
        self.write_group()?;
        self.file.into_inner().map_err(fault)
    }

    fn write_group(&mut self) -> Result<(), LinkageError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let pairs = std::mem::take(&mut self.waiting);
        let linker = self.linker;
        let records = linker.records();
        let mut group = self.file.next_row_group().map_err(fault)?;
        let sides: [fn(&KeptPair) -> u32; 2] = [|p| p.pair.left, |p| p.pair.right];
        let ids = sides.map(|side| {
            // All places are looked up before any text is, which keeps many reads of memory under way.
            let spans: Vec<(u64, u64)> = pairs.iter().map(|p| records.id_span(side(p))).collect();
            let all = records.id_bytes();
            joined(spans.iter().map(|(start, end)| &all[*start as usize..*end as usize]))
        });
        let sources = sides
            .iter()
            .filter(|_| self.sources)
            .map(|side| joined(pairs.iter().map(|p| records.source(side(p)).as_bytes())));
        for (bytes, ends) in ids.into_iter().chain(sources) {
            let bytes = Bytes::from(bytes);
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let values: Vec<ByteArray> =
                starts.zip(&ends).map(|(start, end)| ByteArray::from(bytes.slice(start..*end))).collect();
            if let Some(mut column) = group.next_column().map_err(fault)? {
                column.typed::<ByteArrayType>().write_batch(&values, None, None).map_err(fault)?;
                column.close().map_err(fault)?;
            }
        }
        for of in [|p: &KeptPair| p.pair.weight, |p: &KeptPair| p.pair.probability()] {
            let values: Vec<f64> = pairs.iter().map(of).collect();
            if let Some(mut column) = group.next_column().map_err(fault)? {
                column.typed::<DoubleType>().write_batch(&values, None, None).map_err(fault)?;
                column.close().map_err(fault)?;
            }
        }
        let passes = self.passes;
        let mut whole: Vec<NumberOf<'a>> = Vec::new();
        if passes > 0 {
            whole.push(Box::new(
                move |p: &KeptPair| {
                    if usize::from(p.rule) < passes { i32::from(p.rule) + 1 } else { 0 }
                },
            ));
        }
        for comparison in 0..linker.settings().comparisons.len() {
            whole.push(Box::new(move |p: &KeptPair| i32::from(linker.comparison_value(p, comparison))));
        }
        for of in whole {
            let values: Vec<i32> = pairs.iter().map(of).collect();
            if let Some(mut column) = group.next_column().map_err(fault)? {
                column.typed::<Int32Type>().write_batch(&values, None, None).map_err(fault)?;
                column.close().map_err(fault)?;
            }
        }
        group.close().map_err(fault)?;
        Ok(())
    }
}

fn fault(error: parquet::errors::ParquetError) -> LinkageError {
    LinkageError::Io { what: "writing pairs as Parquet".to_owned(), source: std::io::Error::other(error) }
}

/// Writes clusters as CSV: `unique_id`, with several sources `source_dataset`, and `cluster_id`, which is the
/// [key](Records::key) of the cluster's first record; with ids that last, each record's as `lasting_id`.
pub fn write_clusters(
    records: &Records,
    clusters: &Clusters,
    lasting: Option<&[ClusterId]>,
    into: impl Write,
) -> Result<(), LinkageError> {
    let fault = |error: csv::Error| LinkageError::Io {
        what: "writing clusters".to_owned(),
        source: std::io::Error::other(error),
    };
    let mut writer = csv::Writer::from_writer(into);
    let sources = records.source_names().len() > 1;
    let header = sources
        .then_some("source_dataset")
        .into_iter()
        .chain(["unique_id", "cluster_id"])
        .chain(lasting.map(|_| "lasting_id"));
    writer.write_record(header).map_err(fault)?;
    for (record, label) in (0_u32..).zip(clusters.labels()) {
        if sources {
            writer.write_field(records.source(record)).map_err(fault)?;
        }
        writer.write_field(records.id(record)).map_err(fault)?;
        writer.write_field(&*records.key(*label)).map_err(fault)?;
        if let Some(ids) = lasting {
            let id = ids.get(record as usize).map(ToString::to_string).unwrap_or_default();
            writer.write_field(id).map_err(fault)?;
        }
        writer.write_record(None::<&[u8]>).map_err(fault)?;
    }
    writer.flush().map_err(|source| LinkageError::Io { what: "writing clusters".to_owned(), source })
}
