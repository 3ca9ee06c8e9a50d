//! Drop-down lists, notes beside cells, and the hidden sheet that holds the options.
//!
//! Lists given as text are capped at 255 characters (XlsxWriter#562), and the options of one question of 2024 alone come near that:
//! all lists refer to a hidden sheet. One validation covers a whole range: Excel drops tens of thousands of single ones (XlsxWriter#240).

use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, Formula, Workbook, XlsxError};
use survey::answer::EntryPath;
use survey::condition::Condition;
use survey::edition::Edition;
use survey::question::{Kind, Question};

use crate::spelling::{NO_ANSWER_TEXT, shown_choice};
use crate::workbook::address;

const SHEET: &str = "選択肢";
const SEVERAL: &str = "当てはまるものを全て選びます。2つ以上のときは「①、③」のように、番号を「、」で区切って入力してください。";

/// UTF-16 units that Excel takes in the title and in the text of a message beside a cell.
const TITLE_UNITS: usize = 32;
const MESSAGE_UNITS: usize = 255;

/// The values that a cell of this question takes, as they stand in its list; none for texts.
#[must_use]
pub fn options(question: &Question, path: EntryPath) -> Vec<String> {
    let mut options: Vec<String> = match &question.kind {
        Kind::YesNo(choices) | Kind::One(choices) | Kind::Several(choices) => choices.iter().map(shown_choice).collect(),
        Kind::Text(_) | Kind::Respondent(_) => return Vec::new(),
    };
    if path == EntryPath::Proxy {
        options.push(NO_ANSWER_TEXT.to_owned());
    }
    options
}

/// The lists of a workbook; equal lists are kept once.
#[derive(Debug, Default)]
pub(super) struct Lists {
    lists: Vec<Vec<String>>,
}

impl Lists {
    /// The validation of a question's cells.
    pub(super) fn validation(&mut self, question: &Question, path: EntryPath) -> Result<DataValidation, XlsxError> {
        let options = options(question, path);
        if options.is_empty() {
            return DataValidation::new()
                .allow_any_value()
                .set_input_title(cut(&question.label, TITLE_UNITS))?
                .set_input_message(guidance(question, note(question)));
        }
        let column = self.column(&options);
        let last = u32::try_from(options.len()).unwrap_or(1);
        let (first, last) = (absolute(column, 1), absolute(column, last));
        let validation = DataValidation::new()
            .allow_list_formula(Formula::new(format!("='{SHEET}'!{first}:{last}")))
            .set_error_style(DataValidationErrorStyle::Stop)
            .set_error_title("記入できない値です")?
            .set_error_message("一覧から選んでください。")?;
        // A list takes one value only; several choices are typed, and checked when the file comes back.
        let validation = validation.set_input_title(cut(&question.label, TITLE_UNITS))?;
        match question.kind {
            Kind::Several(_) => validation.show_error_message(false).set_input_message(guidance(question, SEVERAL)),
            _ => validation.set_input_message(guidance(question, "一覧から選びます。")),
        }
    }

    fn column(&mut self, options: &[String]) -> u16 {
        let index = self.lists.iter().position(|list| list == options).unwrap_or_else(|| {
            self.lists.push(options.to_vec());
            self.lists.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    /// Writes the hidden sheet; comes last, because a hidden first sheet could not be opened.
    pub(super) fn write(&self, workbook: &mut Workbook) -> Result<(), XlsxError> {
        let sheet = workbook.add_worksheet().set_name(SHEET)?;
        sheet.set_hidden(true);
        for (list, column) in self.lists.iter().zip(0_u16..) {
            for (option, row) in list.iter().zip(0_u32..) {
                sheet.write_string(row, column, option)?;
            }
        }
        Ok(())
    }
}

fn absolute(column: u16, row: u32) -> String {
    let plain = address(column, row);
    let letters = plain.trim_end_matches(|character: char| character.is_ascii_digit());
    format!("${letters}${row}")
}

/// The message beside a cell: how to fill it in, then what the guide says, as far as Excel takes it.
fn guidance(question: &Question, how: &str) -> String {
    let whole = format!("{how}\n{}", question.guidance);
    let whole = whole.trim_end();
    let short = cut(whole, MESSAGE_UNITS);
    if short.len() == whole.len() {
        return short;
    }
    format!("{}…", cut(whole, MESSAGE_UNITS - 1))
}

fn note(question: &Question) -> &'static str {
    match question.kind {
        Kind::Text(_) => "1行に1つずつ、文章のまま記入してください（セルの中の改行は Alt+Enter）。",
        _ => "回答した方の情報を記入してください。内容の確認のため連絡することがあります。",
    }
}

/// The values that may be written and when the question is asked, in words.
pub(super) fn explanation(question: &Question, edition: &Edition, path: EntryPath) -> String {
    let mut lines = Vec::new();
    if let Some(gate) = &question.gate {
        lines.push(format!("【{}に回答】", condition(gate, edition)));
    }
    if let Some(free) = &question.optional_if {
        lines.push(format!("【{}は回答しなくても可】", condition(free, edition)));
    }
    match &question.kind {
        Kind::Text(_) | Kind::Respondent(_) => lines.push("文字で記入".to_owned()),
        _ => lines.push(options(question, path).join("／")),
    }
    if matches!(question.kind, Kind::Several(_)) {
        lines.push(SEVERAL.to_owned());
    }
    lines.join("\n")
}

fn condition(gate: &Condition, edition: &Edition) -> String {
    match gate {
        Condition::Answer { question, is } => {
            let Some(asked) = edition.question(question.as_str()) else {
                return format!("{question} = {}", is.join("、"));
            };
            let labels = is
                .iter()
                .map(|key| asked.choice(key).map_or(key.clone(), |choice| format!("「{}」", choice.label)));
            format!("{}が{}の場合", asked.heading(), labels.collect::<Vec<_>>().join("または"))
        }
        Condition::Earlier { earlier, is } => format!("以前の調査の {earlier} が {} の場合", is.join("、")),
        Condition::BedsAtLeast { beds_at_least } => format!("{beds_at_least}床以上の場合"),
        Condition::All { all } => all.iter().map(|inner| condition(inner, edition)).collect::<Vec<_>>().join("、かつ"),
        Condition::Any { any } => any
            .iter()
            .map(|inner| condition(inner, edition))
            .collect::<Vec<_>>()
            .join("、または"),
    }
}

/// At most so many UTF-16 units, as Excel counts.
fn cut(text: &str, units: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += character.len_utf16();
            used <= units
        })
        .collect()
}
