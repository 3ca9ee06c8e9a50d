//! What can be exchanged inside a cell so that everything else which is or may be known stays: one hospital's answer to one question, with its answers
//! to the questions that hang on it. The base of a question stays what it is; only options move. Decides nothing.

use super::flow::Room;
use super::tables::{Counts, Question, Tables};

/// More than this many units are never needed; it keeps the search short.
const ENOUGH: u32 = 3;

/// Up: one hospital more with each of `gains`, one less with each of `loses`.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    pub(crate) gains: Vec<usize>,
    pub(crate) loses: Vec<usize>,
    /// For each way to choose which answers go or come in the questions that hang on this one: how often each cell allows it.
    pub(crate) rooms: Vec<Room>,
    /// By domain of a prefecture, the same for the answers that are most frequent there: a small domain has no others to lose.
    pub(crate) local: Vec<Option<Room>>,
}

impl Move {
    /// The rooms that matter for a domain.
    pub(crate) fn rooms_of(&self, domain: usize) -> impl Iterator<Item = &Room> {
        self.rooms.iter().chain(self.local.get(domain).into_iter().flatten())
    }
}

/// All exchanges of a question that are looked at.
pub(crate) fn moves(tables: &Tables, question: usize) -> Vec<Move> {
    let Some(asked) = tables.question(question) else {
        return Vec::new();
    };
    let losses = Losses::new(tables, question);
    let exchanged = |(gains, loses): (Vec<usize>, Vec<usize>)| {
        let own = |gains: &[usize], loses: &[usize]| -> Vec<u32> {
            let of = |cell: usize| {
                tables
                    .cell(question, cell)
                    .map_or(0, |counts| exchange(asked, counts, gains, loses))
            };
            (0..tables.grid().cells()).map(of).collect()
        };
        let (own_up, own_down) = (own(&gains, &loses), own(&loses, &gains));
        let room = |choice: &Vec<usize>| Room {
            up: least(&own_up, &losses.of(choice, &loses, &gains)),
            down: least(&own_down, &losses.of(choice, &gains, &loses)),
        };
        let mut rooms: Vec<Room> = losses.choices.iter().map(room).collect();
        rooms.dedup();
        let local = losses.local.iter().map(|choice| choice.as_ref().map(room)).collect();
        Move {
            gains,
            loses,
            rooms,
            local,
        }
    };
    exchanges(asked).into_iter().map(exchanged).collect()
}

/// Two options of one hospital each; of a several-choice question also one option more or less, and all that a hospital chose for an exclusive one.
fn exchanges(asked: &Question) -> Vec<(Vec<usize>, Vec<usize>)> {
    let options = asked.exclusive.len();
    let pairs = (0..options).flat_map(|gains| (gains + 1..options).map(move |loses| (vec![gains], vec![loses])));
    let mut all: Vec<(Vec<usize>, Vec<usize>)> = pairs.collect();
    if !asked.several {
        return all;
    }
    all.extend((0..options).map(|gains| (vec![gains], Vec::new())));
    let of = |exclusive: bool| -> Vec<usize> {
        let kinds = asked.exclusive.iter().enumerate();
        kinds.filter(|(_, is)| **is == exclusive).map(|(option, _)| option).collect()
    };
    let together = of(false);
    for alone in of(true) {
        let twos = together
            .iter()
            .flat_map(|one| together.iter().filter(move |other| one < *other).map(|other| vec![*one, *other]));
        all.extend(twos.chain([together.clone()]).map(|chosen| (vec![alone], chosen)));
    }
    all
}

fn least(one: &[u32], other: &[u32]) -> Vec<u32> {
    one.iter().zip(other).map(|(one, other)| *one.min(other)).collect()
}

/// What the cells can lose of what hangs on a question, for some choices of the options that lose it.
struct Losses<'a> {
    tables: &'a Tables,
    question: usize,
    /// For each choice, by question the option that loses.
    choices: Vec<Vec<usize>>,
    local: Vec<Option<Vec<usize>>>,
}

