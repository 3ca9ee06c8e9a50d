//! Who has not answered, and reminding them (督促): one mail a hospital and round, through the outbox. What a dry run shows is what is sent: both are
//! composed by the same function, and the mails of the second are stored as they were composed.

pub mod missing;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::json;
use survey::area::Area;
use survey::survey::Survey;
use survey::window::{JST, Standing};
use uuid::Uuid;

use self::missing::{Chosen, choose};
use crate::app::idempotency::{Answer, Key, once};
use crate::app::letters::{Places, Template};
use crate::app::state::State;
use crate::app::times::Times;
use crate::app::{frames, statistics};
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, RemindHospitals};
use crate::db::audit;
use crate::db::frames::FrameRow;
use crate::db::outbox::{self, NewMail};
use crate::db::reminders::{self, ChasedRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;
use crate::mailing::EmailAddress;

/// What is to be sent, and to whom.
#[derive(Debug, Clone)]
pub struct Reminder {
    /// Where; one's own area or a part of it.
    pub chosen: Chosen,
    /// The words.
    pub template: Template,
    /// Which round; a hospital gets one mail a round. `None`: today's, in Japan.
    pub round: Option<String>,
}

/// What a round sends or sent.
#[derive(Debug, Serialize)]
pub struct RoundReport {
    /// The survey.
    pub survey: String,
    /// The area.
    pub area: String,
    /// The round.
    pub round: String,
    /// Hospitals that have not answered.
    pub missing: usize,
    /// Mails that are new in this round.
    pub queued: usize,
    /// Hospitals that had their mail of this round before.
    pub already: usize,
    /// Every mail, in a dry run; the mails themselves are not repeated afterwards.
    pub mails: Vec<ComposedMail>,
    /// Hospitals that no mail can go to: to be telephoned or written to.
    pub without_address: Vec<Unreached>,
}

/// One mail as it goes out.
#[derive(Debug, Clone, Serialize)]
pub struct ComposedMail {
    /// G-MIS ID.
    pub hospital: String,
    /// Name.
    pub name: String,
    /// Address.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// Text.
    pub body: String,
}

/// A hospital that no mail can go to.
#[derive(Debug, Clone, Serialize)]
pub struct Unreached {
    /// G-MIS ID.
    pub hospital: String,
    /// Name.
    pub name: String,
    /// `no_address`, or `undeliverable`: the mail server refused it before.
    pub reason: &'static str,
    /// The refused address.
    pub email: Option<String>,
}

/// When each of these hospitals was last reminded; those that never were are not among them.
///
/// # Errors
/// The database is away.
pub async fn last(
    state: &State,
    permit: &Permit<RemindHospitals>,
    survey: &Survey,
    hospitals: &[&FrameRow],
) -> Result<BTreeMap<Uuid, DateTime<Utc>>, AppError> {
    let ids: Vec<Uuid> = hospitals.iter().map(|row| row.hospital_id).collect();
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(outbox::last_reminders(conn, survey.id().as_str(), &ids)
            .await?
            .into_iter()
            .collect())
    })
    .await
}

/// Shows every mail of a round and sends none.
///
/// # Errors
/// `area_not_yours`, `round_invalid`; or the database is away.
pub async fn preview(
    state: &State,
    permit: &Permit<RemindHospitals>,
    survey: &Survey,
    reminder: &Reminder,
) -> Result<RoundReport, AppError> {
    let now = state.now();
    let round = checked(permit.actor(), reminder, now)?;
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let composed = compose(conn, state, permit.actor(), survey, reminder, &round, now).await?;
        Ok(composed.report)
    })
    .await
}

/// Puts the mails of a round into the outbox, once for each hospital, with the audit row.
///
/// # Errors
/// As [`preview`].
pub async fn send(state: &State, permit: &Permit<RemindHospitals>, survey: &Survey, reminder: &Reminder) -> Result<RoundReport, AppError> {
    let actor = permit.actor();
    let now = state.now();
    let round = checked(actor, reminder, now)?;
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        queue(conn, state, actor, survey, reminder, &round, now).await
    })
    .await
}

/// The same, exactly once for a key.
///
/// # Errors
/// As [`preview`]; those of the key.
pub async fn send_once(
    state: &State,
    permit: &Permit<RemindHospitals>,
    survey: &Survey,
    reminder: &Reminder,
    key: &Key,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    let round = checked(actor, reminder, state.now())?;
    once(state, actor, Some(key), async |conn, now| {
        Ok((201, queue(conn, state, actor, survey, reminder, &round, now).await?))
    })
    .await
}

async fn queue(
    conn: &mut AsyncPgConnection,
    state: &State,
    actor: &Actor,
    survey: &Survey,
    reminder: &Reminder,
    round: &str,
    now: DateTime<Utc>,
) -> Result<RoundReport, AppError> {
    let Composed { mails, mut report } = compose(conn, state, actor, survey, reminder, round, now).await?;
    // Somebody else may be in the middle of the same round: the key of a mail decides.
    let queued = outbox::insert(conn, &mails).await?;
    report.already += mails.len().saturating_sub(queued);
    report.queued = queued;
    report.mails = Vec::new();
    let entry = audit::Entry {
        action: "send_reminders",
        survey: Some(survey.id().as_str()),
        prefecture: match &reminder.chosen.area {
            Area::Prefecture(code) => Some(i16::from(code.number())),
            _ => None,
        },
        details: json!({"area": report.area, "round": round, "queued": queued, "already": report.already}),
        ..audit::Entry::default()
    };
    audit::insert(conn, actor, now, entry).await?;
    Ok(report)
}

