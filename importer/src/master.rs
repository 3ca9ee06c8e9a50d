//! The hospital master (病院マスター) as a file: every hospital with its identifiers of now and before, its beds, its opening, its closing and
//! what it was merged into.
//!
//! Looks at the file alone; what differs from what is stored is the server's to say. A row with an error is left out and reported.

mod relations;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use survey::area::MunicipalityCode;
use survey::attribute::Attributes;
use survey::fault::Fault;
use survey::hospital::{Beds, GmisId, InstitutionCode};
use survey::prefecture::PrefectureCode;

use crate::attributes;
use crate::date;
use crate::frame::{Of, bed_number, gmis, institution_code, kept, municipality, name, prefecture};
use crate::table::{self, Column, Line};
use crate::workbook::Workbook;

const COLUMNS: &[Column<Of>] = &[
    column(
        Of::Gmis,
        "G-MIS ID",
        &["gmisid", "gmis", "gmisユザid", "gmisユザ", "gmis番号"],
        true,
    ),
    column(
        Of::InstitutionCode,
        "医療機関コード",
        &["institutioncode", "医療機関コド", "保険医療機関コド", "医療機関番号"],
        false,
    ),
    column(
        Of::Name,
        "医療機関名",
        &["name", "医療機関名", "医療機関名称", "病院名", "病院名称", "施設名"],
        true,
    ),
    column(
        Of::Prefecture,
        "都道府県",
        &["prefecture", "都道府県", "都道府県名", "都道府県コド"],
        true,
    ),
    column(
        Of::Municipality,
        "市区町村コード",
        &["municipalitycode", "municipality", "市区町村コド", "市町村コド", "団体コド"],
        false,
    ),
    column(Of::Beds, "許可病床数", &["beds", "病床数", "許可病床数"], true),
    column(Of::Opened, "開設日", &["openedon", "opened", "開設日", "開設年月日"], false),
    // Required: without it a file would say that every closed hospital is open again.
    column(
        Of::Closed,
        "廃止日",
        &["closedon", "closed", "廃止日", "廃止年月日", "閉院日"],
        true,
    ),
    column(
        Of::Successor,
        "承継先",
        &["successor", "承継先", "承継先gmisid", "統合先", "統合先gmisid"],
        false,
    ),
    column(
        Of::FormerGmis,
        "旧G-MIS ID",
        &["formergmisid", "旧gmisid", "旧gmis", "変更前gmisid"],
        false,
    ),
    column(
        Of::FormerCode,
        "旧医療機関コード",
        &[
            "formerinstitutioncode",
            "旧医療機関コド",
            "旧保険医療機関コド",
            "変更前医療機関コド",
        ],
        false,
    ),
];

const fn column(id: Of, shown: &'static str, names: &'static [&'static str], required: bool) -> Column<Of> {
    Column {
        id,
        shown,
        names,
        required,
    }
}

/// A hospital of the master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterRow {
    /// G-MIS ID of now.
    pub gmis: GmisId,
    /// 10-digit code of now; `None` where the file has none, which says nothing about the code that is known.
    pub institution_code: Option<InstitutionCode>,
    /// Name, as written.
    pub name: String,
    /// Prefecture.
    pub prefecture: PrefectureCode,
    /// Municipality; `None` says nothing about the one that is known.
    pub municipality: Option<MunicipalityCode>,
    /// Licensed beds; a closed hospital may have fewer than 20, or none, which says nothing about those that are known.
    pub beds: Option<Beds>,
    /// Day of opening; `None` says nothing about the one that is known.
    pub opened_on: Option<NaiveDate>,
    /// Day of closing; `None` says that it is open.
    pub closed_on: Option<NaiveDate>,
    /// The hospital that it was merged into.
    pub successor: Option<GmisId>,
    /// G-MIS ID that it bore before.
    pub former_gmis: Option<GmisId>,
    /// Code that it bore before.
    pub former_code: Option<InstitutionCode>,
    /// What it says of the hospital's attributes; what is not there says nothing about what is known.
    pub attributes: Attributes,
    /// Sheet that it stands on; empty for a text file.
    pub sheet: String,
    /// Cell of its G-MIS ID, for faults that only the server can find.
    pub cell: String,
}

/// Reads a master. Hospitals come in the order of the file, each identifier once; the faults have their cells.
#[must_use]
pub fn examine_master(workbook: &Workbook) -> (Vec<MasterRow>, Vec<Fault>) {
    let columns = attributes::with(COLUMNS);
    let table = match table::find(workbook, &columns) {
        Ok(table) => table,
        Err(fault) => return (Vec::new(), vec![*fault]),
    };
    let mut faults = table.formulas(&columns);
    let mut rows = Vec::new();
    for line in table.lines() {
        match row(&line) {
            Ok(row) => {
                faults.extend(code_of_other_prefecture(&line, &row));
                rows.push((line, row));
            }
            Err(found) => faults.extend(found),
        }
    }
    let rows = relations::check(rows, &mut faults);
    (rows, faults)
}

