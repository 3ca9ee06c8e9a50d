//! Tests of what a release hides: an attack with every published number, made data, brute force on small tables.

pub(crate) mod attack;
pub(crate) mod attacks;
mod bounds;
mod further;
mod made;
mod optimum;
mod people;
pub(crate) mod program;
mod revisions;
mod stored;
