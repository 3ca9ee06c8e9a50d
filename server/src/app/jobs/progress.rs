//! How far a job is.

use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};

/// How far a job is: written by who works, read by who beats.
#[derive(Debug, Default)]
pub struct Progress {
    phase: AtomicU8,
    done: AtomicI32,
    total: AtomicI32,
}

/// What a job is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The file is being read.
    Reading,
    /// Hospitals are being evaluated.
    Checking,
    /// What passed is being recorded.
    Recording,
    /// A file is being written.
    Writing,
}

impl Progress {
    /// Begins a phase of so many hospitals; 0: not known.
    pub fn begin(&self, phase: Phase, total: usize) {
        let number = match phase {
            Phase::Reading => 1,
            Phase::Checking => 2,
            Phase::Recording => 3,
            Phase::Writing => 4,
        };
        self.done.store(0, Ordering::Relaxed);
        self.total.store(i32::try_from(total).unwrap_or(i32::MAX), Ordering::Relaxed);
        self.phase.store(number, Ordering::Relaxed);
    }

    /// One more hospital is done.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> (&'static str, i32, i32) {
        let phase = match self.phase.load(Ordering::Relaxed) {
            1 => "reading",
            2 => "checking",
            3 => "recording",
            4 => "writing",
            _ => "",
        };
        (phase, self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}
