//! Pages of programs.
