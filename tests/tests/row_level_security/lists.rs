//! What nobody can write of a list but by its steps: each role takes its own, in its own name, each follows on the one before, and the list is as the last one left it.

use server::auth::actor::Actor;
use tests::database::TestDatabase;
use tokio_postgres::error::SqlState;

use crate::{account, actor, attempt};

/// The step after Tokyo's first, which proposed; with where it comes from and where it leads.
fn step(by: &Actor, role: &str, (version, step): (i32, &str), (was, state): (&str, &str)) -> String {
    format!(
        "INSERT INTO adjustment (id, program_id, prefecture, version, step, reason, was, state, actor, account_id, happened_at) \
         VALUES (gen_random_uuid(), '2024', 13, {version}, '{step}', 'x', '{was}', '{state}', '{role}', {}, now())",
        account(by)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_takes_its_own_steps_of_a_list_and_in_its_own_name() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let refused = Err(SqlState::INSUFFICIENT_PRIVILEGE);
    let (hand_in, give_back) = (("hand_in", "handed_in"), ("return", "returned"));
    for (login, (name, state), expected) in [
        ("tokyo", hand_in, Ok(1)),
        ("system", hand_in, Ok(1)),
        ("administrator", hand_in, refused.clone()),
        ("kanagawa", hand_in, refused.clone()),
        ("shinjuku", hand_in, refused.clone()),
        ("hospital", hand_in, refused.clone()),
        ("analyst", hand_in, refused.clone()),
        ("operator", hand_in, refused.clone()),
        // Not its turn yet, so that the order of steps refuses it of who may take it, and the policy of everybody else.
        ("administrator", give_back, Err(SqlState::CHECK_VIOLATION)),
        ("system", give_back, Err(SqlState::CHECK_VIOLATION)),
        ("tokyo", give_back, refused.clone()),
        ("kanagawa", give_back, refused.clone()),
        ("tokyo", ("accept", "accepted"), refused.clone()),
    ] {
        let by = actor(&database, login).await;
        let sql = step(&by, by.role().name(), (2, name), ("proposed", state));
        assert_eq!(attempt(&mut application, &by, &sql).await, expected, "{login}: {name}");
    }
    let tokyo = actor(&database, "tokyo").await;
    let kanagawa = actor(&database, "kanagawa").await;
    for (signature, role) in [(&kanagawa, "prefecture"), (&tokyo, "system")] {
        let sql = step(signature, role, (2, "hand_in"), ("proposed", "handed_in"));
        assert_eq!(attempt(&mut application, &tokyo, &sql).await, refused, "{role}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_follows_on_the_one_before_and_the_list_is_as_the_last_one_left_it() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let tokyo = actor(&database, "tokyo").await;
    for (at, between, expected) in [
        ((2, "hand_in"), ("proposed", "handed_in"), Ok(1)),
        ((2, "hand_in"), ("returned", "handed_in"), Err(SqlState::FOREIGN_KEY_VIOLATION)),
        ((3, "hand_in"), ("proposed", "handed_in"), Err(SqlState::FOREIGN_KEY_VIOLATION)),
        ((1, "hand_in"), ("proposed", "handed_in"), Err(SqlState::CHECK_VIOLATION)),
        ((2, "hand_in"), ("proposed", "accepted"), Err(SqlState::CHECK_VIOLATION)),
        ((2, "rank"), ("proposed", "handed_in"), Err(SqlState::CHECK_VIOLATION)),
        ((2, "replace"), ("proposed", "accepted"), Err(SqlState::CHECK_VIOLATION)),
    ] {
        let sql = step(&tokyo, "prefecture", at, between);
        assert_eq!(attempt(&mut application, &tokyo, &sql).await, expected, "{at:?} {between:?}");
    }
    let list = |set: &str| format!("UPDATE prefecture_list SET {set} WHERE program_id = '2024' AND prefecture = 13");
    let mut written = Vec::new();
    for (sql, with) in [
        (list("changed_at = now()"), None),
        (list("state = 'accepted'"), None),
        (list("version = 2"), None),
        (
            list("version = 2, state = 'handed_in'"),
            Some(step(&tokyo, "prefecture", (2, "hand_in"), ("proposed", "handed_in"))),
        ),
    ] {
        let transaction = crate::begin(&mut application, &tokyo).await;
        assert_eq!(transaction.execute(&sql, &[]).await.unwrap(), 1, "{sql}");
        if let Some(step) = with {
            assert_eq!(transaction.execute(&step, &[]).await.unwrap(), 1, "{step}");
        }
        // What is deferred to the end of the transaction is asked now.
        let asked = transaction.execute("SET CONSTRAINTS ALL IMMEDIATE", &[]).await;
        written.push(asked.map(drop).map_err(|error| error.code().unwrap().clone()));
        transaction.rollback().await.unwrap();
    }
    let no_such = Err(SqlState::FOREIGN_KEY_VIOLATION);
    assert_eq!(written, [Ok(()), no_such.clone(), no_such, Ok(())]);
}