/// The round, if all that is asked is in order.
fn checked(actor: &Actor, reminder: &Reminder, now: DateTime<Utc>) -> Result<String, AppError> {
    frames::require_area(actor, &reminder.chosen.area)?;
    let Some(round) = &reminder.round else {
        return Ok(frames::day_in_japan(now).to_string());
    };
    let fits = (1..=40).contains(&round.len()) && round.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fits {
        Ok(round.clone())
    } else {
        Err(AppError::invalid(
            "round_invalid",
            "督促の回（round）は、英数字とハイフンの40文字以内で指定してください。省略すると今日の日付になります。",
        ))
    }
}

/// The mails of a round as they will be stored, and the report that shows them.
struct Composed {
    mails: Vec<NewMail>,
    report: RoundReport,
}

async fn compose(
    conn: &mut AsyncPgConnection,
    state: &State,
    actor: &Actor,
    survey: &Survey,
    reminder: &Reminder,
    round: &str,
    now: DateTime<Utc>,
) -> Result<Composed, AppError> {
    let times = Times::load(conn, survey).await?;
    let rows = reminders::chased(conn, survey.id().as_str()).await?;
    let missing = choose(&reminder.chosen, rows)?;
    let keys: Vec<String> = missing.iter().map(|row| key_of(survey, round, row)).collect();
    let known: BTreeSet<String> = outbox::known_keys(conn, &keys).await?.into_iter().collect();
    let mut composed = Composed {
        mails: Vec::new(),
        report: RoundReport {
            survey: survey.id().as_str().to_owned(),
            area: reminder.chosen.area.to_string(),
            round: round.to_owned(),
            missing: missing.len(),
            queued: 0,
            already: 0,
            mails: Vec::new(),
            without_address: Vec::new(),
        },
    };
    for (row, key) in missing.iter().zip(keys) {
        if known.contains(&key) {
            composed.report.already += 1;
        } else {
            match recipient(row) {
                Err(unreached) => composed.report.without_address.push(unreached),
                Ok(to) => {
                    let (subject, body) = words(state, actor, survey, reminder, &times, row, now);
                    composed.add(row, key, to, (subject, body), actor, now, survey);
                }
            }
        }
    }
    composed.report.queued = composed.mails.len();
    Ok(composed)
}

impl Composed {
    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    fn add(
        &mut self,
        row: &ChasedRow,
        dedupe_key: String,
        to: EmailAddress,
        (subject, body): (String, String),
        actor: &Actor,
        now: DateTime<Utc>,
        survey: &Survey,
    ) {
        self.report.mails.push(ComposedMail {
            hospital: row.gmis_id.clone(),
            name: row.name.clone(),
            recipient: to.as_str().to_owned(),
            subject: subject.clone(),
            body: body.clone(),
        });
        self.mails.push(NewMail {
            id: Uuid::now_v7(),
            purpose: "reminder",
            dedupe_key,
            survey_id: Some(survey.id().as_str().to_owned()),
            hospital_id: Some(row.hospital_id),
            prefecture: Some(row.prefecture),
            municipality: row.municipality.clone(),
            enrolment_id: None,
            recipient: to.as_str().to_owned(),
            subject,
            body,
            next_attempt: now,
            actor: actor.role().name().to_owned(),
            account_id: actor.account(),
            made_at: now,
        });
    }
}

/// What there is one mail of: a hospital in a round, whoever sends it.
fn key_of(survey: &Survey, round: &str, row: &ChasedRow) -> String {
    format!("reminder {} {round} {}", survey.id(), row.hospital_id)
}

fn recipient(row: &ChasedRow) -> Result<EmailAddress, Unreached> {
    let unreached = |reason| Unreached {
        hospital: row.gmis_id.clone(),
        name: row.name.clone(),
        reason,
        email: row.email.clone(),
    };
    if row.refused {
        return Err(unreached("undeliverable"));
    }
    row.email
        .as_deref()
        .and_then(EmailAddress::parse)
        .ok_or_else(|| unreached("no_address"))
}

fn words(
    state: &State,
    actor: &Actor,
    survey: &Survey,
    reminder: &Reminder,
    times: &Times,
    row: &ChasedRow,
    now: DateTime<Utc>,
) -> (String, String) {
    let shown = |time: DateTime<Utc>| time.with_timezone(&JST).format("%Y年%-m月%-d日 %-H時%M分").to_string();
    let deadline = match times.standing(&row.in_frame(), row.resubmit_until, now) {
        Standing::Open { until } => shown(until),
        Standing::Closed { closed } => format!("{}（終了しています）", shown(closed)),
        Standing::NotYet { .. } | Standing::Never => "追ってお知らせします".to_owned(),
    };
    let sender = match actor.role() {
        Role::Prefecture(code) => code.name().to_owned(),
        Role::Municipality(code) => Area::Municipality(code.clone()).name(),
        _ => statistics::PUBLISHER.to_owned(),
    };
    let title = format!("{}（{}年）", survey.title(), survey.id());
    reminder.template.fill(&Places {
        hospital: &row.name,
        gmis_id: &row.gmis_id,
        survey: &title,
        deadline: &deadline,
        sender: &sender,
        url: &state.shared.public_url,
    })
}