fn row(line: &Line<'_, '_, Of>) -> Result<MasterRow, Vec<Fault>> {
    let mut faults = Vec::new();
    let gmis_id = kept(gmis(line, Of::Gmis), &mut faults);
    let code = kept(institution_code(line, Of::InstitutionCode), &mut faults);
    let name = kept(name(line), &mut faults);
    let prefecture = kept(prefecture(line), &mut faults);
    let municipality = kept(
        prefecture.map_or(Ok(None), |prefecture| municipality(line, prefecture)),
        &mut faults,
    );
    let opened_on = kept(day(line, Of::Opened), &mut faults);
    let closed_on = kept(day(line, Of::Closed), &mut faults);
    let beds = kept(beds(line), &mut faults);
    let successor = kept(other_gmis(line, Of::Successor), &mut faults);
    let former_gmis = kept(other_gmis(line, Of::FormerGmis), &mut faults);
    let former_code = kept(institution_code(line, Of::FormerCode), &mut faults);
    let attributes = prefecture.map(|prefecture| attributes::read(line, prefecture, &mut faults));
    if !faults.is_empty() {
        return Err(faults);
    }
    let (Some(gmis), Some(institution_code), Some(name), Some(prefecture), Some(municipality), Some(beds)) =
        (gmis_id, code, name, prefecture, municipality, beds)
    else {
        return Err(faults);
    };
    let (Some(opened_on), Some(closed_on), Some(successor), Some(former_gmis), Some(former_code)) =
        (opened_on, closed_on, successor, former_gmis, former_code)
    else {
        return Err(faults);
    };
    if closed_on.zip(opened_on).is_some_and(|(closed, opened)| closed < opened) {
        let message = "廃止日が開設日より前です。どちらの日付が正しいか確かめてください。";
        return Err(vec![*line.error(Of::Closed, "closed_before_opened", message, "開設日以後の日付")]);
    }
    let place = line.place(Of::Gmis);
    Ok(MasterRow {
        gmis,
        institution_code,
        name,
        prefecture,
        municipality,
        beds,
        opened_on,
        closed_on,
        successor,
        former_gmis,
        former_code,
        attributes: attributes.unwrap_or_default(),
        sheet: place.sheet().to_owned(),
        cell: place.cell(),
    })
}

/// Beds of a closed hospital may be any: it has none any more.
fn beds(line: &Line<'_, '_, Of>) -> Result<Option<Beds>, Box<Fault>> {
    let closed = line.value(Of::Closed).is_some();
    match bed_number(line) {
        Some(beds) if beds.is_hospital() || closed => Ok(Some(beds)),
        None if closed && matches!(line.shown(Of::Beds).trim(), "" | "0") => Ok(None),
        Some(_) => {
            let message = "20床未満は診療所のため、病院として登録できません。診療所になった病院は廃止日を記入し、初めから診療所であれば行を削除してください。";
            Err(line.error(Of::Beds, "beds_under_20", message, "20以上の整数"))
        }
        None => {
            let message = "病床数の形式が正しくありません。整数で記入してください。";
            Err(line.error(Of::Beds, "beds_invalid", message, "20以上の整数"))
        }
    }
}

fn other_gmis(line: &Line<'_, '_, Of>, column: Of) -> Result<Option<GmisId>, Box<Fault>> {
    line.value(column).map(|_| gmis(line, column)).transpose()
}

fn day(line: &Line<'_, '_, Of>, column: Of) -> Result<Option<NaiveDate>, Box<Fault>> {
    let Some(value) = line.value(column) else { return Ok(None) };
    date::parse(value, line.date_1904())
        .map(Some)
        .map_err(|error| line.error(column, error.code(), error.message(), "年/月/日"))
}

/// The first two digits of a code are its prefecture; where they are not, a column slipped or the hospital moved without a new code.
fn code_of_other_prefecture(line: &Line<'_, '_, Of>, row: &MasterRow) -> Option<Fault> {
    let code = row.institution_code.as_ref()?;
    let expected = row.prefecture.code();
    if code.as_str().starts_with(&expected) {
        return None;
    }
    let message = "医療機関コードの先頭2桁が都道府県と一致しません。行がずれていないか確かめてください。";
    let fault = Fault::warning("institution_code_prefecture_differs", message);
    Some(
        line.place(Of::InstitutionCode)
            .mark(fault)
            .found(code.as_str())
            .expected(format!("{expected}で始まる医療機関コード")),
    )
}
