//! The bare parts of an import: reading the cells of the file, and copying the rows that the import left into the same tables.

use std::io::Cursor;
use std::pin::pin;
use std::time::Instant;

use bytes::Bytes;
use calamine::{DataRef, Reader, Xlsx};
use futures_util::{SinkExt, TryStreamExt};

use crate::cluster::{Cluster, Database};

/// Tables that an import writes into, in the order in which their references allow.
const TABLES: [&str; 8] = [
    "blob",
    "import",
    "submission",
    "revision",
    "respondent",
    "import_verdict",
    "job",
    "audit",
];

/// Streams all cells of the file and does nothing with them; seconds, and how many held a value.
pub fn read(file: &[u8]) -> (f64, usize) {
    let begin = Instant::now();
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let mut cells = 0;
    for name in workbook.sheet_names() {
        let mut reader = workbook.worksheet_cells_reader(&name).unwrap();
        while let Some(cell) = reader.next_cell().unwrap() {
            if !matches!(cell.get_value(), DataRef::Empty) {
                cells += 1;
            }
        }
    }
    (begin.elapsed().as_secs_f64(), cells)
}

/// The rows that an import left, as COPY gives them.
pub struct Rows(Vec<(&'static str, Vec<Bytes>)>);

impl Rows {
    /// Takes them out of the database of an import; all but what was there before.
    pub async fn of(database: &Database, template: &Database) -> Rows {
        let client = database.superuser().await;
        let mut rows = Vec::new();
        for table in TABLES {
            // What the template has is signed in and drawn; only the audit has rows there.
            let before = template.number(&format!("SELECT count(*) FROM {table}")).await;
            let columns = columns(&client, table).await;
            let sql = format!("COPY (SELECT {columns} FROM {table} OFFSET {before}) TO STDOUT (FORMAT binary)");
            let out = client.copy_out(sql.as_str()).await.unwrap();
            rows.push((table, out.try_collect().await.unwrap()));
        }
        Rows(rows)
    }

    /// Copies them into a fresh copy of the template, as the superuser, whom no policy binds; with every index, constraint and trigger. Seconds from
    /// `BEGIN` to the end of `COMMIT`.
    pub async fn copy(&self, cluster: &Cluster, template: &Database) -> f64 {
        let database = cluster.copy(template).await;
        let client = database.superuser().await;
        let mut sql = Vec::new();
        for (table, _) in &self.0 {
            sql.push(format!(
                "COPY {table} ({}) FROM STDIN (FORMAT binary)",
                columns(&client, table).await
            ));
        }
        let begin = Instant::now();
        client.batch_execute("BEGIN").await.unwrap();
        for ((_, parts), sql) in self.0.iter().zip(&sql) {
            let mut sink = pin!(client.copy_in(sql.as_str()).await.unwrap());
            for part in parts {
                sink.feed(part.clone()).await.unwrap();
            }
            sink.finish().await.unwrap();
        }
        client.batch_execute("COMMIT").await.unwrap();
        let seconds = begin.elapsed().as_secs_f64();
        drop(client);
        cluster.drop(database).await;
        seconds
    }
}

/// The columns of a table that are stored as given.
async fn columns(client: &tokio_postgres::Client, table: &str) -> String {
    let sql = "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute \
               WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''";
    client.query_one(sql, &[&table]).await.unwrap().get(0)
}
