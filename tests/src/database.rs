//! A database of its own for each test, dropped at the end of the test. What many tests begin with is made once in each test program, as a template,
//! and cloned: hashing ten passwords takes longer than copying a database.
//!
//! How a database is made stays behind [`TestDatabase`]; Postgres copies one template at a time, and a schema for each test could replace this.

use std::collections::BTreeMap;
use std::path::Path;

use server::db::migrations;
use server::private_postgres::Address;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::postgres::{DATABASE_PREFIX, shared_cluster};
use crate::{nation, world};

/// What a template holds.
#[derive(Debug, Clone, Copy)]
enum Contents {
    Migrated,
    World,
    Answered,
    Nation,
    Irregular,
}

static MIGRATED: OnceCell<String> = OnceCell::const_new();
static WORLD: OnceCell<String> = OnceCell::const_new();
static ANSWERED: OnceCell<String> = OnceCell::const_new();
static NATION: OnceCell<String> = OnceCell::const_new();
static IRREGULAR: OnceCell<String> = OnceCell::const_new();

/// A database that only one test uses.
#[derive(Debug)]
pub struct TestDatabase {
    address: &'static Address,
    name: String,
}

impl TestDatabase {
    /// Nothing in it, not even tables.
    pub async fn empty() -> TestDatabase {
        let address = shared_cluster().await;
        let name = new_name();
        address.create_database(&name).await.unwrap();
        TestDatabase { address, name }
    }

    /// Migrated, without a row.
    pub async fn migrated() -> TestDatabase {
        Self::clone_of(template(Contents::Migrated).await).await
    }

    /// The frames and accounts of [`world`], nothing answered.
    pub async fn world() -> TestDatabase {
        Self::clone_of(template(Contents::World).await).await
    }

    /// The world with answers, imports, a programme and its selections: at least one row in every table.
    pub async fn answered() -> TestDatabase {
        Self::clone_of(template(Contents::Answered).await).await
    }

    /// A made [`nation`], reduced, with all its files imported.
    pub async fn nation() -> TestDatabase {
        Self::clone_of(template(Contents::Nation).await).await
    }

    /// The nation with what no file brings: corrections, 無回答, states and hospitals that are not counted.
    pub async fn irregular() -> TestDatabase {
        Self::clone_of(template(Contents::Irregular).await).await
    }

    async fn clone_of(template: &str) -> TestDatabase {
        let address = shared_cluster().await;
        let name = new_name();
        address.clone_database(&name, template).await.unwrap();
        TestDatabase { address, name }
    }

    /// URL as the owner, who migrates.
    pub fn owner_url(&self) -> String {
        self.address.owner_url(&self.name)
    }

    /// URL as the application.
    pub fn application_url(&self) -> String {
        self.address.application_url(&self.name)
    }

    /// URL as the superuser, who sees every row.
    pub fn superuser_url(&self) -> String {
        self.address.superuser_url(&self.name)
    }

    /// A session as the superuser: for what a test knows better than the server, and for looking at what was stored.
    pub async fn superuser(&self) -> Client {
        session(&self.superuser_url()).await
    }

    /// A session as the application.
    pub async fn application(&self) -> Client {
        session(&self.application_url()).await
    }

    /// A session as the owner.
    pub async fn owner(&self) -> Client {
        session(&self.owner_url()).await
    }

    /// How many rows each table has: equal before and after means that nothing was written (nothing here replaces a row by another).
    pub async fn counts(&self) -> BTreeMap<String, i64> {
        let client = self.superuser().await;
        let count = |table: String| format!("SELECT '{table}', count(*) FROM public.{table}");
        let sql: Vec<String> = tables(&client).await.into_iter().map(count).collect();
        let rows = client.query(&sql.join(" UNION ALL "), &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// One number, by SQL as the superuser.
    pub async fn number(&self, sql: &str) -> i64 {
        self.superuser().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (address, name) = (self.address, std::mem::take(&mut self.name));
        // On a thread of its own: the test's runtime may be the one that is ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(address.drop_database(&name))
        })
        .join();
        // A second panic would hide the first one.
        if !std::thread::panicking() {
            dropped.expect("the thread that drops the database").unwrap();
        }
    }
}

/// A session by URL.
///
/// # Panics
/// If there is none to be had.
pub async fn session(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The tables of the schema `public` but the one of the migrations themselves, in order.
pub async fn tables(client: &Client) -> Vec<String> {
    let sql = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') \
               AND relname <> '__diesel_schema_migrations' ORDER BY 1";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn new_name() -> String {
    format!("{DATABASE_PREFIX}{}", Uuid::new_v4().simple())
}

async fn template(contents: Contents) -> &'static str {
    let cell = match contents {
        Contents::Migrated => &MIGRATED,
        Contents::World => &WORLD,
        Contents::Answered => &ANSWERED,
        Contents::Nation => &NATION,
        Contents::Irregular => &IRREGULAR,
    };
    cell.get_or_init(|| Box::pin(make_template(contents))).await
}

async fn make_template(contents: Contents) -> String {
    let address = shared_cluster().await;
    drop_templates_of_the_dead(address).await;
    let name = format!("{DATABASE_PREFIX}template_{}_{contents:?}", std::process::id()).to_lowercase();
    // A program that is dead by now may have had this number.
    address.drop_database(&name).await.unwrap();
    match contents {
        Contents::Migrated => {
            address.create_database(&name).await.unwrap();
            migrations::run(&address.owner_url(&name))
                .await
                .unwrap_or_else(|error| panic!("{}", error.for_operator()));
        }
        Contents::World => {
            address.clone_database(&name, template(Contents::Migrated).await).await.unwrap();
            world::make(&address.application_url(&name)).await;
        }
        Contents::Answered => {
            address.clone_database(&name, template(Contents::World).await).await.unwrap();
            world::answer(&address.application_url(&name)).await;
        }
        Contents::Nation => {
            address.clone_database(&name, template(Contents::Migrated).await).await.unwrap();
            nation::make(&address.application_url(&name)).await;
        }
        Contents::Irregular => {
            address.clone_database(&name, template(Contents::Nation).await).await.unwrap();
            nation::make_irregular(&address.application_url(&name), &address.superuser_url(&name)).await;
        }
    }
    // A template with sessions cannot be cloned, and a pool ends its sessions some time after it is dropped.
    session(&address.superuser_url("postgres"))
        .await
        .query(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
            &[&name],
        )
        .await
        .unwrap();
    name
}

/// Templates live as long as their program; there is no end of a program at which they could be dropped.
async fn drop_templates_of_the_dead(address: &Address) {
    let client = session(&address.superuser_url("postgres")).await;
    let prefix = format!("{DATABASE_PREFIX}template_");
    for row in client
        .query("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", &[&prefix])
        .await
        .unwrap()
    {
        let name: String = row.get(0);
        let process = name.trim_start_matches(&prefix).split('_').next().unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            address.drop_database(&name).await.unwrap();
        }
    }
}
