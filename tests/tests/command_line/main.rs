//! The command line as a user meets it: the real program, its output, its exit codes; and the limited child, which hostile files do not get past.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod checks;
mod child;
mod criteria;
mod documents;
mod lists;
mod mails;
mod masters;
mod measurements;
mod place;
mod planning;
mod quotas;
mod settings;
mod templates;
mod wishes;
