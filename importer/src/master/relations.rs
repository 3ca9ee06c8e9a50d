//! What rows of a master say of each other: identifiers that two of them claim, and mergers that lead nowhere. Knows nothing that is stored.

use std::collections::{BTreeMap, BTreeSet};

use survey::fault::Fault;
use survey::hospital::GmisId;

use super::MasterRow;
use crate::frame::Of;
use crate::table::Line;

type Rows<'t, 'a> = Vec<(Line<'t, 'a, Of>, MasterRow)>;

/// The rows without those at fault; a merger is looked at among all rows, so that one fault does not bring another.
pub(super) fn check(rows: Rows<'_, '_>, faults: &mut Vec<Fault>) -> Vec<MasterRow> {
    let mut bad = claimed_twice(&rows, faults);
    for (index, (line, row)) in rows.iter().enumerate() {
        if let Some(fault) = merger(line, row, &rows) {
            faults.push(*fault);
            bad.insert(index);
        }
    }
    rows.into_iter()
        .enumerate()
        .filter(|(index, _)| !bad.contains(index))
        .map(|(_, (_, row))| row)
        .collect()
}

/// Rows that claim an identifier, of now or of before, that an earlier row has claimed.
fn claimed_twice(rows: &Rows<'_, '_>, faults: &mut Vec<Fault>) -> BTreeSet<usize> {
    let mut claims: BTreeMap<(bool, String), (usize, String)> = BTreeMap::new();
    let mut bad = BTreeSet::new();
    for (index, (line, row)) in rows.iter().enumerate() {
        let own = [
            (Of::Gmis, false, Some(row.gmis.as_str())),
            (Of::InstitutionCode, true, row.institution_code.as_ref().map(|code| code.as_str())),
            (Of::FormerGmis, false, row.former_gmis.as_ref().map(GmisId::as_str)),
            (Of::FormerCode, true, row.former_code.as_ref().map(|code| code.as_str())),
        ];
        for (column, is_code, value) in own {
            let Some(value) = value else { continue };
            let place = line.place(column).full();
            let (first, cell) = claims.entry((is_code, value.to_owned())).or_insert_with(|| (index, place)).clone();
            if first != index {
                let message = format!("同じ番号の病院が{cell}にもあります（旧番号を含む）。どちらかを削除するか、番号を直してください。");
                faults.push(*line.error(column, "hospital_duplicate", message, "ファイルの中で重複しない番号"));
                bad.insert(index);
                break;
            }
        }
    }
    bad
}

fn merger(line: &Line<'_, '_, Of>, row: &MasterRow, rows: &Rows<'_, '_>) -> Option<Box<Fault>> {
    let successor = row.successor.as_ref()?;
    let error = |code, message: &str| Some(line.error(Of::Successor, code, message, "承継した病院のG-MIS ID"));
    let Some(closed) = row.closed_on else {
        let message = "承継先がありますが、廃止日が空欄です。統合された日を廃止日に記入するか、承継先を空欄にしてください。";
        return Some(line.error(Of::Closed, "successor_without_closing", message, "廃止日"));
    };
    if *successor == row.gmis {
        return error(
            "successor_itself",
            "承継先がその病院自身です。承継した病院のG-MIS IDに直してください。",
        );
    }
    let find = |gmis: &GmisId| rows.iter().map(|(_, row)| row).find(|row| row.gmis == *gmis);
    let Some(heir) = find(successor) else {
        let message = "承継先の病院がこのファイルにありません。承継先の行を加えるか、G-MIS IDを直してください。";
        return error("successor_unknown", message);
    };
    let mut next = heir;
    // As many steps as there are rows: a circle that this row is not on ends here too.
    for _ in 0..rows.len() {
        match next.successor.as_ref().and_then(find) {
            Some(further) if further.gmis == row.gmis => {
                return error(
                    "successor_circle",
                    "承継先をたどると、この病院に戻ります。どの病院が存続するか確かめてください。",
                );
            }
            Some(further) => next = further,
            None => break,
        }
    }
    if heir.closed_on.is_some_and(|day| day <= closed) {
        let message = "承継先の病院は、この病院の廃止日には廃止されています。存続する病院のG-MIS IDに直してください。";
        return error("successor_closed", message);
    }
    None
}
