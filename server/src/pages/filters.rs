//! What templates do to a value before they show it. A file whose template uses one takes it in by `use crate::pages::filters`.

#![expect(missing_docs, reason = "the attribute of a filter makes a type with methods that have none")]

use std::fmt::Display;

use askama::Values;

use crate::pages::words;

/// A number of things as people read it: `8,171`.
///
/// # Errors
/// None.
#[askama::filter_fn]
pub fn count(number: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(words::count(number))
}
