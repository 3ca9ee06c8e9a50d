//! The server: HTTP API, command line, use cases, storage, rights, and the private Postgres.
//!
//! Ground rules: `api` and `pages` call `app`, `app` calls `db`; `db` names no HTTP type and `auth` imports neither `api` nor `pages`.
//! The server keeps no state of its own beside what Postgres has. No calamine and no polars type is named here: `importer` and `analytics` do that.

pub mod api;
pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod db;
pub mod error;
pub mod mailing;
pub mod openapi;
pub mod pages;
pub mod parsing;
pub mod private_postgres;
pub mod scratch;
pub mod startup;
pub mod telemetry;
