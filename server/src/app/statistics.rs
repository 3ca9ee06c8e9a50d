//! Live statistics: tables, response rates and their files, from a snapshot in memory that is read whole when the survey's change counter has moved. What
//! was counted is kept beside it ([`kept`]).
//!
//! Nothing incremental: returns and withdrawals change counts without a new revision, and sequence numbers commit out of order.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use analytics::report::{self, ReportError, ReportText};
use analytics::{RateRequest, RateTable, Snapshot, Table, TableRequest};
use survey::area::Area;
use survey::survey::Survey;
use tokio::sync::Mutex;

use crate::app::state::State;
use crate::app::{frames, trends};
use crate::auth::actor::Actor;
use crate::auth::permit::{Permit, ReadTables};
use crate::db::snapshots;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

mod kept;
mod looks;
mod read;
mod words;

use kept::Counted;
pub use looks::{picture, rate_picture, table_csv, table_xlsx};
pub use words::{among, area, banding, by, filter, filters};

/// Who publishes, and in whose name the ministry writes.
pub(super) const PUBLISHER: &str = "厚生労働省 医政局";

/// A snapshot is looked at again at most so often.
const FRESH: Duration = Duration::from_secs(1);

/// Snapshots of the surveys that somebody asked for, shared by the workers. Each has a lock of its own: a survey that is read anew keeps nobody from
/// another one.
#[derive(Default)]
pub struct Snapshots {
    kept: std::sync::Mutex<BTreeMap<&'static str, Arc<Mutex<Option<Kept>>>>>,
}

impl Snapshots {
    fn of(&self, survey: &'static Survey) -> Arc<Mutex<Option<Kept>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kept.entry(survey.id().as_str()).or_default())
    }
}

struct Kept {
    counted: Arc<Counted>,
    changes: i64,
    looked_at: Instant,
}

/// Media type of a workbook.
pub const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The files that live statistics come as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// `houkoku_<survey>.xlsx`, for reading.
    Houkoku,
    /// `data_<survey>.xlsx`, for machines.
    DataXlsx,
    /// `data_<survey>.csv`, for machines.
    DataCsv,
    /// `code_table_<survey>.csv`, beside it.
    CodeTable,
    /// `definitions_<survey>.csv`, beside it.
    Definitions,
}

impl File {
    /// The file of a name that requests use: `houkoku.xlsx`, `data.xlsx`, `data.csv`, `code_table.csv`, `definitions.csv`.
    ///
    /// # Errors
    /// `file_unknown`.
    pub fn parse(name: &str) -> Result<File, AppError> {
        match name {
            "houkoku.xlsx" => Ok(File::Houkoku),
            "data.xlsx" => Ok(File::DataXlsx),
            "data.csv" => Ok(File::DataCsv),
            "code_table.csv" => Ok(File::CodeTable),
            "definitions.csv" => Ok(File::Definitions),
            _ => Err(AppError::not_found(
                "file_unknown",
                "このファイルはありません。ファイル名を確認してください。",
            )),
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            File::Houkoku | File::DataXlsx => WORKBOOK,
            File::DataCsv | File::CodeTable | File::Definitions => "text/csv; charset=utf-8",
        }
    }

    /// What of an area it shows: the machine files hold every prefecture, so they are for those who may see the nation.
    pub fn covered(self, area: &Area) -> Area {
        if self == File::Houkoku { area.clone() } else { Area::Nation }
    }

    /// Name of the file.
    pub fn name(self, survey: &Survey) -> String {
        let id = survey.id();
        match self {
            File::Houkoku => format!("houkoku_{id}.xlsx"),
            File::DataXlsx => format!("data_{id}.xlsx"),
            File::DataCsv => format!("data_{id}.csv"),
            File::CodeTable => format!("code_table_{id}.csv"),
            File::Definitions => format!("definitions_{id}.csv"),
        }
    }
}

/// A table of one question.
///
/// # Errors
/// `question_unknown`, `option_unknown`, `band_unknown`, `question_not_coded`, `area_not_yours`; or the database is away.
pub async fn table(
    state: &State,
    permit: &Permit<ReadTables>,
    survey: &'static Survey,
    request: TableRequest,
) -> Result<Arc<Table>, AppError> {
    frames::require_area(permit.actor(), &request.area)?;
    counted(state, survey).await?.table(request).await
}

