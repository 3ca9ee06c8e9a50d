//! Lists on the made nation: the walk of all 47 from the run to acceptance with a moved quota and a replacement; and many choosers at once.

use std::collections::BTreeMap;

use analytics::selection::list::Discard;
use serde_json::Value;
use server::app::programs;
use server::app::programs::lists::steps::{self, Adjustment, Decision};
use server::app::programs::quotas::moves::{self, Cell, Move};
use server::app::state::State;
use server::auth::actor::{Actor, Role};
use server::auth::permit::Permit;
use server::error::AppError;
use survey::prefecture::PrefectureCode;
use tests::database::TestDatabase;
use tests::nation::{self, Files, PROGRAM};
use tests::world::done;

use crate::list_files;

/// Choosers at once.
const CHOOSERS: usize = 64;

async fn choose(state: &State, prefecture: PrefectureCode) {
    let permit = Permit::of(Actor::system()).unwrap();
    done(programs::choosing::choose(state, &permit, PROGRAM, prefecture, Discard::Nothing, None).await);
}

async fn adjust(state: &State, prefecture: PrefectureCode, what: &Adjustment) -> Result<Value, AppError> {
    let permit = Permit::of(Actor::system())?;
    Ok(steps::adjust(state, &permit, (PROGRAM, prefecture), (None, what), None).await?.body)
}

async fn decide(state: &State, prefecture: PrefectureCode, what: &Decision) -> Value {
    let permit = Permit::of(Actor::system()).unwrap();
    done(steps::decide(state, &permit, (PROGRAM, prefecture), (None, what), None).await).body
}

async fn list(state: &State, prefecture: PrefectureCode) -> Value {
    let read = Permit::of(Actor::system()).unwrap();
    serde_json::to_value(done(programs::lists::read(state, &read, PROGRAM, prefecture).await)).unwrap()
}

fn ids(cell: &Value, part: &str) -> Vec<String> {
    let hospitals = cell[part].as_array().unwrap().iter();
    hospitals.map(|hospital| hospital["gmis"].as_str().unwrap().to_owned()).collect()
}

