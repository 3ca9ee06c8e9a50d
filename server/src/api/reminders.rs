//! Who has not answered, and reminding them.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::guard::Guarded;
use crate::api::keyed::{Keyed, answered};
use crate::api::pages::{Page, PageQuery};
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::letters::Template;
use crate::app::reminders::missing::{self, Chosen, MissingCell, MissingHospital};
use crate::app::reminders::{self, ComposedMail, Reminder, Unreached};
use crate::app::state::State;
use crate::app::{statistics, surveys};
use crate::auth::permit::{ReadMissing, RemindHospitals};
use crate::error::AppError;

/// Which hospitals, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MissingQuery {
    /// `nation`, two digits of a prefecture or five of a municipality.
    area: String,
    /// Key of a survey band, such as `20-99`; all if not given.
    band: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500; 100 if not given.
    limit: Option<u16>,
}

/// Who has not answered.
#[derive(Serialize, ToSchema)]
#[schema(as = Missing)]
pub struct MissingJson {
    /// The area.
    area: String,
    /// Hospitals in scope.
    targets: usize,
    /// Those of them that have not answered.
    missing: usize,
    /// By area and band.
    cells: Vec<MissingCellJson>,
    /// The hospitals that have not answered, by G-MIS ID.
    hospitals: Page<MissingHospitalJson>,
}

/// One area and band.
#[derive(Serialize, ToSchema)]
#[schema(as = MissingCell)]
pub struct MissingCellJson {
    /// Two digits of a prefecture; in a prefecture five of a municipality, empty where it is not known.
    area: String,
    /// Its name.
    name: String,
    /// Key of the band.
    band: String,
    targets: usize,
    missing: usize,
}

/// A hospital that has not answered.
#[derive(Serialize, ToSchema)]
#[schema(as = MissingHospital)]
pub struct MissingHospitalJson {
    gmis_id: String,
    name: String,
    /// As in the cells.
    area: String,
    beds: i32,
    /// Key of the band.
    band: String,
    /// State of its submission; absent while there is none.
    state: Option<String>,
}

impl From<MissingCell> for MissingCellJson {
    fn from(cell: MissingCell) -> MissingCellJson {
        MissingCellJson {
            area: cell.area,
            name: cell.name,
            band: cell.band.to_owned(),
            targets: cell.targets,
            missing: cell.missing,
        }
    }
}

impl From<MissingHospital> for MissingHospitalJson {
    fn from(hospital: MissingHospital) -> MissingHospitalJson {
        MissingHospitalJson {
            gmis_id: hospital.gmis_id,
            name: hospital.name,
            area: hospital.area,
            beds: hospital.beds,
            band: hospital.band.to_owned(),
            state: hospital.state,
        }
    }
}

