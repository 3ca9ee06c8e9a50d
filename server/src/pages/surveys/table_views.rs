//! How a table and the form that asks for it look; and what the newest release says of the nation, beside an area's numbers. Counts nothing.

use analytics::{Estimate, Table, TableRow};
use askama::Template;
use survey::area::Area;
use survey::attribute::{UNKNOWN, catalogue};
use survey::indicator;
use survey::prefecture::PrefectureCode;
use survey::region::Region;
use survey::survey::Survey;

use super::overviews::{area_of, percent};
use super::tables::{Wish, conditions, questions};
use super::{Tabs, framed, path, tabs};
use crate::app::releases::{self, NationalShares};
use crate::app::state::State;
use crate::auth::permit::{ReadReleases, ReadTables};
use crate::error::AppError;
use crate::pages::answers::given::{self, Sent};
use crate::pages::fields::{Choice, ChoiceField, Look};
use crate::pages::filters;
use crate::pages::page::Page;
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// One option in a row.
struct Count {
    count: u64,
    percent: String,
    estimate: Option<String>,
}

/// One row of the table.
struct Row {
    places: Vec<String>,
    is_total: bool,
    n: u64,
    base: u64,
    counts: Vec<Count>,
    blank: u64,
    no_answer: u64,
    not_asked: u64,
}

/// An area's share beside the nation's.
struct Share {
    option: String,
    own: String,
    nation: String,
}

/// An area's shares beside those of the nation.
pub struct Compared {
    title: String,
    rows: Vec<Share>,
}

/// The page of a table.
#[derive(Template)]
#[template(path = "surveys/table.html")]
pub struct TablePage {
    page: Page,
    tabs: Tabs,
    action: String,
    fields: Vec<ChoiceField>,
    further: Vec<ChoiceField>,
    is_narrowed: bool,
    label: String,
    note: String,
    caption: String,
    heads: Vec<String>,
    choices: Vec<String>,
    is_estimated: bool,
    rows: Vec<Row>,
    picture: String,
    alt: String,
    csv: String,
    xlsx: String,
    compared: Option<Compared>,
}

impl TablePage {
    /// With its picture, if it has one.
    #[must_use]
    pub fn pictured(self, has_picture: bool) -> TablePage {
        let picture = if has_picture { self.picture } else { String::new() };
        TablePage { picture, ..self }
    }

    /// With what a release says of the nation.
    #[must_use]
    pub fn compared(self, compared: Option<Compared>) -> TablePage {
        TablePage { compared, ..self }
    }
}

/// A page without picture and comparison yet.
pub fn page(visitor: &Visitor<ReadTables>, survey: &'static Survey, (wish, query): (&Wish, &Sent), table: &Table, text: &str) -> TablePage {
    let file = |ending: &str| {
        let here = path(survey, &format!("table.{ending}"));
        if text.is_empty() { here } else { format!("{here}?{text}") }
    };
    let mut heads: Vec<String> = table.by.dimensions().map(|dimension| dimension.label().to_owned()).collect();
    if heads.is_empty() {
        heads.push("区分".to_owned());
    }
    let indicator = indicator::of(survey).iter().find(|indicator| indicator.key == table.question);
    let question = survey.question(table.question.as_str());
    let option = wish.option.as_str();
    let shown = table.choices.iter().find(|choice| choice.key == option).or(table.choices.first());
    let is_estimated = wish.request.estimates;
    let further = further_fields(survey, (wish, query), table);
    TablePage {
        page: framed(visitor, survey, "集計表"),
        tabs: tabs(&visitor.who.role, survey, "table"),
        action: path(survey, "table"),
        fields: main_fields(visitor, survey, wish, query),
        further,
        is_narrowed: !table.filters.is_empty() || is_estimated,
        label: question.map_or_else(|| table.label.clone(), survey::question::Question::heading),
        note: match (question, indicator) {
            (Some(question), _) => format!("{}（母数：{}）", question.item_wording, question.base),
            (None, Some(indicator)) => indicator.note.clone(),
            (None, None) => String::new(),
        },
        caption: format!(
            "{}、{}時点{}",
            table.area.name(),
            words::moment(table.as_of),
            if table.filters.is_empty() { "" } else { "、条件で絞り込み" }
        ),
        heads: heads.clone(),
        choices: table.choices.iter().map(|choice| choice.label.clone()).collect(),
        is_estimated,
        rows: rows(table, heads.len(), is_estimated),
        alt: shown.map_or_else(String::new, |choice| {
            format!("「{}」と答えた病院の割合の図。数値は表のとおりです。", choice.label)
        }),
        picture: file("svg"),
        csv: file("csv"),
        xlsx: file("xlsx"),
        compared: None,
    }
}

fn rows(table: &Table, heads: usize, is_estimated: bool) -> Vec<Row> {
    let row = |row: &TableRow, is_total: bool| {
        let mut places: Vec<String> = row.names.place.iter().map(|place| place.label.clone()).collect();
        if places.is_empty() {
            places.push(if is_total { "計" } else { "全体" }.to_owned());
        }
        places.resize(heads.max(1), String::new());
        let count = |option: &analytics::OptionCount| Count {
            count: option.count,
            percent: percent(option.percent),
            estimate: is_estimated.then(|| estimate(option.estimate.as_deref())),
        };
        Row {
            places,
            is_total,
            n: row.n,
            base: row.base,
            counts: row.options.iter().map(count).collect(),
            blank: row.blank,
            no_answer: row.no_answer,
            not_asked: row.not_asked,
        }
    };
    let mut rows: Vec<Row> = table.rows.iter().map(|one| row(one, false)).collect();
    if table.by.dimensions().next().is_some() {
        rows.push(row(&table.total, true));
    }
    rows
}

