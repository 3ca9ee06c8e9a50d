//! Tests of the crate as its callers see it: made answers, tables against a plain count, selections, and files read back.

mod criteria;
mod crosses;
mod estimates;
mod indicators;
mod kernel;
mod lists;
mod machine_rules;
mod made;
mod pictures;
mod releases;
pub(crate) mod selections;
mod tables;
mod trends;
mod trends_attacked;
mod wishes;
mod wishes_written;
mod workbooks;
