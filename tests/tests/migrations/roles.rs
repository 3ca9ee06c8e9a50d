//! Row-level security binds neither superusers nor owners: a server that is given such a role does not start, and says which one to give.

use server::app::clock::Clock;
use server::startup;
use tests::app::parts;
use tests::database::TestDatabase;
use tests::world::now;
use uuid::Uuid;

/// What the operator reads when the server is given this URL.
async fn refusal(url: &str) -> String {
    match startup::state(&parts(url, Clock::set_to(now()))).await {
        Ok(_) => panic!("it started as {url}"),
        Err(error) => error.for_operator(),
    }
}

/// A role that ends with the test, with its URL.
struct Role {
    name: String,
    database: TestDatabase,
}

impl Role {
    async fn new(rights: &str) -> Role {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let database = TestDatabase::migrated().await;
        let sql = format!("CREATE ROLE {name} LOGIN {rights}; GRANT USAGE ON SCHEMA public TO {name}");
        database.superuser().await.batch_execute(&sql).await.unwrap();
        Role { name, database }
    }

    /// A session that is this role from its beginning. The cluster lets nobody but its own roles sign in.
    fn url(&self) -> String {
        format!("{}&options=-c%20role%3D{}", self.database.superuser_url(), self.name)
    }

    /// Roles belong to the cluster: this one would outlive its database.
    async fn drop(self) {
        let sql = format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name);
        self.database.superuser().await.batch_execute(&sql).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_is_refused() {
    let database = TestDatabase::migrated().await;
    let refusal = refusal(&database.superuser_url()).await;
    assert!(
        refusal.contains("postgres is a superuser") && refusal.contains("chosa_app"),
        "{refusal}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_refused() {
    let database = TestDatabase::migrated().await;
    let refusal = refusal(&database.owner_url()).await;
    assert!(
        refusal.contains("chosa_owner owns tables") && refusal.contains("DATABASE_URL"),
        "{refusal}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_bypasses_row_level_security_is_refused() {
    let role = Role::new("BYPASSRLS").await;
    let refusal = refusal(&role.url()).await;
    role.drop().await;
    assert!(refusal.contains("has BYPASSRLS"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_the_owner_is_refused_even_if_it_does_not_inherit() {
    for rights in ["IN ROLE chosa_owner, chosa_app", "NOINHERIT IN ROLE chosa_owner, chosa_app"] {
        let role = Role::new(rights).await;
        let refusal = refusal(&role.url()).await;
        role.drop().await;
        assert!(refusal.contains("may act as the role that does"), "{rights}: {refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_a_member_of_the_application_role_works() {
    let role = Role::new("IN ROLE chosa_app").await;
    let started = startup::state(&parts(&role.url(), Clock::set_to(now()))).await.map(drop);
    assert!(started.is_ok(), "{}", started.unwrap_err().for_operator());
    role.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_edition_is_refused_because_answers_were_given_to_the_old_one() {
    let database = TestDatabase::world().await;
    let sql = format!("UPDATE edition SET hash = '{}' WHERE id = '2024-first'", "0".repeat(64));
    database.superuser().await.batch_execute(&sql).await.unwrap();
    let refusal = refusal(&database.application_url()).await;
    assert!(
        refusal.contains("2024-first") && refusal.contains("make a new edition"),
        "{refusal}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_or_not_migrated_is_said_so() {
    let database = TestDatabase::empty().await;
    let refusal_of_empty = refusal(&database.application_url()).await;
    assert!(refusal_of_empty.contains("survey"), "{refusal_of_empty}");
    let nowhere = refusal("postgresql:///chosa?host=/nonexistent&user=chosa_app").await;
    assert!(nowhere.starts_with("unavailable"), "{nowhere}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_acknowledges_before_it_writes_is_refused() {
    let database = TestDatabase::migrated().await;
    let url = format!("{}&options=-c%20synchronous_commit%3Doff", database.application_url());
    let refusal = refusal(&url).await;
    assert!(refusal.contains("synchronous_commit"), "{refusal}");
}
