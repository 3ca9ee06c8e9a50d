//! Accounts of hospitals in bulk, and the links that set a password once: the first one, and a lost one. The token of a link is made when its mail goes
//! out (`app::outbox`); here are only the acts that ask for a mail, and what a token does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use importer::contacts::examine_contacts;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;
use survey::fault::Fault;
use survey::hospital::GmisId;
use tokio::time::{Duration, Instant, sleep_until};
use uuid::Uuid;

use crate::app::idempotency::{Answer, Key, once};
use crate::app::state::State;
use crate::app::{accounts, frames, letters};
use crate::auth::actor::Actor;
use crate::auth::permit::{InviteHospitals, Permit};
use crate::auth::{link, password};
use crate::db::audit;
use crate::db::enrolments::{self, EnrolmentRow, InvitedRow, NewEnrolment};
use crate::db::outbox::{self, NewMail};
use crate::db::pool::ask;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;
use crate::mailing::EmailAddress;

/// Most lines of one list: the largest prefecture has some 650 hospitals, the nation sends several.
const MOST_LINES: usize = 2_000;
/// How long asking for a lost password takes at least: whether there is such an account does not show in the time.
const RESET_TAKES: Duration = Duration::from_millis(300);
/// One mail for a lost password in this time.
const RESET_PAUSE: TimeDelta = TimeDelta::minutes(10);

/// One line of a list.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// G-MIS ID as written.
    pub hospital: String,
    /// Address as written.
    pub email: String,
}

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvitationVerdict {
    /// From 1.
    pub line: usize,
    /// As written.
    pub hospital: String,
    /// As written.
    pub email: String,
    /// `created`; `reissued` (the account was there, without a password, and gets a new link); `exists`; `hospital_unknown`; `email_invalid`;
    /// `duplicate` (the hospital is on an earlier line).
    pub verdict: &'static str,
    /// The account's login, where there is one to be told.
    pub login: Option<String>,
}

/// Reads a list from a workbook or CSV file with the columns G-MIS ID and メールアドレス.
///
/// # Errors
/// `file_refused` with the reason; or the parser is away.
pub async fn read_list(state: &State, _permit: &Permit<InviteHospitals>, bytes: &[u8]) -> Result<Vec<Invitation>, AppError> {
    let refused = |faults| {
        AppError::faulty(
            "file_refused",
            "一覧を読み取れませんでした。何も登録されていません。理由を確認して送り直してください。",
            faults,
        )
    };
    let workbook = state.shared.parser.parse(bytes).await?.map_err(|fault| refused(vec![fault]))?;
    let (contacts, faults) = examine_contacts(&workbook);
    if faults.iter().any(Fault::is_error) {
        return Err(refused(faults));
    }
    Ok(contacts
        .into_iter()
        .map(|(hospital, email)| Invitation { hospital, email })
        .collect())
}

/// Makes accounts of hospitals, one each, and asks for the mails with their links.
///
/// # Errors
/// `list_empty`, `list_too_long`; or the database is away, and nothing was done.
pub async fn invite(state: &State, permit: &Permit<InviteHospitals>, list: &[Invitation]) -> Result<Vec<InvitationVerdict>, AppError> {
    let now = state.now();
    as_actor(&state.pool, permit.actor(), Mode::Write, async |conn| {
        invite_all(conn, permit.actor(), list, now).await
    })
    .await
}

/// The same, exactly once for a key.
///
/// # Errors
/// As [`invite`]; those of the key.
pub async fn invite_once(state: &State, permit: &Permit<InviteHospitals>, list: &[Invitation], key: &Key) -> Result<Answer, AppError> {
    once(state, permit.actor(), Some(key), async |conn, now| {
        Ok((200, json!({"lines": invite_all(conn, permit.actor(), list, now).await?})))
    })
    .await
}

