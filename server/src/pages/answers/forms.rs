//! The questionnaire's form: by topics or on one page, saved as a draft with every step, joined with what a colleague saved meanwhile.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use survey::question::Question;
use survey::survey::{Survey, Topic};

use super::given::{self, Sent};
use super::questions::{Faults, QuestionView, by_question, view};
use super::{framed, path, standing_words};
use crate::app::drafts::{self, NewDraft, SeenDraft};
use crate::app::entries::{self, Entry};
use crate::app::state::State;
use crate::app::{surveys, versions};
use crate::auth::permit::SubmitAnswers;
use crate::error::{AppError, Difference};
use crate::pages::error::PageError;
use crate::pages::fields::ErrorSummary;
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// Word for the whole questionnaire on one page.
const WHOLE: &str = "all";
/// How often what was typed is joined with what others save at the same moment.
const TRIES: u32 = 3;

/// Which part of the questionnaire.
#[derive(Debug, Deserialize)]
pub struct Part {
    /// Number of a topic, from 1, or `all`.
    #[serde(default)]
    topic: String,
    /// Any value: faults are told.
    check: Option<String>,
}

/// One topic in the list beside the form.
struct TopicLink {
    href: String,
    title: String,
    is_here: bool,
    /// What is left to do.
    left: String,
}

#[derive(Template)]
#[template(path = "answers/form.html")]
struct FormPage {
    page: Page,
    errors: ErrorSummary,
    hospital: String,
    standing: Option<&'static str>,
    general: Vec<String>,
    topics: Vec<TopicLink>,
    title: String,
    questions: Vec<(String, Vec<QuestionView>)>,
    action: String,
    topic: String,
    base: String,
    saved: String,
    left: String,
    is_whole: bool,
    is_last: bool,
    switch: String,
}

/// What a topic's questions are, and which is shown.
struct Shown<'e> {
    word: String,
    place: Option<usize>,
    topics: Vec<Topic<'e>>,
}

impl<'e> Shown<'e> {
    fn of(survey: &'e Survey, entry: &'e Entry, word: &str) -> Shown<'e> {
        let topics = survey.topics(entry.edition);
        if word == WHOLE || topics.len() < 2 {
            return Shown {
                word: WHOLE.to_owned(),
                place: None,
                topics,
            };
        }
        let place = word.parse::<usize>().unwrap_or(1).clamp(1, topics.len());
        Shown {
            word: place.to_string(),
            place: Some(place),
            topics,
        }
    }

    fn chosen(&self) -> Vec<Topic<'e>> {
        match self.place {
            None => self.topics.clone(),
            Some(place) => self.topics.get(place.saturating_sub(1)).copied().into_iter().collect(),
        }
    }

    fn questions(&self) -> impl Iterator<Item = &'e Question> {
        self.chosen().into_iter().flat_map(|topic| topic.questions)
    }

    fn after(&self) -> Option<usize> {
        let next = self.place?.saturating_add(1);
        (next <= self.topics.len()).then_some(next)
    }
}

/// Of answers, those to some questions.
fn part<'q>(answers: &Value, questions: impl Iterator<Item = &'q Question>) -> Value {
    let of = |question: &Question| Some((question.key.as_str().to_owned(), answers.get(question.key.as_str())?.clone()));
    Value::Object(questions.filter_map(of).collect())
}

/// The topic in which a question stands, from 1.
pub fn topic_of(survey: &Survey, entry: &Entry, question: &str) -> usize {
    let outer = question.split('.').next().unwrap_or_default();
    let holds = |topic: &Topic<'_>| topic.questions.iter().any(|known| known.key.as_str() == outer);
    survey
        .topics(entry.edition)
        .iter()
        .position(holds)
        .map_or(1, |place| place.saturating_add(1))
}

/// Reads a part of the questionnaire.
///
/// # Errors
/// `survey_unknown`, `hospital_unknown`; or the database is away.
#[get("/surveys/{survey}/hospitals/{hospital}/form")]
pub async fn read_form(
    state: web::Data<State>,
    visitor: Visitor<SubmitAnswers>,
    place: web::Path<(String, String)>,
    query: web::Query<Part>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let entry = entries::open(&state, &visitor.permit, survey, &gmis).await?;
    let faults = if query.check.is_some() { Faults::Said } else { Faults::Unsaid };
    Ok(show(&form(&state, &visitor, survey, &entry, &query.topic, faults)))
}

