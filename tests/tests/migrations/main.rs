//! The migrations on a real Postgres: there, back, there again; what diesel believes of the tables; and the roles that a server refuses to work as.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod roles;
mod schema;

use server::db::migrations;
use tests::database::TestDatabase;
use tokio_postgres::Client;

/// Everything that the migrations make, as one line each. Texts of functions and policies included: a down that loses one shows here.
const CATALOGUE: &str = "
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
        || ' ' || is_generated || ' ' || coalesce(generation_expression, '') AS line
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'policy ' || tablename || ' ' || policyname || ' ' || permissive || ' ' || cmd || ' ' || roles::text || ' '
        || coalesce(qual, '') || ' ' || coalesce(with_check, '') FROM pg_policies WHERE schemaname = 'public'
    UNION ALL SELECT 'table ' || relname || ' ' || relrowsecurity || ' ' || relforcerowsecurity || ' ' || coalesce(relacl::text, '')
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
    UNION ALL SELECT 'grant ' || attrelid::regclass || '.' || attname || ' ' || attacl::text FROM pg_attribute
    WHERE attacl IS NOT NULL AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT 'function ' || oid::regprocedure || ' ' || coalesce(proacl::text, '') || ' ' || pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
    UNION ALL SELECT 'comment ' || coalesce(objoid::regclass::text, '') || ' ' || objsubid || ' ' || description FROM pg_description
    WHERE classoid = 'pg_class'::regclass AND objoid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT 'schema ' || nspname || ' ' || nspacl::text FROM pg_namespace WHERE nspname = 'public'
    ORDER BY 1";

async fn lines(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn run(database: &TestDatabase) -> Vec<String> {
    migrations::run(&database.owner_url())
        .await
        .unwrap_or_else(|error| panic!("{}", error.for_operator()))
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_and_there_again_gives_the_same_schema() {
    let database = TestDatabase::empty().await;
    let client = database.superuser().await;
    let empty = lines(&client, CATALOGUE).await;
    let there = run(&database).await;
    let first = lines(&client, CATALOGUE).await;
    assert!(first.len() > 200, "{}", first.len());
    let back = migrations::revert_all(&database.owner_url()).await.unwrap();
    assert_eq!(back, there.iter().rev().cloned().collect::<Vec<_>>());
    // Diesel's own table of what was run stays, and the right to use the schema is as it was.
    let left: Vec<String> = lines(&client, CATALOGUE)
        .await
        .into_iter()
        .filter(|line| !line.contains("__diesel_schema_migrations"))
        .collect();
    let ours = |line: &&String| !line.starts_with("schema ");
    assert_eq!(
        left.iter().filter(ours).collect::<Vec<_>>(),
        empty.iter().filter(ours).collect::<Vec<_>>()
    );
    assert_eq!(run(&database).await, there);
    assert_eq!(lines(&client, CATALOGUE).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn running_again_does_nothing() {
    let database = TestDatabase::migrated().await;
    assert_eq!(run(&database).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migrated_database_that_holds_answers_goes_back_too() {
    let database = TestDatabase::answered().await;
    migrations::revert_all(&database.owner_url())
        .await
        .unwrap_or_else(|error| panic!("{}", error.for_operator()));
    assert_eq!(tests::database::tables(&database.superuser().await).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_from_before_their_steps_were_bound_keep_their_states_and_runs_without_one_get_theirs() {
    const STEPS: &str = "SELECT prefecture || ' ' || version || ' ' || step || ' ' || coalesce(was, '-') || ' ' || state FROM adjustment \
                         ORDER BY prefecture, version";
    const LISTS: &str = "SELECT prefecture || ' ' || state || ' ' || version || ' ' || adjusted FROM prefecture_list ORDER BY prefecture";
    const LISTED: &str = "SELECT hospital_id || ' ' || band || ' ' || standing || ' ' || rank || ' ' || score || ' ' || origin FROM listed_hospital \
                          WHERE standing = 'chosen' ORDER BY 1";
    let database = TestDatabase::answered().await;
    let client = database.superuser().await;
    let before = [
        lines(&client, STEPS).await,
        lines(&client, LISTS).await,
        lines(&client, LISTED).await,
    ];
    assert_eq!(before[1], ["13 proposed 1 false", "14 accepted 3 false"]);
    migrations::revert_through(&database.owner_url(), "20261121200000").await.unwrap();
    // Tokyo's run is from a time when nothing but the run was kept.
    for table in ["adjustment", "listed_hospital", "prefecture_list"] {
        client
            .execute(&format!("DELETE FROM {table} WHERE prefecture = 13"), &[])
            .await
            .unwrap();
    }
    run(&database).await;
    assert_eq!(
        [
            lines(&client, STEPS).await,
            lines(&client, LISTS).await,
            lines(&client, LISTED).await
        ],
        before
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_columns_are_these() {
    let database = TestDatabase::migrated().await;
    let sql = "SELECT table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'YES' THEN ' null' ELSE '' END \
               FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' \
               ORDER BY table_name, ordinal_position";
    insta::assert_snapshot!(lines(&database.superuser().await, sql).await.join("\n"));
}
