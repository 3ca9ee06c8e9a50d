//! pgbench with the statements of one submission: the same SQL in the same order, prepared once a session, as the same role under the same policies; only
//! the values are another hospital's each time.

use std::fmt::Write as _;
use std::process::Command;

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::cluster::{Cluster, Database};
use crate::statements::Statement;
use crate::submissions::{CONNECTIONS, Ready};

/// A script with the table of the values that it needs.
pub struct Script {
    script: String,
    /// Makes `bench_value`: a row for each submission.
    table: String,
    constants: Vec<String>,
    statements: usize,
}

/// A literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Where a text stands among others; put there if it is new.
fn place(texts: &mut Vec<String>, text: String) -> usize {
    texts.iter().position(|known| *known == text).unwrap_or_else(|| {
        texts.push(text);
        texts.len() - 1
    })
}

/// The hospital whose submission was logged, with what of it stands in values.
struct Logged {
    /// Its values and the expressions that give another hospital's.
    inside: Vec<(String, String)>,
    whole: Vec<(String, String)>,
}

impl Logged {
    async fn of(one: &Ready, database: &Database) -> Logged {
        let sql = "SELECT f.hospital_id::text, a.id::text, encode(sha256(convert_to($1, 'UTF8')), 'hex'), f.prefecture::text, f.municipality \
                   FROM frame f JOIN account a USING (hospital_id) WHERE f.gmis_id = $2";
        let parameters: [&(dyn ToSql + Sync); 2] = [&one.bearer, &one.gmis];
        let row = database.superuser().await.query_one(sql, &parameters).await.unwrap();
        let inside = [(0, "h.hospital_id::text"), (1, "h.account_id::text"), (2, "h.token_hash")];
        let mut inside: Vec<(String, String)> = inside.iter().map(|(place, sql)| (row.get(*place), (*sql).to_owned())).collect();
        inside.push((one.gmis.clone(), "h.gmis_id".to_owned()));
        let (prefecture, municipality): (String, String) = (row.get(3), row.get(4));
        let mut whole = vec![(prefecture.clone(), "h.prefecture::text".to_owned())];
        whole.push((format!("{{{prefecture}}}"), "'{' || h.prefecture || '}'".to_owned()));
        whole.push((municipality.clone(), "h.municipality".to_owned()));
        for (before, after) in [("{", "}"), ("{\"", "\"}")] {
            // With quotes, because some hospitals' is empty.
            whole.push((
                format!("{before}{municipality}{after}"),
                "'{\"' || h.municipality || '\"}'".to_owned(),
            ));
        }
        Logged { inside, whole }
    }

    /// The expression of a value for another hospital; `None` if it is the same for all. UUIDs that are nobody's were made for the occasion.
    fn expression(&self, text: &str, made: &mut Vec<String>) -> Option<String> {
        if let Some((_, sql)) = self.whole.iter().find(|(whole, _)| whole == text) {
            return Some(sql.clone());
        }
        let mut sql = literal(text);
        let mut varies = false;
        for (found, other) in &self.inside {
            if text.contains(found.as_str()) {
                sql = format!("replace({sql}, {}, {other})", literal(found));
                varies = true;
            }
        }
        let known = |uuid: &str| self.inside.iter().any(|(found, _)| found == uuid);
        let bytes = text.as_bytes();
        for start in 0..text.len().saturating_sub(35) {
            let Some(piece) = bytes.get(start..start + 36).and_then(|piece| std::str::from_utf8(piece).ok()) else {
                continue;
            };
            if piece.matches('-').count() == 4 && Uuid::try_parse(piece).is_ok() && !known(piece) {
                let place = place(made, piece.to_owned());
                sql = format!("replace({sql}, {}, h.made{place})", literal(piece));
                varies = true;
            }
        }
        varies.then_some(sql)
    }
}

/// How a UUID by itself is sent: some columns keep one as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lone {
    Uuid,
    Text,
}

/// The type that the server's own parameter has, as the text shows it; pgbench sends every value without one.
fn cast(text: &str, lone: Lone) -> &'static str {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let is_uuid = |text: &str| text.len() == 36 && Uuid::try_parse(text).is_ok();
    // Surveys are named by four digits.
    let is_number = |text: &str| !text.is_empty() && text.len() < 4 && text.parse::<i64>().is_ok();
    match inner {
        Some(inner) if inner.is_empty() || is_uuid(inner) => "::uuid[]",
        Some(inner) if is_number(inner) => "::int4[]",
        Some(inner) if inner.starts_with("\"\\\\x") => "::bytea[]",
        Some(inner) if inner.starts_with("\"{") || inner.starts_with('[') => "::jsonb[]",
        Some(inner) if !inner.contains(':') => "::text[]",
        _ if is_uuid(text) && lone == Lone::Uuid => "::uuid",
        _ if text.starts_with("\\x") => "::bytea",
        _ if text.starts_with('{') => "::jsonb",
        _ if text.len() >= 22 && text.starts_with("20") && text.contains(':') => "::timestamptz",
        _ if text.len() == 10 && text.starts_with("20") && text.matches('-').count() == 2 => "::date",
        _ if is_number(text) => "::int4",
        _ => "::text",
    }
}

