//! Who is asking and what that role may do: passwords, sessions, tokens, actors, permits.
//!
//! Knows neither `api` nor `pages`; HTTP headers are read there.

pub mod actor;
pub mod device;
pub mod link;
pub mod password;
pub mod permit;
pub mod receipt;
pub mod sealed;
pub mod second_factor;
pub mod session;
pub mod stamp;
pub mod token;
