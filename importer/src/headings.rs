//! What a heading means: the hospital's identifiers, a question, a field of the respondent, or nothing of ours.
//!
//! A heading is known by key, by either wording, by label or by printed number. Whatever fits two things fits none: numbers are no keys
//! (the survey of 2022 was printed with two numberings), and a number that contradicts its wording is reported, not weighed.

use std::collections::{BTreeSet, HashMap};

use survey::edition::Edition;
use survey::question::{Kind, Question, QuestionKey};
use survey::survey::Survey;
use unicode_normalization::UnicodeNormalization;

use crate::folding::{fold, split_number};

/// One thing that is answered: a question, or a field of the respondent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Item {
    pub(crate) question: QuestionKey,
    pub(crate) field: Option<String>,
}

impl Item {
    /// As faults name it: `ehr_in_use`, `respondent.name`.
    pub(crate) fn path(&self) -> String {
        match &self.field {
            Some(field) => format!("{}.{field}", self.question),
            None => self.question.as_str().to_owned(),
        }
    }
}

/// What a heading means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heading {
    Gmis,
    InstitutionCode,
    Name,
    Prefecture,
    Item(Item),
    /// A printed number without a wording, where the numbering is not known.
    AmbiguousNumber,
    /// Number and wording name different questions, or the wording fits two.
    Conflict,
    /// The respondent as a whole; its fields need a column each.
    Undivided,
    /// Known and without meaning here.
    Note,
    Unknown,
}

/// The headings of a survey.
#[derive(Debug)]
pub(crate) struct Headings {
    texts: HashMap<String, BTreeSet<Item>>,
    /// Printed number to the questions that bear it, one entry for each printing that counts; `None` if it bears none there.
    numbers: HashMap<String, BTreeSet<Option<QuestionKey>>>,
    /// Questions that have no documented number in the printing named by the sender.
    unnumbered: BTreeSet<QuestionKey>,
    respondent: Option<QuestionKey>,
}

const GMIS: &[&str] = &[
    "gmisid",
    "gmis",
    "gmisユザid",
    "gmisユザ",
    "gmisコド",
    "gmis番号",
    "gmisログインid",
    "hospitalid",
];
const INSTITUTION_CODE: &[&str] = &[
    "医療機関コド",
    "保険医療機関コド",
    "医療機関番号",
    "保険医療機関番号",
    "医療機関等コド",
    "institutioncode",
];
const NAME: &[&str] = &["医療機関名", "医療機関名称", "病院名", "病院名称", "施設名", "name", "hospitalname"];
const PREFECTURE: &[&str] = &["都道府県", "都道府県名", "都道府県コド", "prefecture"];
const NOTES: &[&str] = &[
    "no",
    "番号",
    "通番",
    "連番",
    "項番",
    "市区町村",
    "市町村",
    "市区町村名",
    "市町村名",
    "市区町村コド",
    "municipality",
    "municipalitycode",
    "所在地",
    "住所",
    "病床数",
    "許可病床数",
    "病床規模",
    "病床規模区分",
    "beds",
    "二次医療圏",
    "保健所",
    "備考",
    "メモ",
    "記入例",
];

impl Headings {
    /// Headings of all printings of a survey; `edition` is the printing that the sender named, if any.
    pub(crate) fn new(survey: &Survey, edition: Option<&Edition>) -> Self {
        let mut texts: HashMap<String, BTreeSet<Item>> = HashMap::new();
        for question in survey.editions().iter().flat_map(Edition::questions) {
            for (text, item) in texts_of(question) {
                if fixed(&text).is_none() && !text.is_empty() {
                    texts.entry(text).or_default().insert(item);
                }
            }
        }
        let counted: Vec<&Edition> = edition.map_or_else(|| survey.editions().iter().collect(), |edition| vec![edition]);
        let unnumbered = counted
            .iter()
            .flat_map(|edition| edition.questions())
            .filter(|question| question.number.is_none());
        Self {
            texts,
            numbers: numbers(survey, &counted),
            unnumbered: unnumbered.map(|question| question.key.clone()).collect(),
            respondent: survey
                .questions()
                .iter()
                .find(|question| matches!(question.kind, Kind::Respondent(_)))
                .map(|question| question.key.clone()),
        }
    }

