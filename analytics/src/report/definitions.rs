//! What every number, column and symbol means: for the sheet 方法と注意 of the reading workbook, and as the definitions table beside the machine data
//! (rules L3-02, L3-03, L3-04, L3-07, L3-08).

use super::observations::COLUMNS;
use super::scope::Scope;
use super::{ReportError, data, text};
use crate::snapshot::Snapshot;
use survey::indicator::{self, Given, Indicator};

/// Version of the columns of the machine data. It goes up when a column changes, and the change is written into [`HISTORY`].
const LAYOUT_VERSION: &str = "2";
const HISTORY: &str = "列構成第1版：初版。第2版：列は変わらず、指標 item_nonresponse、weighted_percent、ci_low、ci_high と、値の状態 no_interval、suppressed、withheld を加えた。";

/// Columns of the definitions table.
pub(super) const DEFINITION_COLUMNS: [&str; 3] = ["item", "name_ja", "definition_ja"];

/// Terms in the order in which they explain each other: key, name, meaning.
pub(super) const TERMS: [(&str, &str, &str); 14] = [
    (
        "n",
        "回答数（n）",
        "提出済みまたは確認済みの回答のうち、集計対象とした最新の版の数（病院数）。一時保存、差戻し、引き戻しの回答は含まない。",
    ),
    (
        "base",
        "母数",
        "その設問に回答した病院の数。割合の分母。n＝母数＋空欄＋無回答＋非該当。",
    ),
    (
        "blank",
        "空欄",
        "その設問の対象でありながら、回答が記入されていない病院の数。回答任意の設問に記入しなかった病院を含む。",
    ),
    (
        "no_answer",
        "無回答",
        "代行入力で「無回答」と明記された病院の数。空欄とは区別する。",
    ),
    ("not_asked", "非該当", "前の設問への回答により、その設問の対象とならない病院の数。"),
    ("count", "選択数", "その選択肢を選んだ病院の数。"),
    (
        "percent",
        "割合",
        "選択数÷母数×100。小数第2位を四捨五入し、小数第1位まで示す（整数演算）。母数が0のときは計算しない。",
    ),
    (
        "several",
        "複数回答の設問",
        "割合は回答した病院1件あたり（選択肢ごとの選択数÷母数）。選択数の合計は母数を超えることがある。",
    ),
    (
        "targets",
        "調査対象病院数",
        "調査対象名簿の病院の数。閉院や20床未満により対象外となった病院は含まない。",
    ),
    ("responses", "回収率", "回答数（n）÷調査対象病院数×100。端数処理は割合と同じ。"),
    (
        "item_nonresponse",
        "項目無回答率",
        "（空欄＋無回答）÷（母数＋空欄＋無回答）×100。対象となった病院のうち、その設問に回答がなかった割合。非該当は含まない。",
    ),
    (
        "weighted_percent",
        "推計割合",
        "調査対象の全病院が、同じ都道府県・病床規模6区分の回答病院と同じように回答したとみなした場合の割合。重みは調査対象病院数÷回答数で、回答が5病院未満のセルは隣のセルと合わせる。比推定量による。小数第1位まで示す。",
    ),
    (
        "ci",
        "95％信頼区間",
        "線形化した分散（有限母集団修正つき）から求めた有効標本数による、ウィルソンの区間。回答した病院がたまたまこの組であったことによる誤差だけを表し、答えない理由による偏りや記入の誤りは含まない。対象の全病院が回答したときは区間がない。",
    ),
    (
        "band",
        "病床規模区分",
        "調査対象名簿の許可病床数による。調査の区分は20～99床から500床以上までの6区分、支援事業の区分は20～199床、200～399床、400床以上の3区分。",
    ),
];

/// The definitions of the machine data as rows.
pub(super) fn rows(scope: Scope<'_>) -> Vec<[String; 3]> {
    let snapshot = scope.snapshot;
    let survey = snapshot.survey();
    let row = |item: &str, name: &str, definition: &str| [item.to_owned(), name.to_owned(), text::one_line(definition)];
    let mut rows = vec![
        row("title", "表題", survey.title()),
        row("survey_id", "調査", survey.id().as_str()),
        row(
            "as_of",
            "集計時点",
            &format!("{}（ISO 8601、日本時間）", text::time_iso(snapshot.as_of())),
        ),
        row(
            "source",
            "出典",
            "調査対象病院からの回答（画面、API、様式ファイル、都道府県による代行入力）。",
        ),
        row("coverage", "範囲", "調査対象名簿の全病院。area_code 00 は全国。"),
        row("suppression", "秘匿処理", &scope.suppression()),
        row("layout_version", "列構成の版", LAYOUT_VERSION),
        row("update_history", "更新履歴", HISTORY),
        row(
            "long_format",
            "形式",
            "縦持ち。1行が1つの観測値（設問×地域×病床規模×選択肢×指標）。該当する病院がない組合せも値0の行として、秘匿した観測値も値が空の行として収める。",
        ),
        row(
            "missing",
            "値がない場合",
            "value が空の行は、理由を value_state に示す（base_zero、no_interval、suppressed、withheld。code_table を参照）。値のある行の value_state は value。0 は数えた結果の0。",
        ),
        row(
            "encoding",
            "文字コード",
            "CSV は UTF-8（BOM あり）、区切りはコンマ、改行は CRLF。コンマを含む値は二重引用符で囲む。",
        ),
        row(
            "area",
            "地域コード",
            "JIS X 0401 の2桁の都道府県コード（文字列、先頭の0を含む）。全国は 00。",
        ),
    ];
    if let Some(release) = scope.release() {
        rows.push(row("release", "公表版", &release.number.to_string()));
        rows.extend(release.note.map(|note| row("release_note", "公表の経緯", note)));
    }
    rows.extend(
        TERMS
            .iter()
            .map(|(key, name, definition)| row(&format!("term_{key}"), name, definition)),
    );
    rows.extend(
        COLUMNS
            .iter()
            .map(|(column, name, definition)| row(&format!("column_{column}"), name, definition)),
    );
    rows.extend(indicator::of(survey).iter().map(|indicator| {
        row(
            &format!("indicator_{}", indicator.key),
            &indicator.label,
            &format!("{}{}", indicator.note, conditions(indicator)),
        )
    }));
    rows
}

/// The conditions of an indicator as filters write them, for whoever counts again.
fn conditions(indicator: &Indicator) -> String {
    let written = |conditions: &[Given]| conditions.iter().map(ToString::to_string).collect::<Vec<_>>().join("、");
    let among = if indicator.among.is_empty() {
        "すべての病院".to_owned()
    } else {
        written(&indicator.among)
    };
    format!("対象の条件：{among}。該当の条件：{}。", written(&indicator.all))
}

/// The definitions as CSV (UTF-8 with BOM, CRLF).
///
/// # Errors
/// [`ReportError::Csv`]: a defect.
pub fn definitions_csv(snapshot: &Snapshot) -> Result<Vec<u8>, ReportError> {
    csv(Scope::live(snapshot))
}

pub(super) fn csv(scope: Scope<'_>) -> Result<Vec<u8>, ReportError> {
    data::csv_table(&DEFINITION_COLUMNS, rows(scope).iter().map(|row| row.iter().map(String::as_str)))
}
