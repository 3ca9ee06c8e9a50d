//! What granted moves do to the cells: the sums stay, and no cell goes under nothing or under what its list holds.

use std::collections::BTreeMap;

use diesel_async::AsyncPgConnection;
use survey::prefecture::PrefectureCode;

use super::{Cell, Move};
use crate::app::frames::prefecture_of;
use crate::app::programs::quotas::changes::{by_cell, lock, program_band};
use crate::db::lists;
use crate::db::quotas::{self, Origin, QuotaRow};
use crate::error::AppError;

/// Writes the new versions of moved cells. The caller has the turn of the programme's quotas.
///
/// # Errors
/// `quota_too_small`, `quota_invalid`; or the database is away.
pub(super) async fn write(conn: &mut AsyncPgConnection, program: &str, moves: &[Move], origin: Origin<'_>) -> Result<(), AppError> {
    let touched = moves.iter().flat_map(|one| [&one.from, &one.to]);
    lock(conn, program, touched.map(|cell| (cell.prefecture, cell.band.as_str()))).await?;
    let in_force = quotas::list(conn, program, None).await?;
    require_enough(&in_force, moves, None)?;
    let moved = moved(&in_force, moves)?;
    require_lists(&handed_in(conn, program, &moved).await?, &moved)?;
    if moved.values().map(|number| number.after - number.before).sum::<i64>() != 0 {
        return Err(AppError::internal("granted moves would change the national total"));
    }
    let mut rows = Vec::new();
    for (cell, number) in moved.iter().filter(|(_, number)| number.after != number.before) {
        let hospitals = i32::try_from(number.after)
            .map_err(|_too_many| AppError::invalid("quota_invalid", "支援枠の病院数が大きすぎます。数を確認してください。"))?;
        rows.push((i16::from(cell.prefecture.number()), cell.band.clone(), hospitals));
    }
    let written = quotas::set(conn, program, &rows, origin).await?;
    if written == rows.len() {
        Ok(())
    } else {
        Err(AppError::internal("not every moved cell got a version"))
    }
}

/// A cell's number before and after all moves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    before: i64,
    after: i64,
}

fn moved(in_force: &[QuotaRow], moves: &[Move]) -> Result<BTreeMap<Cell, Moved>, AppError> {
    let known = by_cell(in_force)?;
    let mut moved: BTreeMap<Cell, Moved> = BTreeMap::new();
    for one in moves {
        let by = i64::from(one.hospitals);
        for (cell, by) in [(&one.from, -by), (&one.to, by)] {
            let before = known
                .get(&(cell.prefecture, cell.band.as_str()))
                .map_or(0, |(number, _)| i64::from(*number));
            moved.entry(cell.clone()).or_insert(Moved { before, after: before }).after += by;
        }
    }
    Ok(moved)
}