    /// What a text in a heading means.
    pub(crate) fn identify(&self, text: &str) -> Heading {
        let folded = fold(text);
        if let Some(heading) = fixed(&folded) {
            return heading;
        }
        if let Some(heading) = self.by_text(&folded) {
            return heading;
        }
        let Some(numbered) = split_number(text) else {
            return Heading::Unknown;
        };
        let rest = fold(&numbered.rest);
        match self.by_text(&rest) {
            Some(Heading::Item(item)) if !self.agrees(&numbered.number, &item.question) => Heading::Conflict,
            Some(heading) => heading,
            None if numbered.set_off => self.by_number(&numbered.number, rest.is_empty()),
            None => Heading::Unknown,
        }
    }

    fn by_text(&self, folded: &str) -> Option<Heading> {
        let items = self.texts.get(folded)?;
        let mut items = items.iter();
        Some(match (items.next(), items.next()) {
            (Some(item), None) => self.item(item.clone()),
            _ => Heading::Conflict,
        })
    }

    fn item(&self, item: Item) -> Heading {
        if item.field.is_none() && self.respondent.as_ref() == Some(&item.question) {
            Heading::Undivided
        } else {
            Heading::Item(item)
        }
    }

    /// Whether a number in front of a wording may belong to it: in some printing that counts, or its number is not documented.
    fn agrees(&self, number: &str, question: &QuestionKey) -> bool {
        let borne = self
            .numbers
            .get(number)
            .is_some_and(|questions| questions.contains(&Some(question.clone())));
        borne || self.unnumbered.contains(question)
    }

    fn by_number(&self, number: &str, alone: bool) -> Heading {
        let Some(questions) = self.numbers.get(number) else {
            return Heading::Unknown;
        };
        let mut known = questions.iter();
        match (known.next(), known.next()) {
            (Some(Some(question)), None) => self.item(Item {
                question: question.clone(),
                field: None,
            }),
            // A number with some other text is taken for a heading of its own, such as a count of beds.
            _ if alone => Heading::AmbiguousNumber,
            _ => Heading::Unknown,
        }
    }
}

fn fixed(folded: &str) -> Option<Heading> {
    [
        (GMIS, Heading::Gmis),
        (INSTITUTION_CODE, Heading::InstitutionCode),
        (NAME, Heading::Name),
        (PREFECTURE, Heading::Prefecture),
        (NOTES, Heading::Note),
    ]
    .into_iter()
    .find(|(names, _)| names.contains(&folded))
    .map(|(_, heading)| heading)
}

fn numbers(survey: &Survey, counted: &[&Edition]) -> HashMap<String, BTreeSet<Option<QuestionKey>>> {
    let canonical = |question: &Question| question.number.as_deref().and_then(split_number).map(|numbered| numbered.number);
    // Numbers of every printing, so that one that the named printing does not document is known as ambiguous.
    let all: BTreeSet<String> = survey
        .editions()
        .iter()
        .flat_map(Edition::questions)
        .filter_map(canonical)
        .collect();
    let bearer = |edition: &Edition, number: &String| {
        edition
            .questions()
            .iter()
            .find(|question| canonical(question).as_ref() == Some(number))
            .map(|question| question.key.clone())
    };
    all.into_iter()
        .map(|number| (number.clone(), counted.iter().map(|edition| bearer(edition, &number)).collect()))
        .collect()
}

/// Every folded text that names a question or one of its fields.
fn texts_of(question: &Question) -> Vec<(String, Item)> {
    let whole = || Item {
        question: question.key.clone(),
        field: None,
    };
    let mut texts: Vec<(String, Item)> = [question.key.as_str(), &question.label]
        .iter()
        .map(|text| (fold(text), whole()))
        .collect();
    for wording in [&question.item_wording, &question.guide_wording] {
        texts.extend(shortened(wording).into_iter().map(|text| (fold(&text), whole())));
    }
    if let Kind::Respondent(fields) = &question.kind {
        for field in fields {
            let item = Item {
                question: question.key.clone(),
                field: Some(field.key.clone()),
            };
            let mut names = vec![
                format!("{}.{}", question.key, field.key),
                field.label.clone(),
                without_brackets(&field.label),
            ];
            names.extend(in_brackets(&field.label));
            for name in names {
                for form in [
                    name.clone(),
                    format!("回答者{name}"),
                    format!("回答者の{name}"),
                    format!("{}{name}", question.label),
                ] {
                    texts.push((fold(&form), item.clone()));
                }
            }
        }
    }
    texts
}

