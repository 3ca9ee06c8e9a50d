//! Trends: a question in two surveys side by side, as a table and as a picture of lines. What compares is decided by the crosswalk.

use actix_web::{HttpResponse, get, web};
use analytics::picture;
use analytics::trend::{TrendBy, TrendChange, TrendRequest, TrendRow, TrendShare, TrendTable};
use askama::Template;
use serde::Deserialize;
use survey::crosswalk::Crosswalk;
use survey::prefecture::PrefectureCode;
use survey::question::QuestionKey;
use survey::survey::Survey;

use super::{INTERNAL, percent};
use crate::app::state::State;
use crate::app::{statistics, surveys, trends};
use crate::auth::actor::Role;
use crate::auth::permit::{Permit, ReadTables};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, Look};
use crate::pages::page::{Page, encoded, show};
use crate::pages::surveys::{Tabs, framed, tabs};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// A row of one of the two tables.
struct Line {
    name: String,
    /// Share, interval, counts: of the earlier and the later year.
    years: Vec<(String, String, String)>,
    change: String,
}

#[derive(Template)]
#[template(path = "ministry/trends.html")]
struct TrendsPage {
    page: Page,
    tabs: Tabs,
    path: String,
    fields: Vec<ChoiceField>,
    /// `None`: nothing of an earlier survey compares.
    shown: Option<Shown>,
}

struct Shown {
    picture: String,
    title: String,
    note: String,
    as_of: String,
    years: Vec<String>,
    /// Caption, rows.
    tables: Vec<(&'static str, Vec<Line>)>,
}

/// What the address says; what is missing is chosen.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    from: String,
    #[serde(default)]
    question: String,
    #[serde(default)]
    area: String,
    #[serde(default)]
    by: String,
}

impl Query {
    /// The same with what was left open filled in; `None` where nothing compares.
    fn filled(mut self, role: &Role, survey: &Survey) -> Option<Query> {
        let crosswalk = Crosswalk::compiled_in();
        let to = survey.id().as_str();
        if self.from.is_empty() {
            crosswalk.earlier(to)?.clone_into(&mut self.from);
        }
        if self.question.is_empty() {
            let first = crosswalk.between(&self.from, to).find(|pair| pair.comparable)?;
            first.to_question.clone_into(&mut self.question);
        }
        if self.area.is_empty() {
            self.area = match role {
                Role::Prefecture(code) => code.code(),
                Role::Municipality(code) => code.to_string(),
                _ => "nation".to_owned(),
            };
        }
        Some(self)
    }
}

/// Shows a trend.
///
/// # Errors
/// `survey_unknown`, `question_unknown`, `question_not_comparable`, `area_not_yours`; or the database is away.
#[get("/surveys/{survey}/trends")]
pub async fn read_trends(
    state: web::Data<State>,
    visitor: Visitor<ReadTables>,
    place: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let path = format!("/surveys/{}/trends", survey.id());
    let page = framed(&visitor, survey, "年次推移");
    let tabs = tabs(&visitor.who.role, survey, "trends");
    let Some(query) = query.into_inner().filled(&visitor.who.role, survey) else {
        return Ok(show(&TrendsPage {
            page,
            tabs,
            path,
            fields: Vec::new(),
            shown: None,
        }));
    };
    let table = table(&state, &visitor.permit, survey, &query).await?;
    let picture = encoded(&[("from", &query.from), ("question", &query.question), ("area", &query.area)]);
    let by_band = std::iter::once(&table.total).chain(&table.rows);
    let all: Vec<&TrendRow> = by_band.collect();
    let row = |share: fn(&TrendRow) -> [&TrendShare; 2], change: fn(&TrendRow) -> Option<&TrendChange>| {
        all.iter().map(|row| line(row, share(row), change(row))).collect()
    };
    Ok(show(&TrendsPage {
        page,
        tabs,
        fields: fields(&visitor.who.role, survey, &query),
        shown: Some(Shown {
            picture: format!("{path}.svg?{picture}"),
            title: format!("{}：「{}」の割合", table.later.label, table.later.yes.join("・")),
            note: table.note.clone(),
            as_of: format!(
                "{}。{}年は{}、{}年は{}現在の回答による。",
                table.area.name(),
                table.earlier.survey,
                words::moment(table.earlier.as_of),
                table.later.survey,
                words::moment(table.later.as_of)
            ),
            years: vec![format!("{}年", table.earlier.survey), format!("{}年", table.later.survey)],
            tables: vec![
                (
                    "すべての病院（調査対象の全病院についての推計）",
                    row(|row| [&row.all.earlier, &row.all.later], |row| row.all.change.as_ref()),
                ),
                (
                    "両年に回答した病院",
                    row(|row| [&row.panel.earlier, &row.panel.later], |row| row.panel.change.as_ref()),
                ),
            ],
        }),
        path,
    }))
}

