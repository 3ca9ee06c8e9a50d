//! From a survey and its coded responses to [`Tables`]: the questions as hiding sees them, and one plain count. Reads no file and hides nothing.

use super::domain::SIX;
use super::harmonised::harmonised_of;
use super::tables::{Cell, Counts, Gate, Question, SuppressError, Tables};
use std::collections::BTreeMap;
use survey::band::Banding;
use survey::condition::Condition;
use survey::evaluate::State;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::question::Kind;
use survey::survey::Survey;

/// The coded questions of a survey, in the order of the questionnaire.
///
/// # Errors
/// [`SuppressError::GateKind`] for a gate that is not the answer to one question.
pub fn questions_of(survey: &Survey) -> Result<Vec<Question>, SuppressError> {
    let coded: Vec<&survey::question::Question> = survey.questions().iter().filter(|question| question.is_coded()).collect();
    let question = |question: &&survey::question::Question| {
        let gate = match &question.gate {
            None => None,
            Some(Condition::Answer { question: gate, is }) => {
                let refused = || SuppressError::Gate(question.key.as_str().to_owned());
                let index = coded.iter().position(|other| other.key == *gate).ok_or_else(refused)?;
                let earlier = coded.get(index).ok_or_else(refused)?;
                let option = |word: &String| earlier.choices().iter().position(|choice| choice.key == *word);
                let options: Option<Vec<usize>> = is.iter().map(option).collect();
                Some(Gate {
                    question: index,
                    options: options.ok_or_else(refused)?,
                })
            }
            Some(_) => return Err(SuppressError::GateKind(question.key.as_str().to_owned())),
        };
        Ok(Question {
            key: question.key.as_str().to_owned(),
            exclusive: question.choices().iter().map(|choice| choice.exclusive).collect(),
            several: matches!(question.kind, Kind::Several(_)),
            gate,
        })
    };
    coded.iter().map(question).collect()
}

/// Counts the responses of a survey in the finest cells: places and beds of the frame, places, beds and codes of the counted responses. Every prefecture
/// is there, whether it has a hospital or not, so that the plan of every release is the same.
///
/// # Errors
/// [`SuppressError`] if a response cannot be read or counted in one place.
pub fn tally<'a>(
    survey: &Survey,
    frame: impl IntoIterator<Item = (PrefectureCode, Beds)>,
    responses: impl IntoIterator<Item = (PrefectureCode, Beds, &'a [u8])>,
) -> Result<Tables, SuppressError> {
    let coded: Vec<&survey::question::Question> = survey.questions().iter().filter(|question| question.is_coded()).collect();
    let mut cells: BTreeMap<(PrefectureCode, usize), Cell> = empty_cells(survey)?
        .into_iter()
        .map(|cell| ((cell.prefecture, cell.band), cell))
        .collect();
    let questions = questions_of(survey)?;
    let mut harmonised = harmonised_of(survey, &questions)?;
    let numbers: BTreeMap<(PrefectureCode, usize), usize> = cells.keys().copied().zip(0..).collect();
    let place = |prefecture, beds: Beds| match Banding::Survey.band_of(beds) {
        Some(band) => Ok((prefecture, band)),
        None => Err(SuppressError::Beds(beds.number())),
    };
    for (prefecture, beds) in frame {
        if let Some(cell) = cells.get_mut(&place(prefecture, beds)?) {
            cell.frame += 1;
        }
    }
    for (index, (prefecture, beds, codes)) in responses.into_iter().enumerate() {
        let place = place(prefecture, beds)?;
        let (Some(cell), Some(number)) = (cells.get_mut(&place), numbers.get(&place)) else {
            continue;
        };
        cell.n += 1;
        let mut said: Vec<(State, Vec<usize>)> = Vec::with_capacity(coded.len());
        for (question, counts) in coded.iter().zip(&mut cell.questions) {
            let (state, chosen) = survey.layout().read(codes, question).ok_or(SuppressError::Codes(index))?;
            match state {
                State::Answered => counts.base += 1,
                State::NoAnswer => counts.no_answer += 1,
                State::NotAsked => counts.not_asked += 1,
                State::Blank | State::Undetermined | State::Invalid => counts.blank += 1,
            }
            let mut options = Vec::new();
            for (option, (choice, count)) in question.choices().iter().zip(&mut counts.options).enumerate() {
                if chosen.contains(&choice.key.as_str()) {
                    *count += 1;
                    options.push(option);
                }
            }
            said.push((state, options));
        }
        for one in &mut harmonised {
            one.count(*number, &said);
        }
    }
    Ok(Tables::new(questions, cells.into_values().collect())?.with_harmonised(harmonised))
}

/// The finest cells of all prefectures without anybody in them.
pub(super) fn empty_cells(survey: &Survey) -> Result<Vec<Cell>, SuppressError> {
    let nothing: Vec<Counts> = questions_of(survey)?.iter().map(Counts::none).collect();
    let places = PrefectureCode::all().flat_map(|prefecture| (0..SIX).map(move |band| (prefecture, band)));
    Ok(places
        .map(|(prefecture, band)| Cell {
            prefecture,
            band,
            frame: 0,
            n: 0,
            questions: nothing.clone(),
        })
        .collect())
}