/// A wording as clerks shorten it: whole, up to a note (※), without what stands in brackets, its first sentence.
fn shortened(wording: &str) -> Vec<String> {
    let noted = wording.split('※').next().unwrap_or(wording);
    let bare = without_brackets(noted);
    let sentence = bare.split('。').next().unwrap_or(&bare).to_owned();
    vec![wording.to_owned(), noted.to_owned(), bare, sentence]
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for character in text.nfkc() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(character),
            _ => {}
        }
    }
    kept
}

fn in_brackets(text: &str) -> Option<String> {
    let normal: String = text.nfkc().collect();
    let (_, inner) = normal.split_once('(')?;
    Some(inner.split_once(')')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(survey: &str, edition: Option<&str>) -> Headings {
        let survey = survey::find(survey).unwrap();
        Headings::new(survey, edition.map(|name| survey.edition(name).unwrap()))
    }

    fn item(question: &str) -> Heading {
        Heading::Item(Item {
            question: question.into(),
            field: None,
        })
    }

    fn field(field: &str) -> Heading {
        Heading::Item(Item {
            question: "respondent".into(),
            field: Some(field.to_owned()),
        })
    }

    #[test]
    fn a_question_is_known_by_key_wording_label_and_number() {
        let headings = headings("2024", None);
        for text in [
            "backup_generations",
            "Q12-3",
            "12-3",
            "Ｑ１２－３",
            "問12-3",
            "バックアップデータは、複数の時点による保存（世代管理）を行っていますか。当てはまるものを回答してください。",
            "バックアップデータは複数の時点による保存（世代管理）を行っていますか。当てはあるものを回答してください。",
            "Q12-3\nバックアップデータは、複数の時点による保存(世代管理)を行っていますか。",
            "Q12-3 世代管理",
        ] {
            assert_eq!(headings.identify(text), item("backup_generations"), "{text}");
        }
        assert_eq!(
            headings.identify("Q11 自組織において、電子カルテシステムを使用していますか。"),
            item("ehr_in_use")
        );
    }

    #[test]
    fn every_wording_of_every_question_is_known() {
        for survey in survey::compiled_in() {
            for edition in survey.editions() {
                let headings = Headings::new(survey, Some(edition));
                for question in edition.questions().iter().filter(|question| question.is_coded()) {
                    for text in [
                        question.key.as_str(),
                        &question.label,
                        &question.item_wording,
                        &question.guide_wording,
                        &question.heading(),
                    ] {
                        assert_eq!(headings.identify(text), item(question.key.as_str()), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_bare_number_of_2022_needs_its_numbering() {
        assert_eq!(headings("2022", None).identify("5"), Heading::AmbiguousNumber);
        assert_eq!(headings("2022", None).identify("13"), Heading::AmbiguousNumber);
        assert_eq!(headings("2022", Some("january")).identify("No.5"), item("backup_generations_kept"));
        assert_eq!(headings("2022", Some("march")).identify("5"), item("ehr_in_use"));
        assert_eq!(headings("2022", Some("march")).identify("13"), Heading::AmbiguousNumber);
    }

    #[test]
    fn a_number_that_contradicts_its_wording_is_a_conflict() {
        let wording = "電子カルテシステムを使用しているか";
        assert_eq!(headings("2022", None).identify(&format!("5 {wording}")), item("ehr_in_use"));
        assert_eq!(headings("2022", None).identify(&format!("7 {wording}")), Heading::Conflict);
        assert_eq!(
            headings("2022", Some("january")).identify(&format!("5 {wording}")),
            Heading::Conflict
        );
        assert_eq!(headings("2024", None).identify("Q3 BCPの策定"), Heading::Conflict);
    }

    #[test]
    fn hospitals_and_respondents_are_told_apart() {
        let headings = headings("2024", None);
        for (text, expected) in [
            ("G-MIS ID", Heading::Gmis),
            ("Ｇ－ＭＩＳユーザーＩＤ", Heading::Gmis),
            ("gmis_id", Heading::Gmis),
            ("医療機関\nコード", Heading::InstitutionCode),
            ("病院名", Heading::Name),
            ("都道府県", Heading::Prefecture),
            ("備考", Heading::Note),
            ("Q1 回答者：氏名", field("name")),
            ("氏名", field("name")),
            ("respondent.corporation", field("corporation")),
            ("病院名(所属)", field("organisation")),
            ("所属", field("organisation")),
            ("連絡先", field("contact")),
            ("Q1", Heading::Undivided),
            ("電話", Heading::Unknown),
        ] {
            assert_eq!(headings.identify(text), expected, "{text}");
        }
    }
}