/// A statement with the types that Postgres takes in it.
async fn typed(statement: &Statement, database: &Database) -> Lone {
    let client = tests::database::session(&database.application_url).await;
    let mut said = String::new();
    for lone in [Lone::Uuid, Lone::Text] {
        let value = |text: &Option<String>| {
            text.as_ref()
                .map_or("NULL".to_owned(), |text| format!("{}{}", literal(text), cast(text, lone)))
        };
        let values: Vec<String> = statement.parameters.iter().map(value).collect();
        let sql = filled(&statement.sql, &values);
        match client.prepare(&sql).await {
            Ok(_) => return lone,
            Err(error) => writeln!(said, "{:?}\n{sql}", error.as_db_error()).unwrap(),
        }
    }
    panic!("a statement of the server cannot be prepared: {said}");
}

/// SQL with its `$1`, `$2` ... replaced; in one pass, because a value may hold a dollar too.
fn filled(sql: &str, values: &[String]) -> String {
    let mut text = String::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: usize = after[..digits].parse().unwrap();
        text.push_str(before);
        text.push_str(&values[number - 1]);
        rest = &after[digits..];
    }
    text + rest
}

impl Script {
    /// The script of these statements, logged for one hospital.
    pub async fn of(statements: &[Statement], one: &Ready, database: &Database) -> Script {
        let logged = Logged::of(one, database).await;
        let (mut columns, mut made, mut constants) = (Vec::new(), Vec::new(), Vec::new());
        let mut body = String::new();
        for statement in statements {
            let lone = typed(statement, database).await;
            let mut values = Vec::new();
            for parameter in &statement.parameters {
                let Some(text) = parameter else {
                    values.push("NULL".to_owned());
                    continue;
                };
                let varies = logged.expression(text, &mut made);
                let name = match varies {
                    Some(sql) => format!(":v{}", place(&mut columns, sql)),
                    // pgbench takes no empty variable.
                    None if text.is_empty() => "''".to_owned(),
                    None => format!(":c{}", place(&mut constants, text.clone())),
                };
                values.push(format!("{name}{}", cast(text, lone)));
            }
            let sql = filled(&statement.sql, &values);
            writeln!(body, "{};", sql.trim_end_matches(';')).unwrap();
        }
        let named: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(place, sql)| format!("{sql} AS v{place}"))
            .collect();
        let random: String = (0..made.len())
            .map(|place| format!(", gen_random_uuid()::text AS made{place}"))
            .collect();
        let table = format!(
            "CREATE TABLE bench_value AS WITH h AS MATERIALIZED (SELECT f.gmis_id, f.hospital_id, f.prefecture, f.municipality, a.id AS account_id, \
             encode(sha256(convert_to('chosa_bench-' || f.gmis_id, 'UTF8')), 'hex') AS token_hash{random} \
             FROM frame f JOIN account a USING (hospital_id)) \
             SELECT (row_number() OVER (ORDER BY h.gmis_id))::int - 1 AS i, {} FROM h; \
             ALTER TABLE bench_value ADD PRIMARY KEY (i); GRANT SELECT ON bench_value TO chosa_app; VACUUM ANALYZE bench_value",
            named.join(", ")
        );
        let selected: Vec<String> = (0..columns.len()).map(|place| format!("v{place}")).collect();
        let lookup = format!(
            "\\set n :n + 1\n\\set i :client_id * :each + :n - 1\nSELECT {} FROM bench_value WHERE i = :i \\gset\n",
            selected.join(", ")
        );
        Script {
            script: lookup + &body,
            table,
            constants,
            statements: statements.len(),
        }
    }

    /// How many statements a submission has.
    pub fn statements(&self) -> usize {
        self.statements
    }

    /// Runs it on a copy of the template; transactions a second, without the time of the look-up that tells a client whose turn it is.
    pub async fn run(&self, cluster: &Cluster, template: &Database, hospitals: usize) -> f64 {
        let database = cluster.copy(template).await;
        for sql in self.table.split("; ") {
            database.superuser().await.batch_execute(sql).await.unwrap();
        }
        database.superuser().await.batch_execute("CHECKPOINT").await.unwrap();
        let each = hospitals / CONNECTIONS;
        let whole = self.pgbench(cluster, &database, &self.script, each);
        assert_eq!(database.number("SELECT count(*) FROM revision").await, (each * CONNECTIONS) as i64);
        let lookup: String = self.script.lines().take(3).map(|line| format!("{line}\n")).collect();
        let lookup = self.pgbench(cluster, &database, &lookup, each);
        cluster.drop(database).await;
        1.0 / (1.0 / whole - 1.0 / lookup)
    }

    fn pgbench(&self, cluster: &Cluster, database: &Database, script: &str, each: usize) -> f64 {
        let path = cluster.folder().join("submission.sql");
        std::fs::write(&path, script).unwrap();
        let mut command = Command::new(program());
        command.args([
            "-n",
            "-M",
            "prepared",
            "-j",
            "2",
            "-c",
            &CONNECTIONS.to_string(),
            "-t",
            &each.to_string(),
        ]);
        command.args(["-D", "n=0", "-D", &format!("each={each}")]);
        for (place, value) in self.constants.iter().enumerate() {
            command.args(["-D", &format!("c{place}={value}")]);
        }
        command.arg("-f").arg(&path);
        command
            .arg("-h")
            .arg(cluster.socket_folder())
            .args(["-U", "chosa_app", &database.name]);
        let output = command.output().unwrap();
        let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{complaint}\n{script}");
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        rate.and_then(|rest| rest.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{said}\n{complaint}"))
    }
}

/// Debian keeps it beside the other programs of its version.
fn program() -> String {
    let found = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<_> = found
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/pgbench")))
        .filter(|path| path.is_file())
        .collect();
    versions.sort();
    versions
        .pop()
        .map_or_else(|| "pgbench".to_owned(), |path| path.to_string_lossy().into_owned())
}
