//! Every number of a survey as one observation per row (rule L3-09), for the machine files. Writes no file.

use super::ReportError;
use crate::by::By;
use crate::rate::{RateRequest, RateRow, response_rates};
use crate::snapshot::Snapshot;
use crate::table::{Counted, Table, TableRow, counted_questions};
use survey::area::Area;
use survey::band::Banding;
use survey::indicator;

/// Columns of the data: physical name, Japanese name, meaning.
pub(super) const COLUMNS: [(&str, &str, &str); 12] = [
    ("survey_id", "調査", "調査の識別子（調査年、西暦）。"),
    (
        "question_key",
        "設問キー",
        "設問または指標の識別子。response は回収状況。code_table を参照。",
    ),
    ("question_number", "設問番号", "調査票に印刷された設問番号。番号のない行は none。"),
    (
        "banding",
        "病床規模区分の種類",
        "survey は調査の6区分、program は支援事業の3区分、all は全規模。",
    ),
    ("area_code", "地域コード", "JIS X 0401 の2桁の都道府県コード。全国は 00。"),
    ("area_name", "地域名", "地域の正式名称。"),
    ("band_key", "病床規模", "病床規模区分の識別子。all は全規模。"),
    ("option_key", "選択肢キー", "選択肢の識別子。all は選択肢によらない指標。"),
    (
        "metric",
        "指標",
        "targets、responses、n、base、blank、no_answer、not_asked、count、percent のいずれか。code_table を参照。",
    ),
    ("value", "値", "観測値（数値）。単位は unit 列。"),
    ("unit", "単位", "hospitals は病院数、percent はパーセント。"),
    ("value_state", "値の状態", "value は値あり、base_zero は分母が0のため値なし。"),
];

/// Stands in `question_key` for response rates. No survey has a question of this key.
pub(super) const RESPONSE: &str = "response";
/// Stands for "whatever", where a column does not apply.
pub(super) const ALL: &str = "all";
/// Stands in `question_number` where nothing is printed.
pub(super) const NO_NUMBER: &str = "none";
/// Code of the nation, beside the prefectures' 01 to 47.
pub(super) const NATION: (&str, &str) = ("00", "全国");

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Observation {
    pub(super) question: String,
    pub(super) number: String,
    pub(super) banding: &'static str,
    pub(super) area_code: String,
    pub(super) area_name: String,
    pub(super) band: String,
    pub(super) option: String,
    pub(super) metric: &'static str,
    pub(super) value: Value,
}

/// A count of hospitals, or a percentage that may have nothing to divide by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Hospitals(u64),
    Percent(Option<f64>),
}

impl Value {
    pub(super) fn unit(self) -> &'static str {
        match self {
            Value::Hospitals(_) => "hospitals",
            Value::Percent(_) => "percent",
        }
    }

    pub(super) fn state(self) -> &'static str {
        match self {
            Value::Percent(None) => "base_zero",
            Value::Hospitals(_) | Value::Percent(Some(_)) => "value",
        }
    }
}

/// The shapes that together hold each cell of nation and prefectures by all sizes and both bandings exactly once.
const SHAPES: [(By, Banding, &str); 6] = [
    (By::AREA, Banding::Survey, ALL),
    (By::BAND, Banding::Survey, "survey"),
    (By::BAND, Banding::Program, "program"),
    (By::PREFECTURE, Banding::Survey, ALL),
    (By::PREFECTURE_BAND, Banding::Survey, "survey"),
    (By::PREFECTURE_BAND, Banding::Program, "program"),
];

/// All observations: response rates first, then the questions in the order of the questionnaire, then the indicators.
pub(super) fn observations(snapshot: &Snapshot) -> Result<Vec<Observation>, ReportError> {
    let mut all = Vec::new();
    for (by, banding, name) in SHAPES {
        let rates = response_rates(
            snapshot,
            &RateRequest {
                area: Area::Nation,
                by,
                banding: banding.into(),
                filters: Vec::new(),
            },
        )?;
        for row in &rates.rows {
            push_rate(&mut all, name, row);
        }
    }
    let questions = counted_questions(snapshot).map(|question| (&question.key, question.number.as_deref().unwrap_or(NO_NUMBER)));
    let indicators = indicator::of(snapshot.survey()).iter().map(|indicator| (&indicator.key, NO_NUMBER));
    for (key, number) in questions.chain(indicators) {
        let by_survey = Counted::new(snapshot, key, &Area::Nation, Banding::Survey, &[])?;
        let by_program = Counted::new(snapshot, key, &Area::Nation, Banding::Program, &[])?;
        for (by, banding, name) in SHAPES {
            let counted = if banding == Banding::Survey { &by_survey } else { &by_program };
            let table = counted.table(by);
            for row in &table.rows {
                push_row(&mut all, &table, number, name, row);
            }
        }
    }
    Ok(all)
}

fn push_rate(all: &mut Vec<Observation>, banding: &'static str, row: &RateRow) {
    let (area_code, area_name) = area(row.prefecture.as_deref(), row.prefecture_name.as_deref());
    let mut push = |metric, value| {
        all.push(Observation {
            question: RESPONSE.to_owned(),
            number: NO_NUMBER.to_owned(),
            banding,
            area_code: area_code.clone(),
            area_name: area_name.clone(),
            band: row.band.clone().unwrap_or_else(|| ALL.to_owned()),
            option: ALL.to_owned(),
            metric,
            value,
        });
    };
    push("targets", Value::Hospitals(row.targets));
    push("responses", Value::Hospitals(row.responses));
    push("percent", Value::Percent(row.percent));
}

fn push_row(all: &mut Vec<Observation>, table: &Table, number: &str, banding: &'static str, row: &TableRow) {
    let (area_code, area_name) = area(row.prefecture.as_deref(), row.prefecture_name.as_deref());
    let mut push = |option: &str, metric, value| {
        all.push(Observation {
            question: table.question.as_str().to_owned(),
            number: number.to_owned(),
            banding,
            area_code: area_code.clone(),
            area_name: area_name.clone(),
            band: row.band.clone().unwrap_or_else(|| ALL.to_owned()),
            option: option.to_owned(),
            metric,
            value,
        });
    };
    let states = [
        ("n", row.n),
        ("base", row.base),
        ("blank", row.blank),
        ("no_answer", row.no_answer),
        ("not_asked", row.not_asked),
    ];
    for (metric, count) in states {
        push(ALL, metric, Value::Hospitals(count));
    }
    for option in &row.options {
        push(&option.key, "count", Value::Hospitals(option.count));
        push(&option.key, "percent", Value::Percent(option.percent));
    }
}

fn area(code: Option<&str>, name: Option<&str>) -> (String, String) {
    (code.unwrap_or(NATION.0).to_owned(), name.unwrap_or(NATION.1).to_owned())
}
