//! The sheets around the tables of the reading workbook: cover, contents, and method with notes.

use super::definitions::TERMS;
use super::page::{self, Pen, Styles};
use super::scope::Scope;
use super::text::{self, ReportText};
use crate::grouped;
use crate::rate::RateRow;
use rust_xlsxwriter::{Url, Worksheet, XlsxError};

pub(super) const COVER: &str = "表紙";
pub(super) const CONTENTS: &str = "目次";
pub(super) const METHOD: &str = "方法と注意";

/// One line of the contents.
pub(super) struct Entry {
    pub(super) sheet: String,
    pub(super) name: String,
    pub(super) about: String,
}

pub(super) fn write_cover(
    sheet: &mut Worksheet,
    styles: &Styles,
    scope: Scope<'_>,
    words: &ReportText,
    rates: &RateRow,
) -> Result<(), XlsxError> {
    page::set_up(sheet, &words.title, &[40, 220, 700])?;
    sheet.set_name(COVER)?;
    let mut pen = Pen { sheet, styles };
    pen.text_over(4, (1, 2), &words.title, &styles.cover_title)?;
    pen.sheet.set_row_height(4, 2.0 * page::wrapped_height(&words.title, 460))?;
    let rate = rates.percent.map_or_else(|| "－".to_owned(), |percent| format!("{percent:.1}％"));
    let snapshot = scope.snapshot;
    let mut lines = vec![
        ("調査", snapshot.survey().title().to_owned()),
        ("対象地域", words.area.name()),
        ("集計時点", text::time_ja(snapshot.as_of())),
        ("調査対象病院数", format!("{}病院", grouped(rates.targets))),
        ("回答数（n）", format!("{}病院", grouped(rates.responses))),
        ("回収率", rate),
        ("作成", words.publisher.clone()),
    ];
    match scope.release() {
        Some(release) => {
            lines.push(("公表版", format!("第{}版", release.number)));
            lines.extend(release.note.map(|note| ("公表の経緯", note.to_owned())));
            lines.push((
                "取扱い",
                "個々の病院の回答が推測されないように秘匿処理を行った集計です。「X」は秘匿した数値です（「方法と注意」を参照）。"
                    .to_owned(),
            ));
        }
        None => lines.push((
            "取扱い",
            "秘匿処理を行っていない内部利用のための集計です。公表や第三者への提供には用いないでください。".to_owned(),
        )),
    }
    for (row, (name, value)) in (7_u32..).zip(&lines) {
        pen.text(row, 1, name, &styles.head)?;
        pen.paragraph(row, 2, value, 700)?;
    }
    Ok(())
}

pub(super) fn write_contents(sheet: &mut Worksheet, styles: &Styles, foot: &str, entries: &[Entry]) -> Result<(), XlsxError> {
    page::set_up(sheet, foot, &[330, 690])?;
    sheet.set_name(CONTENTS)?;
    let mut pen = Pen { sheet, styles };
    pen.text(0, 0, CONTENTS, &styles.title)?;
    pen.text(1, 0, "シート", &styles.head)?;
    pen.text(1, 1, "内容", &styles.head)?;
    for (row, entry) in (2_u32..).zip(entries) {
        let link = Url::new(text::internal_link(&entry.sheet)).set_text(text::cell(&entry.name));
        pen.sheet.write_url_with_format(row, 0, link, &styles.link)?;
        pen.paragraph(row, 1, &entry.about, 690)?;
    }
    pen.sheet.set_freeze_panes(2, 0)?.set_repeat_rows(1, 1)?;
    Ok(())
}

/// `merged` says which cells share a weight.
pub(super) fn write_method(
    sheet: &mut Worksheet,
    styles: &Styles,
    scope: Scope<'_>,
    words: &ReportText,
    merged: &[String],
) -> Result<(), XlsxError> {
    page::set_up(sheet, &words.title, &[220, 800])?;
    sheet.set_name(METHOD)?;
    let mut pen = Pen { sheet, styles };
    pen.text(0, 0, METHOD, &styles.title)?;
    pen.text(1, 0, "用語", &styles.head)?;
    pen.text(1, 1, "定義", &styles.head)?;
    let suppression = scope.suppression();
    let mut fixed = vec![(
        "記号「－」",
        "母数（回収率では調査対象病院数）が0のため、割合を計算できないことを示す。0や0.0とは異なる。",
    )];
    if scope.release().is_some() {
        fixed.extend([
            (
                "記号「X」",
                "秘匿した数値であることを示す。0や「－」とは異なる。グラフには表示しない。",
            ),
            (
                "記号「＊」",
                "前の公表版から回答が変わった病院が少ないため、改訂した値を示さないことを示す。前の公表版の値による。",
            ),
        ]);
    }
    fixed.extend([
        ("秘匿処理", suppression.as_str()),
        ("機械処理", "機械処理には、同じ数値を縦持ちで収めたデータ用ファイルを用いる。"),
    ]);
    fixed.extend(merged.iter().map(|line| ("重みを合わせたセル", line.as_str())));
    let terms = TERMS.iter().map(|(_, name, definition)| (*name, *definition));
    let notes = words.notes.iter().map(|note| ("注", note.as_str()));
    for (row, (name, definition)) in (2_u32..).zip(terms.chain(fixed).chain(notes)) {
        pen.text(row, 0, name, &styles.wrapped)?;
        pen.paragraph(row, 1, definition, 800)?;
    }
    pen.sheet.set_freeze_panes(2, 0)?.set_repeat_rows(1, 1)?;
    Ok(())
}
