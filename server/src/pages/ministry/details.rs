//! What else explains an act of the audit, in words: the fields of its details and their values. What is not here is shown as it is stored.

use chrono::DateTime;
use serde_json::Value;
use survey::area::Area;
use survey::prefecture::PrefectureCode;

use crate::pages::programs::band_label;
use crate::pages::words;

/// Most characters of a detail that a line shows.
const LONGEST: usize = 200;

/// Fields, and what they are called.
const FIELDS: &[(&str, &str)] = &[
    ("accepted", "受け付けた病院"),
    ("account", "アカウント"),
    ("addresses", "メールアドレス"),
    ("already", "送付済みの病院"),
    ("announced", "公示した期限"),
    ("area", "地域"),
    ("band", "区分"),
    ("candidates", "候補病院"),
    ("cells", "変わった枠"),
    ("client", "接続"),
    ("closes", "終了日時"),
    ("comments", "コメント"),
    ("complete", "候補が足りた"),
    ("contacts", "連絡先"),
    ("deadline", "提出期限"),
    ("decision", "回答"),
    ("drafts", "一時保存"),
    ("ended", "終わらせたログイン"),
    ("file", "ファイル"),
    ("file_name", "ファイル名"),
    ("files", "ファイル"),
    ("from", "減らす枠"),
    ("hidden", "秘匿した集計"),
    ("hospital", "病院"),
    ("hospitals", "病院数"),
    ("id", "番号"),
    ("identities", "病院名を付けた"),
    ("import", "取込みの番号"),
    ("imports", "取込み"),
    ("inspected_on", "立入検査の日"),
    ("inspection", "指摘の番号"),
    ("instead_of", "訂正前の番号"),
    ("level", "指摘の区分"),
    ("login", "ログインID（ハッシュ）"),
    ("mails", "メール"),
    ("master_on", "台帳の時点"),
    ("method", "計算の方法"),
    ("missing", "台帳にない病院"),
    ("moves", "枠の移動"),
    ("nominated", "推薦した病院"),
    ("note", "訂正の内容"),
    ("number", "版"),
    ("opens", "開始日時"),
    ("prefecture", "都道府県"),
    ("program", "支援事業"),
    ("purpose", "目的"),
    ("queued", "送る病院"),
    ("reason", "理由"),
    ("rejected", "誤りのある病院"),
    ("remembered", "控え"),
    ("request", "依頼の番号"),
    ("respondents", "回答者の氏名・連絡先"),
    ("responses", "集計した病院"),
    ("result", "結果のハッシュ"),
    ("resubmit_until", "再提出の期限"),
    ("revision", "回答の版"),
    ("revisions", "回答の版の数"),
    ("role", "役割"),
    ("round", "督促の回"),
    ("session", "ログインの番号"),
    ("sha256", "ファイルのハッシュ"),
    ("state", "状態"),
    ("step", "操作"),
    ("summary", "変更の数"),
    ("survey", "調査"),
    ("template", "様式"),
    ("to", "増やす枠"),
    ("total", "総数"),
    ("unchanged", "変わらない病院"),
    ("until", "期限"),
    ("version", "版"),
    ("window", "調査期間の番号"),
    // Kinds of changes of a master.
    ("attributes_changed", "属性の変わった病院"),
    ("beds_changed", "病床数の変わった病院"),
    ("closed", "廃止した病院"),
    ("formerly_known_as", "以前の番号の分かった病院"),
    ("merged", "統合した病院"),
    ("moved", "所在地の変わった病院"),
    ("opened", "新しい病院"),
    ("opening_dated", "開設日の分かった病院"),
    ("recoded", "番号の変わった病院"),
    ("renamed", "名称の変わった病院"),
    ("reopened", "再開した病院"),
];