fn cells(list: &Value) -> &[Value] {
    list["cells"].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nations_lists_go_from_the_run_to_acceptance() {
    let database = TestDatabase::nation().await;
    let state = nation::state(&database.application_url()).await;
    nation::open_program(&state, &Files::of_the_nation(), "試験支援事業").await;
    let mut short = Vec::new();
    for prefecture in PrefectureCode::all() {
        choose(&state, prefecture).await;
        match adjust(&state, prefecture, &Adjustment::HandIn).await {
            Ok(handed_in) => assert_eq!(handed_in["state"], "handed_in"),
            Err(error) => {
                assert!(
                    error.for_operator().contains("list_not_exact")
                        || !list(&state, prefecture).await["inexact"].as_array().unwrap().is_empty()
                );
                short.push(prefecture);
            }
        }
    }
    // The made nation has a cell with fewer candidates than places: what it cannot fill goes to a cell of another prefecture that can.
    assert!(!short.is_empty() && short.len() < 47, "{short:?}");
    let receiver = PrefectureCode::all().find(|prefecture| !short.contains(prefecture)).unwrap();
    done_value(
        decide(
            &state,
            receiver,
            &Decision::Return {
                reason: "枠の追加".to_owned(),
            },
        )
        .await,
        "returned",
    );
    for giver in &short {
        for inexact in list(&state, *giver).await["inexact"].as_array().unwrap() {
            let missing = u32::try_from(inexact["quota"].as_u64().unwrap() - inexact["chosen"].as_u64().unwrap()).unwrap();
            let open = list(&state, receiver).await;
            let rich = cells(&open)
                .iter()
                .max_by_key(|cell| cell["reserves"].as_array().unwrap().len())
                .unwrap();
            let reserves = ids(rich, "reserves");
            assert!(reserves.len() > usize::try_from(missing).unwrap(), "no cell can take {missing}");
            let moved = Move {
                from: Cell {
                    prefecture: *giver,
                    band: inexact["band"].as_str().unwrap().to_owned(),
                },
                to: Cell {
                    prefecture: receiver,
                    band: rich["band"].as_str().unwrap().to_owned(),
                },
                hospitals: missing,
            };
            transfer(&state, moved).await;
            for hospital in reserves.into_iter().take(usize::try_from(missing).unwrap()) {
                let add = Adjustment::Add {
                    hospital,
                    rank: None,
                    reason: "枠の追加".to_owned(),
                };
                done(adjust(&state, receiver, &add).await);
            }
        }
        done(adjust(&state, *giver, &Adjustment::HandIn).await);
    }
    done(adjust(&state, receiver, &Adjustment::HandIn).await);
    for prefecture in PrefectureCode::all() {
        done_value(decide(&state, prefecture, &Decision::Accept).await, "accepted");
    }

    // One closes: the first reserve takes its place and rank.
    let accepted = list(&state, receiver).await;
    let cell = cells(&accepted)
        .iter()
        .find(|cell| !ids(cell, "chosen").is_empty() && !ids(cell, "reserves").is_empty())
        .unwrap();
    let (leaves, comes) = (ids(cell, "chosen")[0].clone(), ids(cell, "reserves")[0].clone());
    let replace = Adjustment::Replace {
        hospital: leaves.clone(),
        by: None,
        reason: "閉院".to_owned(),
    };
    let replaced = done(adjust(&state, receiver, &replace).await);
    let after = cells(&replaced).iter().find(|other| other["band"] == cell["band"]).unwrap();
    assert_eq!(ids(after, "chosen")[0], comes);
    assert_eq!(ids(after, "off"), [leaves]);

    // Counted again by plain SQL: every cell exact, everybody eligible, and the sum what it was.
    let superuser = database.superuser().await;
    let one = async |sql: &str| superuser.query_one(sql, &[]).await.unwrap().get::<_, i64>(0);
    let in_force = "SELECT DISTINCT ON (prefecture, band) prefecture, band, hospitals FROM quota ORDER BY prefecture, band, version DESC";
    let wrong = format!(
        "SELECT count(*) FROM ({in_force}) q WHERE q.hospitals <> (SELECT count(*) FROM listed_hospital l \
         WHERE l.prefecture = q.prefecture AND l.band = q.band AND l.standing = 'chosen' AND l.announced)"
    );
    assert_eq!(one(&wrong).await, 0);
    assert_eq!(
        one(&format!("SELECT coalesce(sum(hospitals), 0)::bigint FROM ({in_force}) q")).await,
        one("SELECT coalesce(sum(hospitals), 0)::bigint FROM quota WHERE version = 1").await
    );
    let foreign = "SELECT count(*) FROM listed_hospital l JOIN program_hospital h USING (program_id, hospital_id) \
                   WHERE l.standing = 'chosen' AND (l.band IS DISTINCT FROM h.band OR l.prefecture <> h.prefecture)";
    assert_eq!(one(foreign).await, 0);
    assert_eq!(one("SELECT count(*) FROM prefecture_list WHERE state = 'accepted'").await, 47);

    let hospitals = one("SELECT count(*) FROM listed_hospital WHERE standing = 'chosen'").await;
    let hospitals = usize::try_from(hospitals).unwrap();
    list_files::check(&state, (receiver, &ids(after, "off")[0], &comes), hospitals).await;
}

fn done_value(list: Value, state: &str) {
    assert_eq!(list["state"], state);
}

async fn transfer(state: &State, moved: Move) {
    let asker = Actor::of_row(None, Role::Prefecture(moved.from.prefecture));
    let (choose, set) = (Permit::of(asker).unwrap(), Permit::of(Actor::system()).unwrap());
    let asked = done(moves::ask(state, &choose, PROGRAM, &[moved], "候補病院が足りないため", None).await);
    let id = asked.body["id"].as_str().unwrap().parse().unwrap();
    done(moves::decide(state, &set, PROGRAM, id, moves::Decision::Grant, "協議のとおり").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_choosers_at_once_none_is_lost_and_no_cell_is_over() {
    let rounds = if std::env::var_os("CHOSA_LONG").is_some() { 100 } else { 2 };
    let database = TestDatabase::nation().await;
    let state = nation::state(&database.application_url()).await;
    nation::open_program(&state, &Files::of_the_nation(), "試験支援事業").await;
    let tokyo = PrefectureCode::new(13).unwrap();
    choose(&state, tokyo).await;
    let mut version = 1;
    for round in 0..rounds {
        let before = list(&state, tokyo).await;
        let candidates: Vec<String> = cells(&before)
            .iter()
            .flat_map(|cell| [ids(cell, "chosen"), ids(cell, "reserves"), ids(cell, "off")].concat())
            .collect();
        // Half of them take somebody off, half put somebody on: every place is fought for.
        let choosers = (0..CHOOSERS).map(|chooser| {
            let (state, hospital) = (state.clone(), candidates[(chooser * 7 + round * 13) % candidates.len()].clone());
            let reason = format!("第{round}回の{chooser}番");
            let what = if chooser % 2 == 0 {
                Adjustment::Drop { hospital, reason }
            } else {
                Adjustment::Add {
                    hospital,
                    rank: None,
                    reason,
                }
            };
            tokio::spawn(async move { (what.clone(), adjust(&state, tokyo, &what).await) })
        });
        let mut balance: BTreeMap<&str, i64> = BTreeMap::from([("on", 0), ("off", 0)]);
        for chooser in choosers.collect::<Vec<_>>() {
            let (what, answer) = chooser.await.unwrap();
            if answer.is_ok() {
                version += 1;
                *balance
                    .entry(if matches!(what, Adjustment::Add { .. }) { "on" } else { "off" })
                    .or_default() += 1;
            }
        }
        let after = list(&state, tokyo).await;
        let count = |list: &Value| i64::try_from(cells(list).iter().map(|cell| ids(cell, "chosen").len()).sum::<usize>()).unwrap();
        assert_eq!(count(&after), count(&before) + balance["on"] - balance["off"], "round {round}");
        assert_eq!(after["version"], version, "round {round}");
        for cell in cells(&after) {
            let ranks: Vec<u64> = cell["chosen"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["rank"].as_u64().unwrap())
                .collect();
            assert!(
                u64::try_from(ranks.len()).unwrap() <= cell["quota"].as_u64().unwrap(),
                "round {round}: {cell}"
            );
            assert_eq!(ranks, (1..=u64::try_from(ranks.len()).unwrap()).collect::<Vec<_>>());
        }
    }
    let superuser = database.superuser().await;
    let steps = superuser
        .query_one("SELECT count(*) FROM adjustment", &[])
        .await
        .unwrap()
        .get::<_, i64>(0);
    assert_eq!(steps, version);
}
