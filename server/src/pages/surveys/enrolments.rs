//! Accounts of hospitals: a list of G-MIS IDs and addresses typed or as a file, a verdict for each line, and what became of the links.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::with_query;
use crate::app::enrolments::{self, Invitation, STATES};
use crate::app::state::State;
use crate::auth::permit::InviteHospitals;
use crate::db::enrolments::EnrolmentRow;
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, ErrorSummary, Look, Takes, TextField};
use crate::pages::page::{Page, render, show};
use crate::pages::uploads::{self, Sent};
use crate::pages::visitor::Visitor;
use crate::pages::words;

const PATH: &str = "/hospital-accounts";
/// Invitations on a page.
const MOST: i64 = 100;

/// One invitation.
struct Row {
    gmis: String,
    name: String,
    email: String,
    state: (&'static str, &'static str),
    made: String,
    expires: String,
    used: String,
    error: String,
}

/// What became of one line.
struct Verdict {
    line: u64,
    hospital: String,
    email: String,
    verdict: (&'static str, &'static str),
    login: String,
}

#[derive(Template)]
#[template(path = "surveys/enrolments.html")]
struct EnrolmentsPage {
    page: Page,
    errors: ErrorSummary,
    faults: Vec<String>,
    verdicts: Vec<Verdict>,
    list: TextField,
    key: String,
    states: ChoiceField,
    rows: Vec<Row>,
    next: String,
}

/// What the page says of a list that was sent.
#[derive(Default)]
struct Said {
    errors: Vec<(String, String)>,
    faults: Vec<String>,
    verdicts: Vec<Verdict>,
    list: String,
}

/// Which invitations.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    state: String,
    after: String,
}

/// Shows the invitations, and the form for more.
///
/// # Errors
/// `state_invalid`; or the database is away.
#[get("/hospital-accounts")]
pub async fn list_enrolments(
    state: web::Data<State>,
    visitor: Visitor<InviteHospitals>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    Ok(show(&page(&state, &visitor, &query, Said::default()).await?))
}

async fn page(state: &State, visitor: &Visitor<InviteHospitals>, query: &Query, said: Said) -> Result<EnrolmentsPage, AppError> {
    let wanted = Some(query.state.as_str()).filter(|wanted| !wanted.is_empty());
    let before = Uuid::parse_str(&query.after).ok();
    let rows = enrolments::list(state, &visitor.permit, wanted, before, MOST).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= MOST);
    let next = rows.last().filter(|_| is_full).map(|row| row.id.to_string()).unwrap_or_default();
    let all = Choice::new("", "すべて", &query.state);
    let states = STATES.map(|state| Choice::new(state, in_words(state).0, &query.state));
    let wrong = said
        .errors
        .iter()
        .find(|(field, _)| field == "list")
        .map(|(_, sentence)| sentence.clone());
    Ok(EnrolmentsPage {
        page: visitor.page("病院のアカウント").at(PATH).below("/", "ホーム"),
        errors: ErrorSummary { errors: said.errors },
        faults: said.faults,
        verdicts: said.verdicts,
        list: TextField::new("list", "病院の一覧")
            .optional()
            .takes(Takes::Lines)
            .support("1行に1病院。G-MIS IDとメールアドレスを、コンマ、タブまたは空白で区切ります（例：SJK0001,desk@example.jp）。")
            .value(said.list)
            .error(wrong),
        key: Uuid::now_v7().to_string(),
        states: ChoiceField::new("state", "状態", Look::List, std::iter::once(all).chain(states).collect()).unmarked(),
        next: if next.is_empty() {
            next
        } else {
            with_query(PATH, &[("state", &query.state), ("after", &next)])
        },
        rows: rows.into_iter().map(of_row).collect(),
    })
}

