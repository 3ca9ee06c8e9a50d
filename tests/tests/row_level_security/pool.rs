//! Every connection of a pool has its time-outs: one `SET` on one member would leave the others uncapped.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use server::db::pool::{TimeOuts, build};
use tests::database::TestDatabase;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    setting: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_member_of_a_pool_has_its_time_outs() {
    let database = TestDatabase::migrated().await;
    let time_outs = TimeOuts {
        statement: Duration::from_millis(4_321),
        lock: Duration::from_millis(1_234),
        wait: Duration::from_secs(5),
    };
    let pool = build(&database.application_url(), 5, time_outs).unwrap();
    // All of them at once, so that each is a connection of its own.
    let mut members = Vec::new();
    for _ in 0..5 {
        members.push(pool.get().await.unwrap());
    }
    for member in &mut members {
        for (name, value) in [
            ("statement_timeout", "4321ms"),
            ("lock_timeout", "1234ms"),
            ("idle_in_transaction_session_timeout", "5555ms"),
            ("TimeZone", "UTC"),
            ("application_name", "chosa"),
        ] {
            let sql = format!("SELECT current_setting('{name}') AS setting");
            let row: Setting = diesel::sql_query(sql).get_result(member).await.unwrap();
            assert_eq!(row.setting, value, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_used_up_says_so_instead_of_waiting_for_ever() {
    let database = TestDatabase::migrated().await;
    let time_outs = TimeOuts {
        // Long enough to make the first connection on a busy machine.
        wait: Duration::from_secs(2),
        ..TimeOuts::default()
    };
    let pool = build(&database.application_url(), 1, time_outs).unwrap();
    let _only = pool.get().await.unwrap();
    let refused = server::error::AppError::from(pool.get().await.err().expect("there is no second one"));
    assert!(matches!(refused, server::error::AppError::Unavailable(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended() {
    let database = TestDatabase::migrated().await;
    let time_outs = TimeOuts {
        statement: Duration::from_millis(50),
        ..TimeOuts::default()
    };
    let pool = build(&database.application_url(), 1, time_outs).unwrap();
    let mut member = pool.get().await.unwrap();
    let ended = diesel::sql_query("SELECT pg_sleep(60)").execute(&mut member).await;
    assert!(ended.is_err());
}
