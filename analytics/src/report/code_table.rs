//! The code table beside the machine data (rule L3-02): every value of every coded column, with its Japanese name and what it means.

use super::observations::{ALL, NATION, NO_NUMBER, RESPONSE};
use super::scope::Scope;
use super::{ReportError, data, text};
use crate::plan::INDICATOR_CHOICES;
use crate::snapshot::Snapshot;
use crate::table::counted_questions;
use survey::band::Banding;
use survey::indicator;
use survey::prefecture::PrefectureCode;
use survey::question::Kind;

/// Columns of the code table. `question_key` tells whose option a code of `option_key` is; for the other columns it is `all`.
pub(super) const CODE_COLUMNS: [&str; 5] = ["column_name", "question_key", "code", "name_ja", "description_ja"];

/// The codes as rows.
pub(super) fn rows(scope: Scope<'_>) -> Vec<[String; 5]> {
    let snapshot = scope.snapshot;
    let row = |column: &str, question: &str, code: &str, name: &str, description: &str| {
        [
            column.to_owned(),
            question.to_owned(),
            code.to_owned(),
            text::one_line(name),
            text::one_line(description),
        ]
    };
    let survey = snapshot.survey();
    let mut rows = vec![
        row(
            "survey_id",
            ALL,
            survey.id().as_str(),
            survey.title(),
            "調査の識別子（調査年、西暦）",
        ),
        row("question_key", ALL, RESPONSE, "回収状況", "調査対象病院数、回答数、回収率"),
    ];
    for question in counted_questions(snapshot) {
        let wording = question.item_wording.trim_end_matches('。');
        let description = format!("{wording}。対象：{}。{}", question.base, answer_form(&question.kind));
        rows.push(row("question_key", ALL, question.key.as_str(), &question.label, &description));
    }
    for indicator in indicator::of(survey) {
        let description = format!("指標（複数の設問への回答を組み合わせて集計）。{}", indicator.note);
        rows.push(row("question_key", ALL, indicator.key.as_str(), &indicator.label, &description));
    }
    rows.push(row(
        "option_key",
        ALL,
        ALL,
        "選択肢によらない",
        "n、母数、空欄、無回答、非該当、回収状況の行",
    ));
    for question in counted_questions(snapshot) {
        for choice in question.choices() {
            rows.push(row(
                "option_key",
                question.key.as_str(),
                &choice.key,
                &choice.label,
                &question.label,
            ));
        }
    }
    for indicator in indicator::of(survey) {
        let key = indicator.key.as_str();
        rows.extend(INDICATOR_CHOICES.map(|(code, name)| row("option_key", key, code, name, &indicator.label)));
    }
    rows.push(row("question_number", ALL, NO_NUMBER, "番号なし", "設問番号のない行"));
    rows.extend(band_rows(&row));
    rows.push(row("area_code", ALL, NATION.0, NATION.1, "全国計"));
    rows.extend(PrefectureCode::all().map(|prefecture| row("area_code", ALL, &prefecture.code(), prefecture.name(), prefecture.region())));
    rows.extend(
        METRICS
            .iter()
            .map(|(code, name, description)| row("metric", ALL, code, name, description)),
    );
    rows.push(row("unit", ALL, "hospitals", "病院数", "施設の数"));
    rows.push(row("unit", ALL, "percent", "パーセント", "百分率、小数第1位まで"));
    rows.extend(STATES.map(|(code, name, description)| row("value_state", ALL, code, name, description)));
    rows
}

const STATES: [(&str, &str, &str); 5] = [
    ("value", "値あり", "0を含む"),
    ("base_zero", "値なし", "分母が0のため割合を計算できない"),
    (
        "no_interval",
        "区間なし",
        "対象の全病院が回答したため標本誤差がない、または回答が少なく誤差を推定できない",
    ),
    (
        "suppressed",
        "秘匿",
        "個々の病院の回答が推測されるおそれがあるため示さない（公表版のみ）",
    ),
    (
        "withheld",
        "改訂値を示さない",
        "前の公表版から回答が変わった病院が少ないため、改訂した値を示さない。前の公表版の値による（公表版のみ）",
    ),
];

const METRICS: [(&str, &str, &str); 13] = [
    ("targets", "調査対象病院数", "回収状況の行のみ"),
    ("responses", "回答数", "回収状況の行のみ"),
    ("n", "回答数（n）", "集計対象の回答数"),
    ("base", "母数", "設問に回答した病院数"),
    ("blank", "空欄", "対象だが記入のない病院数"),
    ("no_answer", "無回答", "無回答と明記された病院数"),
    ("not_asked", "非該当", "設問の対象でない病院数"),
    ("count", "選択数", "選択肢を選んだ病院数"),
    ("percent", "割合", "選択数÷母数×100、回収状況の行では回答数÷調査対象病院数×100"),
    ("item_nonresponse", "項目無回答率", "（空欄＋無回答）÷（母数＋空欄＋無回答）×100"),
    (
        "weighted_percent",
        "推計割合",
        "調査対象の全病院についての割合の推計値。都道府県と病床規模による重みを用いる",
    ),
    ("ci_low", "信頼区間の下限", "推計割合の95％信頼区間の下限"),
    ("ci_high", "信頼区間の上限", "推計割合の95％信頼区間の上限"),
];

fn band_rows(row: &impl Fn(&str, &str, &str, &str, &str) -> [String; 5]) -> Vec<[String; 5]> {
    let mut rows = vec![
        row("banding", ALL, ALL, "全規模", "病床規模で分けない行"),
        row("banding", ALL, Banding::Survey.as_str(), "調査の区分", "6区分"),
        row("banding", ALL, Banding::Program.as_str(), "支援事業の区分", "3区分"),
        row("band_key", ALL, ALL, "全規模", "病床規模で分けない行"),
    ];
    for (banding, name) in [(Banding::Survey, "調査の区分"), (Banding::Program, "支援事業の区分")] {
        rows.extend(banding.bands().iter().map(|band| row("band_key", ALL, band.key, band.label, name)));
    }
    rows
}

pub(super) fn answer_form(kind: &Kind) -> &'static str {
    match kind {
        Kind::Several(_) => "複数回答",
        Kind::Text(_) => "自由記載（記載の有無を集計）",
        Kind::YesNo(_) | Kind::One(_) | Kind::Respondent(_) => "単一回答",
    }
}

/// The code table as CSV (UTF-8 with BOM, CRLF).
///
/// # Errors
/// [`ReportError::Csv`]: a defect.
pub fn code_table_csv(snapshot: &Snapshot) -> Result<Vec<u8>, ReportError> {
    csv(Scope::live(snapshot))
}

pub(super) fn csv(scope: Scope<'_>) -> Result<Vec<u8>, ReportError> {
    data::csv_table(&CODE_COLUMNS, rows(scope).iter().map(|row| row.iter().map(String::as_str)))
}
