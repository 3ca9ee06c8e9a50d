//! Pages of surveys.

use actix_web::web;

/// The pages of this part.
pub fn configure(_config: &mut web::ServiceConfig) {}
