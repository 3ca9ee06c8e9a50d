//! Who may be chosen, and why somebody else may not. Decides from answers that were already counted; reads nothing.

use crate::selection::facts::{Consent, Facts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use survey::evaluate::State;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::question::Kind;
use survey::survey::Survey;

/// The question that opens the programme: 支援の対象は、電子カルテシステムを導入している病院 (事務連絡 別記 1).
pub const ELIGIBILITY_QUESTION: &str = "ehr_in_use";
/// The option of [`ELIGIBILITY_QUESTION`] that a candidate must have given.
pub const ELIGIBILITY_OPTION: &str = "yes";

/// Answers by question key: the keys of the options chosen. Questions in any other state than *answered* are absent.
pub type ChosenOptions = BTreeMap<String, Vec<String>>;

/// A hospital that may be chosen, with what its score is computed from. Frozen when the programme opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateHospital {
    /// G-MIS ID; the second key of the order.
    pub gmis: String,
    /// 医療機関コード, where the hospital has one; for the printed list.
    pub institution_code: Option<String>,
    /// The hospital's name.
    pub name: String,
    /// The prefecture of the frame.
    pub prefecture: PrefectureCode,
    /// The municipality of the frame, five digits, where it is known.
    pub municipality: Option<String>,
    /// Licensed beds of the frame.
    pub beds: Beds,
    /// Key of the programme's band.
    pub band: String,
    /// Attributes of the frame, such as the medical area: key and value; what is not there is not known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// What the deciding submission answered.
    pub answers: ChosenOptions,
    /// Id of the survey whose submission decided; empty for a nominated hospital of which no answers are used.
    pub survey: String,
    /// What is known of it beside.
    #[serde(default)]
    pub facts: Facts,
}

/// A hospital before it is known whether it may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HospitalRecord {
    /// G-MIS ID.
    pub gmis: String,
    /// 医療機関コード, where the hospital has one.
    pub institution_code: Option<String>,
    /// The hospital's name.
    pub name: String,
    /// The prefecture of the frame.
    pub prefecture: PrefectureCode,
    /// The municipality of the frame, five digits, where it is known.
    pub municipality: Option<String>,
    /// Licensed beds of the frame.
    pub beds: Beds,
    /// Key of the programme's band; `None` under 20 beds.
    pub band: Option<String>,
    /// Attributes of the frame: key and value.
    pub attributes: BTreeMap<String, String>,
    /// Why it left the frame since the programme opened, if it did: closed, or no hospital any more.
    pub left: Option<String>,
    /// The year or programme in which it was chosen before, if it was.
    pub chosen_earlier: Option<String>,
    /// The programme's surveys, the latest first.
    pub surveys: Vec<SurveyAnswers>,
    /// What is known of it beside.
    pub facts: Facts,
    /// Whether its answers may be used.
    pub consent: Consent,
    /// Why the prefecture excluded it, if it did.
    pub excluded: Option<String>,
}

/// What a hospital's counted submission of one survey says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyAnswers {
    /// The survey's id.
    pub survey: String,
    /// `None` without a counted submission.
    pub answers: Option<Counted>,
}

/// A counted revision as it is stored: one byte a slot of the survey's layout. It is read question by question, for whether a hospital may be chosen takes
/// one of thirty, and most hospitals may not.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Whose layout it has.
    pub survey: &'static Survey,
    /// The bytes.
    pub codes: Vec<u8>,
}

impl Counted {
    /// The options chosen; `None` in any other state than *answered*.
    fn chose(&self, question: &str) -> Option<Vec<&'static str>> {
        let question = self.survey.question(question)?;
        match self.survey.layout().read(&self.codes, question)? {
            (State::Answered, chosen) => Some(chosen),
            _ => None,
        }
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Counted) -> bool {
        self.survey.id() == other.survey.id() && self.codes == other.codes
    }
}

impl Eq for Counted {}

/// Why a hospital is no candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum NotEligible {
    /// Under 20 beds: a clinic, in no band of the programme.
    NotAHospital {
        /// Licensed beds.
        beds: u16,
    },
    /// Left the frame since.
    LeftFrame {
        /// Why.
        because: String,
    },
    /// Chosen before.
    ChosenEarlier {
        /// The year or programme.
        program: String,
    },
    /// The prefecture excluded it.
    ExcludedByHand {
        /// Why.
        why: String,
    },
    /// The programme uses answers only with consent, and the hospital's intake form does not say so.
    NoConsent {
        /// Whether it said no; else it has not said.
        refused: bool,
    },
    /// No counted submission in any of the programme's surveys.
    NoSubmission,
    /// The latest answered survey does not tell.
    EhrUnknown {
        /// That survey's id.
        survey: String,
    },
    /// The latest answered survey says that there is no electronic health record.
    EhrNotInUse {
        /// That survey's id.
        survey: String,
    },
}

