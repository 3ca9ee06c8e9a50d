//! What diesel believes of the tables (`server/src/db/schema.rs`), against what the migrations made. There is no second place that would notice:
//! a wrong `Nullable` fails at the first NULL, in production.

use std::collections::BTreeMap;

use tests::database::TestDatabase;

use crate::lines;

const SCHEMA: &str = include_str!("../../../server/src/db/schema.rs");

/// Table to its primary key and its columns with their types, in diesel's words.
type Tables = BTreeMap<String, (String, Vec<String>)>;

/// Reads the `diesel::table!` blocks: `name (key, key) { column -> Type, .. }`.
fn believed() -> Tables {
    SCHEMA
        .split("diesel::table!")
        .skip(1)
        .map(|block| {
            let (head, columns) = block.trim_start().trim_start_matches('{').split_once('{').unwrap();
            let (name, key) = head.trim().split_once('(').unwrap();
            let columns = columns.split_once('}').unwrap().0;
            let columns = columns
                .split(',')
                .map(str::trim)
                .filter(|column| !column.is_empty())
                .map(str::to_owned)
                .collect();
            (name.trim().to_owned(), (key.trim().trim_end_matches(')').to_owned(), columns))
        })
        .collect()
}

async fn found() -> Tables {
    let client = TestDatabase::migrated().await;
    let sql = "SELECT c.relname || '|' || coalesce((SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM pg_constraint p, \
               unnest(p.conkey) WITH ORDINALITY AS k(number, place) JOIN pg_attribute a ON a.attnum = k.number AND a.attrelid = c.oid \
               WHERE p.conrelid = c.oid AND p.contype = 'p'), '') || '|' \
               || (SELECT string_agg(a.attname || '|' || format_type(a.atttypid, a.atttypmod) || '|' || a.attnotnull, ';' ORDER BY a.attnum) \
                   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) \
               FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> '__diesel_schema_migrations'";
    let table = |line: String| {
        let [name, key, columns] = line.splitn(3, '|').collect::<Vec<_>>().try_into().unwrap();
        let columns = columns.split(';').map(|column| {
            let [name, r#type, required] = column.split('|').collect::<Vec<_>>().try_into().unwrap();
            let r#type = in_diesels_words(r#type);
            if required == "true" {
                format!("{name} -> {type}")
            } else {
                format!("{name} -> Nullable<{type}>")
            }
        });
        (name.to_owned(), (key.to_owned(), columns.collect()))
    };
    lines(&client.superuser().await, sql).await.into_iter().map(table).collect()
}

fn in_diesels_words(r#type: &str) -> &'static str {
    match r#type {
        "text" => "Text",
        "text[]" => "Array<Text>",
        "uuid" => "Uuid",
        "smallint" => "SmallInt",
        "smallint[]" => "Array<SmallInt>",
        "integer" => "Integer",
        "bigint" => "BigInt",
        "boolean" => "Bool",
        "bytea" => "Bytea",
        "jsonb" => "Jsonb",
        "date" => "Date",
        "timestamp with time zone" => "Timestamptz",
        other => panic!("the type {other} is new: say here what diesel calls it"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn diesel_and_the_database_agree_on_every_table() {
    let (believed, found) = (believed(), found().await);
    assert_eq!(believed.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    for (table, columns) in found {
        assert_eq!(believed[&table], columns, "{table}");
    }
}
