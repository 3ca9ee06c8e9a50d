//! The files of lists: the form of a prefecture, the national list, and what the contractor is handed. Made when asked for; that reasons (which tell what was
//! answered) and contacts left with them is noted.

use std::collections::{BTreeMap, BTreeSet};

use analytics::program::{Effort, FormColumn};
use analytics::report::{self, ListLine, ListText, PrefectureList, Replacement, ReportError};
use analytics::selection::Selection;
use analytics::selection::list::{ListState, Listed, Origin, Standing};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use survey::band::Banding;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::loaded::Loaded;
use crate::app::frames::{day_in_japan, prefecture_of};
use crate::app::programs::{deadline_of, require, require_prefecture};
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{AcceptLists, DownloadLists, Permit};
use crate::db::nominations::{self, Book};
use crate::db::programs::ProgramRow;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, lists, quotas, reminders, selections};
use crate::error::AppError;

/// The form of a prefecture as a workbook.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`, `list_unknown`; or the database is away.
pub async fn form(state: &State, permit: &Permit<DownloadLists>, program: &str, prefecture: PrefectureCode) -> Result<Vec<u8>, AppError> {
    let (actor, now) = (permit.actor(), state.now());
    require_prefecture(actor, prefecture)?;
    let (list, words) = as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let program = require(conn, program).await?;
        let words = words(&program, now)?;
        let loaded = Loaded::load(conn, &program, prefecture).await?;
        let gathered = gather(conn, &program, loaded, &words).await?;
        note(conn, (actor, now), ("list_form", &program), Some(prefecture), &[&gathered]).await?;
        note_reasons(conn, (actor, now), ("list_form", &program), Some(prefecture)).await?;
        Ok((gathered.list, words))
    })
    .await?;
    write(move || report::list_form(&list, &words)).await
}

/// The national list as a workbook: every prefecture that has a quota, as far as it has come.
///
/// # Errors
/// `program_unknown`; or the database is away.
pub async fn national(state: &State, permit: &Permit<AcceptLists>, program: &str) -> Result<Vec<u8>, AppError> {
    let (actor, now) = (permit.actor(), state.now());
    let (lists, words) = as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let program = require(conn, program).await?;
        let words = words(&program, now)?;
        let all = all(conn, &program, &words).await?;
        note_reasons(conn, (actor, now), ("national_list", &program), None).await?;
        Ok((all.into_iter().map(|gathered| gathered.list).collect::<Vec<_>>(), words))
    })
    .await?;
    write(move || report::national_list(&lists, &words)).await
}

/// What the contractor is handed, as a workbook: the hospitals of accepted lists.
///
/// # Errors
/// `program_unknown`; `no_list_accepted` while there is nobody to hand over; or the database is away.
pub async fn hand_over(state: &State, permit: &Permit<AcceptLists>, program: &str) -> Result<Vec<u8>, AppError> {
    let (actor, now) = (permit.actor(), state.now());
    let (lists, replaced, words) = as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let program = require(conn, program).await?;
        let words = words(&program, now)?;
        let all = all(conn, &program, &words).await?;
        let accepted: Vec<&Gathered> = all.iter().filter(|gathered| gathered.is_accepted()).collect();
        if accepted.is_empty() {
            return Err(AppError::conflict(
                "no_list_accepted",
                "受理した選定リストがまだありません。都道府県のリストを受理してから作成してください。",
            ));
        }
        note(conn, (actor, now), ("hand_over", &program), None, &accepted).await?;
        let mut replaced = Vec::new();
        for gathered in &accepted {
            replaced.extend(replacements(conn, &program, gathered).await?);
        }
        let lists: Vec<PrefectureList> = all.into_iter().map(|gathered| gathered.list).collect();
        Ok((lists, replaced, words))
    })
    .await?;
    write(move || report::hand_over(&lists, &replaced, &words)).await
}

/// Thousands of rows are written: not on a worker's thread.
async fn write(work: impl FnOnce() -> Result<Vec<u8>, ReportError> + Send + 'static) -> Result<Vec<u8>, AppError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(AppError::internal)?
        .map_err(AppError::internal)
}

fn words(program: &ProgramRow, now: DateTime<Utc>) -> Result<ListText, AppError> {
    let banding = Banding::parse(&program.banding).map_err(AppError::internal)?;
    let form: Vec<FormColumn> = serde_json::from_value(program.form.clone()).map_err(AppError::internal)?;
    let effort: BTreeMap<String, Effort> = serde_json::from_value(program.effort.clone()).map_err(AppError::internal)?;
    Ok(ListText {
        title: program.title.clone(),
        as_of: now,
        banding,
        form,
        effort,
    })
}

