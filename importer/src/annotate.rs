//! The user's own workbook back, with what is wrong written into it.
//!
//! A column エラー beside the rows, the cells filled and with a note, a sheet 指摘一覧 that links to each cell; the rest stays as it was:
//! parts that are not touched are copied as they are, the others are edited as they stream by. Mended and sent again, the same file
//! passes: the readers pass over what was written here, and another round replaces it.
//!
//! Pure as the readers are, and to be run where they run, in the child with limited memory and time.

mod book;
mod drawing;
mod edit;
mod fills;
mod findings;
mod markup;
mod notes;
mod outline;
mod package;
mod plain;
mod sheet;
mod styles;
mod summary;

use serde::{Deserialize, Serialize};
use survey::fault::Fault;

use crate::limits::Limits;
use crate::read::read;
use crate::refusal::Refusal;
use crate::workbook::{FileKind, Workbook};
use edit::{Edited, Memory, edit};
use findings::Findings;
#[cfg(test)]
use outline::HEADING;

/// The sheet that lists the faults.
const LIST: &str = "指摘一覧";
/// The hidden sheet that remembers what a cell looked like before it was filled.
const MEMORY: &str = "_chosa_marks";
/// What our notes begin with. In one script: LibreOffice forgets authors, and divides a text where Latin letters begin.
const MARK: &str = "【調査票の指摘】";

/// A workbook with faults written into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotated {
    /// The workbook, always .xlsx.
    pub bytes: Vec<u8>,
    /// Whether it is a new workbook with the same rows, because the file's own kind cannot be given back. The list of faults says so.
    pub rewritten: bool,
    /// Why a workbook was not edited but written anew; for developers, in English.
    pub detail: Option<String>,
    /// Whether macros were taken out.
    pub macros_removed: bool,
}

/// Whether a sheet is a list of faults of an earlier round, by its name.
pub(crate) fn is_list_of_faults(name: &str) -> bool {
    name.starts_with(LIST)
}

/// Whether a sheet was written here in an earlier round.
fn is_ours(name: &str) -> bool {
    name == MEMORY || is_list_of_faults(name)
}

/// Writes faults into the file that they were found in. Faults have sheet and cell as [`examine`](crate::examine()) gives them; one without
/// a place, or with one that the file does not have, stands in the list only.
///
/// # Errors
/// The [`Refusal`] of [`read`](crate::read()), or `file_unreadable` if no workbook can be made of the rows.
pub fn annotate(bytes: &[u8], faults: &[Fault], limits: &Limits) -> Result<Annotated, Refusal> {
    let workbook = read(bytes, limits)?;
    let mut detail = None;
    let mut remarks = vec![rewritten_remark(workbook.kind).to_owned()];
    if matches!(workbook.kind, FileKind::Xlsx | FileKind::Xlsm) {
        let memory = memory(&workbook);
        let findings = Findings::gather(&workbook, faults, memory.is_some());
        match edit(bytes, &findings, &memory.unwrap_or_default(), &[], limits.columns) {
            Ok(edited) => return Ok(annotated(edited, false, None)),
            Err(reason) => detail = Some(reason.0),
        }
    }
    let plain = plain::rewrite(&workbook).map_err(|error| Refusal::unreadable(error.to_string()))?;
    if plain.cut {
        remarks.push("32,767文字を超えるセルは、Excelに入りきらないため途中までになっています。".to_owned());
    }
    let renamed = renamed(faults, &workbook, &plain.names);
    let rewritten = read(&plain.bytes, limits)?;
    let findings = Findings::gather(&rewritten, &renamed, false);
    match edit(&plain.bytes, &findings, &Memory::new(), &remarks, limits.columns) {
        Ok(edited) => Ok(annotated(edited, true, detail)),
        Err(reason) => Err(Refusal::unreadable(format!("a workbook of our own cannot be edited: {}", reason.0))),
    }
}

fn annotated(edited: Edited, rewritten: bool, detail: Option<String>) -> Annotated {
    Annotated {
        bytes: edited.bytes,
        rewritten,
        detail,
        macros_removed: edited.macros_removed,
    }
}

fn rewritten_remark(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Xlsx | FileKind::Xlsm => {
            "元のブックには書き込めない部分があるため、同じ行を新しいブック（.xlsx）に写して指摘を書き込みました。書式は引き継いでいません。"
        }
        _ => {
            "元のファイルの形式には書き込めないため、同じ行を新しいブック（.xlsx）に写して指摘を書き込みました。このファイルを直して送れます。"
        }
    }
}

/// What an earlier round remembered; `None` if there was none.
fn memory(workbook: &Workbook) -> Option<Memory> {
    let sheet = workbook.sheets.iter().find(|sheet| sheet.name == MEMORY && sheet.hidden)?;
    let shown = |row: &crate::workbook::Row, column: u16| row.value(column).map(crate::workbook::CellValue::shown);
    let lines = sheet.rows.iter();
    Some(lines.filter_map(|row| Some((shown(row, 0)?, shown(row, 1)?))).collect())
}

/// Faults with the names that their sheets got in a new workbook.
fn renamed(faults: &[Fault], workbook: &Workbook, names: &[String]) -> Vec<Fault> {
    let kept = workbook.sheets.iter().filter(|sheet| !is_ours(&sheet.name));
    let pairs: Vec<(&str, &String)> = kept.map(|sheet| sheet.name.as_str()).zip(names).collect();
    let renamed = |fault: &Fault| {
        let name = fault.sheet.as_deref().unwrap_or_default();
        let new = pairs.iter().find(|(old, _)| *old == name).map(|(_, new)| (*new).clone());
        Fault {
            sheet: new.or_else(|| fault.sheet.clone()),
            ..fault.clone()
        }
    };
    faults.iter().map(renamed).collect()
}

#[cfg(test)]
pub(crate) use tests::files;
#[cfg(test)]
mod tests;