async fn invite_all(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    list: &[Invitation],
    now: DateTime<Utc>,
) -> Result<Vec<InvitationVerdict>, AppError> {
    if list.is_empty() {
        return Err(AppError::invalid(
            "list_empty",
            "病院のG-MIS IDとメールアドレスを1行以上指定してください。",
        ));
    }
    if list.len() > MOST_LINES {
        return Err(AppError::invalid(
            "list_too_long",
            format!("1回に{MOST_LINES}行までです。分けて送ってください。"),
        ));
    }
    let ids: Vec<String> = list
        .iter()
        .filter_map(|line| Some(GmisId::parse(&line.hospital).ok()?.as_str().to_owned()))
        .collect();
    let known: BTreeMap<String, InvitedRow> = enrolments::hospitals(conn, &ids, frames::day_in_japan(now))
        .await?
        .into_iter()
        .map(|row| (row.gmis_id.clone(), row))
        .collect();
    let mut seen = BTreeSet::new();
    let mut verdicts = Vec::with_capacity(list.len());
    let mut wanted: BTreeMap<Uuid, (usize, &InvitedRow, EmailAddress)> = BTreeMap::new();
    for (place, line) in list.iter().enumerate() {
        let row = GmisId::parse(&line.hospital).ok().and_then(|id| known.get(id.as_str()));
        let verdict = match (row, EmailAddress::parse(&line.email)) {
            (None, _) => "hospital_unknown",
            (Some(row), _) if seen.contains(&row.hospital_id) => "duplicate",
            (Some(_), None) => "email_invalid",
            (Some(row), Some(email)) => {
                seen.insert(row.hospital_id);
                wanted.insert(row.hospital_id, (place, row, email));
                ""
            }
        };
        verdicts.push(InvitationVerdict {
            line: place + 1,
            hospital: line.hospital.clone(),
            email: line.email.clone(),
            verdict,
            login: None,
        });
    }
    // In the order of hospitals, not of lines: two lists at once wait for each other and never in a circle.
    for (place, row, email) in wanted.into_values() {
        let verdict = invite_one(conn, actor, row, &email, now).await?;
        if let Some(line) = verdicts.get_mut(place) {
            line.verdict = verdict;
            line.login = matches!(verdict, "created" | "reissued").then(|| login_of(row));
        }
    }
    Ok(verdicts)
}

/// One institution, one ID: the account bears the hospital's G-MIS ID, and the database has one of a hospital.
fn login_of(row: &InvitedRow) -> String {
    row.gmis_id.to_lowercase()
}

async fn invite_one(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    row: &InvitedRow,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<&'static str, AppError> {
    let account = Uuid::now_v7();
    let (account, verdict, action) = if enrolments::insert_account(conn, account, &login_of(row), row.hospital_id).await? {
        (account, "created", "create_account")
    } else {
        match enrolments::newest(conn, row.hospital_id, now).await? {
            Some(newest) if newest.awaits && (newest.dead || newest.email.as_deref() != Some(email.as_str())) => {
                (newest.subject_id, "reissued", "reissue_enrolment")
            }
            _ => return Ok("exists"),
        }
    };
    let login = login_of(row);
    let words = letters::enrolment(&row.name, &login, link::ENROL_LIFE.num_days());
    let of = Recipient {
        subject_id: account,
        hospital_id: Some(row.hospital_id),
        prefecture: Some(row.prefecture),
        municipality: &row.municipality,
        email: email.as_str(),
    };
    ask_for_mail(conn, actor, "enrol", &of, words, now).await?;
    let entry = audit::Entry {
        action,
        hospital: Some(row.hospital_id),
        prefecture: Some(row.prefecture),
        details: json!({"account": account, "role": "hospital"}),
        survey: None,
    };
    audit::insert(conn, actor, now, entry).await?;
    Ok(verdict)
}

/// Whose password, and where the link goes.
struct Recipient<'a> {
    subject_id: Uuid,
    hospital_id: Option<Uuid>,
    prefecture: Option<i16>,
    municipality: &'a str,
    email: &'a str,
}

async fn ask_for_mail(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    purpose: &'static str,
    of: &Recipient<'_>,
    (subject, body): (String, String),
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let id = Uuid::now_v7();
    let enrolment = NewEnrolment {
        id,
        purpose,
        subject_id: of.subject_id,
        hospital_id: of.hospital_id,
        prefecture: of.prefecture,
        municipality: of.municipality,
        email: of.email,
        actor: actor.role().name(),
        account_id: actor.account(),
        made_at: now,
    };
    enrolments::insert(conn, &enrolment).await?;
    let mail = NewMail {
        id: Uuid::now_v7(),
        purpose,
        dedupe_key: format!("{purpose} {id}"),
        survey_id: None,
        hospital_id: of.hospital_id,
        prefecture: of.prefecture,
        municipality: of.municipality.to_owned(),
        enrolment_id: Some(id),
        recipient: of.email.to_owned(),
        subject,
        body,
        next_attempt: now,
        actor: actor.role().name().to_owned(),
        account_id: actor.account(),
        made_at: now,
    };
    outbox::insert(conn, &[mail]).await?;
    Ok(())
}