/// Values of fields, and what they are called.
const VALUES: &[(&str, &str, &str)] = &[
    ("decision", "granted", "認めた"),
    ("decision", "refused", "認めなかった"),
    ("purpose", "enrol", "最初のパスワードの設定"),
    ("purpose", "reset", "パスワードの再設定"),
    ("state", "accepted", "受理"),
    ("state", "handed_in", "提出済"),
    ("state", "proposed", "作成中"),
    ("state", "returned", "差戻し"),
    ("step", "accept", "受理した"),
    ("step", "add", "追加した"),
    ("step", "drop", "外した"),
    ("step", "hand_in", "提出した"),
    ("step", "propose", "基準により選定した"),
    ("step", "rank", "順位を変えた"),
    ("step", "replace", "入れ替えた"),
    ("step", "return", "差し戻した"),
    ("file", "hand_over", "委託事業者への引渡し"),
    ("file", "list_form", "提出様式"),
    ("file", "national_list", "全国の選定リスト"),
];

/// The fields of an act in words; `login` is that of the account that the act was about.
pub fn in_words(details: &Value, login: Option<&str>) -> Vec<(String, String)> {
    let fields = details.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    fields
        .map(|(field, value)| {
            let text = match (field.as_str(), login) {
                ("account", Some(login)) => login.to_owned(),
                _ => said(field, value),
            };
            (name(field).to_owned(), shortened(&text))
        })
        .collect()
}

fn name(field: &str) -> &str {
    FIELDS.iter().find(|(key, _)| *key == field).map_or(field, |(_, words)| words)
}

fn said(field: &str, value: &Value) -> String {
    match value {
        Value::Null => "なし".to_owned(),
        Value::Bool(true) => "はい".to_owned(),
        Value::Bool(false) => "いいえ".to_owned(),
        Value::Number(number) => words::count(number),
        Value::String(text) => text_of(field, text),
        Value::Array(values) => values.iter().map(|value| said(field, value)).collect::<Vec<_>>().join("、"),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(field, value)| format!("{} {}", name(field), said(field, value)));
            fields.collect::<Vec<_>>().join(" ")
        }
    }
}

fn text_of(field: &str, text: &str) -> String {
    if let Some((.., words)) = VALUES.iter().find(|(key, value, _)| *key == field && *value == text) {
        return (*words).to_owned();
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return words::moment(moment.to_utc());
    }
    match field {
        "role" => words::role_named(text).to_owned(),
        "band" => band_label(text),
        "survey" => format!("{text}年調査"),
        "prefecture" => PrefectureCode::all()
            .find(|code| code.code() == text)
            .map_or(text, |code| code.name())
            .to_owned(),
        "area" => Area::parse(text).map_or_else(|_| text.to_owned(), |area| area.name()),
        "inspected_on" | "master_on" => text.parse().map_or_else(|_| text.to_owned(), words::date),
        _ => text.to_owned(),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() > LONGEST {
        format!("{}…", text.chars().take(LONGEST).collect::<String>())
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn details_stand_in_words() {
        let details = json!({
            "decision": "refused", "account": "0190", "area": "13", "deadline": "2024-06-09T12:00:00+09:00", "note": null, "hospitals": 8171,
            "complete": true, "moves": [{"from": {"prefecture": "13", "band": "400"}, "hospitals": 2}],
        });
        let shown = in_words(&details, Some("clerk"));
        let of = |wanted: &str| shown.iter().find(|(field, _)| field == wanted).map(|(_, value)| value.as_str());
        assert_eq!(of("回答"), Some("認めなかった"));
        assert_eq!(of("アカウント"), Some("clerk"));
        assert_eq!(of("地域"), Some("東京都"));
        assert_eq!(of("提出期限"), Some("2024年6月9日 12:00"));
        assert_eq!(of("病院数"), Some("8,171"));
        assert_eq!(of("候補が足りた"), Some("はい"));
        assert!(
            of("枠の移動").is_some_and(|moves| moves.contains("減らす枠") && moves.contains("東京都")),
            "{shown:?}"
        );
        assert_eq!(of("訂正の内容"), None);
    }
}
