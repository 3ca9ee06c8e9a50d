//! Which part of the board somebody wants to see. All of it stands in the address bar, so that a view can be kept and sent on.

use crate::pages::fields::{Choice, ChoiceField, Look};
use crate::pages::page::encoded;

/// How a hospital stands on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// On the list.
    Chosen,
    /// Takes the place of one that leaves.
    Reserve,
    /// May be chosen.
    Candidate,
    /// No candidate, but may be added by hand.
    Nominated,
    /// Not eligible.
    Ineligible,
    /// The prefecture said so.
    Excluded,
}

impl Standing {
    /// In the order of the board.
    pub const ALL: [Standing; 6] = [
        Standing::Chosen,
        Standing::Reserve,
        Standing::Candidate,
        Standing::Nominated,
        Standing::Ineligible,
        Standing::Excluded,
    ];

    /// Its word in an address.
    pub fn key(self) -> &'static str {
        match self {
            Standing::Chosen => "chosen",
            Standing::Reserve => "reserve",
            Standing::Candidate => "candidate",
            Standing::Nominated => "nominated",
            Standing::Ineligible => "ineligible",
            Standing::Excluded => "excluded",
        }
    }

    /// As it is read.
    pub fn label(self) -> &'static str {
        match self {
            Standing::Chosen => "選定",
            Standing::Reserve => "補欠",
            Standing::Candidate => "その他の候補",
            Standing::Nominated => "推薦",
            Standing::Ineligible => "候補にならない",
            Standing::Excluded => "除外",
        }
    }

    fn of(key: &str) -> Option<Standing> {
        Standing::ALL.into_iter().find(|one| one.key() == key)
    }
}

/// A view of the board.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Key of a band; empty: all bands.
    pub band: String,
    /// `None`: who is chosen and who could be.
    pub standing: Option<Standing>,
    /// Part of a name or G-MIS ID; empty: everybody.
    pub sought: String,
    /// From 1.
    pub page: usize,
}

impl View {
    /// As an address or a form says it; what is no view is the whole board.
    pub fn of(band: &str, standing: &str, sought: &str, page: &str) -> View {
        View {
            band: band.to_owned(),
            standing: Standing::of(standing),
            sought: sought.trim().to_owned(),
            page: page.parse().unwrap_or(1).max(1),
        }
    }

    /// One band in one standing.
    pub fn cell(band: &str, standing: Option<Standing>) -> View {
        View {
            band: band.to_owned(),
            standing,
            sought: String::new(),
            page: 1,
        }
    }

    /// Whether nothing is filtered.
    pub fn is_whole(&self) -> bool {
        self.band.is_empty() && self.standing.is_none() && self.sought.is_empty()
    }

    /// Whether hospitals that stand like this belong to it. Who may not be chosen is shown only to who asks, by standing or by name.
    pub fn wants(&self, standing: Standing) -> bool {
        match self.standing {
            Some(wanted) => wanted == standing,
            None if matches!(standing, Standing::Ineligible | Standing::Excluded) => !self.sought.is_empty(),
            None => true,
        }
    }

    /// Whether hospitals that fell off the list and are no candidates belong to it.
    pub fn wants_fallen(&self) -> bool {
        self.standing.is_none()
    }

    /// Its word for the standing.
    pub fn standing_key(&self) -> &'static str {
        self.standing.map_or("", Standing::key)
    }

    /// As it stands in an address, after what else stands there; the first page is not named.
    pub fn query(&self, before: &[(&str, &str)]) -> String {
        let page = if self.page > 1 { self.page.to_string() } else { String::new() };
        let own = [
            ("band", self.band.as_str()),
            ("standing", self.standing_key()),
            ("q", self.sought.as_str()),
            ("page", page.as_str()),
        ];
        encoded(&[before, &own].concat())
    }

    /// The path of a board with this view.
    pub fn href(&self, board: &str) -> String {
        match self.query(&[]) {
            query if query.is_empty() => board.to_owned(),
            query => format!("{board}?{query}"),
        }
    }

    /// The fields of the filter; the bands with key and label.
    pub fn filters(&self, bands: &[(&'static str, &'static str)]) -> Vec<ChoiceField> {
        let field = |name: &str, label: &str, all: &str, chosen: &str, choices: Vec<(&str, &str)>| {
            let all = std::iter::once(("", all)).chain(choices);
            let choices = all.map(|(value, label)| Choice::new(value, label, chosen)).collect();
            ChoiceField::new(name, label, Look::List, choices).unmarked()
        };
        let standings = Standing::ALL.map(|one| (one.key(), one.label())).to_vec();
        vec![
            field("band", "病床規模区分", "すべて", &self.band, bands.to_vec()),
            field("standing", "状態", "選定と候補", self.standing_key(), standings),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_address_is_read_back_and_nonsense_is_the_whole_board() {
        let view = View::of("400+", "reserve", " 港 ", "3");
        assert_eq!(
            view.query(&[("done", "add")]),
            "done=add&band=400%2B&standing=reserve&q=%E6%B8%AF&page=3"
        );
        assert!(View::of("", "perhaps", "", "-1").is_whole());
        assert_eq!(View::of("", "", "", "0").href("/b"), "/b");
    }
}