/// That no cell goes under nothing: every one, or only those of the prefecture whose cells the actor sees.
///
/// # Errors
/// `quota_too_small`, naming every such cell.
pub(super) fn require_enough(in_force: &[QuotaRow], moves: &[Move], of: Option<PrefectureCode>) -> Result<(), AppError> {
    let short = moved(in_force, moves)?
        .into_iter()
        .filter(|(cell, number)| number.after < 0 && of.is_none_or(|of| of == cell.prefecture))
        .map(|(cell, number)| {
            let taken = number.before - number.after;
            Ok(format!("{}の支援枠は{}で、{taken}は減らせません", name(&cell)?, number.before))
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    refuse(short)
}

/// How many hospitals the handed-in or accepted list of each moved cell holds. Its cells are locked, so that none is handed in meanwhile.
async fn handed_in(conn: &mut AsyncPgConnection, program: &str, moved: &BTreeMap<Cell, Moved>) -> Result<BTreeMap<Cell, i64>, AppError> {
    let lists = lists::all(conn, program).await?;
    let bound = |prefecture: i16| {
        let mut lists = lists.iter();
        lists.any(|list| list.prefecture == prefecture && matches!(list.state.as_str(), "handed_in" | "accepted"))
    };
    let mut held = BTreeMap::new();
    for row in lists::fill(conn, program).await? {
        let cell = Cell {
            prefecture: prefecture_of(row.prefecture)?,
            band: row.band,
        };
        if bound(row.prefecture) && moved.contains_key(&cell) {
            held.insert(cell, row.chosen);
        }
    }
    Ok(held)
}

fn require_lists(held: &BTreeMap<Cell, i64>, moved: &BTreeMap<Cell, Moved>) -> Result<(), AppError> {
    let short = held
        .iter()
        .filter_map(|(cell, held)| Some((cell, held, moved.get(cell)?)))
        .filter(|(_, held, number)| number.after < **held)
        .map(|(cell, held, number)| {
            Ok(format!(
                "{}は選定した病院{held}が提出済みで、支援枠を{}にできません",
                name(cell)?,
                number.after
            ))
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    refuse(short)
}

fn refuse(short: Vec<String>) -> Result<(), AppError> {
    if short.is_empty() {
        return Ok(());
    }
    Err(AppError::conflict(
        "quota_too_small",
        format!("{}。移動する数を減らすか、別の枠にしてください。", short.join("、")),
    ))
}

fn name(cell: &Cell) -> Result<String, AppError> {
    Ok(format!("{} {}", cell.prefecture.name(), program_band(&cell.band)?.label))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use survey::band::Banding;

    use super::*;

    fn cell(place: usize) -> Cell {
        let bands = Banding::Program.bands();
        Cell {
            prefecture: PrefectureCode::all().nth(place / bands.len()).unwrap(),
            band: bands[place % bands.len()].key.to_owned(),
        }
    }

    fn in_force(numbers: &[i32]) -> Vec<QuotaRow> {
        let row = |(place, hospitals): (usize, &i32)| QuotaRow {
            prefecture: i16::from(cell(place).prefecture.number()),
            band: cell(place).band,
            version: 1,
            hospitals: *hospitals,
        };
        numbers.iter().enumerate().map(row).collect()
    }

    #[test]
    fn a_cell_under_nothing_and_one_under_its_list_are_named() {
        let one = |from, to, hospitals| Move {
            from: cell(from),
            to: cell(to),
            hospitals,
        };
        let rows = in_force(&[3, 1]);
        let refused = require_enough(&rows, &[one(0, 1, 2), one(0, 1, 2)], None).unwrap_err();
        assert!(
            refused.for_operator().contains("北海道 20～199床の支援枠は3で、4は減らせません"),
            "{refused:?}"
        );
        // What comes in first can go out again.
        assert!(require_enough(&rows, &[one(0, 1, 3), one(1, 0, 4)], None).is_ok());
        let moved = moved(&rows, &[one(0, 1, 2)]).unwrap();
        assert!(require_lists(&BTreeMap::from([(cell(0), 1)]), &moved).is_ok());
        let refused = require_lists(&BTreeMap::from([(cell(0), 2)]), &moved).unwrap_err();
        assert!(refused.for_operator().contains("提出済み"), "{refused:?}");
    }

    proptest! {
        #[test]
        fn moves_keep_the_sum_and_are_refused_exactly_where_a_cell_goes_under_nothing(
            numbers in proptest::collection::vec(0_i32..20, 12),
            moves in proptest::collection::vec((0_usize..12, 0_usize..12, 1_u32..10), 0..10),
        ) {
            let rows = in_force(&numbers);
            let moves: Vec<Move> = moves.into_iter().filter(|(from, to, _)| from != to)
                .map(|(from, to, hospitals)| Move { from: cell(from), to: cell(to), hospitals }).collect();
            let mut expected: Vec<i64> = numbers.iter().map(|number| i64::from(*number)).collect();
            for one in &moves {
                let place = |wanted: &Cell| (0..12).find(|place| cell(*place) == *wanted).unwrap();
                expected[place(&one.from)] -= i64::from(one.hospitals);
                expected[place(&one.to)] += i64::from(one.hospitals);
            }
            let moved = moved(&rows, &moves).unwrap();
            prop_assert_eq!(moved.values().map(|number| number.after - number.before).sum::<i64>(), 0);
            for (place, expected) in expected.iter().enumerate() {
                if let Some(number) = moved.get(&cell(place)) {
                    prop_assert_eq!(number.after, *expected);
                }
            }
            prop_assert_eq!(require_enough(&rows, &moves, None).is_ok(), expected.iter().all(|number| *number >= 0));
        }
    }
}
