//! Every number of a survey as one observation per row (rule L3-09), for the machine files. Writes no file.

use super::ReportError;
use super::scope::{Hidden, Line, Lines, Scope};
use super::value::{BASE_ZERO, HOSPITALS, NO_INTERVAL, PERCENT, Value};
use crate::by::By;
use crate::percent::percent;
use crate::rate::{RateRequest, RateRow, response_rates};
use crate::table::{Counted, OptionCount, TableRow, counted_questions};
use crate::weigh;
use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use survey::area::Area;
use survey::band::Banding;
use survey::indicator;
use survey::question::QuestionKey;

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
        "targets、responses、n、base、blank、no_answer、not_asked、item_nonresponse、count、percent、weighted_percent、ci_low、ci_high のいずれか。code_table を参照。",
    ),
    (VALUE, "値", "観測値（数値）。単位は unit 列。"),
    ("unit", "単位", "hospitals は病院数、percent はパーセント。"),
    (
        "value_state",
        "値の状態",
        "value は値あり。値がない場合の理由は base_zero（分母が0）、no_interval（区間なし）、suppressed（秘匿）、withheld（改訂値を示さない）。",
    ),
];

/// The column of the number.
pub(super) const VALUE: &str = "value";
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

impl Observation {
    /// The text fields before and after the value, in the order of [`COLUMNS`].
    pub(super) fn fields<'a>(&'a self, survey: &'a str) -> ([&'a str; 9], [&'a str; 2]) {
        (
            [
                survey,
                &self.question,
                &self.number,
                self.banding,
                &self.area_code,
                &self.area_name,
                &self.band,
                &self.option,
                self.metric,
            ],
            [self.value.unit(), self.value.state()],
        )
    }
}

/// What the rows of a part of the data are.
#[derive(Debug, Clone, Copy)]
struct Shape {
    by: By,
    banding: Banding,
    name: &'static str,
    /// Whether estimates stand beside: not below the prefecture, where few hospitals answered.
    weighted: bool,
}

const fn shape(by: By, banding: Banding, name: &'static str, weighted: bool) -> Shape {
    Shape {
        by,
        banding,
        name,
        weighted,
    }
}

/// The shapes that together hold each cell of nation and prefectures by all sizes and both bandings exactly once.
const LIVE: [Shape; 6] = [
    shape(By::AREA, Banding::Survey, ALL, true),
    shape(By::BAND, Banding::Survey, "survey", true),
    shape(By::BAND, Banding::Program, "program", true),
    shape(By::PREFECTURE, Banding::Survey, ALL, true),
    shape(By::PREFECTURE_BAND, Banding::Survey, "survey", false),
    shape(By::PREFECTURE_BAND, Banding::Program, "program", false),
];

/// The publication plan of a release: distributions of the nation, its six bands, prefectures and their three bands, estimates of the first two.
const RELEASED: [Shape; 4] = [
    shape(By::AREA, Banding::Survey, ALL, true),
    shape(By::BAND, Banding::Survey, "survey", true),
    shape(By::PREFECTURE, Banding::Survey, ALL, false),
    shape(By::PREFECTURE_BAND, Banding::Program, "program", false),
];

/// All observations: response rates first, then the questions in the order of the questionnaire, then the indicators. Indicators are no part of the
/// publication plan: a release has none.
pub(super) fn observations(scope: Scope<'_>) -> Result<Vec<Observation>, ReportError> {
    let snapshot = scope.snapshot;
    let mut all = Vec::new();
    for Shape { by, banding, name, .. } in LIVE {
        let request = RateRequest {
            area: Area::Nation,
            by,
            banding: banding.into(),
            filters: Vec::new(),
        };
        for row in &response_rates(snapshot, &request)?.rows {
            push_rate(&mut all, name, row);
        }
    }
    let released = scope.release().is_some();
    let shapes: &[Shape] = if released { &RELEASED } else { &LIVE };
    let design = weigh::design(snapshot)?;
    let questions = counted_questions(snapshot).map(|question| (&question.key, question.number.as_deref().unwrap_or(NO_NUMBER)));
    let indicators = indicator::of(snapshot.survey()).iter().filter(|_| !released);
    let indicators = indicators.map(|indicator| (&indicator.key, NO_NUMBER));
    let asked: Vec<(usize, (&QuestionKey, &str))> = questions.chain(indicators).enumerate().collect();
    let of_question = |(index, (key, number)): (usize, (&QuestionKey, &str))| -> Result<Vec<Observation>, ReportError> {
        let by_survey = Counted::new(snapshot, key, &Area::Nation, Banding::Survey, &[])?;
        let by_program = Counted::new(snapshot, key, &Area::Nation, Banding::Program, &[])?;
        let mut own = Vec::new();
        for shape in shapes {
            let counted = if shape.banding == Banding::Survey {
                &by_survey
            } else {
                &by_program
            };
            let table = if shape.weighted {
                counted.weighted_table(shape.by, &design)?
            } else {
                counted.table(shape.by)
            };
            let lines = scope.lines(index, shape.banding, table);
            for line in &lines.rows {
                push_line(&mut own, &lines, number, shape, line);
            }
        }
        Ok(own)
    };
    let of_questions = asked.into_par_iter().map(of_question).collect::<Result<Vec<_>, ReportError>>()?;
    all.extend(of_questions.into_iter().flatten());
    Ok(all)
}

