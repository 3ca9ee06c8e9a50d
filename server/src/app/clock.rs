//! The server's clock: the one seam through which tests set the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// Tells the time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// A set one: microseconds since 1970.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still until it is set again.
    pub fn set_to(time: DateTime<Utc>) -> Clock {
        Clock::Set(Arc::new(AtomicI64::new(time.timestamp_micros())))
    }

    /// Now, in whole microseconds: what Postgres keeps, so that what is read back equals what was answered.
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            Clock::System => Utc::now().timestamp_micros(),
            Clock::Set(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// Moves a set clock; the machine's is left alone.
    pub fn move_to(&self, time: DateTime<Utc>) {
        if let Clock::Set(micros) = self {
            micros.store(time.timestamp_micros(), Ordering::SeqCst);
        }
    }
}
