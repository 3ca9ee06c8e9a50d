//! The reading workbook against rust_xlsxwriter writing the same cells: bare, and dressed as ours are. And what of its time is counting.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{Cursor, Read};
use std::time::Instant;

use analytics::report::{ReportText, houkoku};
use analytics::{By, RateRequest, Snapshot, TableRequest, response_rates, table};
use calamine::{Data, Reader, Xlsx};
use rust_xlsxwriter::{Chart, ChartType, Color, Format, FormatBorder, Workbook, Worksheet};
use survey::area::Area;
use survey::band::Banding;
use zip::ZipArchive;

use crate::report::Report;
use crate::{coded, made};

/// The reading workbook of 8,200 submissions of 30 questions.
pub fn measure(repetitions: usize, report: &mut Report) {
    let snapshot = coded::snapshot(made::NATION);
    let words = ReportText {
        title: "測定".to_owned(),
        publisher: "測定".to_owned(),
        area: Area::Nation,
        notes: Vec::new(),
    };
    let made = || houkoku(&snapshot, None, &words).unwrap();
    let sheets = sheets(&made());
    let mut taken: [Vec<f64>; 4] = Default::default();
    for repetition in 0..=repetitions {
        let sides: [&dyn Fn(); 4] = [
            &|| drop(black_box(made())),
            &|| count(&snapshot),
            &|| drop(black_box(write(&sheets, bare))),
            &|| drop(black_box(write(&sheets, dressed))),
        ];
        for (taken, side) in taken.iter_mut().zip(sides) {
            let begin = Instant::now();
            side();
            // The first time fills caches and pools.
            if repetition > 0 {
                taken.push(begin.elapsed().as_secs_f64() * 1_000.0);
            }
        }
    }
    report.condition(
        "cells_of_the_reading_workbook",
        sheets.iter().map(|sheet| sheet.cells.len()).sum::<usize>(),
    );
    let [ours, counting, bare, dressed] = taken;
    let ratio = |below: &[f64]| ours.iter().zip(below).map(|(ours, below)| ours / below).collect();
    let (to_bare, to_dressed) = (ratio(&bare), ratio(&dressed));
    report.add("reading workbook, counting included", "ms", ours, "");
    report.add("the same tables counted one after the other, nothing written", "ms", counting, "");
    report.add("rust_xlsxwriter writing the same cells bare", "ms", bare, "");
    report.add("the same with formats, merges, sizes, page set-up, charts", "ms", dressed, "");
    report.add("reading workbook / bare", "times", to_bare, "at most 1.3");
    report.add("reading workbook / dressed alike", "times", to_dressed, "at most 1.3");
}

/// The tables of the workbook by the public way in.
fn count(snapshot: &Snapshot) {
    for question in 0..coded::QUESTIONS {
        let shapes = [
            (By::BAND, Banding::Survey),
            (By::PREFECTURE, Banding::Survey),
            (By::PREFECTURE_BAND, Banding::Program),
        ];
        for (by, banding) in shapes {
            let request = TableRequest {
                question: coded::key(question).as_str().into(),
                area: Area::Nation,
                by,
                banding: banding.into(),
                filters: Vec::new(),
                estimates: by == By::BAND,
            };
            drop(black_box(table(snapshot, &request).unwrap()));
        }
    }
    for by in [By::BAND, By::PREFECTURE, By::PREFECTURE_BAND] {
        let request = RateRequest {
            area: Area::Nation,
            by,
            banding: Banding::Survey.into(),
            filters: Vec::new(),
        };
        drop(black_box(response_rates(snapshot, &request).unwrap()));
    }
}

/// A cell: its value, if it has one, and the number of its format.
type Cell = (Option<Data>, usize);

/// A sheet as it was written.
struct Sheet {
    name: String,
    cells: BTreeMap<(u32, u16), Cell>,
    /// First row and column, last row and column.
    merges: Vec<[u32; 4]>,
    widths: Vec<(u16, f64)>,
    heights: Vec<(u32, f64)>,
    /// Series of each chart.
    charts: Vec<usize>,
}

/// Every sheet of a file of rust_xlsxwriter, whose XML has one form only.
fn sheets(file: &[u8]) -> Vec<Sheet> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
    let mut part = |path: String| {
        let mut text = String::new();
        archive.by_name(&path).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let (mut drawings, mut charts) = (0, 0);
    let mut sheets = Vec::new();
    for (index, name) in workbook.sheet_names().into_iter().enumerate() {
        let xml = part(format!("xl/worksheets/sheet{}.xml", index + 1));
        let mut sheet = Sheet {
            cells: elements(&xml, "c ")
                .map(|cell| (place(said(cell, "r")), (None, number(cell, "s"))))
                .collect(),
            merges: elements(&xml, "mergeCell ").map(|merge| range(said(merge, "ref"))).collect(),
            widths: elements(&xml, "col ")
                .map(|column| (number::<u16>(column, "min") - 1, number(column, "width")))
                .collect(),
            heights: elements(&xml, "row ")
                .filter(|row| row.contains(" ht="))
                .map(|row| (number::<u32>(row, "r") - 1, number(row, "ht")))
                .collect(),
            charts: Vec::new(),
            name,
        };
        if xml.contains("<drawing ") {
            drawings += 1;
            let frames = part(format!("xl/drawings/drawing{drawings}.xml"))
                .matches("<xdr:graphicFrame")
                .count();
            for _ in 0..frames {
                charts += 1;
                sheet
                    .charts
                    .push(part(format!("xl/charts/chart{charts}.xml")).matches("<c:ser>").count());
            }
        }
        let mut reader = workbook.worksheet_cells_reader(&sheet.name).unwrap();
        while let Some(cell) = reader.next_cell().unwrap() {
            let (row, column) = cell.get_position();
            let value = Data::from(cell.get_value().clone());
            if value != Data::Empty {
                sheet.cells.get_mut(&(row, u16::try_from(column).unwrap())).unwrap().0 = Some(value);
            }
        }
        sheets.push(sheet);
    }
    sheets
}

