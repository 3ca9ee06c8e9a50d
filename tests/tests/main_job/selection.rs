//! Choosing against quotas on the made nation: exact, deterministic, explained; scores, order and cut computed again by plain SQL from answers.

use std::collections::{BTreeMap, BTreeSet};

use analytics::selection::list::Discard;
use analytics::selection::{CellResult, ScoredCandidate, Selection};
use serde_json::json;
use server::app::programs;
use server::app::state::State;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use survey::prefecture::PrefectureCode;
use tests::database::TestDatabase;
use tests::nation::{self, Files, NATION, PROGRAM};
use tests::world::done;

use crate::ranks::{CRITERIA, Ranked, points, ranked};
use crate::reading;

async fn choose_all(state: &State) -> Vec<Selection> {
    let mut selections = Vec::new();
    for prefecture in PrefectureCode::all() {
        done(
            programs::choosing::choose(
                state,
                &Permit::of(Actor::system()).unwrap(),
                PROGRAM,
                prefecture,
                Discard::Nothing,
                None,
            )
            .await,
        );
        selections
            .push(done(programs::choosing::current(state, &Permit::of(Actor::system()).unwrap(), PROGRAM, prefecture).await).selection);
    }
    selections
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_takes_exactly_its_quota_and_the_short_one_is_named() {
    let database = TestDatabase::nation().await;
    let files = Files::of_the_nation();
    let state = nation::state(&database.application_url()).await;
    nation::open_program(&state, &files, "試験支援事業").await;
    let selections = choose_all(&state).await;
    let cells: BTreeMap<(String, String), &CellResult> = selections
        .iter()
        .flat_map(|selection| {
            selection
                .cells
                .iter()
                .map(|cell| ((selection.prefecture.code(), cell.band.clone()), cell))
        })
        .collect();
    assert_eq!(cells.len(), NATION.quotas.len());
    let mut short = Vec::new();
    for quota in &NATION.quotas {
        let cell = cells[&(quota.prefecture.code(), quota.band.clone())];
        assert_eq!((cell.quota, cell.candidates), (quota.hospitals, quota.candidates), "{quota:?}");
        let chosen = u32::try_from(cell.chosen.len()).unwrap();
        assert_eq!(
            (chosen, cell.missing),
            (quota.hospitals.min(quota.candidates), quota.hospitals - chosen),
            "{quota:?}"
        );
        if cell.missing > 0 {
            short.push((quota.prefecture.code(), cell.band.clone(), cell.missing));
        }
    }
    let made = files.made();
    let promised = &made["quotas"]["short"][0];
    assert_eq!(short, [("22".to_owned(), "400+".to_owned(), 2)]);
    assert_eq!(
        [&promised["prefecture"], &promised["band"], &promised["missing"]],
        [&json!("22"), &json!("400+"), &json!(2)]
    );
    let full = &made["quotas"]["full"][0];
    let cell = cells[&(
        full["prefecture"].as_str().unwrap().to_owned(),
        full["band"].as_str().unwrap().to_owned(),
    )];
    assert!(
        cell.quota > 0 && cell.quota == cell.candidates && cell.missing == 0 && cell.boundary_score.is_none(),
        "{cell:?}"
    );
    for selection in &selections {
        assert_eq!(selection.complete, selection.prefecture.code() != "22");
    }
    assert_list_names_the_short_cell(&state).await;
}

/// In the prefecture's list, in words.
async fn assert_list_names_the_short_cell(state: &State) {
    let prefecture = PrefectureCode::new(22).unwrap();
    let list = done(programs::choosing::list_file(state, &Permit::of(Actor::system()).unwrap(), PROGRAM, prefecture).await);
    let summary = reading::sheet(&list, "選定結果");
    let line = summary.rows().find(|row| row[0] == "400床以上").unwrap();
    assert!(line[7].to_string().starts_with("候補が2病院不足しています。"), "{line:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_order_ties_and_choice_are_what_plain_sql_says() {
    for database in [TestDatabase::nation().await, TestDatabase::irregular().await] {
        let state = nation::state(&database.application_url()).await;
        nation::open_program(&state, &Files::of_the_nation(), "試験支援事業").await;
        let superuser = database.superuser().await;
        let expected = ranked(&superuser).await;
        assert!(expected.iter().all(|candidate| points(&candidate.parts) == candidate.score));
        let used: BTreeSet<&String> = expected.iter().flat_map(|candidate| &candidate.parts).collect();
        let possible = CRITERIA.iter().filter(|(_, _, when)| *when != "false").count();
        assert_eq!(used.len(), possible, "{used:?}");
        assert_eq!(
            expected.iter().map(|candidate| candidate.survey.as_str()).collect::<BTreeSet<_>>(),
            BTreeSet::from(["2022", "2024"])
        );

        for prefecture in PrefectureCode::all() {
            let found = done(programs::candidates::list(&state, &Permit::of(Actor::system()).unwrap(), PROGRAM, prefecture).await);
            let number = i16::from(prefecture.number());
            let here: Vec<&Ranked> = expected.iter().filter(|candidate| candidate.prefecture == number).collect();
            let of_server: Vec<_> = found.candidates.iter().map(of_candidate).collect();
            let of_sql: Vec<_> = here
                .iter()
                .map(|one| {
                    (
                        one.gmis.as_str(),
                        one.band.as_str(),
                        one.survey.as_str(),
                        one.score,
                        one.parts.clone(),
                    )
                })
                .collect();
            assert_eq!(of_server, of_sql, "{}", prefecture.name());
            let in_scope =
                format!("SELECT count(*) FROM frame WHERE survey_id = '2024' AND prefecture = {number} AND out_of_scope_at IS NULL");
            let in_scope = usize::try_from(database.number(&in_scope).await).unwrap();
            assert_eq!(found.candidates.len() + found.excluded.len(), in_scope);
        }
        let ties = compare_choice(&choose_all(&state).await, &expected);
        assert!(ties > 0, "no quota cuts through a score");
        // What is stored for later is what was chosen.
        let sql = "SELECT count(*) FROM chosen_hospital c JOIN selection s ON s.id = c.selection_id WHERE s.number = 1 \
                   AND NOT EXISTS (SELECT FROM jsonb_path_query(s.result, '$.cells[*].chosen[*]') AS one, frame f WHERE f.survey_id = '2024' \
                   AND f.hospital_id = c.hospital_id AND one ->> 'gmis' = f.gmis_id AND (one ->> 'rank')::int = c.rank AND (one ->> 'score')::int8 = c.score)";
        assert_eq!(database.number(sql).await, 0);
    }
}

fn of_candidate(scored: &ScoredCandidate) -> (&str, &str, &str, i64, Vec<String>) {
    let candidate = &scored.candidate;
    let parts = scored.parts.iter().map(|part| part.criterion.clone()).collect();
    (
        &candidate.gmis,
        &candidate.band,
        &candidate.survey,
        i64::try_from(scored.score).unwrap(),
        parts,
    )
}

/// Holds every cell against the ranks by SQL; how many cells have a tie at their boundary.
fn compare_choice(selections: &[Selection], expected: &[Ranked]) -> usize {
    let mut ties = 0;
    for selection in selections {
        for cell in &selection.cells {
            let quota = i64::from(cell.quota);
            let here = |one: &&Ranked| one.prefecture == i16::from(selection.prefecture.number()) && one.band == cell.band;
            let mut candidates: Vec<&Ranked> = expected.iter().filter(here).collect();
            candidates.sort_by_key(|one| one.rank);
            let chosen: Vec<(i64, &str)> = cell
                .chosen
                .iter()
                .map(|one| (i64::from(one.rank), one.scored.candidate.gmis.as_str()))
                .collect();
            let first: Vec<(i64, &str)> = candidates
                .iter()
                .filter(|one| one.rank <= quota)
                .map(|one| (one.rank, one.gmis.as_str()))
                .collect();
            assert_eq!(chosen, first, "{} {}", selection.prefecture.name(), cell.band);
            let score_at = |rank: i64| candidates.iter().find(|one| one.rank == rank).map(|one| one.score);
            let (last, next) = (score_at(quota), score_at(quota + 1));
            let boundary = next.and(last);
            assert_eq!(cell.boundary_score.map(|score| i64::try_from(score).unwrap()), boundary);
            let cut = boundary.filter(|score| next == Some(*score));
            let tied = cut.map_or(0, |score| candidates.iter().filter(|one| one.score == score).count());
            assert_eq!(usize::try_from(cell.tied_at_boundary).unwrap(), tied);
            ties += usize::from(tied > 0);
            if let Some(score) = cut {
                // The G-MIS ID decided: nobody with the score was left out for somebody with a later one.
                let with_it: Vec<&str> = candidates
                    .iter()
                    .filter(|one| one.score == score)
                    .map(|one| one.gmis.as_str())
                    .collect();
                assert!(with_it.is_sorted(), "{with_it:?}");
            }
        }
    }
    ties
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_holds_exactly_the_chosen_hospitals_in_their_order() {
    let database = TestDatabase::nation().await;
    let state = nation::state(&database.application_url()).await;
    nation::open_program(&state, &Files::of_the_nation(), "試験支援事業").await;
    for number in [1, 13, 22, 47] {
        let prefecture = PrefectureCode::new(number).unwrap();
        done(
            programs::choosing::choose(
                &state,
                &Permit::of(Actor::system()).unwrap(),
                PROGRAM,
                prefecture,
                Discard::Nothing,
                None,
            )
            .await,
        );
        let permit = || Permit::of(Actor::system()).unwrap();
        let selection = done(programs::choosing::current(&state, &permit(), PROGRAM, prefecture).await).selection;
        let list = done(programs::choosing::list_file(&state, &permit(), PROGRAM, prefecture).await);
        let names: Vec<String> = reading::sheets(&list).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["選定結果", "支援対象病院一覧", "選定基準", "作成情報"]);

        let hospitals = reading::sheet(&list, "支援対象病院一覧");
        let written: Vec<(f64, String, f64, f64)> = hospitals
            .rows()
            .skip(1)
            .map(|row| {
                let parts: f64 = (8..8 + CRITERIA.len()).map(|column| reading::number(row.get(column))).sum();
                assert_eq!(parts, reading::number(row.get(7)), "the parts are the score");
                (
                    reading::number(row.get(2)),
                    reading::shown(row.get(3)),
                    reading::number(row.get(6)),
                    reading::number(row.get(7)),
                )
            })
            .collect();
        let chosen: Vec<(f64, String, f64, f64)> = selection
            .cells
            .iter()
            .flat_map(|cell| &cell.chosen)
            .map(|one| {
                let candidate = &one.scored.candidate;
                (
                    f64::from(one.rank),
                    candidate.gmis.clone(),
                    f64::from(candidate.beds.number()),
                    f64::from(u32::try_from(one.scored.score).unwrap()),
                )
            })
            .collect();
        assert!(!chosen.is_empty());
        assert_eq!(written, chosen);
        let summary = reading::sheet(&list, "選定結果");
        for (cell, row) in selection.cells.iter().zip(summary.rows().skip(4)) {
            let numbers = [1, 2, 3, 4, 6].map(|column| reading::number(row.get(column)));
            let expected = [
                cell.quota,
                cell.candidates,
                u32::try_from(cell.chosen.len()).unwrap(),
                cell.missing,
                cell.tied_at_boundary,
            ];
            assert_eq!(numbers, expected.map(f64::from));
        }
        let origin = reading::sheet(&list, "作成情報");
        let hashes: Vec<String> = origin.rows().map(|row| reading::shown(row.get(1))).collect();
        assert!(hashes.contains(&selection.inputs_hash) && hashes.contains(&selection.result_hash));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn choosing_again_gives_the_same_list_and_says_so() {
    let database = TestDatabase::nation().await;
    let state = nation::state(&database.application_url()).await;
    nation::open_program(&state, &Files::of_the_nation(), "試験支援事業").await;
    for prefecture in [13, 22] {
        let prefecture = PrefectureCode::new(prefecture).unwrap();
        let mut runs = Vec::new();
        for _ in 0..2 {
            runs.push(
                done(
                    programs::choosing::choose(
                        &state,
                        &Permit::of(Actor::system()).unwrap(),
                        PROGRAM,
                        prefecture,
                        Discard::Nothing,
                        None,
                    )
                    .await,
                )
                .body,
            );
        }
        assert_eq!(runs[0]["selection"], runs[1]["selection"]);
        assert_eq!(
            (&runs[0]["same_as_before"], &runs[1]["same_as_before"]),
            (&serde_json::Value::Null, &true.into())
        );
        assert_eq!((&runs[0]["number"], &runs[1]["number"]), (&1.into(), &2.into()));
    }
}