fn of_row(row: EnrolmentRow) -> Row {
    let moment = |time: Option<chrono::DateTime<chrono::Utc>>| time.map(words::moment).unwrap_or_default();
    Row {
        state: in_words(&row.state),
        made: words::moment(row.made_at),
        expires: moment(row.expires_at),
        used: moment(row.used_at),
        email: row.email.unwrap_or_else(|| "（消去済み）".to_owned()),
        error: row.error.unwrap_or_default(),
        gmis: row.gmis_id,
        name: row.name,
    }
}

fn in_words(state: &str) -> (&'static str, &'static str) {
    match state {
        "waiting" => ("送信待ち", "tag"),
        "sent" => ("送信済み", "tag key"),
        "enrolled" => ("利用開始", "tag good"),
        "expired" => ("期限切れ", "tag warn"),
        "undeliverable" => ("宛先不明", "tag bad"),
        _ => ("送信できず", "tag bad"),
    }
}

/// Makes accounts for a list: exactly once for the page that was shown. What became of each line is shown at once, and again if the same page is sent again.
///
/// # Errors
/// The parser or the database is away; what is wrong with the list is told on the page.
#[post("/hospital-accounts")]
pub async fn invite_hospitals(
    state: web::Data<State>,
    visitor: Visitor<InviteHospitals>,
    form: Result<Multipart, Error>,
) -> Result<HttpResponse, PageError> {
    let sent = uploads::read(form).await?;
    let mut said = Said {
        list: sent.value("list").to_owned(),
        ..Said::default()
    };
    let status = match invite(&state, &visitor, &sent).await {
        Ok(verdicts) => {
            said.verdicts = verdicts;
            // What went in is not to be sent again; what did not stands in the verdicts.
            said.list = String::new();
            StatusCode::OK
        }
        Err(AppError::Invalid(refusal)) => {
            said.errors = vec![("list".to_owned(), refusal.message)];
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(AppError::Faulty(refusal, faults)) => {
            said.errors = vec![("file".to_owned(), refusal.message)];
            said.faults = faults.into_iter().map(|fault| fault.message).collect();
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(error) => return Err(error.into()),
    };
    Ok(render(status, &page(&state, &visitor, &Query::default(), said).await?))
}

async fn invite(state: &State, visitor: &Visitor<InviteHospitals>, sent: &Sent) -> Result<Vec<Verdict>, AppError> {
    let mut list = typed(sent.value("list"));
    if let Some(file) = &sent.file {
        list.extend(enrolments::read_list(state, &visitor.permit, &file.bytes).await?);
    }
    let said: String = list.iter().map(|line| format!("{} {}\n", line.hospital, line.email)).collect();
    let key = keyed(&format!("invite {}", hex::encode(Sha256::digest(&said))), sent.value("key"));
    let answer = enrolments::invite_once(state, &visitor.permit, &list, &key).await?;
    let lines = answer.body.get("lines").and_then(Value::as_array);
    Ok(lines.into_iter().flatten().map(verdict).collect())
}

/// A list as it was typed: two words a line, whatever stands between them; the first line may be a heading.
fn typed(text: &str) -> Vec<Invitation> {
    let line = |line: &str| {
        let mut words = line.split([',', '\t', ' ', '　']).map(str::trim).filter(|word| !word.is_empty());
        let hospital = words.next()?.to_owned();
        let email = words.next().unwrap_or_default().to_owned();
        Some(Invitation { hospital, email })
    };
    text.lines().filter(|text| !text.contains("メール")).filter_map(line).collect()
}

fn verdict(line: &Value) -> Verdict {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Verdict {
        line: line.get("line").and_then(Value::as_u64).unwrap_or_default(),
        hospital: text("hospital"),
        email: text("email"),
        verdict: match text("verdict").as_str() {
            "created" => ("アカウントを作りました", "tag good"),
            "reissued" => ("新しいURLを送ります", "tag good"),
            "exists" => ("すでに使われています", "tag"),
            "hospital_unknown" => ("管轄にない病院です", "tag bad"),
            "email_invalid" => ("アドレスの形式が違います", "tag bad"),
            _ => ("前の行と同じ病院です", "tag warn"),
        },
        login: text("login"),
    }
}