/// Hospitals of an area that have not answered, with counts by area and band.
#[utoipa::path(tag = "reminders", operation_id = "list_missing", security(("bearer" = [])), params(("survey" = String, Path), MissingQuery), responses(
    (status = 200, description = "Counts and a page of hospitals", body = MissingJson),
    (status = 400, description = "query_invalid, area_invalid, band_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, area_not_yours", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/missing")]
pub async fn list_missing(
    state: web::Data<State>,
    guarded: Guarded<ReadMissing>,
    path: web::Path<String>,
    query: web::Query<MissingQuery>,
) -> Result<web::Json<MissingJson>, ApiError> {
    let survey = surveys::known(&path)?;
    let chosen = Chosen {
        area: statistics::area(&query.area)?,
        bands: query.band.as_deref().map(missing::band).transpose()?.into_iter().collect(),
    };
    let page = PageQuery {
        after: query.after.clone(),
        limit: query.limit,
    };
    let found = missing::list(&state, &guarded.permit, survey, &chosen).await?;
    let after = page.after.as_deref().unwrap_or_default();
    let rows: Vec<MissingHospital> = found
        .hospitals
        .into_iter()
        .filter(|hospital| hospital.gmis_id.as_str() > after)
        .take(usize::try_from(page.limit()).unwrap_or(usize::MAX))
        .collect();
    Ok(web::Json(MissingJson {
        area: chosen.area.to_string(),
        targets: found.cells.iter().map(|cell| cell.targets).sum(),
        missing: found.cells.iter().map(|cell| cell.missing).sum(),
        cells: found.cells.into_iter().map(MissingCellJson::from).collect(),
        hospitals: Page::of(rows, page.limit(), |row| row.gmis_id.clone(), MissingHospitalJson::from),
    }))
}

/// A round of reminders.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReminders)]
pub struct NewRemindersJson {
    /// `nation`, two digits of a prefecture or five of a municipality.
    area: String,
    /// Keys of survey bands; all if not given.
    #[serde(default)]
    bands: Vec<String>,
    /// `first` or `last`; `first` if neither it nor a text is given.
    template: Option<String>,
    /// One's own words instead, with the places {hospital}, {gmis_id}, {survey}, {deadline}, {sender}, {url}.
    text: Option<ReminderTextJson>,
    /// Name of the round; a hospital gets one mail a round. Today's date in Japan if not given.
    round: Option<String>,
    /// Only show every mail, send none.
    #[serde(default)]
    dry_run: bool,
}

/// One's own words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReminderText)]
pub struct ReminderTextJson {
    /// One line of at most 100 characters.
    subject: String,
    /// At most 10,000 characters.
    body: String,
}

/// What a round sends or sent.
#[derive(Serialize, ToSchema)]
#[schema(as = ReminderRound)]
pub struct ReminderRoundJson {
    survey: String,
    area: String,
    round: String,
    /// Hospitals that have not answered.
    missing: usize,
    /// Mails that are new in this round.
    queued: usize,
    /// Hospitals that had their mail of this round before.
    already: usize,
    /// Every mail, in a dry run.
    mails: Vec<ReminderMailJson>,
    /// Hospitals that no mail can go to.
    without_address: Vec<UnreachedJson>,
}

/// One mail as it goes out.
#[derive(Serialize, ToSchema)]
#[schema(as = ReminderMail)]
pub struct ReminderMailJson {
    /// G-MIS ID.
    hospital: String,
    name: String,
    recipient: String,
    subject: String,
    body: String,
}

/// A hospital that no mail can go to.
#[derive(Serialize, ToSchema)]
#[schema(as = Unreached)]
pub struct UnreachedJson {
    /// G-MIS ID.
    hospital: String,
    name: String,
    /// `no_address`, or `undeliverable`: the mail server refused it before.
    reason: String,
    /// The refused address.
    email: Option<String>,
}

impl From<ComposedMail> for ReminderMailJson {
    fn from(mail: ComposedMail) -> ReminderMailJson {
        ReminderMailJson {
            hospital: mail.hospital,
            name: mail.name,
            recipient: mail.recipient,
            subject: mail.subject,
            body: mail.body,
        }
    }
}

impl From<Unreached> for UnreachedJson {
    fn from(unreached: Unreached) -> UnreachedJson {
        UnreachedJson {
            hospital: unreached.hospital,
            name: unreached.name,
            reason: unreached.reason.to_owned(),
            email: unreached.email,
        }
    }
}

impl From<reminders::RoundReport> for ReminderRoundJson {
    fn from(report: reminders::RoundReport) -> ReminderRoundJson {
        ReminderRoundJson {
            survey: report.survey,
            area: report.area,
            round: report.round,
            missing: report.missing,
            queued: report.queued,
            already: report.already,
            mails: report.mails.into_iter().map(ReminderMailJson::from).collect(),
            without_address: report.without_address.into_iter().map(UnreachedJson::from).collect(),
        }
    }
}

/// Reminds the hospitals of an area that have not answered, once each and round, or shows the mails that it would send.
#[utoipa::path(tag = "reminders", operation_id = "send_reminders", security(("bearer" = [])),
    params(("survey" = String, Path), ("Idempotency-Key" = String, Header)), request_body = NewRemindersJson, responses(
    (status = 200, description = "Dry run: every mail, none sent", body = ReminderRoundJson),
    (status = 201, description = "Queued", body = ReminderRoundJson),
    (status = 400, description = "body_invalid, idempotency_key_missing, area_invalid, band_invalid, template_unknown, text_or_template, subject_invalid, text_invalid, place_unknown, round_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, area_not_yours", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
    (status = 409, description = "idempotency_in_progress", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/reminders")]
pub async fn send_reminders(
    state: web::Data<State>,
    guarded: Guarded<RemindHospitals>,
    key: Keyed,
    path: web::Path<String>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let bytes = super::json_bytes(body)?;
    let asked: NewRemindersJson = super::parsed(&bytes)?;
    let reminder = Reminder {
        chosen: Chosen {
            area: statistics::area(&asked.area)?,
            bands: asked.bands.iter().map(|key| missing::band(key)).collect::<Result<_, _>>()?,
        },
        template: template(asked.template.as_deref(), asked.text.as_ref())?,
        round: asked.round,
    };
    if asked.dry_run {
        let report = reminders::preview(&state, &guarded.permit, survey, &reminder).await?;
        return Ok(HttpResponse::Ok().json(ReminderRoundJson::from(report)));
    }
    let answer = reminders::send_once(&state, &guarded.permit, survey, &reminder, &key.with_body(&bytes)).await?;
    Ok(answered(&answer))
}

fn template(name: Option<&str>, text: Option<&ReminderTextJson>) -> Result<Template, AppError> {
    match (name, text) {
        (Some(_), Some(_)) => Err(AppError::invalid(
            "text_or_template",
            "ひな形（template）と文章（text）は、どちらか一方だけを指定してください。",
        )),
        (None, Some(text)) => Template::of(&text.subject, &text.body),
        (name, None) => Template::named(name.unwrap_or("first")),
    }
}
