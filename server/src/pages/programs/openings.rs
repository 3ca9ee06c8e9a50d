//! Opening a programme (支援事業を始める): the ministry says what it is and by which answers it chooses; hospitals, beds and cells are frozen at that moment.
//! Effort and the columns of the form are the usual ones; others are said by file (`chosa program open`) or by the API.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use analytics::selection::facts::is_intake_form;
use askama::Template;
use survey::band::Banding;

use crate::app::programs::{self, Consent, NewProgram, Terms};
use crate::app::state::State;
use crate::auth::permit::SetQuotas;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, ErrorSummary, Look, Takes, TextField};
use crate::pages::moments::last_second;
use crate::pages::page::{Page, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;

/// What the form sends: the surveys may be several.
type Sent = [(String, String)];

#[derive(Template)]
#[template(path = "programs/opening.html")]
struct OpeningPage {
    page: Page,
    errors: ErrorSummary,
    path: &'static str,
    fields: Vec<String>,
}

const PATH: &str = "/new-program";

/// Shows the form.
///
/// # Errors
/// A defect.
#[get("/new-program")]
pub async fn read_opening(visitor: Visitor<SetQuotas>) -> Result<HttpResponse, PageError> {
    shown(&visitor, &[], None)
}

/// Opens a programme.
///
/// # Errors
/// The database is away. What the use case refuses is the page again.
#[post("/new-program")]
pub async fn open_program(
    state: web::Data<State>,
    visitor: Visitor<SetQuotas>,
    form: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, PageError> {
    let opened = async {
        let new = new(&form)?;
        programs::open(&state, &visitor.permit, &new).await
    };
    match opened.await {
        Ok(row) => Ok(go_to(format!("/programs/{}?done=opened", row.id))),
        Err(error) => shown(&visitor, &form, Some(refused(error)?)),
    }
}

fn of<'s>(sent: &'s Sent, name: &str) -> &'s str {
    let found = sent.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value.trim())
}

fn new(sent: &Sent) -> Result<NewProgram, AppError> {
    let year = of(sent, "fiscal_year")
        .parse::<i32>()
        .ok()
        .filter(|year| (2000..2200).contains(year));
    let year = year.ok_or_else(|| AppError::invalid("program_invalid", "年度は西暦4桁の整数で入力してください。").at("fiscal_year"))?;
    let mut surveys: Vec<String> = sent
        .iter()
        .filter(|(name, _)| name == "surveys")
        .map(|(_, id)| id.clone())
        .collect();
    surveys.sort_by(|one, other| other.cmp(one));
    Ok(NewProgram {
        id: of(sent, "id").to_owned(),
        fiscal_year: year,
        title: of(sent, "title").to_owned(),
        surveys,
        use_rule: of(sent, "use_rule").to_owned(),
        deadline: last_second(of(sent, "deadline")).map_err(|error| error.at("deadline"))?,
        terms: Terms {
            banding: if of(sent, "banding") == "survey" {
                Banding::Survey
            } else {
                Banding::Program
            },
            consent: if of(sent, "consent") == "recorded" {
                Consent::Recorded
            } else {
                Consent::Rule
            },
            intake_survey: Some(of(sent, "intake_survey").to_owned()).filter(|id| !id.is_empty()),
            ..Terms::default()
        },
    })
}

fn shown(visitor: &Visitor<SetQuotas>, sent: &Sent, refused: Option<Refused>) -> Result<HttpResponse, PageError> {
    let page = visitor.page("支援事業を始める").at("/programs");
    let template = OpeningPage {
        page: page.below("/", "ホーム").below("/programs", "支援事業"),
        errors: ErrorSummary {
            errors: refused
                .iter()
                .map(|refused| (refused.place().to_owned(), refused.sentence.clone()))
                .collect(),
        },
        path: PATH,
        fields: fields(sent, refused.as_ref()).map_err(AppError::internal)?,
    };
    Ok(render(refused.map_or(StatusCode::OK, |refused| refused.status), &template))
}

/// Fields as they are made here: with what was typed, and what is wrong with it.
struct Maker<'s> {
    sent: &'s Sent,
    refused: Option<&'s Refused>,
}

impl Maker<'_> {
    fn error(&self, name: &str) -> Option<String> {
        let refused = self.refused.filter(|refused| refused.place() == name);
        refused.map(|refused| refused.sentence.clone())
    }

    fn text(&self, name: &str, label: &str, takes: Takes, support: &str) -> Result<String, askama::Error> {
        let field = TextField::new(name, label).takes(takes).support(support);
        field.value(of(self.sent, name)).error(self.error(name)).render()
    }

    /// The first one is the usual one.
    fn radios(&self, name: &str, label: &str, choices: [(&str, &str); 2]) -> Result<String, askama::Error> {
        let [(usual, _), _] = choices;
        let standing = Some(of(self.sent, name)).filter(|text| !text.is_empty()).unwrap_or(usual);
        let choices = choices.map(|(value, label)| Choice::new(value, label, standing)).to_vec();
        ChoiceField::new(name, label, Look::Radios, choices).render()
    }

    /// The surveys whose answers decide.
    fn surveys(&self) -> Result<String, askama::Error> {
        let boxes = survey::all().filter(|survey| !is_intake_form(survey)).map(|survey| Choice {
            value: survey.id().to_string(),
            label: format!("{}年調査（{}）", survey.id(), survey.title()),
            chosen: self.sent.iter().any(|(name, id)| name == "surveys" && id == survey.id().as_str()),
        });
        ChoiceField::new("surveys", "選定に使う調査", Look::Boxes, boxes.collect())
            .support("病院が回答した中で最も新しい調査の回答を用います。最も新しい調査の名簿の病院が対象になります。")
            .error(self.error("surveys"))
            .render()
    }

    fn intake(&self) -> Result<String, askama::Error> {
        let standing = of(self.sent, "intake_survey");
        let forms = survey::all().filter(|survey| is_intake_form(survey));
        let forms = forms.map(|survey| Choice::new(survey.id().as_str(), survey.title(), standing));
        let choices = std::iter::once(Choice::new("", "用いない", standing)).chain(forms);
        ChoiceField::new("intake_survey", "意向調査", Look::List, choices.collect())
            .optional()
            .support("支援の希望と、回答の利用への同意を尋ねる調査です。")
            .error(self.error("intake_survey"))
            .render()
    }
}

fn fields(sent: &Sent, refused: Option<&Refused>) -> Result<Vec<String>, askama::Error> {
    let make = Maker { sent, refused };
    let id = "半角の英小文字、数字、-、_ で32文字まで。例：2024。URLとファイル名に使い、後から変えられません。";
    let bandings = [
        ("program", "3区分（20～199床、200～399床、400床以上）"),
        ("survey", "6区分（調査の集計と同じ）"),
    ];
    let consents = [
        ("rule", "要しない（上の根拠により用いる）"),
        ("recorded", "要する（意向調査で同意した病院だけを候補にする）"),
    ];
    let rule = "記録に残ります。例：通知の記4";
    Ok(vec![
        make.text("id", "事業の識別名", Takes::Text, id)?,
        make.text("title", "事業名", Takes::Text, "")?,
        make.text("fiscal_year", "年度", Takes::Number, "西暦4桁。")?,
        make.surveys()?,
        make.text("use_rule", "調査の回答を選定に用いる根拠", Takes::Lines, rule)?,
        make.text("deadline", "選定リストの提出期限", Takes::Moment, "")?,
        make.radios("banding", "病床規模区分", bandings)?,
        make.radios("consent", "病院の同意", consents)?,
        make.intake()?,
    ])
}
