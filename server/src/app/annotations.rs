//! The sender's own file back, with what was found in it written into it: after a dry run, or after an import. Written in the limited child.

use survey::fault::Fault;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::imports::{Upload, dry_run, read, refused};
use crate::app::state::State;
use crate::auth::permit::{ImportAnswers, Permit};
use crate::db::imports;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// A file with what was found in it written into it.
#[derive(Debug)]
pub struct Annotated {
    /// A name for the copy.
    pub file_name: String,
    /// Always .xlsx.
    pub bytes: Vec<u8>,
    /// Whether it is a new workbook with the same rows, because the file's own kind cannot be given back.
    pub rewritten: bool,
}

/// Says what importing a file would do now, in the file itself; stores nothing.
///
/// # Errors
/// As [`dry_run`].
pub async fn of_upload(
    state: &State,
    permit: &Permit<ImportAnswers>,
    survey: &'static Survey,
    upload: &Upload,
) -> Result<Annotated, AppError> {
    let report = dry_run(state, permit, survey, upload).await?;
    let of_hospitals = report.hospitals.into_iter().flat_map(|hospital| hospital.faults);
    let faults: Vec<Fault> = report.faults.into_iter().chain(of_hospitals).collect();
    annotate(state, &upload.file_name, &upload.bytes, &faults).await
}

/// The file of an import with what was found in it then.
///
/// # Errors
/// `import_unknown`, `file_erased`; or the database or the parser is away.
pub async fn of_import(state: &State, permit: &Permit<ImportAnswers>, survey: &Survey, id: Uuid) -> Result<Annotated, AppError> {
    let (row, _) = read(state, permit, survey, id, None, 1).await?;
    let (bytes, verdicts) = match &row.blob_sha256 {
        Some(sha256) => {
            as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
                let verdicts = imports::verdicts_with_faults(conn, id, i64::MAX).await?;
                Ok((imports::file(conn, sha256).await?, verdicts))
            })
            .await?
        }
        None => (None, Vec::new()),
    };
    let bytes = bytes.ok_or_else(|| {
        AppError::not_found(
            "file_erased",
            "このファイルは保存期間が過ぎたため消去されました。お手元のファイルを、検査（dry_run）として送り直してください。",
        )
    })?;
    let mut faults: Vec<Fault> = serde_json::from_value(row.faults).map_err(AppError::internal)?;
    for verdict in verdicts {
        faults.extend(serde_json::from_value::<Vec<Fault>>(verdict.faults).map_err(AppError::internal)?);
    }
    annotate(state, &row.file_name, &bytes, &faults).await
}

async fn annotate(state: &State, file_name: &str, bytes: &[u8], faults: &[Fault]) -> Result<Annotated, AppError> {
    let written = state.shared.parser.annotate(bytes, faults).await?;
    let (bytes, remarks) = written.map_err(|fault| refused(vec![fault]))?;
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    Ok(Annotated {
        file_name: format!("{stem}_指摘.xlsx"),
        bytes,
        rewritten: remarks.rewritten,
    })
}