impl<'a> Losses<'a> {
    /// The option that can lose most everywhere, and every other option of one question at a time.
    fn new(tables: &'a Tables, question: usize) -> Losses<'a> {
        let options = |question: usize| 0..tables.question(question).map_or(0, |asked| asked.exclusive.len());
        let nation: Vec<usize> = (0..tables.grid().cells()).collect();
        let most = |question: usize, cells: &[usize]| {
            let chosen = |option: usize| -> u32 {
                cells
                    .iter()
                    .filter_map(|cell| tables.cell(question, *cell))
                    .map(|counts| counts.option(option))
                    .sum()
            };
            options(question).max_by_key(|option| chosen(*option)).unwrap_or(0)
        };
        let all = |cells: &[usize]| -> Vec<usize> { (0..tables.questions().len()).map(|question| most(question, cells)).collect() };
        let first = all(&nation);
        let hanging = tables.descendants(question);
        let mut choices = vec![first.clone()];
        for child in hanging.iter().copied() {
            for option in options(child).filter(|option| first.get(child) != Some(option)) {
                let mut other = first.clone();
                if let Some(place) = other.get_mut(child) {
                    *place = option;
                }
                choices.push(other);
            }
        }
        let local = |domain: usize| (!hanging.is_empty()).then(|| all(&tables.grid().cells_of(domain)));
        Losses {
            local: (0..tables.domains().len()).map(local).collect(),
            tables,
            question,
            choices,
        }
    }

    /// By cell: how many can go that chose `option`, where who chose `other` instead is not asked what it asks.
    fn of(&self, choice: &[usize], option: &[usize], other: &[usize]) -> Vec<u32> {
        let asks = |options: &[usize], chosen: &[usize]| chosen.iter().any(|option| options.contains(option));
        let children = self.tables.children(self.question);
        let losing = children.filter(|(_, options)| asks(options, option) && !asks(options, other));
        let everything = vec![ENOUGH; self.tables.grid().cells()];
        losing.fold(everything, |sum, (child, _)| least(&sum, &self.chosen(child, choice)))
    }

    /// How many hospitals each cell can lose from the chosen option of a question, with what hangs on it.
    fn chosen(&self, question: usize, choice: &[usize]) -> Vec<u32> {
        let Some((asked, option)) = self.tables.question(question).zip(choice.get(question).copied()) else {
            return Vec::new();
        };
        let own = |cell: usize| {
            self.tables.cell(question, cell).map_or(0, |counts| match asked.several {
                // The hospital that goes had chosen this option alone.
                true => (1..=ENOUGH)
                    .take_while(|units| leaves(asked, counts, option, *units))
                    .last()
                    .unwrap_or(0),
                false => counts.option(option),
            })
        };
        let own: Vec<u32> = (0..self.tables.grid().cells()).map(own).collect();
        let asking = self.tables.children(question).filter(|(_, options)| options.contains(&option));
        asking.fold(own, |sum, (child, _)| least(&sum, &self.chosen(child, choice)))
    }
}

/// How many hospitals of a cell can change from some options to others, up to [`ENOUGH`].
fn exchange(question: &Question, counts: &Counts, gains: &[usize], loses: &[usize]) -> u32 {
    if !question.several {
        return loses.iter().map(|option| counts.option(*option)).fold(ENOUGH, u32::min);
    }
    let fits = |units: u32| {
        let after = counts.options.iter().enumerate().map(|(option, count)| {
            let more = if gains.contains(&option) { units } else { 0 };
            let less = if loses.contains(&option) { units } else { 0 };
            (count + more).checked_sub(less)
        });
        let after: Option<Vec<u32>> = after.collect();
        after.is_some_and(|after| is_possible(question, counts.base, &after))
    };
    (1..=ENOUGH).take_while(|units| fits(*units)).last().unwrap_or(0)
}

/// Whether a base could have chosen so: everybody something, and the exclusive options alone.
pub(crate) fn is_possible(question: &Question, base: u32, options: &[u32]) -> bool {
    let of = |exclusive: bool| {
        options
            .iter()
            .zip(&question.exclusive)
            .filter(move |(_, is)| **is == exclusive)
            .map(|(count, _)| *count)
    };
    let alone: u32 = of(true).sum();
    base.checked_sub(alone)
        .is_some_and(|together| of(false).all(|count| count <= together) && of(false).sum::<u32>() >= together)
}

fn leaves(question: &Question, counts: &Counts, option: usize, units: u32) -> bool {
    let mut after = counts.options.clone();
    let left = after.get_mut(option).and_then(|count| {
        *count = count.checked_sub(units)?;
        Some(())
    });
    left.is_some()
        && counts
            .base
            .checked_sub(units)
            .is_some_and(|base| is_possible(question, base, &after))
}
