//! Tests of what a release hides: an attack with every published number, made data, brute force on small tables.

mod attack;
mod attacks;
mod bounds;
mod further;
mod made;
mod optimum;
mod people;
mod program;
mod revisions;
mod stored;
