//! What is said of sheets and rows that are not as expected.

use survey::edition::Edition;
use survey::fault::Fault;
use survey::survey::Survey;

use crate::examination::Request;
use crate::headings::Heading;
use crate::layout::Missing;
use crate::place::Place;
use crate::record::Stray;
use crate::workbook::Sheet;

pub(super) fn numbering_unknown(survey: &Survey, request: &Request) -> Fault {
    let known = survey.editions().iter().map(Edition::name).collect::<Vec<_>>().join("、");
    let message = format!("設問番号の版の指定が正しくありません。{known} のいずれかを指定してください。");
    Fault::error("numbering_unknown", message)
        .found(request.numbering.as_deref().unwrap_or_default())
        .expected(known)
}

pub(super) fn stray_fault(stray: &Stray<'_>) -> Fault {
    let shown = &stray.shown;
    stray.place.mark(match stray.heading {
        Heading::AmbiguousNumber => Fault::error(
            "numbering_ambiguous",
            format!("設問番号「{shown}」だけでは、どの設問か決められません。どの版の番号かを指定するか、設問文も記入してください。"),
        ),
        Heading::Conflict => Fault::error(
            "column_conflict",
            format!("「{shown}」は番号と設問文が同じ設問を指していません。調査票と見比べて直してください（設問でなければ番号を外してください）。"),
        ),
        Heading::Item(_) => Fault::error(
            "column_duplicate",
            format!("「{shown}」の行が2つあります。正しい方だけを残してください。"),
        ),
        Heading::Undivided => Fault::error(
            "column_undivided",
            "回答者の情報は、氏名・所属・連絡先などの項目ごとに行を分けてください。",
        ),
        _ => Fault::warning(
            "column_unknown",
            format!("「{shown}」は、この調査の設問ではないため読み込みません。設問の場合は、調査票の設問文に合わせて直してください。"),
        ),
    })
}

pub(super) fn layout_unknown(nearly: Option<(&Sheet, Missing)>) -> Fault {
    let expected = "「G-MIS ID」と設問の見出しがある表、または「設問番号」「設問」「回答」の見出しがある調査票";
    match nearly {
        Some((sheet, Missing::Identifier(index))) => {
            let row = sheet.rows.get(index);
            let place = Place::new(
                &sheet.name,
                row.and_then(|row| row.cells.first()).map_or(0, |cell| cell.column),
                row.map_or(1, |row| row.number),
            );
            place
                .mark(Fault::error(
                    "id_column_missing",
                    "設問の見出しはありますが、病院を特定する列がありません。「G-MIS ID」の列を加えてください。",
                ))
                .expected("G-MIS ID")
        }
        Some(_) => Fault::error(
            "layout_unknown",
            "回答の表を見つけられません。見出しの行を確かめるか、配布した様式に転記してください。",
        )
        .expected(expected),
        None => Fault::error(
            "layout_unknown",
            "表示されているシートがありません。回答のシートを再表示して保存してください。",
        )
        .expected(expected),
    }
}

/// What is said of a hidden sheet with answers.
pub(super) fn hidden_answers(sheet: &str, hospitals: usize) -> Option<Fault> {
    (hospitals > 0).then(|| {
        Fault::warning(
            "hidden_sheet_passed",
            format!(
                "非表示のシート「{sheet}」にも{hospitals}病院分の回答がありますが、読み取っていません。取り込む場合は、シートを再表示して保存し、送り直してください。"
            ),
        )
    })
}