/// `62.1%（60.0～64.2）`; a share without sampling error, or of nobody, has no limits.
fn estimate(estimate: Option<&Estimate>) -> String {
    let limits = estimate.and_then(|estimate| estimate.low.zip(estimate.high));
    let limits = limits.map_or_else(String::new, |(low, high)| format!("（{low:.1}～{high:.1}）"));
    format!("{}{limits}", percent(estimate.map(|estimate| estimate.percent)))
}

fn list(name: &str, label: &str, standing: &str, choices: impl Iterator<Item = (String, String)>) -> ChoiceField {
    let choices = choices.map(|(value, label)| Choice::new(value, label, standing));
    ChoiceField::new(name, label, Look::List, choices.collect()).unmarked()
}

fn main_fields(visitor: &Visitor<ReadTables>, survey: &'static Survey, wish: &Wish, query: &Sent) -> Vec<ChoiceField> {
    let value = |name: &str| given::value(query, name).unwrap_or_default();
    let request = &wish.request;
    let mut fields = vec![list(
        "question",
        "設問または指標",
        request.question.as_str(),
        questions(survey).into_iter(),
    )];
    if area_of(visitor).is_ok_and(|own| own == Area::Nation) {
        let nation = std::iter::once(("nation".to_owned(), "全国".to_owned()));
        let all = PrefectureCode::all().map(|code| (code.code(), code.name().to_owned()));
        fields.push(list("area", "地域", &request.area.to_string(), nation.chain(all)));
    }
    let dimensions = || analytics::Dimension::all().map(|dimension| (dimension.as_str().to_owned(), format!("{}別", dimension.label())));
    let whole = std::iter::once(("area".to_owned(), "分けない（全体）".to_owned()));
    fields.push(list("by", "行の分け方", value("by"), whole.chain(dimensions())));
    let none = std::iter::once((String::new(), "これ以上分けない".to_owned()));
    fields.push(list("and", "さらに分ける", value("and"), none.chain(dimensions())));
    fields
}

fn further_fields(survey: &'static Survey, (wish, query): (&Wish, &Sent), table: &Table) -> Vec<ChoiceField> {
    let value = |name: &str| given::value(query, name).unwrap_or_default();
    let all = || std::iter::once((String::new(), "すべて".to_owned()));
    let bands = [("survey", "調査の6区分"), ("program", "支援事業の3区分")];
    let bandings = bands.map(|(key, label)| (key.to_owned(), label.to_owned()));
    let mut fields = vec![list("banding", "病床規模の区分", value("banding"), bandings.into_iter())];
    for key in conditions() {
        let name = format!("only.{key}");
        let (label, choices): (&str, Vec<(String, String)>) = match key {
            "region" => (
                "地方",
                Region::ALL
                    .iter()
                    .map(|region| (region.key().to_owned(), region.name().to_owned()))
                    .collect(),
            ),
            "band" => {
                let ranges = wish.request.banding.ranges().into_iter();
                ("病床規模", ranges.map(|range| (range.key, range.label)).collect())
            }
            _ => match catalogue().attribute(key) {
                Some(attribute) => {
                    let values = attribute.values().iter().map(|value| (value.key.clone(), value.label.clone()));
                    let unknown = std::iter::once((UNKNOWN.to_owned(), "不明".to_owned()));
                    (attribute.label.as_str(), values.chain(unknown).collect())
                }
                None => continue,
            },
        };
        fields.push(list(&name, label, value(&name), all().chain(choices)));
    }
    let coded = survey.questions().iter().filter(|question| question.is_coded());
    let answers = coded.flat_map(|question| {
        let of = move |choice: &survey::question::Choice| {
            (
                format!("{}={}", question.key, choice.key),
                format!("{}：{}", question.heading(), choice.label),
            )
        };
        question.choices().iter().map(of).collect::<Vec<_>>()
    });
    fields.push(list("given", "次のように答えた病院だけ", value("given"), all().chain(answers)));
    let options = table.choices.iter().map(|choice| (choice.key.clone(), choice.label.clone()));
    fields.push(list("option", "図にする選択肢", &wish.option, options));
    let estimates = Choice::new("yes", "全病院についての推計も示す（95％信頼区間）", value("estimates"));
    fields.push(ChoiceField::new("estimates", "推計", Look::Boxes, vec![estimates]).unmarked());
    fields
}

/// An area's whole beside the nation's in the newest release. `None` for the nation itself, where
/// hospitals were filtered away, and while nothing was released.
///
/// # Errors
/// The database is away.
pub async fn released(
    state: &State,
    visitor: &Visitor<ReadTables>,
    survey: &'static Survey,
    table: &Table,
) -> Result<Option<Compared>, AppError> {
    if table.area == Area::Nation || !table.filters.is_empty() {
        return Ok(None);
    }
    let permit = visitor.also::<ReadReleases>()?;
    let Some(shares) = releases::national_shares(state, &permit, survey, table.question.as_str()).await? else {
        return Ok(None);
    };
    let NationalShares { number, as_of, options } = shares;
    let title = format!("全国との比較（公表版 第{number}版、{}時点）", words::moment(as_of));
    let share = |option: &analytics::OptionCount| Share {
        nation: options.get(&option.choice.key).cloned().unwrap_or_else(|| "－".to_owned()),
        own: percent(option.percent),
        option: option.choice.label.clone(),
    };
    Ok(Some(Compared {
        title,
        rows: table.total.options.iter().map(share).collect(),
    }))
}
