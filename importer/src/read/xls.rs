//! Workbooks of Excel 5 to 2003, through calamine, which reads them whole.
//!
//! calamine reserves what a sheet claims, follows chains of sectors that may be circles, and copies a text for every cell that names it. So it
//! never sees the file: [`records`] takes the records that hold cells out of it, counts them, and calamine reads a container made of those.

mod records;
mod strings;

use std::io::{Cursor, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Reader, SheetType, SheetVisible, Xls};
use cfb::{CompoundFile, Version};

use super::rows::{self, Budget, Rows};
use super::whole;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::workbook::{FileKind, Sheet, Workbook};

/// Streams that hold the sheets: of Excel 97 and later, and of Excel 5 and 95.
const STREAMS: [&str; 2] = ["Workbook", "Book"];
/// A stream of an Office document with a password.
const ENCRYPTED: &str = "EncryptedPackage";

/// Reads all worksheets, hidden ones flagged.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, Refusal> {
    let guarded = catch_unwind(AssertUnwindSafe(|| {
        let records = records::filter(&sheets_stream(bytes, limits)?, limits)?;
        read_sheets(&contained(&records.stream)?, &records.formulas, limits)
    }));
    guarded.unwrap_or_else(|_| Err(Refusal::unreadable("cfb or calamine panicked")))
}

/// The stream of the container that holds the sheets.
fn sheets_stream(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error: std::io::Error| Refusal::unreadable(error.to_string());
    let mut file = CompoundFile::open(Cursor::new(bytes)).map_err(unreadable)?;
    if file.exists(ENCRYPTED) {
        return Err(Refusal::password("OLE container with EncryptedPackage"));
    }
    let Some(name) = STREAMS.into_iter().find(|name| file.is_stream(name)) else {
        return Err(Refusal::unknown_kind("OLE container without a workbook"));
    };
    let stream = file.open_stream(name).map_err(unreadable)?;
    let most = u64::try_from(limits.file_bytes).unwrap_or(u64::MAX);
    if stream.len() > most {
        return Err(Refusal::unreadable("a stream longer than the file"));
    }
    let mut sheets = Vec::new();
    stream.take(most).read_to_end(&mut sheets).map_err(unreadable)?;
    Ok(sheets)
}

/// A container with nothing in it but the sheets: no macros, no pictures, no claims.
fn contained(stream: &[u8]) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error: std::io::Error| Refusal::unreadable(error.to_string());
    let mut file = CompoundFile::create_with_version(Version::V3, Cursor::new(Vec::new())).map_err(unreadable)?;
    file.create_stream("Workbook")
        .and_then(|mut workbook| workbook.write_all(stream).and_then(|()| workbook.flush()))
        .map_err(unreadable)?;
    file.flush().map_err(unreadable)?;
    Ok(file.into_inner().into_inner())
}

fn read_sheets(bytes: &[u8], formulas: &[records::Formulas], limits: &Limits) -> Result<Workbook, Refusal> {
    let unreadable = |error: calamine::XlsError| Refusal::unreadable(error.to_string());
    let mut xls: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(unreadable)?;
    let listed = xls.sheets_metadata().to_vec();
    rows::check_sheets(listed.len(), limits)?;
    let mut budget = Budget::new(limits);
    let mut sheets = Vec::new();
    for (sheet, formulas) in listed.iter().zip(formulas).filter(|(sheet, _)| sheet.typ == SheetType::WorkSheet) {
        let values = xls.worksheet_range(&sheet.name).map_err(unreadable)?;
        let mut rows = Rows::new(&sheet.name);
        let mut calculated = 0;
        for (place, value) in whole::cells(&values) {
            budget.visit()?;
            let formula = formulas.contains(&place);
            if let Some(incoming) = whole::incoming(value, false) {
                calculated += usize::from(formula);
                whole::push(&mut rows, place, incoming, formula, &mut budget)?;
            }
        }
        if calculated < formulas.len() {
            let blank = |place: &&(u32, u32)| values.get_value(**place).is_none_or(|value| *value == calamine::Data::Empty);
            for place in formulas.iter().filter(blank) {
                whole::push_uncalculated(&mut rows, *place, &mut budget)?;
            }
        }
        sheets.push(Sheet {
            name: sheet.name.clone(),
            hidden: sheet.visible != SheetVisible::Visible,
            rows: rows.finish(),
        });
    }
    Ok(Workbook {
        kind: FileKind::Xls,
        encoding: None,
        date_1904: xls.has_1904_epoch(),
        sheets,
    })
}
