//! Variance and covariance of weighted sums under stratified simple random sampling without replacement. Knows neither shares nor questions.

use super::design::Group;
use super::real;

/// Respondents of one group that have the same two linearised values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    /// How many.
    pub(super) respondents: u64,
    /// Their value in the first sum.
    pub(super) first: f64,
    /// Their value in the second sum.
    pub(super) second: f64,
}

/// Covariance of the two weighted sums over all groups: N (N - n) / n times the sample covariance, group by group. Every respondent of a group
/// that stands in no tally has the value 0 twice, as hospitals outside a domain have.
///
/// `None` where a group with tallies has one respondent for more than one hospital: nothing is known about how its hospitals differ.
pub(super) fn covariance<'a>(groups: impl IntoIterator<Item = (&'a Group, Vec<Tally>)>) -> Option<f64> {
    let mut sum = 0.0;
    for (group, mut tallies) in groups {
        tallies.retain(|tally| tally.respondents > 0);
        if tallies.is_empty() || group.is_complete() {
            continue;
        }
        if group.respondents < 2 {
            return None;
        }
        let named: u64 = tallies.iter().map(|tally| tally.respondents).sum();
        tallies.push(Tally {
            respondents: group.respondents.saturating_sub(named),
            first: 0.0,
            second: 0.0,
        });
        let (hospitals, respondents) = (real(group.hospitals), real(group.respondents));
        let missing = real(group.hospitals - group.respondents);
        sum += hospitals * missing / (respondents * (respondents - 1.0)) * products(&tallies);
    }
    Some(sum)
}

/// Sum of products of deviations from the means, from the differences between tallies: without cancellation, and exactly 0 where all are equal.
fn products(tallies: &[Tally]) -> f64 {
    let mut sum = 0.0;
    for (index, one) in tallies.iter().enumerate() {
        for other in tallies.iter().take(index) {
            sum += real(one.respondents) * real(other.respondents) * (one.first - other.first) * (one.second - other.second);
        }
    }
    sum / real(tallies.iter().map(|tally| tally.respondents).sum())
}
