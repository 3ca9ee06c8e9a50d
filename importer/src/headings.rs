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
    /// Number and wording do not name the same question, or the wording fits two.
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
/// The heading of the column that the findings about a file are written into, when it goes back to who sent it.
const FINDINGS: &str = "エラー";
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
    // What `annotate` wrote beside the rows of an earlier round: the file may come back with it. Folded: エラー.
    "エラ",
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
        if rest.is_empty() {
            return self.by_number(&numbered.number);
        }
        match fixed(&rest).or_else(|| self.by_text(&rest)) {
            Some(Heading::Item(item)) if !self.agrees(&numbered.number, &item.question) => Heading::Conflict,
            Some(heading) => heading,
            None if numbered.set_off => self.by_number_of_other_wording(&numbered.number),
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

    fn by_number(&self, number: &str) -> Heading {
        let Some(questions) = self.numbers.get(number) else {
            return Heading::Unknown;
        };
        let mut known = questions.iter();
        match (known.next(), known.next()) {
            (Some(Some(question)), None) => self.item(Item {
                question: question.clone(),
                field: None,
            }),
            _ => Heading::AmbiguousNumber,
        }
    }

    /// A number of ours in front of a wording that is not ours: most likely the file of another survey, whose numbers mean other questions.
    fn by_number_of_other_wording(&self, number: &str) -> Heading {
        match self.by_number(number) {
            Heading::Unknown | Heading::Undivided => Heading::Unknown,
            _ => Heading::Conflict,
        }
    }
}

/// Whether a cell is the heading of a column that identifies hospitals.
pub(crate) fn identifies(text: &str) -> bool {
    matches!(fixed(&fold(text)), Some(Heading::Gmis | Heading::InstitutionCode))
}

/// Whether a heading is that of the column of findings.
pub(crate) fn is_findings(text: &str) -> bool {
    fold(text) == fold(FINDINGS)
}

fn fixed(folded: &str) -> Option<Heading> {
    if is_findings(folded) {
        return Some(Heading::Note);
    }
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
    let first = |text: &str| text.split('。').next().unwrap_or(text).to_owned();
    vec![wording.to_owned(), noted.to_owned(), first(noted), first(&bare), bare]
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
mod tests;
