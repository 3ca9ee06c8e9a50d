//! A hospital in a line of the board: its place, its score as parts that add up, what is known of it, why it stands where it stands. Decides nothing.

use analytics::selection::list::Origin;
use analytics::selection::{Group, NotEligible, ScoredCandidate, Wish};
use survey::attribute;

use super::inspection_forms::level;
use crate::app::programs::candidates::Excluded;
use crate::app::programs::lists::ListedHospital;
use crate::pages::words;

/// A part of a score.
pub struct Part {
    pub label: String,
    pub group: &'static str,
    pub points: u32,
}

/// A line.
pub struct Row {
    pub gmis: String,
    pub name: String,
    pub beds: String,
    pub rank: Option<u32>,
    /// Words with the class of their tag.
    pub tag: (String, &'static str),
    pub score: u64,
    /// Sums of need and region; empty where the hospital is no candidate.
    pub groups: String,
    pub parts: Vec<Part>,
    pub facts: Vec<String>,
    /// Why it was put there by hand.
    pub note: String,
    /// Why it is no candidate.
    pub why: String,
    /// What must not be overlooked.
    pub warning: Option<String>,
    /// Whether somebody chosen stands above it.
    pub goes_up: bool,
    /// Whether somebody chosen stands below it.
    pub goes_down: bool,
}

impl Row {
    /// A candidate, with the tag of how it stands.
    pub fn of_candidate(scored: &ScoredCandidate, tag: (String, &'static str)) -> Row {
        let candidate = &scored.candidate;
        Row {
            gmis: candidate.gmis.clone(),
            name: candidate.name.clone(),
            beds: candidate.beds.number().to_string(),
            rank: None,
            tag,
            score: scored.score,
            groups: groups(scored),
            parts: scored
                .parts
                .iter()
                .map(|part| Part {
                    label: part.label.clone(),
                    group: part.group.label(),
                    points: part.points,
                })
                .collect(),
            facts: facts(scored),
            note: String::new(),
            why: String::new(),
            warning: None,
            goes_up: false,
            goes_down: false,
        }
    }

    /// A hospital on the list, with what is known of it now; `gone`: why it may no longer be chosen.
    pub fn of_listed(listed: &ListedHospital, now: Option<&ScoredCandidate>, gone: Option<&str>) -> Row {
        let tag = match listed.origin {
            Origin::Run => ("基準による選定".to_owned(), "tag"),
            Origin::Hand => ("手作業".to_owned(), "tag key"),
            Origin::Reserve => ("補欠から繰上げ".to_owned(), "tag key"),
        };
        let mut row = now.map_or_else(|| Row::bare(listed), |scored| Row::of_candidate(scored, (String::new(), "tag")));
        let changed = now.filter(|scored| scored.score != listed.score);
        row.warning = match (gone, changed) {
            (Some(gone), _) => Some(format!("このままでは提出できません。{gone}")),
            (None, Some(scored)) => Some(format!(
                "リストに載せた時は{}点でしたが、現在の基準と回答では{}点です。",
                listed.score, scored.score
            )),
            (None, None) => None,
        };
        row.tag = tag;
        row.rank = listed.rank;
        listed.reason.clone_into(&mut row.note);
        row
    }

    /// One that may not be chosen.
    pub fn of_barred(excluded: &Excluded) -> Row {
        let tag = match excluded.reason {
            NotEligible::ExcludedByHand { .. } => "除外",
            _ => "候補にならない",
        };
        Row {
            gmis: excluded.hospital.clone(),
            name: excluded.name.clone(),
            beds: excluded.beds.to_string(),
            rank: None,
            tag: (tag.to_owned(), "tag"),
            score: 0,
            groups: String::new(),
            parts: Vec::new(),
            facts: Vec::new(),
            note: String::new(),
            why: excluded.message.clone(),
            warning: None,
            goes_up: false,
            goes_down: false,
        }
    }

    fn bare(listed: &ListedHospital) -> Row {
        Row {
            gmis: listed.gmis.clone(),
            name: listed.name.clone(),
            beds: listed.beds.to_string(),
            rank: listed.rank,
            tag: (String::new(), "tag"),
            score: listed.score,
            groups: String::new(),
            parts: Vec::new(),
            facts: Vec::new(),
            note: String::new(),
            why: String::new(),
            warning: None,
            goes_up: false,
            goes_down: false,
        }
    }

    /// Whether it is what somebody looks for by name or G-MIS ID.
    pub fn is_like(&self, sought: &str) -> bool {
        sought.is_empty() || self.name.contains(sought) || self.gmis.contains(&sought.to_uppercase())
    }
}

fn groups(scored: &ScoredCandidate) -> String {
    format!(
        "{} {}点 ＋ {} {}点",
        Group::Need.label(),
        scored.groups.need,
        Group::Region.label(),
        scored.groups.region
    )
}

/// What is known of a candidate beside its answers.
fn facts(scored: &ScoredCandidate) -> Vec<String> {
    let candidate = &scored.candidate;
    let mut facts = Vec::new();
    match candidate.facts.wish {
        Wish::Wanted => facts.push("意向調査：支援を希望".to_owned()),
        Wish::NotWanted => facts.push("意向調査：支援を希望しない".to_owned()),
        Wish::Unanswered => {}
    }
    for finding in &candidate.facts.findings {
        let level = level(i16::from(finding.level));
        facts.push(format!("立入検査（{}）：{level}", words::date(finding.inspected_on)));
    }
    for key in &candidate.facts.only_of {
        let label = attribute::find(key).map_or(key.as_str(), |attribute| attribute.label.as_str());
        facts.push(format!("{label}で唯一の病院"));
    }
    if candidate.survey.is_empty() {
        facts.push("調査の回答は用いていません".to_owned());
    } else {
        facts.push(format!("{}年調査の回答による", candidate.survey));
    }
    facts
}
