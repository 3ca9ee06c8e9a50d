//! Ways out that must not exist: other roles, other schemas, settings that outlive their transaction.

use server::auth::actor::Actor;
use server::db::transaction::{Mode, as_actor, take_turn};
use server::error::AppError;
use tests::app::parts;
use tests::database::TestDatabase;
use tests::world;
use tokio_postgres::error::SqlState;

use crate::{actor, attempt, begin};

#[tokio::test(flavor = "multi_thread")]
async fn the_application_cannot_become_more_than_it_is() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let cases = [
        "SET ROLE chosa_owner",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION chosa_owner",
        "ALTER ROLE chosa_app BYPASSRLS",
        "GRANT chosa_owner TO chosa_app",
        "ALTER TABLE revision DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE revision NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE revision DISABLE TRIGGER ALL",
        "CREATE POLICY all_mine ON revision TO chosa_app USING (true)",
        "DROP POLICY read_area ON revision",
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION public.chosa_actor(int) RETURNS text LANGUAGE sql RETURN 'system'",
        "CREATE OR REPLACE FUNCTION public.chosa_actor() RETURNS text LANGUAGE sql RETURN 'system'",
        "ALTER FUNCTION account_for_login(text) RESET search_path",
        "COPY revision TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
        "SET session_replication_role = replica",
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('1')",
    ];
    for sql in cases {
        let refused = attempt(&mut application, &Actor::system(), sql).await;
        assert_eq!(refused, Err(SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_security_off_is_an_error_and_shows_nothing() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let transaction = application.transaction().await.unwrap();
    transaction.batch_execute("SET LOCAL row_security = off").await.unwrap();
    let refused = transaction.query("SELECT * FROM revision", &[]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_table_does_not_stand_in_for_a_real_one_where_the_owner_looks() {
    let database = TestDatabase::answered().await;
    let application = database.application().await;
    let forged = "CREATE TEMP TABLE account (id uuid, login text, password_hash text, role text, hospital_id uuid, prefecture smallint, \
                  municipality text, disabled_at timestamptz); \
                  INSERT INTO pg_temp.account VALUES (gen_random_uuid(), 'root', '', 'ministry_administrator', NULL, NULL, NULL, NULL)";
    application.batch_execute(forged).await.unwrap();
    assert!(
        application
            .query("SELECT * FROM account_for_login('root')", &[])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        application
            .query("SELECT * FROM account_for_login('tokyo')", &[])
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_actor_ends_with_its_transaction() {
    let database = TestDatabase::answered().await;
    let tokyo = actor(&database, "tokyo").await;
    let mut application = database.application().await;
    for commit in [true, false] {
        let transaction = begin(&mut application, &tokyo).await;
        assert_eq!(transaction.query("SELECT id FROM hospital", &[]).await.unwrap().len(), 5);
        if commit {
            transaction.commit().await.unwrap()
        } else {
            transaction.rollback().await.unwrap()
        }
        assert_eq!(
            application.query("SELECT id FROM hospital", &[]).await.unwrap().len(),
            0,
            "commit: {commit}"
        );
        let left = application
            .query_one(
                "SELECT chosa_actor() IS NULL AND chosa_account() IS NULL AND chosa_prefecture() IS NULL",
                &[],
            )
            .await
            .unwrap();
        assert!(left.get::<_, bool>(0), "commit: {commit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooled_connection_hands_no_actor_on() {
    let database = TestDatabase::answered().await;
    let mut parts = parts(&database.application_url(), server::app::clock::Clock::set_to(world::now()));
    // One connection: each transaction gets the one that the last one left.
    parts.pool_size = 1;
    let state = world::done(server::startup::state(&parts).await);
    let seen = async |actor: &Actor| {
        world::done(
            as_actor(&state.pool, actor, Mode::Write, async |conn| {
                Ok(server::db::frames::count(conn, "2024").await?)
            })
            .await,
        )
    };
    let (tokyo, hospital, operator) = (
        actor(&database, "tokyo").await,
        actor(&database, "hospital").await,
        actor(&database, "operator").await,
    );
    for _ in 0..2 {
        assert_eq!(
            (
                seen(&tokyo).await,
                seen(&hospital).await,
                seen(&operator).await,
                seen(&Actor::system()).await
            ),
            (4, 1, 0, 7)
        );
    }
    // After an error inside too.
    let failed: Result<(), AppError> = as_actor(&state.pool, &Actor::system(), Mode::Write, async |_| {
        Err(AppError::internal("on purpose"))
    })
    .await;
    assert!(failed.is_err());
    assert_eq!(seen(&hospital).await, 1);
    let mut bare = state.pool.get().await.unwrap();
    assert_eq!(server::db::frames::count(&mut bare, "2024").await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_goes_away_in_the_middle_leaves_neither_its_actor_nor_its_rows() {
    let database = TestDatabase::answered().await;
    let mut parts = parts(&database.application_url(), server::app::clock::Clock::set_to(world::now()));
    parts.pool_size = 1;
    let state = world::done(server::startup::state(&parts).await);
    let before = database.counts().await;
    let (entered, written) = tokio::sync::oneshot::channel();
    let system = Actor::system();
    let request = as_actor(&state.pool, &system, Mode::Write, async |conn| {
        let entry = server::db::audit::Entry {
            action: "left_behind",
            ..server::db::audit::Entry::default()
        };
        server::db::audit::insert(conn, &Actor::system(), world::now(), entry).await?;
        entered.send(()).unwrap();
        std::future::pending::<Result<(), AppError>>().await
    });
    // The client hangs up: the server drops the request where it stands.
    tokio::select! {
        _ = request => panic!("the request waits for ever"),
        gone = written => gone.unwrap(),
    }
    let mut bare = state.pool.get().await.unwrap();
    assert_eq!(
        server::db::frames::count(&mut bare, "2024").await.unwrap(),
        0,
        "the connection still has an actor"
    );
    drop(bare);
    assert_eq!(database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_goes_away_lets_go_of_its_locks() {
    let database = TestDatabase::world().await;
    let state =
        world::done(server::startup::state(&parts(&database.application_url(), server::app::clock::Clock::set_to(world::now()))).await);
    let (entered, locked) = tokio::sync::oneshot::channel();
    let system = Actor::system();
    let request = as_actor(&state.pool, &system, Mode::Write, async |conn| {
        take_turn(conn, "test").await?;
        entered.send(()).unwrap();
        std::future::pending::<Result<(), AppError>>().await
    });
    tokio::select! {
        _ = request => panic!("the request waits for ever"),
        gone = locked => gone.unwrap(),
    }
    // Another connection waits for the lock no longer than its time-out, and gets it.
    world::done(as_actor(&state.pool, &system, Mode::Write, async |conn| take_turn(conn, "test").await).await);
}
