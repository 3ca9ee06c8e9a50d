//! The questions of a survey that stand in a trend on another base than their own, with what such a row tells that their own tables do not: how their
//! answers meet those of the question that turns them into no. Compares no years and hides nothing.

use super::domain::SIX;
use super::further::Groups;
use super::tables::{Gate, Question, SuppressError};
use std::collections::BTreeMap;
use survey::crosswalk::{Counting, Crosswalk, Pair, Said};
use survey::evaluate::State;
use survey::survey::Survey;

/// A question on the harmonised base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Harmonised {
    /// Index of the question.
    pub(crate) question: usize,
    /// Indices of the options that count as yes.
    pub(crate) yes: Vec<usize>,
    /// Only hospitals that said this are in the base; it is what asks the question, at whatever distance.
    among: Option<Gate>,
    /// The question whose answer counts as no, with those answers.
    pub(crate) no_if: Option<Gate>,
    /// By cell.
    apart: BTreeMap<usize, Apart>,
}

/// Hospitals of a cell that the harmonised base counts otherwise than the question's own table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Apart {
    /// Whose other answer counts as no, by what they said to the question itself: yes, no, nothing.
    pub(crate) refused: [u32; 3],
    /// That answered the question though it is not known that they had to, and are outside: yes, no.
    pub(crate) outside: [u32; 2],
    /// Of those outside, whose other answer would count as no.
    pub(crate) refused_outside: u32,
}

impl Harmonised {
    /// The questions that a row looks at.
    pub(crate) fn questions(&self) -> Vec<usize> {
        let others = [&self.among, &self.no_if].into_iter().flatten().map(|said| said.question);
        std::iter::once(self.question).chain(others).collect()
    }

    pub(crate) fn apart(&self, cell: usize) -> Apart {
        self.apart.get(&cell).copied().unwrap_or_default()
    }

    /// Whether such a row tells nothing that the question's own table does not.
    pub(crate) fn is_own(&self) -> bool {
        self.no_if.is_none() && self.apart.is_empty()
    }

    /// Whether who counts as no is asked the question at all.
    pub(crate) fn is_asked_of_refused(&self, questions: &[Question]) -> bool {
        let gate = questions.get(self.question).and_then(|question| question.gate.as_ref());
        let refuses = self.no_if.as_ref().map(|no_if| no_if.question);
        gate.map(|gate| gate.question) != refuses
    }

    /// Counts a response of a cell: by question, its state and the options chosen.
    pub(crate) fn count(&mut self, cell: usize, said: &[(State, Vec<usize>)]) {
        let gave = |gate: &Gate| {
            let chosen = said.get(gate.question).map_or(&[][..], |(_, chosen)| chosen.as_slice());
            chosen.iter().any(|option| gate.options.contains(option))
        };
        let own = said.get(self.question).filter(|(state, _)| *state == State::Answered);
        let place = match own {
            Some((_, chosen)) if chosen.iter().any(|option| self.yes.contains(option)) => 0,
            Some(_) => 1,
            None => 2,
        };
        let inside = self.among.as_ref().is_none_or(gave);
        let refuses = self.no_if.as_ref().is_some_and(gave);
        let is_apart = if inside { refuses } else { refuses || own.is_some() };
        if !is_apart {
            return;
        }
        let apart = self.apart.entry(cell).or_default();
        let counts = if inside { &mut apart.refused[..] } else { &mut apart.outside[..] };
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
        apart.refused_outside += u32::from(refuses && !inside);
    }

    /// The groups that a row sets apart, by band of the nation.
    pub(crate) fn groups(&self, questions: &[Question]) -> [Groups; SIX] {
        let mut bands: [Groups; SIX] = Default::default();
        let asked = self.is_asked_of_refused(questions);
        for band in 0..SIX {
            let (mut sums, mut alone) = ([[0_u32; 3], [0; 3]], 0);
            for (_, apart) in self.apart.iter().filter(|(cell, _)| *cell % SIX == band) {
                // Of those that were not asked, the table of the other question says the same.
                let (refused, elsewhere) = if asked {
                    (apart.refused, 0)
                } else {
                    ([0; 3], apart.refused_outside)
                };
                let [yes, no] = apart.outside;
                alone += elsewhere;
                for (sums, counts) in sums.iter_mut().zip([refused, [yes, no, 0]]) {
                    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
                }
            }
            if let Some(groups) = bands.get_mut(band) {
                *groups = Groups(sums.iter().map(|sum| sum.to_vec()).chain([vec![alone]]).collect());
            }
        }
        bands
    }
}

/// Those of a survey's questions, in the order of the crosswalk, that have a harmonised base of their own.
///
/// # Errors
/// [`SuppressError::Harmonised`]: the crosswalk names what the survey does not have, or hospitals that the question is not asked of.
pub(crate) fn harmonised_of(survey: &Survey, questions: &[Question]) -> Result<Vec<Harmonised>, SuppressError> {
    let id = survey.id().as_str();
    let counted = |pair: &'static Pair| {
        let years = [
            (&pair.from_survey, &pair.from_question, &pair.from),
            (&pair.to_survey, &pair.to_question, &pair.to),
        ];
        let own = years.into_iter().filter(|(survey, _, _)| survey.as_str() == id);
        own.filter_map(|(_, key, counting)| Some((key.as_str(), counting.as_ref()?)))
    };
    let mut found: Vec<Harmonised> = Vec::new();
    for (key, counting) in Crosswalk::compiled_in().pairs().iter().flat_map(counted) {
        let refused = || SuppressError::Harmonised(key.to_owned());
        let one = read(survey, questions, key, counting).ok_or_else(refused)?;
        if !found.contains(&one) {
            found.push(one);
        }
    }
    Ok(found)
}

fn read(survey: &Survey, questions: &[Question], key: &str, counting: &Counting) -> Option<Harmonised> {
    let place = |key: &str| questions.iter().position(|question| question.key == key);
    let options = |key: &str, names: &[String]| -> Option<Vec<usize>> {
        let choices = survey.question(key)?.choices();
        names
            .iter()
            .map(|name| choices.iter().position(|choice| choice.key == *name))
            .collect()
    };
    let said = |said: &Option<Said>| match said {
        None => Some(None),
        Some(said) => Some(Some(Gate {
            question: place(&said.question)?,
            options: options(&said.question, &said.is)?,
        })),
    };
    let (question, among) = (place(key)?, said(&counting.among)?);
    let above = |question: usize| questions.get(question)?.gate.as_ref();
    if let Some(among) = &among {
        // Otherwise the base would be a cross of two questions, of which no table knows how they meet.
        let mut gates = std::iter::successors(above(question), |gate| above(gate.question));
        gates.find(|gate| *gate == among)?;
    }
    let no_if = said(&counting.no_if)?;
    if let Some(no_if) = &no_if {
        // Whoever counts as no for another answer was asked both questions, or this one for another answer: other ways to meet are not reckoned with.
        let (own, other) = (above(question), above(no_if.question));
        let hangs =
            own.is_some_and(|gate| gate.question == no_if.question && !gate.options.iter().any(|option| no_if.options.contains(option)));
        (hangs || own == other).then_some(())?;
    }
    Some(Harmonised {
        question,
        yes: options(key, &counting.yes)?,
        among,
        no_if,
        apart: BTreeMap::new(),
    })
}
