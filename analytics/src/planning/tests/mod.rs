//! Coverage, work, calendar and plans against hand-worked numbers, and the rules that hold for all of them.

mod calendar;
mod coverage;
mod teams;
mod years;
