//! Made hospitals and answers for the tests: any seed gives the same ones again. Answers go through the real evaluator.

use crate::{FrameEntry, Snapshot, Targets};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use survey::answer::{EntryPath, HospitalFacts};
use survey::area::MunicipalityCode;
use survey::attribute::{Attributes, Vocabulary, catalogue};
use survey::evaluate::{Evaluation, evaluate};
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::question::{Kind, Question};
use survey::survey::Survey;
use uuid::Uuid;

/// A small generator of plain numbers (SplitMix64): tests need variety, not quality.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }
}

/// One hospital and what it answered, if it did.
#[derive(Clone)]
pub(super) struct MadeHospital {
    pub(super) id: Uuid,
    pub(super) prefecture: PrefectureCode,
    pub(super) municipality: Option<MunicipalityCode>,
    pub(super) beds: Beds,
    pub(super) attributes: Attributes,
    pub(super) answered: Option<Evaluation>,
}

/// A made survey.
pub(super) struct Made {
    pub(super) survey: &'static Survey,
    pub(super) hospitals: Vec<MadeHospital>,
}

pub(super) fn as_of() -> DateTime<Utc> {
    "2024-03-08T14:59:00Z".parse().unwrap()
}

/// A survey that was sent to nobody.
pub(super) fn nobody(survey: &Survey) -> Snapshot {
    Snapshot::new::<&[u8]>(survey, as_of(), Targets::new([]).unwrap(), []).unwrap()
}

impl Made {
    pub(super) fn new(survey: &str, seed: u64, hospitals: usize) -> Made {
        let survey = survey::find(survey).expect("compiled in");
        let mut chance = Chance(seed);
        // Few prefectures, so that small samples have cells with several hospitals; wards, so that a designated city has something to include.
        let municipalities = ["01202", "13104", "14101", "14102", "14130", "27102", "47201"];
        let mut hospitals: Vec<MadeHospital> = (0..hospitals).map(|_| hospital(survey, &mut chance, &municipalities)).collect();
        // Nobody is in the made survey of another seed, unless a test says so.
        for (index, hospital) in (0..).zip(&mut hospitals) {
            hospital.id = Uuid::from_u64_pair(seed, index);
            hospital.attributes = attributes(hospital, &mut Chance(seed ^ index ^ 0xA77));
        }
        Made { survey, hospitals }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let frame = self.hospitals.iter().map(|hospital| FrameEntry {
            hospital: hospital.id,
            prefecture: hospital.prefecture,
            municipality: hospital.municipality.clone(),
            beds: hospital.beds,
        });
        let targets = Targets::new(frame).unwrap();
        let responses: Vec<_> = self
            .hospitals
            .iter()
            .filter_map(|hospital| Some((targets.find(hospital.id).unwrap(), &hospital.answered.as_ref()?.codes)))
            .collect();
        let known = self
            .hospitals
            .iter()
            .map(|hospital| (hospital.id, hospital.attributes.clone()))
            .collect();
        let snapshot = Snapshot::new(self.survey, as_of(), targets, responses).unwrap();
        snapshot.with_attributes(&known).unwrap()
    }
}

fn hospital(survey: &Survey, chance: &mut Chance, municipalities: &[&str]) -> MadeHospital {
    let municipality = MunicipalityCode::parse(municipalities[chance.index(municipalities.len())]).unwrap();
    let beds = [20, 99, 100, 199, 200, 299, 300, 399, 400, 499, 500, 1_200][chance.index(12)];
    let beds = Beds::new(beds).unwrap();
    let answered = (chance.below(4) > 0).then(|| {
        let answers: serde_json::Map<String, Value> = survey
            .questions()
            .iter()
            .filter_map(|question| Some((question.key.as_str().to_owned(), answer(question, chance)?)))
            .collect();
        let facts = HospitalFacts {
            beds: Some(beds),
            ..HospitalFacts::default()
        };
        evaluate(survey.first_edition(), &facts, &Value::Object(answers), EntryPath::Proxy)
    });
    let prefecture = municipality.prefecture();
    let municipality = (chance.below(10) > 0).then_some(municipality);
    MadeHospital {
        id: Uuid::nil(),
        prefecture,
        municipality,
        beds,
        attributes: Attributes::default(),
        answered,
    }
}

/// Something known of each attribute but now and then, few codes of medical areas, and names that not everybody gives.
fn attributes(hospital: &MadeHospital, chance: &mut Chance) -> Attributes {
    let mut known = Attributes::default();
    for attribute in catalogue().attributes() {
        let value = match &attribute.vocabulary {
            Vocabulary::Values(values) => values[chance.index(values.len())].key.clone(),
            Vocabulary::Codes { .. } => format!("{}{:02}", hospital.prefecture.code(), chance.below(2) + 1),
        };
        if chance.below(8) > 0 {
            known.set(attribute, &value).unwrap();
        }
    }
    let name = catalogue().name("municipality_name").unwrap();
    if hospital.municipality.as_ref().is_some_and(|code| code.as_str() == "13104") {
        known.set_name(name, "新宿区");
    }
    known
}

/// An answer of the question's kind; sometimes none, sometimes 無回答, sometimes nonsense.
fn answer(question: &Question, chance: &mut Chance) -> Option<Value> {
    match chance.below(12) {
        0 => return None,
        1 => return Some(json!("no_answer")),
        2 => return Some(json!("nothing that is an option")),
        _ => {}
    }
    let choices = question.choices();
    Some(match &question.kind {
        Kind::Respondent(fields) => fields.iter().map(|field| (field.key.clone(), json!("架空 太郎"))).collect(),
        Kind::Text(_) => json!("FortiGate 60F 2台"),
        Kind::YesNo(_) | Kind::One(_) => json!(choices[chance.index(choices.len())].key),
        Kind::Several(_) => {
            let several: Vec<&str> = choices
                .iter()
                .filter(|_| chance.below(3) == 0)
                .map(|choice| choice.key.as_str())
                .collect();
            let exclusive = choices
                .iter()
                .find(|choice| choice.exclusive && several.contains(&choice.key.as_str()));
            exclusive.map_or(json!(several), |choice| json!([choice.key]))
        }
    })
}
