//! Reminding those that have not answered: the words, a look at every mail, and then sending them; each hospital once a round, however often it is sent.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use survey::area::Area;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;
use uuid::Uuid;

use super::lists::chosen;
use super::overviews::area_of;
use super::{Tabs, framed, path, tabs, with_query};
use crate::app::letters::Template as Words;
use crate::app::reminders::{self, Reminder, RoundReport};
use crate::app::state::State;
use crate::app::{frames, surveys};
use crate::auth::permit::RemindHospitals;
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::answers::given::{self, Sent};
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, ErrorSummary, Look, Takes, TextField};
use crate::pages::filters;
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::visitor::Visitor;

/// Mails of a preview whose addresses are listed; the numbers say of all.
const LISTED: usize = 500;

/// Whom a link means, and which words.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    area: String,
    band: String,
    template: String,
    round: String,
    done: String,
}

/// A hospital that no mail can go to.
struct Unreached {
    name: String,
    gmis: String,
    why: String,
}

/// A round: what would be sent, or what was.
struct Round {
    missing: usize,
    queued: usize,
    already: usize,
    sample: Option<(String, String)>,
    listed: Vec<(String, String, String)>,
    more: usize,
    unreached: Vec<Unreached>,
}

impl Round {
    fn of(report: RoundReport) -> Round {
        let more = report.mails.len().saturating_sub(LISTED);
        let sample = report.mails.first().map(|mail| (mail.subject.clone(), mail.body.clone()));
        let unreached = report.without_address.into_iter().map(|hospital| Unreached {
            why: match (hospital.reason, hospital.email) {
                ("undeliverable", Some(email)) => format!("宛先不明（{email}）"),
                ("undeliverable", None) => "宛先不明".to_owned(),
                _ => "メールアドレスの登録なし".to_owned(),
            },
            name: hospital.name,
            gmis: hospital.hospital,
        });
        Round {
            missing: report.missing,
            queued: report.queued,
            already: report.already,
            sample,
            unreached: unreached.collect(),
            more,
            listed: report
                .mails
                .into_iter()
                .take(LISTED)
                .map(|mail| (mail.hospital, mail.name, mail.recipient))
                .collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "surveys/reminders.html")]
struct RemindersPage {
    page: Page,
    tabs: Tabs,
    errors: ErrorSummary,
    areas: Option<ChoiceField>,
    area: String,
    bands: ChoiceField,
    subject: TextField,
    body: TextField,
    round_name: TextField,
    other: (&'static str, String),
    action: String,
    print: String,
    key: String,
    round: Option<Round>,
    is_sent: bool,
    sent_fields: Vec<(String, String)>,
}

/// What the page shows beside its form.
#[derive(Default)]
struct Shown {
    errors: Vec<(String, String)>,
    round: Option<Round>,
    is_sent: bool,
}

/// Shows the form of reminders; after a round was sent, what became of it.
///
/// # Errors
/// `survey_unknown`, `template_unknown`, `area_not_yours`; or the database is away.
#[get("/surveys/{survey}/reminders")]
pub async fn read_reminders(
    state: web::Data<State>,
    visitor: Visitor<RemindHospitals>,
    place: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let name = if query.template.is_empty() {
        "first"
    } else {
        query.template.as_str()
    };
    let words = Words::named(name)?;
    let (subject, body) = words.words();
    let round = if query.round.is_empty() {
        frames::day_in_japan(state.now()).to_string()
    } else {
        query.round.clone()
    };
    let mut sent: Sent = [("area", &query.area), ("round", &round), ("template", &name.to_owned())]
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .to_vec();
    sent.extend(query.band.split(',').map(|band| ("band".to_owned(), band.to_owned())));
    sent.extend([("subject".to_owned(), subject.to_owned()), ("body".to_owned(), body.to_owned())]);
    let mut shown = Shown::default();
    if query.done == "sent" {
        // Asked of what is stored, not of the address bar.
        let report = reminders::preview(&state, &visitor.permit, survey, &reminder(&visitor, &sent)?).await?;
        shown.round = Some(Round::of(report));
        shown.is_sent = true;
    }
    Ok(show(&page(&visitor, survey, &sent, shown)?))
}

/// Shows every mail of a round, or sends them.
///
/// # Errors
/// As [`reminders::send_once`]; what is wrong with the words is told on the page.
#[post("/surveys/{survey}/reminders")]
pub async fn send_reminders(
    state: web::Data<State>,
    visitor: Visitor<RemindHospitals>,
    place: web::Path<String>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let value = |name: &str| given::value(&sent, name).unwrap_or_default();
    let result = match reminder(&visitor, &sent) {
        Ok(reminder) if value("act") == "send" => {
            let what = format!("remind {} {reminder:?}", survey.id());
            let key = keyed(&what, value("key"));
            reminders::send_once(&state, &visitor.permit, survey, &reminder, &key)
                .await
                .map(|_| None)
        }
        Ok(reminder) => reminders::preview(&state, &visitor.permit, survey, &reminder).await.map(Some),
        Err(error) => Err(error),
    };
    match result {
        Ok(None) => {
            let bands = bands(&sent).join(",");
            let query = [
                ("done", "sent"),
                ("area", value("area")),
                ("band", &bands),
                ("round", value("round")),
            ];
            Ok(go_to(with_query(&path(survey, "reminders"), &query)))
        }
        Ok(Some(report)) => {
            let shown = Shown {
                round: Some(Round::of(report)),
                ..Shown::default()
            };
            Ok(show(&page(&visitor, survey, &sent, shown)?))
        }
        Err(AppError::Invalid(refusal)) => {
            let field = match refusal.code.as_ref() {
                "subject_invalid" => "subject",
                "text_invalid" | "place_unknown" => "body",
                "round_invalid" => "round",
                _ => "",
            };
            let shown = Shown {
                errors: vec![(field.to_owned(), refusal.message)],
                ..Shown::default()
            };
            Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page(&visitor, survey, &sent, shown)?))
        }
        Err(error) => Err(error.into()),
    }
}

