//! The observations as Parquet, a file for each area in the folders of the micro-data (`survey=2024/prefecture=13`). Decides nothing.

use super::ReportError;
use super::observations::{COLUMNS, Observation, VALUE, observations};
use super::scope::Scope;
use crate::micro::{parquet_properties, text_field};
use parquet::basic::{Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The files by area code: the columns of the CSV file, text but for `value`, which is a number or null.
pub(super) fn partitions(scope: Scope<'_>) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let survey = scope.snapshot.survey().id().as_str();
    let mut areas: BTreeMap<String, Vec<Observation>> = BTreeMap::new();
    for observation in observations(scope)? {
        areas.entry(observation.area_code.clone()).or_default().push(observation);
    }
    let partition = |(area, observations): (&String, &Vec<Observation>)| {
        let path = format!("survey={survey}/prefecture={area}/part-0.parquet");
        Ok((path, file(survey, observations)?))
    };
    let files: Result<_, ParquetError> = areas.iter().map(partition).collect();
    files.map_err(|error| ReportError::Parquet(error.to_string()))
}

fn file(survey: &str, observations: &[Observation]) -> Result<Vec<u8>, ParquetError> {
    let fields = COLUMNS.iter().map(|(name, ..)| match *name {
        VALUE => Type::primitive_type_builder(name, Physical::DOUBLE)
            .with_repetition(Repetition::OPTIONAL)
            .build()
            .map(Arc::new),
        _ => text_field(name),
    });
    let schema = Type::group_type_builder("observations")
        .with_fields(fields.collect::<Result<Vec<_>, _>>()?)
        .build()?;
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(parquet_properties()))?;
    let mut group = writer.next_row_group()?;
    // Text before the value, the value, text after it: in the order of the columns.
    let rows: Vec<_> = observations.iter().map(|observation| observation.fields(survey)).collect();
    for column in 0..COLUMNS.len() {
        let Some(mut written) = group.next_column()? else { break };
        if COLUMNS.get(column).is_some_and(|(name, ..)| *name == VALUE) {
            let numbers: Vec<f64> = observations.iter().filter_map(|observation| observation.value.number()).collect();
            let there: Vec<i16> = observations.iter().map(|one| i16::from(one.value.number().is_some())).collect();
            written.typed::<DoubleType>().write_batch(&numbers, Some(&there), None)?;
        } else {
            let text = |(before, after): &([&str; 9], [&str; 2])| -> ByteArray {
                let field = before.get(column).or_else(|| after.get(column.checked_sub(before.len() + 1)?));
                field.copied().unwrap_or_default().into()
            };
            let values: Vec<ByteArray> = rows.iter().map(text).collect();
            written.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        }
        written.close()?;
    }
    group.close()?;
    writer.into_inner()
}
