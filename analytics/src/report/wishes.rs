//! The sheet of a list's wishes: how each is held, and what the wishes changed. Only lists that have wishes have it.

use super::list::band_label;
use super::page::{self, Pen, Styles};
use crate::selection::WishesOutcome;
use rust_xlsxwriter::{Worksheet, XlsxError};
use survey::attribute;

/// One row a count: what was wished, what is reached, and what would be without; then the price.
pub(super) fn write(sheet: &mut Worksheet, styles: &Styles, outcome: &WishesOutcome, title: &str) -> Result<(), XlsxError> {
    page::set_up(sheet, title, &[320, 160, 80, 80, 80, 120, 90])?;
    sheet.set_name("希望")?;
    let mut pen = Pen { sheet, styles };
    let heads = ["希望", "値", "下限", "上限", "選定数", "希望なしの選定数", "候補病院数"];
    for (column, name) in (0..).zip(heads) {
        pen.text(0, column, name, &styles.head)?;
    }
    let mut row = 0;
    for (wish, count) in outcome
        .wishes
        .iter()
        .flat_map(|wish| wish.counts.iter().map(move |count| (wish, count)))
    {
        row += 1;
        let known = attribute::find(&wish.attribute).map_or(&[][..], |attribute| attribute.values());
        let value = count.value.as_deref().map_or("－", |key| {
            known
                .iter()
                .find(|value| value.key == key)
                .map_or(key, |value| value.label.as_str())
        });
        pen.paragraph(row, 0, &wish.label, 320)?;
        pen.text(row, 1, value, &styles.label)?;
        pen.count(row, 2, count.at_least)?;
        match count.at_most {
            Some(most) => pen.count(row, 3, most)?,
            None => pen.text(row, 3, "－", &styles.dash)?,
        }
        for (column, number) in (4..).zip([count.reached, count.without, count.candidates]) {
            pen.count(row, column, number)?;
        }
    }
    let price = format!(
        "希望はすべて満たされている。得点の合計は{}点、希望がなければ{}点。",
        outcome.score, outcome.score_without
    );
    pen.text(row + 2, 0, &price, &styles.plain)?;
    let swapped = [("希望により入った病院", &outcome.enters), ("希望により外れた病院", &outcome.leaves)];
    for (what, hospital) in swapped
        .into_iter()
        .flat_map(|(what, hospitals)| hospitals.iter().map(move |one| (what, one)))
    {
        row += 1;
        let line = format!(
            "{what}：{} {} {}（{}点）",
            band_label(&hospital.band),
            hospital.gmis,
            hospital.name,
            hospital.score
        );
        pen.text(row + 2, 0, &line, &styles.plain)?;
    }
    pen.sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    Ok(())
}
