//! Files that commands are given: read through the limited child like any upload, and made into a workbook or a frame.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use importer::{Limits, Workbook};
use survey::attribute::Attributes;
use survey::edition::Edition;
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::GmisId;
use survey::survey::Survey;

use super::exit::CliError;
use super::faults;
use crate::parsing::Parser;

/// Reads a file's bytes: one more than may be read, so that the child sees that there is too much and says so.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let unreadable = |error: std::io::Error| CliError::failed(format!("ファイル {} を開けません: {error}", path.display()));
    let most = u64::try_from(Limits::default().file_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

/// Writes a file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    std::fs::write(path, bytes).map_err(|error| CliError::failed(format!("{} に書き込めません: {error}", path.display())))
}

/// Reads a file; the inner error is the fault of one that is refused.
pub(super) async fn workbook(parser: &Parser, path: &Path) -> Result<Result<Workbook, Fault>, CliError> {
    Ok(parser.parse(read(path)?).await?)
}

/// Reads a frame. A frame with an error is refused whole: a hospital missing from it would be refused for no reason of its own.
pub(super) async fn frame(parser: &Parser, path: &Path) -> Result<Frame, CliError> {
    Ok(frame_with_attributes(parser, path).await?.0)
}

/// Reads a frame, as [`frame`], with what it says of each hospital beside place and beds.
pub(super) async fn frame_with_attributes(parser: &Parser, path: &Path) -> Result<(Frame, BTreeMap<GmisId, Attributes>), CliError> {
    let refused = |found: &[Fault]| {
        let lines: String = found.iter().map(|fault| format!("\n  {}", faults::line(fault, None))).collect();
        CliError::bad_data(format!(
            "調査対象名簿 {} に誤りがあります。直してから、もう一度実行してください。{lines}",
            path.display()
        ))
    };
    let workbook = workbook(parser, path).await?.map_err(|fault| refused(&[fault]))?;
    let (rows, found) = importer::frame::examine_frame_with_attributes(&workbook);
    if found.iter().any(Fault::is_error) {
        return Err(refused(&found));
    }
    faults::warn(path, &found);
    let known = rows
        .iter()
        .map(|(hospital, attributes)| (hospital.gmis.clone(), attributes.clone()))
        .collect();
    let hospitals = rows.into_iter().map(|(hospital, _)| hospital).collect();
    let unusable = |error| CliError::bad_data(format!("調査対象名簿 {} を使えません: {error}", path.display()));
    Ok((Frame::new(hospitals).map_err(unusable)?, known))
}

/// Reads the id of a survey from the command line.
pub(super) fn survey(id: &str) -> Result<&'static Survey, String> {
    survey::find(id).ok_or_else(|| {
        let ids = survey::all().map(|survey| survey.id().as_str()).collect::<Vec<_>>().join("、");
        format!("調査「{id}」はありません。{ids} のいずれかを指定してください")
    })
}

/// An edition of a survey by its name or id; the first where none is named.
pub(super) fn edition(survey: &'static Survey, name: Option<&str>) -> Result<&'static Edition, CliError> {
    let Some(name) = name else { return Ok(survey.first_edition()) };
    survey.edition(name).ok_or_else(|| {
        let names = survey.editions().iter().map(Edition::name).collect::<Vec<_>>().join("、");
        CliError::usage(format!("調査票の版「{name}」はありません。{names} のいずれかを指定してください。"))
    })
}
