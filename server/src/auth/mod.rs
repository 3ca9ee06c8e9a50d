//! Who is asking and what that role may do: passwords, sessions, tokens, actors, permits.
//!
//! Knows neither `api` nor `pages`; HTTP headers are read there.

pub mod actor;
pub mod link;
pub mod password;
pub mod permit;
pub mod receipt;
pub mod session;
pub mod stamp;
pub mod token;