fn form(state: &State, visitor: &Visitor<SubmitAnswers>, survey: &'static Survey, entry: &Entry, word: &str, faults: Faults) -> FormPage {
    let shown = Shown::of(survey, entry, word);
    let gmis = entry.hospital.gmis_id.as_str();
    let here = |topic: &str| format!("{}?topic={topic}", path(survey, gmis, "form"));
    let said = by_question(&entry.evaluation.faults);
    let errors_of = |topic: &Topic<'_>| {
        let keys: Vec<&str> = topic.questions.iter().map(|question| question.key.as_str()).collect();
        said.iter()
            .filter(|(key, _)| keys.contains(&key.split('.').next().unwrap_or_default()))
            .flat_map(|(_, faults)| faults)
            .filter(|fault| fault.is_error())
            .count()
    };
    let topics = shown.topics.iter().zip(1_usize..).map(|(topic, number)| TopicLink {
        href: here(&number.to_string()),
        title: topic.title.to_owned(),
        is_here: shown.place == Some(number),
        left: match errors_of(topic) {
            0 => "済".to_owned(),
            left => format!("残り{left}件"),
        },
    });
    let questions: Vec<(String, Vec<QuestionView>)> = shown
        .chosen()
        .into_iter()
        .map(|topic| {
            let views = topic.questions.iter().map(|question| view(entry, question, faults)).collect();
            (topic.title.to_owned(), views)
        })
        .collect();
    let errors = match faults {
        Faults::Unsaid => Vec::new(),
        // In the evaluator's order, which is that of the fields.
        Faults::Said => entry
            .evaluation
            .faults
            .iter()
            .filter(|fault| fault.is_error())
            .filter_map(|fault| {
                let place = fault.question.as_deref()?;
                let outer = place.split('.').next()?;
                let is_shown = shown.questions().any(|question| question.key.as_str() == outer);
                is_shown.then(|| (place.to_owned(), fault.message.clone()))
            })
            .collect(),
    };
    let title = match shown.place.and_then(|place| shown.topics.get(place.saturating_sub(1))) {
        Some(topic) => topic.title.to_owned(),
        None => "すべての設問".to_owned(),
    };
    let page_title = format!("{}年調査の回答：{title}", survey.id());
    FormPage {
        page: framed(visitor, survey, entry, &page_title),
        errors: ErrorSummary { errors },
        hospital: format!("{}（{gmis}）", entry.hospital.name),
        standing: standing_words(entry),
        general: entry
            .comments
            .iter()
            .filter(|comment| comment.question.is_none())
            .map(|comment| comment.text.clone())
            .collect(),
        topics: topics.collect(),
        title,
        questions,
        action: path(survey, gmis, "form"),
        base: part(&entry.answers, shown.questions()).to_string(),
        saved: match entry.draft {
            Some((_, saved_at)) => format!("{}に一時保存しました。", words::moment(saved_at)),
            None => "まだ一時保存していません。".to_owned(),
        },
        left: match entry.open_until {
            Some(until) => format!("提出期限：{}（{}）", words::moment(until), words::left(until, state.now())),
            None => "現在は提出を受け付けていません。".to_owned(),
        },
        is_whole: shown.place.is_none(),
        is_last: shown.after().is_none(),
        switch: if shown.place.is_none() { here("1") } else { here(WHOLE) },
        topic: shown.word,
    }
}

/// What became of what was typed.
enum Saved {
    Kept,
    /// Both changed the same.
    Conflicts {
        stored: Value,
        yours: Value,
        conflicts: Vec<Difference>,
    },
}

/// Saves what was typed, and goes where the button says.
///
/// # Errors
/// As [`drafts::save`].
#[post("/surveys/{survey}/hospitals/{hospital}/form")]
pub async fn save_form(
    state: web::Data<State>,
    visitor: Visitor<SubmitAnswers>,
    place: web::Path<(String, String)>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let topic = given::value(&sent, "topic").unwrap_or_default();
    let mut tries = 0;
    let (word, after) = loop {
        let entry = entries::open(&state, &visitor.permit, survey, &gmis).await?;
        let shown = Shown::of(survey, &entry, topic);
        match save(&state, &visitor, survey, &entry, &shown, &sent).await {
            Ok(Saved::Kept) => break (shown.word.clone(), shown.after()),
            Ok(Saved::Conflicts { stored, yours, conflicts }) => {
                let page = conflict_page(&visitor, survey, &entry, &shown.word, (&stored, &yours), &conflicts);
                return Ok(render(StatusCode::CONFLICT, &page));
            }
            // A colleague saved between reading and saving: joined again.
            Err(AppError::Stale(..)) if tries < TRIES => tries += 1,
            Err(error) => return Err(error.into()),
        }
    };
    let act = given::value(&sent, "act").unwrap_or_default();
    let to = match (act, after) {
        ("check", _) => path(survey, &gmis, "check"),
        ("next", Some(next)) => format!("{}?topic={next}", path(survey, &gmis, "form")),
        ("next", None) => path(survey, &gmis, "check"),
        _ => {
            // The page as it is now, for who asked without leaving it and for who has no JavaScript.
            let entry = entries::open(&state, &visitor.permit, survey, &gmis).await?;
            let mut again = form(&state, &visitor, survey, &entry, &word, Faults::Unsaid);
            if act != "auto" {
                again.page.done = Some("一時保存しました。まだ提出されていません。");
            }
            return Ok(show(&again));
        }
    };
    Ok(go_to(to))
}

