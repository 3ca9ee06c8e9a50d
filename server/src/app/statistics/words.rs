//! Requests for tables as people and programs write them, the same on every way in, and what is said to whoever wrote something else. Counts nothing.

use analytics::{By, ByError, Dimension, Filter, FilterError, TableError};
use survey::area::Area;
use survey::attribute::{AttributeError, catalogue};
use survey::bands::{Bands, BandsError};
use survey::question::QuestionKey;

use crate::error::AppError;

/// An area as requests name it.
///
/// # Errors
/// `area_invalid`.
pub fn area(text: &str) -> Result<Area, AppError> {
    Area::parse(text).map_err(|error| {
        tracing::debug!(%error, "area refused");
        AppError::invalid(
            "area_invalid",
            "地域は nation（全国）、都道府県コード2桁、市区町村コード5桁のいずれかで指定してください。",
        )
    })
}

/// What the rows of a table are: `area`, or `region`, `prefecture`, `municipality`, `band`, attributes with commas.
///
/// # Errors
/// `by_invalid`.
pub fn by(text: &str) -> Result<By, AppError> {
    By::parse(text).map_err(|error| {
        let reason = match error {
            ByError::Unknown(word) => format!("行の分け方「{word}」はありません"),
            ByError::Twice(word) => format!("行の分け方「{word}」が2回あります"),
            ByError::TooMany(number) => format!("行の分け方が{number}個あります"),
        };
        AppError::invalid(
            "by_invalid",
            format!(
                "{reason}。area（全体）か、{} のうち3つまでをコンマでつないで指定してください（例: region,band）。",
                dimensions()
            ),
        )
    })
}

/// Bed classes: `survey`, `program`, or lower bounds with commas.
///
/// # Errors
/// `banding_invalid`.
pub fn banding(text: &str) -> Result<Bands, AppError> {
    Bands::parse(text).map_err(|error| {
        let reason = match error {
            BandsError::Unknown(text) => format!("病床規模区分「{text}」を読み取れません"),
            BandsError::Bound(number) => format!("{number}床は区分の下限にできません"),
            BandsError::First(number) => format!("最初の下限が{number}床なので、どの区分にも入らない病院があります"),
            BandsError::Order { before, after } => format!("下限{before}の次に{after}があります"),
            BandsError::TooMany(number) => format!("区分が{number}個あります"),
        };
        AppError::invalid(
            "banding_invalid",
            format!(
                "{reason}。survey、program、または各区分の下限の病床数を20から小さい順に12個まで（例: 20,50,100,300）で指定してください。"
            ),
        )
    })
}

/// One filter: `key=value` or `key=value|value`.
///
/// # Errors
/// `filter_invalid`.
pub fn filter(text: &str) -> Result<Filter, AppError> {
    Filter::parse(text).map_err(|error| {
        let wanted = match error {
            FilterError::Form(_) => format!(
                "設問キー=選択肢キー（例: vpn_present=yes）、{} のいずれか=値 の形で指定し、「または」は | でつないでください",
                dimensions()
            ),
            FilterError::Region(_) => {
                "地方は hokkaido、tohoku、kanto、chubu、kinki、chugoku、shikoku、kyushu_okinawa のいずれかで指定してください".to_owned()
            }
            FilterError::Prefecture(_) => "都道府県は2桁のコード（01～47）で指定してください".to_owned(),
            FilterError::Municipality(_) => "市区町村は5桁のコードで指定してください".to_owned(),
            FilterError::Attribute(AttributeError::Value { attribute, .. }) => attribute_values(&attribute),
            FilterError::Attribute(AttributeError::Unknown(_)) => format!("{} のいずれかで指定してください", dimensions()),
        };
        AppError::invalid("filter_invalid", format!("絞り込みの条件「{text}」を読み取れません。{wanted}。"))
    })
}

/// Every word that rows may be told apart by.
fn dimensions() -> String {
    Dimension::all().map(Dimension::as_str).collect::<Vec<_>>().join("、")
}

/// What a filter by an attribute may be.
fn attribute_values(key: &str) -> String {
    let Some(attribute) = catalogue().attribute(key) else {
        return String::new();
    };
    let values: Vec<&str> = attribute.values().iter().map(|value| value.key.as_str()).collect();
    let values = if values.is_empty() {
        attribute.expected()
    } else {
        values.join("、")
    };
    format!("{}は {values}、または unknown（不明）で指定してください", attribute.label)
}

/// Filters with commas between them; all must hold.
///
/// # Errors
/// `filter_invalid`.
pub fn filters(text: &str) -> Result<Vec<Filter>, AppError> {
    text.split(',').map(filter).collect()
}

/// An answer as an older way of filtering writes it: `vpn_present.yes`.
///
/// # Errors
/// `among_invalid`.
pub fn among(text: &str) -> Result<Filter, AppError> {
    let (question, option) = text.split_once('.').ok_or_else(|| {
        AppError::invalid(
            "among_invalid",
            "amongは 設問キー.選択肢キー の形（例: vpn_present.yes）で指定してください。",
        )
    })?;
    Ok(Filter::answer(QuestionKey::from(question), option))
}

/// Why there is no table, to whoever asked.
pub(super) fn refused(error: TableError) -> AppError {
    match error {
        TableError::UnknownQuestion { question, .. } => AppError::not_found(
            "question_unknown",
            format!("設問または指標「{question}」はこの調査にありません。キーを確認してください。"),
        ),
        TableError::NotCoded { .. } => {
            AppError::invalid("question_not_coded", "回答者の情報は集計できません。別の設問を指定してください。")
        }
        TableError::UnknownOption { question, option, .. } => AppError::not_found(
            "option_unknown",
            format!("設問「{question}」に選択肢「{option}」はありません。選択肢キーを確認してください。"),
        ),
        TableError::UnknownBand { banding, band } => AppError::not_found(
            "band_unknown",
            format!("病床規模区分 {banding} に「{band}」はありません。区分のキー（例: 20-99、500+）を確認してください。"),
        ),
        TableError::FilterByAnswer { question } => AppError::invalid(
            "filter_invalid",
            format!(
                "回答率は回答（{question}）で絞り込めません。未回答の病院には回答がないためです。地方、都道府県、市区町村、病床規模で絞り込んでください。"
            ),
        ),
        TableError::Counting(_) => AppError::internal(error),
    }
}
