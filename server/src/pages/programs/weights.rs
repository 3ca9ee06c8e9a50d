//! Criteria as a form has them: a number for each item, those of the national default that are not in use with nothing. Pure: what is allowed is asked of
//! the use case.

use std::collections::BTreeMap;

use analytics::selection::{Criteria, Criterion};
use serde_json::{Value, json};

/// An item with its points as they stand or were typed.
pub struct Weight {
    pub key: String,
    pub label: String,
    pub group: &'static str,
    /// Empty: not in use.
    pub points: String,
    /// Of the national default; empty: it has no such item.
    pub national: String,
}

/// Items in force first, then those of the national default that are not in use.
pub fn weights(in_force: &Criteria, national: &Criteria, typed: Option<&BTreeMap<String, String>>) -> Vec<Weight> {
    items(in_force, national)
        .into_iter()
        .map(|(item, is_used)| {
            let of_default = national.items.iter().find(|other| other.key == item.key);
            let standing = if is_used { item.points.to_string() } else { String::new() };
            Weight {
                key: item.key.clone(),
                label: item.label.clone(),
                group: item.group().label(),
                points: typed.and_then(|typed| typed.get(&field(&item.key)).cloned()).unwrap_or(standing),
                national: of_default.map_or_else(String::new, |item| item.points.to_string()),
            }
        })
        .collect()
}

/// The name of an item's field.
pub fn field(key: &str) -> String {
    format!("points.{key}")
}

fn items<'c>(in_force: &'c Criteria, national: &'c Criteria) -> Vec<(&'c Criterion, bool)> {
    let is_used = |item: &&Criterion| !in_force.items.iter().any(|other| other.key == item.key);
    let used = in_force.items.iter().map(|item| (item, true));
    used.chain(national.items.iter().filter(is_used).map(|item| (item, false)))
        .collect()
}

/// The criteria that a form asks for; what is not a number stays as typed, so that the use case names it. `Err`: key of an item whose points are no number.
pub fn wanted(in_force: &Criteria, national: &Criteria, typed: &BTreeMap<String, String>) -> Result<Value, String> {
    let mut kept = Vec::new();
    for (item, _) in items(in_force, national) {
        let text = typed.get(&field(&item.key)).map_or("", |text| text.trim());
        if text.is_empty() || text == "0" {
            continue;
        }
        let points: u32 = text.parse().map_err(|_no_number| item.key.clone())?;
        kept.push(Criterion { points, ..item.clone() });
    }
    let name = typed.get("name").map_or(in_force.name.as_str(), |name| name.trim());
    let criteria = Criteria {
        name: name.to_owned(),
        items: kept,
        wishes: in_force.wishes.clone(),
    };
    Ok(serde_json::to_value(criteria).unwrap_or_else(|_never| json!({})))
}
