//! Whether a question can be asked at all: looks for answers and facts that open its gate, along the whole chain. Knows nothing of real answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::condition::Condition;
use crate::question::{Kind, Question};

/// More ways than any questionnaire has; a product of conditions that passes it is refused instead of being computed.
const MOST_WAYS: usize = 4_096;

/// One way to be asked: what each single-valued answer, of this survey or an earlier one, must be one of.
type Way<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The ways by which each question so far can be asked.
#[derive(Default)]
pub(super) struct Reach<'a> {
    ways: BTreeMap<&'a str, Vec<Way<'a>>>,
    /// Several-choice questions can hold two options at once, so that wanting one and another is no conflict.
    several: BTreeSet<&'a str>,
}

impl<'a> Reach<'a> {
    /// Adds the next question, whose gate looks at questions before it only.
    pub(super) fn add(&mut self, question: &'a Question) -> Result<(), String> {
        let ways = question
            .gate
            .as_ref()
            .map_or_else(|| Ok(vec![Way::new()]), |gate| self.open(gate))?;
        if ways.is_empty() {
            return Err("no answers make it asked".to_owned());
        }
        if matches!(question.kind, Kind::Several(_)) {
            self.several.insert(question.key.as_str());
        }
        self.ways.insert(question.key.as_str(), ways);
        Ok(())
    }

    /// All ways in which a condition holds.
    fn open(&self, condition: &'a Condition) -> Result<Vec<Way<'a>>, String> {
        match condition {
            // Beds have no upper limit, so bed conditions never exclude each other.
            Condition::BedsAtLeast { .. } => Ok(vec![Way::new()]),
            Condition::Earlier { earlier, is } => Ok(vec![wanting(earlier, is)]),
            Condition::Answer { question, is } => {
                let key = question.as_str();
                let asked = self.ways.get(key).map_or(&[][..], Vec::as_slice);
                let answered = if self.several.contains(key) { Way::new() } else { wanting(key, is) };
                Ok(asked.iter().filter_map(|way| merged(way, &answered)).collect())
            }
            Condition::Any { any } => {
                let mut ways = Vec::new();
                for condition in any {
                    ways.extend(self.open(condition)?);
                }
                within_limit(ways.len())?;
                Ok(ways)
            }
            Condition::All { all } => {
                let mut ways = vec![Way::new()];
                for condition in all {
                    let more = self.open(condition)?;
                    within_limit(ways.len().saturating_mul(more.len()))?;
                    ways = ways
                        .iter()
                        .flat_map(|way| more.iter().filter_map(|other| merged(way, other)))
                        .collect();
                }
                Ok(ways)
            }
        }
    }
}

fn wanting<'a>(key: &'a str, is: &'a [String]) -> Way<'a> {
    Way::from([(key, is.iter().map(String::as_str).collect())])
}

/// Both at once; `None` where they want different values of one answer.
fn merged<'a>(one: &Way<'a>, other: &Way<'a>) -> Option<Way<'a>> {
    let mut both = one.clone();
    for (key, wanted) in other {
        let values = both.entry(key).or_insert_with(|| wanted.clone());
        values.retain(|value| wanted.contains(value));
        if values.is_empty() {
            return None;
        }
    }
    Some(both)
}

fn within_limit(ways: usize) -> Result<(), String> {
    if ways > MOST_WAYS {
        Err("its conditions branch too much".to_owned())
    } else {
        Ok(())
    }
}