fn push_rate(all: &mut Vec<Observation>, banding: &'static str, row: &RateRow) {
    let (area_code, area_name) = area(row.names.prefecture.as_deref(), row.names.prefecture_name.as_deref());
    let mut push = |metric, value| {
        all.push(Observation {
            question: RESPONSE.to_owned(),
            number: NO_NUMBER.to_owned(),
            banding,
            area_code: area_code.clone(),
            area_name: area_name.clone(),
            band: row.names.band.clone().unwrap_or_else(|| ALL.to_owned()),
            option: ALL.to_owned(),
            metric,
            value,
        });
    };
    push("targets", Value::Hospitals(row.targets));
    push("responses", Value::Hospitals(row.responses));
    push("percent", Value::percent(row.percent, BASE_ZERO));
}

fn push_line(all: &mut Vec<Observation>, lines: &Lines, number: &str, shape: &Shape, line: &Line) {
    let (area_code, area_name) = area(line.names.prefecture.as_deref(), line.names.prefecture_name.as_deref());
    let mut push = |option: &str, metric, value| {
        all.push(Observation {
            question: lines.question.as_str().to_owned(),
            number: number.to_owned(),
            banding: shape.name,
            area_code: area_code.clone(),
            area_name: area_name.clone(),
            band: line.names.band.clone().unwrap_or_else(|| ALL.to_owned()),
            option: option.to_owned(),
            metric,
            value,
        });
    };
    push(ALL, "n", Value::Hospitals(line.n));
    for (metric, value) in of_all(line.counted.as_ref()) {
        push(ALL, metric, value);
    }
    for (index, choice) in lines.choices.iter().enumerate() {
        let option = line.counted.as_ref().map(|row| (row, row.options.get(index)));
        for (metric, value) in of_option(option, shape.weighted) {
            push(&choice.key, metric, value);
        }
    }
}

/// The numbers of a row that are no option's.
fn of_all(counted: Result<&TableRow, &Hidden>) -> [(&'static str, Value); 5] {
    let hospitals = |count: fn(&TableRow) -> u64| match counted {
        Ok(row) => Value::Hospitals(count(row)),
        Err(hidden) => Value::None(HOSPITALS, hidden.state()),
    };
    let nonresponse = match counted {
        Ok(row) => Value::percent(percent(row.blank + row.no_answer, row.base + row.blank + row.no_answer), BASE_ZERO),
        Err(hidden) => Value::None(PERCENT, hidden.state()),
    };
    [
        ("base", hospitals(|row| row.base)),
        ("blank", hospitals(|row| row.blank)),
        ("no_answer", hospitals(|row| row.no_answer)),
        ("not_asked", hospitals(|row| row.not_asked)),
        ("item_nonresponse", nonresponse),
    ]
}

/// The numbers of an option: two, or five where estimates stand beside.
fn of_option(option: Result<(&TableRow, Option<&OptionCount>), &Hidden>, weighted: bool) -> Vec<(&'static str, Value)> {
    let metrics = ["percent", "weighted_percent", "ci_low", "ci_high"];
    let (count, shares) = match option {
        Err(hidden) => (Value::None(HOSPITALS, hidden.state()), [Value::None(PERCENT, hidden.state()); 4]),
        Ok((row, option)) => {
            let estimate = option.and_then(|option| option.estimate.as_deref());
            // Where somebody answered, an estimate is missing only if it may not stand.
            let missing = if row.base == 0 { BASE_ZERO } else { Hidden::Suppressed.state() };
            let limit = if estimate.is_some() { NO_INTERVAL } else { missing };
            let shares = [
                Value::percent(option.and_then(|option| option.percent), BASE_ZERO),
                Value::percent(estimate.map(|estimate| estimate.percent), missing),
                Value::percent(estimate.and_then(|estimate| estimate.low), limit),
                Value::percent(estimate.and_then(|estimate| estimate.high), limit),
            ];
            (Value::Hospitals(option.map_or(0, |option| option.count)), shares)
        }
    };
    let kept = if weighted { metrics.len() } else { 1 };
    std::iter::once(("count", count))
        .chain(metrics.into_iter().zip(shares).take(kept))
        .collect()
}

fn area(code: Option<&str>, name: Option<&str>) -> (String, String) {
    (code.unwrap_or(NATION.0).to_owned(), name.unwrap_or(NATION.1).to_owned())
}
