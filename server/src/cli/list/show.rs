//! Lists for people: how far each prefecture has come, one list with its reserves, and its steps.

use analytics::selection::list::Standing;
use survey::band::Band;
use survey::prefecture::PrefectureCode;
use survey::window::JST;

use crate::app::programs::lists::{ListReport, ListedHospital, Progress, TakenStep};
use crate::cli::columns::{self, Align};
use crate::cli::exit::CliError;
use crate::cli::{faults, output};

/// Reserves of a cell that are shown; the form has them all.
const RESERVES: usize = 5;

pub(super) fn progress(all: &[Progress], json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(&all);
    }
    let columns = [
        ("都道府県", Align::Left),
        ("状況", Align::Left),
        ("提出期限", Align::Left),
        ("病床規模区分", Align::Left),
        ("支援枠", Align::Right),
        ("選定", Align::Right),
    ];
    let rows: Vec<Vec<String>> = all
        .iter()
        .flat_map(|one| one.cells.iter().map(move |cell| (one, cell)))
        .map(|(one, cell)| {
            vec![
                name(&one.prefecture),
                one.state.map_or("未作成", |state| state.in_japanese()).to_owned(),
                one.deadline.with_timezone(&JST).format("%Y-%m-%d %H:%M").to_string(),
                label(&cell.band),
                cell.quota.map_or_else(|| "未設定".to_owned(), |quota| quota.to_string()),
                cell.chosen.to_string(),
            ]
        })
        .collect();
    output::print(|out| columns::write(out, &columns, &rows))
}

pub(super) fn list(list: &ListReport, json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(list);
    }
    let columns = [
        ("区分", Align::Left),
        ("", Align::Left),
        ("順位", Align::Right),
        ("G-MIS ID", Align::Left),
        ("病床", Align::Right),
        ("点", Align::Right),
        ("病院名", Align::Left),
        ("理由", Align::Left),
    ];
    let mut rows = Vec::new();
    for cell in &list.cells {
        let row = |one: &ListedHospital| {
            vec![
                label(&cell.band),
                standing(one.standing).to_owned(),
                one.rank.map_or_else(|| "-".to_owned(), |rank| rank.to_string()),
                one.gmis.clone(),
                one.beds.to_string(),
                one.score.to_string(),
                faults::one_line(&one.name),
                faults::one_line(&one.reason),
            ]
        };
        rows.extend(cell.chosen.iter().map(row));
        rows.extend(cell.reserves.iter().take(RESERVES).map(row));
        rows.extend(cell.off.iter().map(row));
    }
    output::print(|out| {
        writeln!(
            out,
            "{}: {}（第{}版）、提出期限 {}",
            name(&list.prefecture),
            list.state.in_japanese(),
            list.version,
            list.deadline.with_timezone(&JST).format("%Y-%m-%d %H:%M")
        )?;
        for cell in &list.cells {
            writeln!(
                out,
                "{}: 支援枠 {}、選定 {}、補欠 {}",
                label(&cell.band),
                cell.quota,
                cell.chosen.len(),
                cell.reserves.len()
            )?;
        }
        if !list.message.is_empty() {
            writeln!(out, "{}", list.message)?;
        }
        columns::write(out, &columns, &rows)
    })
}

pub(super) fn history(steps: &[TakenStep], json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(&steps);
    }
    let columns = [
        ("版", Align::Right),
        ("日時", Align::Left),
        ("操作", Align::Left),
        ("病院", Align::Left),
        ("後任", Align::Left),
        ("順位", Align::Right),
        ("した人", Align::Left),
        ("理由", Align::Left),
    ];
    let rows: Vec<Vec<String>> = steps
        .iter()
        .map(|step| {
            vec![
                step.version.to_string(),
                step.happened_at.with_timezone(&JST).format("%Y-%m-%d %H:%M").to_string(),
                step_label(&step.step).to_owned(),
                step.hospital.clone().unwrap_or_default(),
                step.successor.clone().unwrap_or_default(),
                step.rank.map(|rank| rank.to_string()).unwrap_or_default(),
                step.actor.clone(),
                faults::one_line(&step.reason),
            ]
        })
        .collect();
    output::print(|out| columns::write(out, &columns, &rows))
}

fn step_label(step: &str) -> &str {
    match step {
        "propose" => "選定",
        "add" => "追加",
        "drop" => "取外し",
        "rank" => "順位",
        "hand_in" => "提出",
        "return" => "差戻し",
        "accept" => "受理",
        "replace" => "入替え",
        other => other,
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Chosen => "選定",
        Standing::Reserve => "補欠",
        Standing::Dropped => "取外し",
        Standing::Left => "入替え",
        Standing::Out => "対象外",
    }
}

fn label(key: &str) -> String {
    Band::of_key(key).map_or_else(|| key.to_owned(), |band| band.label.to_owned())
}

fn name(code: &str) -> String {
    PrefectureCode::parse(code).map_or_else(|_unknown| code.to_owned(), |code| code.name().to_owned())
}