/// The opening tags of a name.
fn elements<'a>(xml: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let open = format!("<{name}");
    let starts: Vec<usize> = xml.match_indices(&open).map(|(start, _)| start).collect();
    starts.into_iter().map(|start| &xml[start..start + xml[start..].find('>').unwrap()])
}

/// The value of an attribute; nothing if it is not there.
fn said<'a>(element: &'a str, name: &str) -> &'a str {
    let mark = format!(" {name}=\"");
    element
        .find(&mark)
        .map_or("", |start| element[start + mark.len()..].split('"').next().unwrap())
}

fn number<T: std::str::FromStr + Default>(element: &str, name: &str) -> T {
    said(element, name).parse().unwrap_or_default()
}

/// `B3` is row 2, column 1.
fn place(cell: &str) -> (u32, u16) {
    let digits = cell.find(|letter: char| letter.is_ascii_digit()).unwrap();
    let column = cell[..digits]
        .bytes()
        .fold(0, |column, letter| column * 26 + u16::from(letter - b'A') + 1);
    (cell[digits..].parse::<u32>().unwrap() - 1, column - 1)
}

fn range(cells: &str) -> [u32; 4] {
    let (first, last) = cells.split_once(':').unwrap();
    let (first, last) = (place(first), place(last));
    [first.0, u32::from(first.1), last.0, u32::from(last.1)]
}

/// A file of all sheets, each written by `sheet`.
fn write(sheets: &[Sheet], sheet: impl Fn(&Sheet, &mut Worksheet, &[Format])) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let last = sheets
        .iter()
        .flat_map(|sheet| sheet.cells.values())
        .map(|cell| cell.1)
        .max()
        .unwrap();
    let format = |index: usize| {
        let ruled = Format::new()
            .set_font_name("BIZ UDPゴシック")
            .set_font_size(11)
            .set_border(FormatBorder::Thin);
        // What tells them apart costs the same whatever it is.
        ruled
            .set_border_color(Color::RGB(0xA6_A6_A6))
            .set_indent(u8::try_from(index).unwrap())
    };
    let formats: Vec<Format> = (0..=last).map(format).collect();
    for one in sheets {
        let worksheet = workbook.add_worksheet();
        worksheet.set_name(&one.name).unwrap();
        sheet(one, worksheet, &formats);
    }
    workbook.save_to_buffer().unwrap()
}

/// Values only.
fn bare(sheet: &Sheet, worksheet: &mut Worksheet, _: &[Format]) {
    for ((row, column), (value, _)) in &sheet.cells {
        match value {
            None => continue,
            Some(Data::Int(number)) => worksheet.write_number(*row, *column, *number as f64).unwrap(),
            Some(Data::Float(number)) => worksheet.write_number(*row, *column, *number).unwrap(),
            Some(other) => worksheet.write_string(*row, *column, other.to_string()).unwrap(),
        };
    }
}

/// The same cells with a format each, merged, sized, printed and drawn as ours are: the plain use of the library.
fn dressed(sheet: &Sheet, worksheet: &mut Worksheet, formats: &[Format]) {
    for (column, width) in &sheet.widths {
        worksheet.set_column_width(*column, *width).unwrap();
    }
    worksheet
        .set_landscape()
        .set_paper_size(9)
        .set_margins(0.5, 0.5, 0.6, 0.7, 0.3, 0.3)
        .set_print_fit_to_pages(1, 0)
        .set_footer("&L測定&R&P / &N")
        .set_screen_gridlines(false);
    for [row, column, last_row, last_column] in &sheet.merges {
        let (first, last) = (u16::try_from(*column).unwrap(), u16::try_from(*last_column).unwrap());
        let format = &formats[sheet.cells[&(*row, first)].1];
        worksheet.merge_range(*row, first, *last_row, last, "", format).unwrap();
    }
    for ((row, column), (value, format)) in &sheet.cells {
        let format = &formats[*format];
        match value {
            // Merging has written it.
            None => continue,
            Some(Data::Int(number)) => worksheet.write_number_with_format(*row, *column, *number as f64, format).unwrap(),
            Some(Data::Float(number)) => worksheet.write_number_with_format(*row, *column, *number, format).unwrap(),
            Some(other) => worksheet
                .write_string_with_format(*row, *column, other.to_string(), format)
                .unwrap(),
        };
    }
    for (row, height) in &sheet.heights {
        worksheet.set_row_height(*row, *height).unwrap();
    }
    for series in &sheet.charts {
        let mut chart = Chart::new(ChartType::Column);
        for column in (4_u16..).step_by(2).take(*series) {
            let drawn = chart.add_series();
            drawn.set_categories((sheet.name.as_str(), 7, 0, 12, 0));
            drawn.set_values((sheet.name.as_str(), 7, column, 12, column));
        }
        worksheet.insert_chart(15, 0, &chart).unwrap();
    }
    worksheet.set_freeze_panes(5, 1).unwrap().set_repeat_rows(3, 4).unwrap();
}
