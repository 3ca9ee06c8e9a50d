//! Pages of surveys.