/// Tables of many questions, counted together on all cores, in the order of the requests.
///
/// # Errors
/// As [`table`], for the first request that is refused.
pub async fn tables(
    state: &State,
    permit: &Permit<ReadTables>,
    survey: &'static Survey,
    requests: Vec<TableRequest>,
) -> Result<Vec<Table>, AppError> {
    for request in &requests {
        frames::require_area(permit.actor(), &request.area)?;
    }
    let snapshot = current(state, survey).await?;
    let counted = on_thread(move || analytics::tables(&snapshot, &requests)).await?;
    counted.map_err(words::refused)
}

/// Response rates against the frame.
///
/// # Errors
/// `band_unknown`, `filter_invalid` (by an answer), `area_not_yours`; or the database is away.
pub async fn response_rates(
    state: &State,
    permit: &Permit<ReadTables>,
    survey: &'static Survey,
    request: RateRequest,
) -> Result<Arc<RateTable>, AppError> {
    frames::require_area(permit.actor(), &request.area)?;
    counted(state, survey).await?.rates(request).await
}

/// One of the files, unsuppressed: the workbook for reading of an area, the files for machines of the nation.
///
/// # Errors
/// `area_not_yours`; or the database is away.
pub async fn file(
    state: &State,
    permit: &Permit<ReadTables>,
    survey: &'static Survey,
    area: Area,
    file: File,
) -> Result<Vec<u8>, AppError> {
    frames::require_area(permit.actor(), &file.covered(&area))?;
    let snapshot = current(state, survey).await?;
    let earlier = match file {
        File::Houkoku => trends::earlier(state, survey).await?,
        File::DataXlsx | File::DataCsv | File::CodeTable | File::Definitions => None,
    };
    let words = ReportText {
        title: format!("{}（{}年） 集計結果", survey.title(), survey.id()),
        publisher: PUBLISHER.to_owned(),
        area,
        notes: vec!["この集計は秘匿処理をしていない内部用の速報です。公表には公表版を使ってください。".to_owned()],
    };
    on_thread(move || match file {
        File::Houkoku => report::houkoku(&snapshot, earlier.as_deref(), &words),
        File::DataXlsx => report::data_xlsx(&snapshot),
        File::DataCsv => report::data_csv(&snapshot),
        File::CodeTable => report::code_table_csv(&snapshot),
        File::Definitions => report::definitions_csv(&snapshot),
    })
    .await?
    .map_err(|error: ReportError| AppError::internal(error))
}

/// polars panics on a worker's current-thread runtime, so everything that counts runs on a thread of its own.
pub(super) async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work).await.map_err(AppError::internal)
}

/// The snapshot of a survey, as [`counted`] has it.
pub(super) async fn current(state: &State, survey: &'static Survey) -> Result<Arc<Snapshot>, AppError> {
    Ok(Arc::clone(&counted(state, survey).await?.snapshot))
}

/// The snapshot of a survey with what was counted of it, read again if the change counter moved. One reader at a time: the others wait for its result.
async fn counted(state: &State, survey: &'static Survey) -> Result<Arc<Counted>, AppError> {
    let id = survey.id().as_str();
    let kept = state.shared.snapshots.of(survey);
    let mut kept = kept.lock().await;
    if let Some(known) = kept.as_ref()
        && known.looked_at.elapsed() < FRESH
    {
        return Ok(Arc::clone(&known.counted));
    }
    let before = kept.as_ref().map(|known| known.changes);
    let looked_at = Instant::now();
    // As the system: the snapshot is the nation's; which part of it somebody sees is decided by the permit and the request's area.
    let system = Actor::system();
    let read = as_actor(&state.pool, &system, Mode::Snapshot, async |conn| {
        let changes = snapshots::changes(conn, id).await?;
        if before == Some(changes) {
            return Ok((changes, None));
        }
        Ok((changes, Some(read::counted(&state.pool, &system, conn, survey).await?)))
    })
    .await?;
    let (changes, rows) = read;
    let counted = match (rows, kept.as_ref()) {
        (None, Some(known)) => Arc::clone(&known.counted),
        (None, None) => return Err(AppError::internal("the change counter has not moved, but nothing is kept")),
        (Some(rows), _) => Arc::new(Counted::new(read::snapshot(survey, rows).await?)),
    };
    *kept = Some(Kept {
        counted: Arc::clone(&counted),
        changes,
        looked_at,
    });
    Ok(counted)
}