/// A list with what its files need beside.
struct Gathered {
    list: PrefectureList,
    names: BTreeMap<String, String>,
    contacts: usize,
}

impl Gathered {
    fn is_accepted(&self) -> bool {
        self.list.state == Some(ListState::Accepted)
    }
}

/// Every prefecture that has a list or a quota.
async fn all(conn: &mut AsyncPgConnection, program: &ProgramRow, words: &ListText) -> Result<Vec<Gathered>, AppError> {
    let rows = lists::all(conn, &program.id).await?;
    let mut numbers: BTreeMap<i16, Option<lists::ListRow>> = BTreeMap::new();
    numbers.extend(
        quotas::list(conn, &program.id, None)
            .await?
            .into_iter()
            .map(|row| (row.prefecture, None)),
    );
    numbers.extend(rows.into_iter().map(|row| (row.prefecture, Some(row))));
    let mut all = Vec::new();
    for (number, row) in numbers {
        let prefecture = prefecture_of(number)?;
        all.push(match row {
            Some(row) => {
                let loaded = Loaded::of(conn, program, prefecture, row).await?;
                gather(conn, program, loaded, words).await?
            }
            None => Gathered {
                list: PrefectureList {
                    prefecture,
                    state: None,
                    version: 0,
                    deadline: deadline_of(conn, program, prefecture).await?,
                    handed_in_at: None,
                    quotas: Loaded::quotas(conn, program, prefecture).await?,
                    lines: Vec::new(),
                },
                names: BTreeMap::new(),
                contacts: 0,
            },
        });
    }
    Ok(all)
}

async fn gather(conn: &mut AsyncPgConnection, program: &ProgramRow, loaded: Loaded, words: &ListText) -> Result<Gathered, AppError> {
    let number = loaded.row.prefecture;
    let reasons = reasons(conn, program, &loaded).await?;
    let contacts = contacts(conn, &loaded).await?;
    let rows: BTreeMap<&str, &lists::ListedRow> = loaded.rows.iter().map(|row| (row.gmis_id.as_str(), row)).collect();
    let shown = |listed: &&Listed| matches!(listed.standing, Standing::Chosen | Standing::Reserve);
    let mut lines = Vec::new();
    for listed in loaded.list.hospitals.iter().filter(shown) {
        let row = rows
            .get(listed.gmis.as_str())
            .ok_or_else(|| AppError::internal("a listed hospital has no row"))?;
        let beds = u16::try_from(row.beds).map_err(AppError::internal)?;
        lines.push(ListLine {
            gmis: listed.gmis.clone(),
            institution_code: row.institution_code.clone(),
            name: row.name.clone(),
            beds: Beds::new(beds).map_err(AppError::internal)?,
            band: listed.band.clone(),
            standing: listed.standing,
            rank: listed.rank,
            reason: reasons.get(&listed.gmis).cloned().unwrap_or_default(),
            contact: contacts.get(&row.hospital_id).cloned().unwrap_or_default(),
        });
    }
    let order = |band: &str| words.banding.bands().iter().position(|one| one.key == band);
    lines.sort_by_key(|line| (order(&line.band), line.standing, line.rank, line.gmis.clone()));
    Ok(Gathered {
        names: loaded.rows.iter().map(|row| (row.gmis_id.clone(), row.name.clone())).collect(),
        contacts: contacts.len(),
        list: PrefectureList {
            prefecture: loaded.prefecture,
            state: Some(loaded.list.state),
            version: loaded.row.version,
            deadline: deadline_of(conn, program, prefecture_of(number)?).await?,
            handed_in_at: loaded.row.handed_in_at,
            quotas: loaded.quotas,
            lines,
        },
    })
}

