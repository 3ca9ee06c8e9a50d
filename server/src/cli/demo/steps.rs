//! How long the steps of the demonstration took, and progress on what takes longer than a second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::exit::CliError;

/// Times by step; a step that comes again adds up.
#[derive(Debug, Default)]
pub(super) struct Steps {
    times: BTreeMap<String, Duration>,
}

impl Steps {
    /// Runs a step.
    pub(super) async fn time<T>(&mut self, name: &str, step: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        let started = Instant::now();
        let result = step.await;
        *self.times.entry(name.to_owned()).or_default() += started.elapsed();
        result
    }

    /// The slowest steps.
    pub(super) fn slowest(&self, count: usize) -> Vec<(String, Duration)> {
        let mut steps: Vec<(String, Duration)> = self.times.iter().map(|(name, time)| (name.clone(), *time)).collect();
        steps.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        steps.truncate(count);
        steps
    }

    /// A bar on stderr; invisible where stderr is no terminal.
    pub(super) fn bar(&self, name: &str, length: usize) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(u64::try_from(length).ok(), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(Duration::from_secs(1));
        bar
    }
}
