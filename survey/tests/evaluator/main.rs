//! The one evaluator and the data it works on, seen from outside: every sentence of the design's "One evaluator", and what must hold of any input.
//! Must not look into the crate: what a workbook, page or API cannot see is not tested here.

#[cfg(test)]
mod branching;
#[cfg(test)]
mod coding;
#[cfg(test)]
mod contradicting;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod giving;
#[cfg(test)]
mod landed;
#[cfg(test)]
mod made;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod refusing;
#[cfg(test)]
mod schema;