/// Why each hospital is on the list: what was said by hand, else the criteria that held in the run, and why it was nominated.
async fn reasons(conn: &mut AsyncPgConnection, program: &ProgramRow, loaded: &Loaded) -> Result<BTreeMap<String, String>, AppError> {
    let result = selections::result(conn, loaded.row.selection_id).await?;
    let run: Selection = serde_json::from_value(result).map_err(AppError::internal)?;
    let labels: BTreeMap<&str, &str> = run
        .criteria
        .items
        .iter()
        .map(|item| (item.key.as_str(), item.label.as_str()))
        .collect();
    let scored = run.cells.iter().flat_map(|cell| cell.chosen.iter().chain(&cell.reserves));
    let held: BTreeMap<&str, String> = scored
        .map(|one| {
            let parts = one.scored.parts.iter().filter(|part| part.points > 0);
            let held: Vec<&str> = parts.filter_map(|part| labels.get(part.criterion.as_str()).copied()).collect();
            (one.scored.candidate.gmis.as_str(), held.join("、"))
        })
        .collect();
    let nominated = nominations::standing(conn, Book::Nomination, &program.id, Some(loaded.row.prefecture)).await?;
    let nominated: BTreeMap<String, String> = nominated.into_iter().map(|row| (row.gmis_id, row.reason)).collect();
    let reason = |listed: &Listed| {
        let mut said = Vec::new();
        match listed.origin {
            Origin::Hand => said.push(listed.reason.clone()),
            Origin::Reserve => said.push(format!("繰上げ（{}）", listed.reason)),
            Origin::Run => {}
        }
        said.extend(nominated.get(&listed.gmis).map(|why| format!("推薦（{why}）")));
        said.extend(held.get(listed.gmis.as_str()).filter(|held| !held.is_empty()).cloned());
        said.join("。")
    };
    Ok(loaded
        .list
        .hospitals
        .iter()
        .map(|listed| (listed.gmis.clone(), reason(listed)))
        .collect())
}

/// Whom to call, of the chosen hospitals alone: nobody calls the reserves.
async fn contacts(conn: &mut AsyncPgConnection, loaded: &Loaded) -> Result<BTreeMap<Uuid, String>, AppError> {
    let chosen = loaded.list.hospitals.iter().filter(|listed| listed.standing == Standing::Chosen);
    let chosen: BTreeSet<&str> = chosen.map(|listed| listed.gmis.as_str()).collect();
    let rows = loaded.rows.iter().filter(|row| chosen.contains(row.gmis_id.as_str()));
    let ids: Vec<Uuid> = rows.map(|row| row.hospital_id).collect();
    let rows = reminders::contacts(conn, &ids).await?;
    let said = rows.into_iter().map(|row| {
        let parts = [row.name, row.contact].into_iter().flatten().filter(|part| !part.trim().is_empty());
        (row.hospital_id, parts.collect::<Vec<_>>().join("　"))
    });
    Ok(said.filter(|(_, contact)| !contact.is_empty()).collect())
}

/// Notes whose names and contacts leave with a file.
async fn note(
    conn: &mut AsyncPgConnection,
    (actor, now): (&Actor, DateTime<Utc>),
    (file, program): (&str, &ProgramRow),
    prefecture: Option<PrefectureCode>,
    gathered: &[&Gathered],
) -> Result<(), AppError> {
    let respondents: usize = gathered.iter().map(|one| one.contacts).sum();
    let entry = audit::Entry {
        action: "read_respondent",
        prefecture: prefecture.map(|code| i16::from(code.number())),
        details: json!({"program": program.id, "file": file, "respondents": respondents}),
        ..audit::Entry::default()
    };
    Ok(audit::insert(conn, actor, now, entry).await?)
}

/// Notes that the reasons of a choice leave with a file: of a prefecture, or of all.
async fn note_reasons(
    conn: &mut AsyncPgConnection,
    (actor, now): (&Actor, DateTime<Utc>),
    (file, program): (&str, &ProgramRow),
    prefecture: Option<PrefectureCode>,
) -> Result<(), AppError> {
    let entry = audit::Entry {
        action: "read_selection",
        prefecture: prefecture.map(|code| i16::from(code.number())),
        details: json!({"program": program.id, "file": file}),
        ..audit::Entry::default()
    };
    Ok(audit::insert(conn, actor, now, entry).await?)
}

/// Who left an accepted list, and who came.
async fn replacements(conn: &mut AsyncPgConnection, program: &ProgramRow, gathered: &Gathered) -> Result<Vec<Replacement>, AppError> {
    let prefecture = gathered.list.prefecture;
    let steps = lists::history(conn, &program.id, i16::from(prefecture.number())).await?;
    let named = |gmis: Option<String>| {
        let gmis = gmis.unwrap_or_default();
        let name = gathered.names.get(&gmis).cloned().unwrap_or_default();
        (gmis, name)
    };
    let replaced = steps.into_iter().filter(|(row, ..)| row.step == "replace");
    Ok(replaced
        .map(|(row, left, came)| Replacement {
            prefecture,
            on: day_in_japan(row.happened_at),
            left: named(left),
            came: named(came),
        })
        .collect())
}