/// The picture of a trend.
///
/// # Errors
/// As [`read_trends`].
#[get("/surveys/{survey}/trends.svg")]
pub async fn draw_trend(
    state: web::Data<State>,
    visitor: Visitor<ReadTables>,
    place: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let table = table(&state, &visitor.permit, survey, &query).await?;
    Ok(super::picture(picture::of_trend(&table, INTERNAL)))
}

async fn table(state: &State, permit: &Permit<ReadTables>, survey: &'static Survey, query: &Query) -> Result<TrendTable, AppError> {
    let request = TrendRequest {
        question: QuestionKey::from(query.question.as_str()),
        area: statistics::area(&query.area)?,
        by: if query.by == "band" { TrendBy::Band } else { TrendBy::Area },
    };
    trends::trend(state, permit, (surveys::known(&query.from)?, survey), request).await
}

fn line(row: &TrendRow, shares: [&TrendShare; 2], change: Option<&TrendChange>) -> Line {
    let year = |share: &TrendShare| {
        let estimate = share.estimate.as_ref();
        let interval = estimate.and_then(|estimate| estimate.low.zip(estimate.high));
        (
            percent(estimate.map(|estimate| estimate.percent).or(share.percent)),
            interval.map_or_else(String::new, |(low, high)| format!("{low:.1}～{high:.1}%")),
            format!("{}／{}", words::count(share.count), words::count(share.base)),
        )
    };
    Line {
        name: row.band_label.clone().unwrap_or_else(|| "全体".to_owned()),
        years: shares.into_iter().map(year).collect(),
        change: change.map_or_else(
            || "―".to_owned(),
            |change| {
                let interval = change.low.zip(change.high);
                let interval = interval.map_or_else(String::new, |(low, high)| format!("（{low:+.1}～{high:+.1}）"));
                format!("{:+.1}ポイント{interval}", change.points)
            },
        ),
    }
}

fn fields(role: &Role, survey: &Survey, query: &Query) -> Vec<ChoiceField> {
    let to = survey.id().as_str();
    let crosswalk = Crosswalk::compiled_in();
    let comparable = || crosswalk.pairs().iter().filter(|pair| pair.comparable && pair.to_survey == to);
    let mut earlier: Vec<&str> = comparable().map(|pair| pair.from_survey.as_str()).collect();
    earlier.dedup();
    let years = earlier.iter().map(|year| Choice::new(*year, format!("{year}年調査"), &query.from));
    let questions = comparable().filter(|pair| pair.from_survey == query.from).map(|pair| {
        let question = survey.question(&pair.to_question);
        let label = question.map_or_else(|| pair.to_question.clone(), survey::question::Question::heading);
        Choice::new(pair.to_question.clone(), label, &query.question)
    });
    let mut fields = vec![
        ChoiceField::new("from", "比べる調査", Look::List, years.collect()).unmarked(),
        ChoiceField::new("question", "設問", Look::List, questions.collect()).unmarked(),
    ];
    if matches!(role, Role::MinistryAnalyst | Role::MinistryAdministrator) {
        let nation = Choice::new("nation", "全国", &query.area);
        let prefectures = PrefectureCode::all().map(|code| Choice::new(code.code(), code.name(), &query.area));
        let areas = std::iter::once(nation).chain(prefectures).collect();
        fields.push(ChoiceField::new("area", "地域", Look::List, areas).unmarked());
    }
    let rows = vec![
        Choice::new("", "全体だけ", &query.by),
        Choice::new("band", "病床規模区分ごと", &query.by),
    ];
    fields.push(ChoiceField::new("by", "行", Look::List, rows).unmarked());
    fields
}
