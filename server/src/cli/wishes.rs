//! How the wishes of a choice are held and what they cost, for people; `select` and `criteria preview` print it.

use std::io::{self, Write};

use analytics::selection::{HeldCount, HeldWish, Swapped, WishesOutcome};
use survey::attribute;
use survey::band::Band;

use super::columns::{self, Align};
use super::faults;

/// Each wish with what is needed and reached, then the price.
pub(super) fn write(out: &mut dyn Write, outcome: &WishesOutcome) -> io::Result<()> {
    let columns = [
        ("希望", Align::Left),
        ("値", Align::Left),
        ("必要", Align::Left),
        ("選定", Align::Right),
        ("希望なしの選定", Align::Right),
        ("候補", Align::Right),
    ];
    let row = |wish: &HeldWish, count: &HeldCount| {
        vec![
            faults::one_line(&wish.label),
            count.value.as_deref().map_or("-", |key| value(&wish.attribute, key)).to_owned(),
            bounds(count),
            count.reached.to_string(),
            count.without.to_string(),
            count.candidates.to_string(),
        ]
    };
    let rows = outcome
        .wishes
        .iter()
        .flat_map(|wish| wish.counts.iter().map(|count| row(wish, count)));
    writeln!(out)?;
    columns::write(out, &columns, &rows.collect::<Vec<_>>())?;
    writeln!(
        out,
        "希望をすべて満たします。得点の合計は{}点（希望がなければ{}点、差{}点）です。",
        outcome.score,
        outcome.score_without,
        outcome.score_without.saturating_sub(outcome.score)
    )?;
    for (what, hospitals) in [("希望により入る", &outcome.enters), ("希望により外れる", &outcome.leaves)] {
        for hospital in hospitals {
            writeln!(out, "{what}：{}", line(hospital))?;
        }
    }
    Ok(())
}

fn bounds(count: &HeldCount) -> String {
    let least = (count.at_least > 0).then(|| format!("{}以上", count.at_least));
    let most = count.at_most.map(|most| format!("{most}以下"));
    least.into_iter().chain(most).collect::<Vec<_>>().join("・")
}

/// A value of a vocabulary by its label, a code as it is.
fn value<'a>(attribute: &str, key: &'a str) -> &'a str {
    let known = attribute::find(attribute).and_then(|attribute| attribute.values().iter().find(|value| value.key == key));
    known.map_or(key, |value| value.label.as_str())
}

fn line(hospital: &Swapped) -> String {
    let band = Band::of_key(&hospital.band).map_or(hospital.band.as_str(), |band| band.label);
    format!(
        "{band} {} {}（{}点）",
        hospital.gmis,
        faults::one_line(&hospital.name),
        hospital.score
    )
}