/// Joins what was typed with what is stored by now, and keeps it if nothing has to be decided.
async fn save(
    state: &State,
    visitor: &Visitor<SubmitAnswers>,
    survey: &'static Survey,
    entry: &Entry,
    shown: &Shown<'_>,
    sent: &Sent,
) -> Result<Saved, AppError> {
    let stored = part(&entry.answers, shown.questions());
    let base = given::value(sent, "base").and_then(|text| serde_json::from_str(text).ok());
    let mut yours = Value::Object(given::answers(shown.questions(), sent));
    decide(&mut yours, &stored, sent);
    let joined = versions::merge(base.as_ref().unwrap_or(&stored), &stored, &yours);
    if !joined.conflicts.is_empty() {
        return Ok(Saved::Conflicts {
            stored,
            yours,
            conflicts: joined.conflicts,
        });
    }
    let mut answers = entry.answers.as_object().cloned().unwrap_or_default();
    for question in shown.questions() {
        answers.remove(question.key.as_str());
    }
    answers.extend(joined.answers);
    let answers = Value::Object(answers);
    if answers == entry.answers {
        // Nothing was typed: reading a page and going on makes no draft.
        return Ok(Saved::Kept);
    }
    let new = NewDraft {
        edition: Some(entry.edition.id().as_str().to_owned()),
        answers,
    };
    let seen = entry.draft.map_or(SeenDraft::None, |(tag, _)| SeenDraft::Tag(tag));
    drafts::save(state, &visitor.permit, survey, &entry.hospital.gmis_id, new, seen).await?;
    Ok(Saved::Kept)
}

/// Takes what was decided on the page of conflicts: `decide.<question>` is `stored` where that is to stay.
fn decide(yours: &mut Value, stored: &Value, sent: &Sent) {
    let Some(answers) = yours.as_object_mut() else { return };
    let stays = |(name, value): &&(String, String)| name.starts_with("decide.") && value == "stored";
    for (name, _) in sent.iter().filter(stays) {
        let question = name.trim_start_matches("decide.");
        let mut value = stored;
        for step in question.split('.') {
            value = value.get(step).unwrap_or(&Value::Null);
        }
        versions::set(answers, question, value.clone());
    }
}

/// One field that two people changed.
struct Conflict {
    question: String,
    heading: String,
    stored: String,
    yours: String,
}

#[derive(Template)]
#[template(path = "answers/conflicts.html")]
struct ConflictPage {
    page: Page,
    conflicts: Vec<Conflict>,
    kept: Vec<(String, String)>,
    action: String,
    topic: String,
    base: String,
}

fn conflict_page(
    visitor: &Visitor<SubmitAnswers>,
    survey: &'static Survey,
    entry: &Entry,
    topic: &str,
    (stored, yours): (&Value, &Value),
    conflicts: &[Difference],
) -> ConflictPage {
    let shown = |question: &str, value: &Value| {
        let words = match (entry.edition.question(question), value) {
            (_, Value::Null) => String::new(),
            (Some(question), value) => super::questions::in_words(question, Some(value)),
            (None, value) => value.as_str().unwrap_or_default().to_owned(),
        };
        if words.is_empty() { "（空欄）".to_owned() } else { words }
    };
    let heading = |question: &str| {
        let (outer, field) = question.split_once('.').unwrap_or((question, ""));
        let known = entry.edition.question(outer);
        let label = known.and_then(|known| match &known.kind {
            survey::question::Kind::Respondent(fields) => fields.iter().find(|known| known.key == field).map(|field| field.label.clone()),
            _ => None,
        });
        let heading = known.map(Question::heading).unwrap_or_default();
        label.map_or(heading.clone(), |label| format!("{heading}（{label}）"))
    };
    ConflictPage {
        page: framed(visitor, survey, entry, "同時に変更された設問があります"),
        conflicts: conflicts
            .iter()
            .map(|conflict| Conflict {
                heading: heading(&conflict.question),
                stored: shown(&conflict.question, &conflict.stored),
                yours: shown(&conflict.question, &conflict.yours),
                question: conflict.question.clone(),
            })
            .collect(),
        kept: as_form(yours),
        action: path(survey, &entry.hospital.gmis_id, "form"),
        topic: topic.to_owned(),
        base: stored.to_string(),
    }
}

/// Answers as the names and values of a form.
fn as_form(answers: &Value) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (key, value) in answers.as_object().into_iter().flatten() {
        match value {
            Value::String(one) => pairs.push((key.clone(), one.clone())),
            Value::Array(several) => pairs.extend(several.iter().filter_map(|one| Some((key.clone(), one.as_str()?.to_owned())))),
            Value::Object(fields) => {
                pairs.extend(
                    fields
                        .iter()
                        .filter_map(|(field, text)| Some((format!("{key}.{field}"), text.as_str()?.to_owned()))),
                );
            }
            _ => {}
        }
    }
    pairs
}