/// What can be asked for in a list.
pub const STATES: [&str; 6] = ["waiting", "sent", "enrolled", "expired", "undeliverable", "failed"];

/// The newest invitation of each hospital of one's area, newest first, older than `before`.
///
/// # Errors
/// `state_invalid`; or the database is away.
pub async fn list(
    state: &State,
    permit: &Permit<InviteHospitals>,
    wanted: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<EnrolmentRow>, AppError> {
    if wanted.is_some_and(|wanted| !STATES.contains(&wanted)) {
        return Err(AppError::invalid(
            "state_invalid",
            format!("状態は {} のいずれかで指定してください。", STATES.join("、")),
        ));
    }
    let now = state.now();
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(enrolments::page(conn, wanted, before, now, limit).await?)
    })
    .await
}

/// Whether a link can still be used; asking uses nothing up, for readers of mails open links too.
///
/// # Errors
/// `link_invalid` as [`redeem`]; or the database is away.
pub async fn require_alive(state: &State, token: &SecretString) -> Result<(), AppError> {
    let (hash, now) = (link::hash(token.expose_secret()), state.now());
    let is_alive = ask(&state.pool, async |conn| enrolments::is_alive(conn, &hash, now).await).await?;
    if is_alive { Ok(()) } else { Err(link_invalid()) }
}

fn link_invalid() -> AppError {
    AppError::not_found(
        "link_invalid",
        "このURLは使えません（使用済み、期限切れ、または新しいURLが発行されています）。届いた最新のメールを確かめるか、再送を依頼してください。",
    )
}

/// Sets a password by a link, once; ends every session of the account. Gives the login to sign in with.
///
/// # Errors
/// Those of the password's rule; `link_invalid` for a link that is used, past its day, replaced by a newer one, or none: which of them is not told.
pub async fn redeem(state: &State, token: &SecretString, given: SecretString) -> Result<String, AppError> {
    accounts::require_strong(&given, "")?;
    let hash = link::hash(token.expose_secret());
    // Looked at before the password is hashed, which takes a core for a while: anybody may call this.
    require_alive(state, token).await?;
    let password_hash = password::hash(given.clone()).await?;
    let now = state.now();
    let actor = Actor::system();
    as_actor(&state.pool, &actor, Mode::Write, async |conn| {
        let redeemed = enrolments::redeem(conn, &hash, &password_hash, now)
            .await?
            .ok_or_else(link_invalid)?;
        // Only the link tells whose it is; what is refused here leaves the link as it was.
        accounts::require_strong(&given, &redeemed.login)?;
        let entry = audit::Entry {
            action: "redeem_enrolment",
            hospital: redeemed.hospital_id,
            prefecture: redeemed.prefecture,
            details: json!({"account": redeemed.subject_id, "purpose": redeemed.purpose}),
            survey: None,
        };
        audit::insert(conn, &actor, now, entry).await?;
        Ok(redeemed.login)
    })
    .await
}

/// Asks for a link for a lost password. It goes to the address that a used link has proven; without such an account nothing happens, and neither the
/// answer nor its time tells.
///
/// # Errors
/// The database is away.
pub async fn request_reset(state: &State, login: &str) -> Result<(), AppError> {
    let ready = Instant::now() + RESET_TAKES;
    let done = reset(state, login).await;
    sleep_until(ready).await;
    done
}

async fn reset(state: &State, login: &str) -> Result<(), AppError> {
    let now = state.now();
    let actor = Actor::system();
    as_actor(&state.pool, &actor, Mode::Write, async |conn| {
        let Some(row) = enrolments::recoverable(conn, login.trim(), now - RESET_PAUSE).await? else {
            return Ok(());
        };
        let of = Recipient {
            subject_id: row.subject_id,
            hospital_id: row.hospital_id,
            prefecture: row.prefecture,
            municipality: &row.municipality,
            email: &row.email,
        };
        let words = letters::reset(login.trim(), link::RESET_LIFE.num_hours());
        ask_for_mail(conn, &actor, "reset", &of, words, now).await?;
        let entry = audit::Entry {
            action: "request_reset",
            hospital: row.hospital_id,
            prefecture: row.prefecture,
            details: json!({"account": row.subject_id}),
            survey: None,
        };
        Ok(audit::insert(conn, &actor, now, entry).await?)
    })
    .await
}
