//! Micro-data as Parquet, a file for each prefecture in folders that DuckDB, Spark and polars know (`survey=2024/prefecture=13`).

use super::{MicroData, MicroError};
use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{Type, TypePtr};
use std::borrow::Cow;
use std::sync::Arc;

/// Rows of a row group: what a reader takes at a time.
const ROWS_PER_GROUP: usize = 100_000;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Where it belongs, such as `survey=2024/prefecture=13/part-0.parquet`.
    pub path: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The files, by prefecture code. Every column is text; one that has few values takes few bytes (dictionary, Snappy).
///
/// # Errors
/// [`MicroError::Writing`]: a defect.
pub fn partitions(data: &MicroData<'_>) -> Result<Vec<Partition>, MicroError> {
    let mut prefectures: Vec<_> = data.units.iter().map(|unit| unit.prefecture).collect();
    prefectures.sort_unstable();
    prefectures.dedup();
    let partition = |code: survey::prefecture::PrefectureCode| {
        let lines = data.units.iter().zip(data.lines()).filter(|(unit, _)| unit.prefecture == code);
        let lines: Vec<Vec<Cow<'_, str>>> = lines.map(|(_, line)| line).collect();
        Ok(Partition {
            path: format!("survey={}/prefecture={}/part-0.parquet", data.survey.id(), code.code()),
            bytes: file(data, &lines)?,
        })
    };
    let files: Result<_, ParquetError> = prefectures.into_iter().map(partition).collect();
    files.map_err(|error| MicroError::Writing(error.to_string()))
}

/// A column of text without gaps.
pub(crate) fn text_field(name: &str) -> Result<TypePtr, ParquetError> {
    let field = Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::String));
    field.build().map(Arc::new)
}

/// How our files are written.
pub(crate) fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by("chosa".to_owned())
        .build()
}

fn file(data: &MicroData<'_>, lines: &[Vec<Cow<'_, str>>]) -> Result<Vec<u8>, ParquetError> {
    let fields = data.variables().iter().map(|variable| text_field(&variable.name));
    let schema = Type::group_type_builder("microdata")
        .with_fields(fields.collect::<Result<Vec<_>, _>>()?)
        .build()?;
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties()))?;
    for part in lines.chunks(ROWS_PER_GROUP) {
        let mut group = writer.next_row_group()?;
        for column in 0..data.variables().len() {
            let values: Vec<ByteArray> = part
                .iter()
                .map(|line| line.get(column).map_or("", |value| value.as_ref()).into())
                .collect();
            if let Some(mut written) = group.next_column()? {
                written.typed::<ByteArrayType>().write_batch(&values, None, None)?;
                written.close()?;
            }
        }
        group.close()?;
    }
    writer.into_inner()
}
