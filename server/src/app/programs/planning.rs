//! Planning a programme: coverage of the hospitals with a health record, what supporting them takes, and a plan over years. Nothing is stored;
//! what was counted is kept in memory until something of it has moved.

pub mod coverage;
pub mod effort;
mod kept;
pub mod sheet;
pub mod terms;
pub mod years;

pub use kept::Coverages;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

use super::require_prefecture;
use crate::auth::actor::{Actor, Role};
use crate::db::programs::ProgramRow;
use crate::error::AppError;

/// The banding of a programme's cells.
pub(super) fn banding_of(program: &ProgramRow) -> Result<Banding, AppError> {
    Banding::parse(&program.banding).map_err(AppError::internal)
}

/// Whose cells are shown: those of the prefecture that was asked for, a prefecture's own, or `None`: all.
///
/// # Errors
/// `prefecture_not_yours`.
fn shown(actor: &Actor, asked: Option<PrefectureCode>) -> Result<Option<PrefectureCode>, AppError> {
    if let Some(prefecture) = asked {
        require_prefecture(actor, prefecture)?;
        return Ok(Some(prefecture));
    }
    Ok(match actor.role() {
        Role::Prefecture(own) => Some(*own),
        _ => None,
    })
}

/// Whether the cells of a prefecture are among those shown.
fn is_shown(shown: Option<PrefectureCode>, prefecture: PrefectureCode) -> bool {
    shown.is_none_or(|one| one == prefecture)
}

fn invalid(message: impl Into<String>) -> AppError {
    AppError::invalid("planning_invalid", message.into())
}
