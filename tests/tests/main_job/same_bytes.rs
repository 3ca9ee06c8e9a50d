//! The same answers give the same bytes, hashes and lists: in a later run, and in a database that took the files in in another order.

use analytics::selection::list::Discard;
use chrono::TimeDelta;
use server::app::programs;
use server::app::state::State;
use server::app::statistics::{self, File};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use survey::area::Area;
use survey::prefecture::PrefectureCode;
use tests::database::TestDatabase;
use tests::nation::{self, Files, Order, PROGRAM};
use tests::world::done;

const FILES: [File; 5] = [File::Houkoku, File::DataXlsx, File::DataCsv, File::CodeTable, File::Definitions];

/// Every statistics file of both surveys, then the list of each prefecture's selection with its hashes; by name.
async fn everything(state: &State) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for survey in survey::compiled_in() {
        for file in FILES {
            let bytes = statistics::file(state, &Permit::of(Actor::system()).unwrap(), survey, Area::Nation, file).await;
            all.push((file.name(survey), done(bytes)));
        }
    }
    for prefecture in PrefectureCode::all() {
        let permit = || Permit::of(Actor::system()).unwrap();
        let selection = done(programs::choosing::current(state, &permit(), PROGRAM, prefecture).await).selection;
        let name = format!("{} {} {}", prefecture.code(), selection.inputs_hash, selection.result_hash);
        all.push((
            name,
            done(programs::choosing::list_file(state, &permit(), PROGRAM, prefecture).await),
        ));
    }
    all
}

/// Opens the programme and chooses in every prefecture.
async fn choose(state: &State, files: &Files) {
    nation::open_program(state, files, "試験支援事業").await;
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
    }
}

fn assert_the_same(one: &[(String, Vec<u8>)], other: &[(String, Vec<u8>)]) {
    assert_eq!(one.len(), other.len());
    for ((name, bytes), (other_name, other_bytes)) in one.iter().zip(other) {
        assert_eq!(name, other_name);
        assert!(bytes == other_bytes, "{name}: not the same bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_time_of_a_run_nor_the_order_of_the_files_changes_a_byte() {
    let files = Files::of_the_nation();
    let database = TestDatabase::nation().await;
    let state = nation::state(&database.application_url()).await;
    choose(&state, &files).await;
    let first = everything(&state).await;

    let later = nation::state_at(&database.application_url(), nation::now() + TimeDelta::days(9)).await;
    assert_the_same(&first, &everything(&later).await);

    let backwards = TestDatabase::migrated().await;
    let state = nation::state(&backwards.application_url()).await;
    nation::take_in(&state, &files, Order::Backwards).await;
    choose(&state, &files).await;
    assert_the_same(&first, &everything(&state).await);
}
