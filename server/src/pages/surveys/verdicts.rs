//! What became of a file, hospital by hospital, with what was found in it.

use actix_web::{HttpResponse, get, web};
use askama::Template;
use serde::Deserialize;
use survey::fault::Fault;
use survey::survey::Survey;
use uuid::Uuid;

use super::findings::{Findings, stored};
use super::{framed, path, with_query};
use crate::app::state::State;
use crate::app::{annotations, imports, surveys};
use crate::auth::actor::Role;
use crate::auth::permit::ImportAnswers;
use crate::db::imports::{ImportRow, VerdictRow};
use crate::pages::error::PageError;
use crate::pages::filters;
use crate::pages::page::{Page, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// Verdicts on a page.
const VERDICTS: i64 = 200;

/// Which page of verdicts, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    after: String,
    done: String,
}

/// What became of one hospital.
struct Verdict {
    row: i32,
    sheet: String,
    hospital: String,
    href: String,
    verdict: (&'static str, &'static str),
    faults: usize,
}

#[derive(Template)]
#[template(path = "surveys/import.html")]
struct ImportPage {
    page: Page,
    facts: Vec<(&'static str, String)>,
    annotated: String,
    findings: Findings,
    verdicts: Vec<Verdict>,
    next: String,
    first: String,
}

/// Reads what became of a file.
///
/// # Errors
/// `survey_unknown`, `import_unknown`; or the database is away.
#[get("/surveys/{survey}/uploads/{import}")]
pub async fn read_import(
    state: web::Data<State>,
    visitor: Visitor<ImportAnswers>,
    place: web::Path<(String, Uuid)>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let (survey, id) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let after = query.after.parse::<i32>().ok();
    let (row, verdicts) = imports::read(&state, &visitor.permit, survey, id, after, VERDICTS).await?;
    let is_full = i64::try_from(verdicts.len()).is_ok_and(|count| count >= VERDICTS);
    let next = verdicts.last().filter(|_| is_full).map(|verdict| verdict.ordinal.to_string());
    let here = path(survey, &format!("uploads/{id}"));
    let mut faults: Vec<(String, Fault)> = Vec::new();
    if after.is_none() {
        faults.extend(stored(row.faults.clone())?.into_iter().map(|fault| (String::new(), fault)));
    }
    let mut shown = Vec::new();
    for verdict in verdicts {
        let own = stored(verdict.faults.clone())?;
        shown.push(of_verdict(survey, &verdict, own.len()));
        faults.extend(own.into_iter().map(|fault| (verdict.hospital.clone(), fault)));
    }
    let page = framed(&visitor, survey, row.file_name.clone());
    let page = if matches!(visitor.who.role, Role::Hospital(_)) {
        page
    } else {
        page.below(path(survey, "uploads"), "ファイルの取込み")
    };
    Ok(show(&ImportPage {
        page: page.done(match query.done.as_str() {
            "imported" => Some("取り込みました。結果は次のとおりです。"),
            "repeated" => Some("このファイルは前に取り込んであります。今回は何も変えていません。"),
            _ => None,
        }),
        annotated: if row.blob_sha256.is_some() {
            format!("{here}/annotated")
        } else {
            String::new()
        },
        facts: facts(row),
        findings: Findings::of(survey, "指摘", &faults),
        verdicts: shown,
        next: next.map(|next| with_query(&here, &[("after", &next)])).unwrap_or_default(),
        first: if after.is_some() { here } else { String::new() },
    }))
}

fn facts(row: ImportRow) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("取り込んだ日時", words::moment(row.imported_at)),
        ("取り込んだ人", words::role_named(&row.actor).to_owned()),
        ("受け付けた病院", row.accepted.to_string()),
        ("回答に変更のない病院", row.unchanged.to_string()),
        ("除いた病院", row.rejected.to_string()),
    ];
    facts.extend(row.reason.map(|reason| ("置き換えた理由", reason)));
    facts.extend(row.erased_at.map(|at| ("ファイルの消去", words::moment(at))));
    facts
}

fn of_verdict(survey: &Survey, verdict: &VerdictRow, faults: usize) -> Verdict {
    let words = match verdict.verdict.as_str() {
        "accepted" => ("受け付けました", "tag good"),
        "unchanged" => ("変更なし", "tag"),
        _ => ("除きました", "tag bad"),
    };
    let is_known = verdict.verdict != "rejected";
    Verdict {
        row: verdict.sheet_row,
        sheet: verdict.sheet.clone(),
        href: if is_known {
            path(survey, &format!("hospitals/{}", verdict.hospital))
        } else {
            String::new()
        },
        hospital: verdict.hospital.clone(),
        verdict: words,
        faults,
    }
}

/// The file of an import with what was found written into it.
///
/// # Errors
/// `survey_unknown`, `import_unknown`, `file_erased`; or the database or the parser is away.
#[get("/surveys/{survey}/uploads/{import}/annotated")]
pub async fn download_annotated(
    state: web::Data<State>,
    visitor: Visitor<ImportAnswers>,
    place: web::Path<(String, Uuid)>,
) -> Result<HttpResponse, PageError> {
    let (survey, id) = place.into_inner();
    let annotated = annotations::of_import(&state, &visitor.permit, surveys::known(&survey)?, id).await?;
    Ok(crate::api::imports::download(annotated))
}