fn bands(sent: &Sent) -> Vec<&str> {
    let of_bands = sent.iter().filter(|(name, value)| name == "band" && !value.is_empty());
    of_bands.map(|(_, value)| value.as_str()).collect()
}

fn reminder(visitor: &Visitor<RemindHospitals>, sent: &Sent) -> Result<Reminder, AppError> {
    let value = |name: &str| given::value(sent, name).unwrap_or_default();
    Ok(Reminder {
        chosen: chosen(area_of(visitor)?, value("area"), &bands(sent))?,
        template: Words::of(value("subject"), value("body"))?,
        round: Some(value("round").trim().to_owned()).filter(|round| !round.is_empty()),
    })
}

fn page(visitor: &Visitor<RemindHospitals>, survey: &Survey, sent: &Sent, shown: Shown) -> Result<RemindersPage, AppError> {
    let value = |name: &str| given::value(sent, name).unwrap_or_default();
    let wrong = |name: &str| {
        shown
            .errors
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, sentence)| sentence.clone())
    };
    let chosen_bands = bands(sent);
    let bands = Banding::Survey.bands().iter().map(|band| Choice {
        value: band.key.to_owned(),
        label: band.label.to_owned(),
        chosen: chosen_bands.contains(&band.key),
    });
    let (area, own) = (value("area"), area_of(visitor)?);
    let areas = (own == Area::Nation).then(|| {
        let nation = Choice::new("nation", "全国", area);
        let all = PrefectureCode::all().map(|code| Choice::new(code.code(), code.name(), area));
        ChoiceField::new("area", "地域", Look::List, std::iter::once(nation).chain(all).collect()).unmarked()
    });
    let area = if area.is_empty() { own.to_string() } else { area.to_owned() };
    let other = if value("template") == "last" {
        ("最初のお願い", "first")
    } else {
        ("期限間近", "last")
    };
    let joined = chosen_bands.join(",");
    let again = [("area", area.as_str()), ("band", joined.as_str()), ("template", other.1)];
    let band = if let [only] = chosen_bands.as_slice() { *only } else { "" };
    let names = ["area", "band", "subject", "body", "round"];
    let print = with_query(&path(survey, "missing.xlsx"), &[("area", &area), ("band", band)]);
    Ok(RemindersPage {
        page: framed(visitor, survey, "督促").done(shown.is_sent.then_some("督促のメールを送信待ちに入れました。順に送られます。")),
        tabs: tabs(&visitor.who.role, survey, "reminders"),
        bands: ChoiceField::new("band", "病床規模", Look::Boxes, bands.collect())
            .optional()
            .support("選ばなければ、すべての病床規模の病院に送ります。"),
        subject: TextField::new("subject", "件名").value(value("subject")).error(wrong("subject")),
        body: TextField::new("body", "本文")
            .takes(Takes::Lines)
            .support(
                "{hospital}（病院名）、{gmis_id}、{survey}（調査名）、{deadline}（回答期限）、{sender}（差出人）、{url}は、病院ごとの内容に置き換わります。",
            )
            .value(value("body"))
            .error(wrong("body")),
        round_name: TextField::new("round", "督促の回")
            .support("同じ回のメールは、病院ごとに1通しか送られません。英数字とハイフンで、40文字まで。")
            .value(value("round"))
            .error(wrong("round")),
        other: (other.0, with_query(&path(survey, "reminders"), &again)),
        action: path(survey, "reminders"),
        print,
        key: Uuid::now_v7().to_string(),
        sent_fields: sent.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned().collect(),
        errors: ErrorSummary { errors: shown.errors },
        round: shown.round,
        is_sent: shown.is_sent,
        areas,
        area,
    })
}