impl NotEligible {
    /// The reason as shown to a prefecture, with what can be done about it.
    pub fn message(&self) -> String {
        match self {
            NotEligible::NotAHospital { beds } => {
                format!("許可病床数が{beds}床（20床未満）のため対象外です。病床数が誤っている場合は調査対象名簿の修正を依頼してください。")
            }
            NotEligible::LeftFrame { because } => format!("調査対象名簿から外れたため候補になりません（{because}）。"),
            NotEligible::ChosenEarlier { program } => {
                format!("{program}の支援対象として選定済みのため、候補になりません。")
            }
            NotEligible::ExcludedByHand { why } => {
                format!("都道府県が除外しました（{why}）。候補に戻すには、除外を取り消してください。")
            }
            NotEligible::NoConsent { refused: true } => {
                "意向調査で、調査の回答を選定に用いることに同意していません。支援が必要な場合は、理由を付けて推薦してください（回答は用いられません）。".to_owned()
            }
            NotEligible::NoConsent { refused: false } => {
                "調査の回答を選定に用いることへの同意がまだありません。病院に意向調査への回答を依頼するか、理由を付けて推薦してください。".to_owned()
            }
            NotEligible::NoSubmission => "集計対象の回答がありません。病院に回答を依頼するか、理由を付けて推薦してください。".to_owned(),
            NotEligible::EhrUnknown { survey } => {
                format!("{survey}年調査の回答で電子カルテシステムの導入状況が空欄または無回答です。病院に確認して回答を修正してください。")
            }
            NotEligible::EhrNotInUse { survey } => {
                format!("{survey}年調査で電子カルテシステムを導入していないと回答しているため、候補になりません。")
            }
        }
    }
}

/// Decides by the latest of the programme's surveys that the hospital answered; an older one never overrules it.
///
/// # Errors
/// The reason why the hospital is no candidate.
pub fn eligible(record: &HospitalRecord) -> Result<CandidateHospital, NotEligible> {
    let (band, (survey, answers)) = deciding(record)?;
    Ok(candidate(record, band, survey, decode(answers.survey, &answers.codes)))
}

/// Whether a hospital is [`eligible`], for who only counts.
///
/// # Errors
/// The reason why the hospital is no candidate.
pub fn may_be_chosen(record: &HospitalRecord) -> Result<(), NotEligible> {
    deciding(record).map(|_| ())
}

/// The band of a hospital that may be chosen, and the survey and answers that say so.
fn deciding(record: &HospitalRecord) -> Result<(&str, (&str, &Counted)), NotEligible> {
    let band = cell_of(record)?;
    let (survey, answers) = usable(record)?.ok_or(NotEligible::NoSubmission)?;
    match answers.chose(ELIGIBILITY_QUESTION) {
        None => Err(NotEligible::EhrUnknown { survey: survey.to_owned() }),
        Some(options) if !options.contains(&ELIGIBILITY_OPTION) => Err(NotEligible::EhrNotInUse { survey: survey.to_owned() }),
        Some(_) => Ok((band, (survey, answers))),
    }
}

/// Who may be put on a list by hand, nominated with a reason, although not [`eligible`]: a nomination stands in for what the answers lack, and for nothing
/// else. Answers that may not be used are not looked at: such a hospital is scored by what is known of it beside.
///
/// # Errors
/// Why it may not be chosen at all: no hospital, gone, chosen in an earlier year, or excluded.
pub fn eligible_by_hand(record: &HospitalRecord) -> Result<CandidateHospital, NotEligible> {
    let band = cell_of(record)?;
    Ok(match usable(record) {
        Ok(Some((survey, answers))) => candidate(record, band, survey, decode(answers.survey, &answers.codes)),
        Ok(None) | Err(_) => candidate(record, band, "", ChosenOptions::new()),
    })
}

/// The band of a hospital that may stand in a cell, whatever it answered.
fn cell_of(record: &HospitalRecord) -> Result<&str, NotEligible> {
    let band = record.band.as_deref().ok_or(NotEligible::NotAHospital {
        beds: record.beds.number(),
    })?;
    if let Some(because) = &record.left {
        return Err(NotEligible::LeftFrame { because: because.clone() });
    }
    if let Some(program) = &record.chosen_earlier {
        return Err(NotEligible::ChosenEarlier { program: program.clone() });
    }
    match &record.excluded {
        Some(why) => Err(NotEligible::ExcludedByHand { why: why.clone() }),
        None => Ok(band),
    }
}

/// The latest answered survey and its answers, if there are any; without consent nobody looks whether there are.
fn usable(record: &HospitalRecord) -> Result<Option<(&str, &Counted)>, NotEligible> {
    match record.consent {
        Consent::Refused => return Err(NotEligible::NoConsent { refused: true }),
        Consent::Unanswered => return Err(NotEligible::NoConsent { refused: false }),
        Consent::NotNeeded | Consent::Given => {}
    }
    let mut surveys = record.surveys.iter();
    Ok(surveys.find_map(|latest| latest.answers.as_ref().map(|answers| (latest.survey.as_str(), answers))))
}

fn candidate(record: &HospitalRecord, band: &str, survey: &str, answers: ChosenOptions) -> CandidateHospital {
    CandidateHospital {
        gmis: record.gmis.clone(),
        institution_code: record.institution_code.clone(),
        name: record.name.clone(),
        prefecture: record.prefecture,
        municipality: record.municipality.clone(),
        beds: record.beds,
        band: band.to_owned(),
        attributes: record.attributes.clone(),
        answers,
        survey: survey.to_owned(),
        facts: record.facts.clone(),
    }
}

/// The options that a counted revision chose, from its code bytes (one a slot, as the survey's layout says). Text and respondents are left out.
pub fn decode(survey: &Survey, codes: &[u8]) -> ChosenOptions {
    let mut answers = ChosenOptions::new();
    for question in survey.questions().iter().filter(|question| !matches!(question.kind, Kind::Text(_))) {
        if let Some((State::Answered, chosen)) = survey.layout().read(codes, question) {
            answers.insert(question.key.as_str().to_owned(), chosen.into_iter().map(str::to_owned).collect());
        }
    }
    answers
}
