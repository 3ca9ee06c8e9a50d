//! The main job from end to end: the files of a made nation come in through the real importer and its child, and every number, list and file that
//! leaves is held against what was made, against plain SQL over the answers as received, and against itself on a second run.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in what helps it too"
)]

mod demo;
mod estimates;
mod figures;
mod files;
mod formulas;
mod houkoku;
mod list_files;
mod lists;
mod machine_rules;
mod messy;
mod notice;
mod one_cell;
mod oracle;
mod pictures;
mod ranks;
mod reading;
mod releases;
mod same_bytes;
mod selection;
mod sql;
mod totals;
mod trends;
