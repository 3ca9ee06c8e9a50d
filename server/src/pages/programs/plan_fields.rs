//! The fields with which a plan is tried, read from the address bar and shown again as they were typed.

use std::collections::BTreeMap;

use askama::Template;
use chrono::NaiveDate;
use survey::prefecture::PrefectureCode;

use super::bands;
use crate::app::programs::planning::effort::Of;
use crate::app::programs::planning::terms::{Asked, Per};
use crate::app::programs::planning::years::Question;
use crate::app::programs::quotas::proposal::Method;
use crate::auth::actor::Role;
use crate::db::programs::ProgramRow;
use crate::error::AppError;
use crate::pages::fields::{Choice, ChoiceField, Look, Takes, TextField};
use crate::pages::refusals::Refused;

/// Fields as an address has them.
pub type Typed = BTreeMap<String, String>;

fn of<'t>(typed: &'t Typed, name: &str) -> &'t str {
    typed.get(name).map_or("", |value| value.trim())
}

/// What the address asks.
///
/// # Errors
/// `planning_invalid`.
pub fn question(typed: &Typed, role: &Role) -> Result<(Asked, Of, Question), AppError> {
    let text = |name: &str| Some(of(typed, name).to_owned()).filter(|text| !text.is_empty());
    let invalid = |name: &'static str, message: String| AppError::invalid("planning_invalid", message).at(name);
    let day = |name: &'static str, label: &str| match of(typed, name) {
        "" => Ok(None),
        text => match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) => Ok(Some(day)),
            Err(error) => {
                tracing::debug!(%error, "day refused");
                Err(invalid(name, format!("{label}は「2024-06-03」のように入力してください。")))
            }
        },
    };
    let number = |name: &'static str, label: &str| match of(typed, name) {
        "" => Ok(None),
        text => match text.parse::<u64>() {
            Ok(number) => Ok(Some(number)),
            Err(error) => {
                tracing::debug!(%error, "number refused");
                Err(invalid(name, format!("{label}は1以上の整数で入力してください。")))
            }
        },
    };
    let surveyors = number("surveyors", "調査員の数")?;
    let asked = Asked {
        person_days: text("person_days"),
        days: text("days"),
        surveyors: surveyors.map(|number| u8::try_from(number).unwrap_or(u8::MAX)),
        teams: number("teams", "班の数")?,
        // A prefecture has no such field: an address of the ministry's shows it its own teams.
        per: match of(typed, "per") {
            _ if matches!(role, Role::Prefecture(_)) => None,
            "prefecture" => Some(Per::Prefecture),
            "nation" => Some(Per::Nation),
            _ => None,
        },
        from: day("from", "始める日")?,
        until: day("until", "終える日")?,
    };
    let whose = match of(typed, "of") {
        "chosen" => Of::Chosen,
        "remaining" => Of::Remaining,
        _ => Of::Quota,
    };
    let question = Question {
        totals: of(typed, "totals").to_owned(),
        method: match of(typed, "method") {
            "biproportional" => Method::Biproportional,
            _ => Method::LargestRemainder,
        },
        prefecture: PrefectureCode::all().find(|one| one.code() == of(typed, "prefecture")),
    };
    Ok((asked, whose, question))
}

/// Fields as they are made here: with what was typed, and what is wrong with it.
struct Maker<'t> {
    typed: &'t Typed,
    refused: Option<&'t Refused>,
}

impl Maker<'_> {
    fn text(&self, name: &str, label: &str, takes: Takes, support: &str) -> Result<String, AppError> {
        let field = TextField::new(name, label).optional().takes(takes).support(support);
        let refused = self.refused.filter(|refused| refused.place() == name);
        let field = field
            .value(of(self.typed, name))
            .error(refused.map(|refused| refused.sentence.clone()));
        field.render().map_err(AppError::internal)
    }

    fn choice(&self, name: &str, label: &str, choices: &[(String, &str)]) -> Result<String, AppError> {
        let choices = choices
            .iter()
            .map(|(value, label)| Choice::new(value.as_str(), *label, of(self.typed, name)));
        let field = ChoiceField::new(name, label, Look::List, choices.collect()).unmarked();
        field.render().map_err(AppError::internal)
    }
}

fn named(all: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    all.iter().map(|(value, label)| ((*value).to_owned(), *label)).collect()
}

/// The fields: those that are always shown, and those with which other terms are tried.
///
/// # Errors
/// A defect.
pub fn fields(program: &ProgramRow, role: &Role, typed: &Typed, refused: Option<&Refused>) -> Result<(Vec<String>, Vec<String>), AppError> {
    let make = Maker { typed, refused };
    let order = bands(program)?.iter().map(|band| band.label).collect::<Vec<_>>().join("、");
    let person_days = format!("{order}の順に「,」で区切ります。例：5,10,20");
    let days = format!("{order}の順に「,」で区切ります。1班の調査員の数も入力してください。");
    let known = "空欄のときは、日数の分かる最も多い人数です。";
    let tries = vec![
        make.text("surveyors", "1班の調査員の数", Takes::Number, known)?,
        make.text("person_days", "1病院の人日", Takes::Text, &person_days)?,
        make.text("days", "1病院の日数", Takes::Text, &days)?,
    ];
    Ok((usual(&make, role)?, tries))
}

fn usual(make: &Maker, role: &Role) -> Result<Vec<String>, AppError> {
    let is_prefecture = matches!(role, Role::Prefecture(_));
    let whose = [
        ("quota", "支援枠の数"),
        ("chosen", "選定リストの病院"),
        ("remaining", "まだ支援していない病院"),
    ];
    let mut fields = vec![make.choice("of", "数える病院", &named(&whose))?];
    if !is_prefecture {
        let all = std::iter::once((String::new(), "全国")).chain(PrefectureCode::all().map(|code| (code.code(), code.name())));
        fields.push(make.choice("prefecture", "都道府県", &all.collect::<Vec<_>>())?);
    }
    fields.push(make.text("teams", "班の数", Takes::Number, "入力すると、終わる日が出ます。")?);
    if !is_prefecture {
        let per = [("nation", "全国で"), ("prefecture", "都道府県ごとに")];
        fields.push(make.choice("per", "班の単位", &named(&per))?);
    }
    fields.push(make.text("from", "始める日", Takes::Date, "空欄のときは、年度の4月1日です。")?);
    fields.push(make.text("until", "終える日", Takes::Date, "入力すると、必要な班の数が出ます。")?);
    let totals = "例：2000,2000。入力すると、年度ごとの計画が出ます。";
    fields.push(make.text("totals", "年度ごとの病院数（全国）", Takes::Text, totals)?);
    let methods = [
        ("largest_remainder", "すべての枠に一度に配る"),
        ("biproportional", "都道府県計と区分計の両方を合わせる"),
    ];
    fields.push(make.choice("method", "計画の配り方", &named(&methods))?);
    Ok(fields)
}
