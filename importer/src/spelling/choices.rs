//! Choices in a cell: by mark (①), number, label, key, alone or several at once.
//!
//! A cell is cut into tokens at list separators and spaces. From left to right the longest run of tokens that spells a label (with or
//! without its number in front) is taken; a bare number counts only where no label follows it directly, so that `①事業者`, whose number
//! and label disagree, is not read as two choices. Where labels themselves begin with numbers (`3つ以上`, `2つ`, `1つ`), bare digits may be the
//! number of an option or what is counted, and are read only where both are the same option.

use std::collections::HashMap;

use serde_json::Value;
use survey::question::Choice;
use unicode_normalization::UnicodeNormalization;

use super::Reading;
use crate::folding::{fold, is_dash};
use crate::workbook::CellValue;

/// Spellings longer than this many tokens do not exist; bounds the search in a long text.
const MOST_TOKENS: usize = 64;

#[derive(Debug)]
struct Token {
    /// The token in the form in which labels are compared.
    folded: String,
    /// The token as a number, if it is one.
    number: Option<u32>,
    /// Written as plain digits rather than as a mark.
    bare: bool,
    /// A list separator stands in front of it.
    separated: bool,
}

/// The choice as it stands in templates: its mark and label.
pub(crate) fn shown(choice: &Choice) -> String {
    format!("{}{}", choice.mark.as_deref().unwrap_or_default(), choice.label)
}

/// Reads the choices of a cell; `single` if the question takes only one.
pub(super) fn read(choices: &[Choice], value: &CellValue, single: bool) -> Reading {
    let text = match value {
        CellValue::Text(text) => text.clone(),
        CellValue::Number(number) if number.fract() == 0.0 => value.shown(),
        CellValue::Number(_) | CellValue::Bool(_) | CellValue::Error(_) | CellValue::Uncalculated => return Reading::Unreadable,
    };
    let Some((mut found, by_number)) = spelled(choices, &tokens(&text)) else {
        return Reading::Unreadable;
    };
    found.sort_unstable();
    found.dedup();
    let keys: Vec<Value> = found
        .iter()
        .filter_map(|&index| choices.get(index))
        .map(|choice| Value::from(choice.key.as_str()))
        .collect();
    let answer = match (single, keys.as_slice()) {
        (_, []) => return Reading::Unreadable,
        (true, [key]) => key.clone(),
        (true, _) => return Reading::Unreadable,
        (false, _) => Value::Array(keys),
    };
    if by_number {
        Reading::ByNumber(answer)
    } else {
        Reading::Answer(answer)
    }
}

/// The number of a choice: that of its mark, or its place.
fn number(choice: &Choice, index: usize) -> Option<u32> {
    let mark: String = choice
        .mark
        .as_deref()
        .unwrap_or_default()
        .nfkc()
        .filter(char::is_ascii_digit)
        .collect();
    mark.parse().ok().or_else(|| u32::try_from(index + 1).ok())
}

/// Labels, keys and labels with their number in front, folded, to the place of the choice. A spelling that fits two choices fits none.
fn spellings(choices: &[Choice]) -> HashMap<String, Option<usize>> {
    let mut spellings: HashMap<String, Option<usize>> = HashMap::new();
    for (index, choice) in choices.iter().enumerate() {
        let label = fold(&choice.label);
        let mut forms = vec![fold(&choice.key), label.clone()];
        forms.extend(number(choice, index).map(|number| format!("{number}{label}")));
        for form in forms {
            spellings
                .entry(form)
                .and_modify(|known| *known = known.filter(|&other| other == index))
                .or_insert(Some(index));
        }
    }
    spellings
}

fn spelled(choices: &[Choice], tokens: &[Token]) -> Option<(Vec<usize>, bool)> {
    if tokens.is_empty() || tokens.len() > MOST_TOKENS {
        return None;
    }
    let spellings = spellings(choices);
    let mut found = Vec::new();
    let mut by_number = false;
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        if let Some((index, length)) = longest_label(&spellings, rest) {
            found.push(index);
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let alone = after.first().is_none_or(|next| next.separated || next.number.is_some());
        let wanted = first.number.filter(|_| alone)?;
        let numbered = choices
            .iter()
            .enumerate()
            .position(|(index, choice)| number(choice, index) == Some(wanted))?;
        if first.bare && counts_otherwise(choices, wanted, numbered) {
            return None;
        }
        found.push(numbered);
        by_number |= first.bare;
        rest = after;
    }
    Some((found, by_number))
}

/// Whether the question counts something, and so many are another option than the one of that number.
fn counts_otherwise(choices: &[Choice], wanted: u32, numbered: usize) -> bool {
    let counted = |choice: &Choice| {
        let label: String = choice.label.nfkc().collect();
        let digits = label.split(|character: char| !character.is_ascii_digit()).next();
        digits.and_then(|digits| digits.parse::<u32>().ok())
    };
    choices.iter().any(|choice| counted(choice).is_some())
        && choices.iter().position(|choice| counted(choice) == Some(wanted)) != Some(numbered)
}

/// The longest run of tokens that spells a label, never digits alone: `1,3` is not 13.
fn longest_label(spellings: &HashMap<String, Option<usize>>, tokens: &[Token]) -> Option<(usize, usize)> {
    let mut run = String::new();
    let mut longest = None;
    for (taken, token) in tokens.iter().enumerate() {
        run.push_str(&token.folded);
        let digits = run.chars().all(|character| character.is_ascii_digit());
        if let Some(Some(index)) = spellings.get(&run).filter(|_| !digits) {
            longest = Some((*index, taken + 1));
        }
    }
    longest
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut separated = true;
    for character in text.chars() {
        let list = matches!(
            character,
            '、' | ',' | '，' | '､' | ';' | '；' | '/' | '／' | '・' | '･' | '|' | '｜' | '\n' | '\r' | '\t'
        );
        if list || character.is_whitespace() || marked_number(character).is_some() {
            finish(&mut word, &mut separated, &mut tokens);
        }
        if let Some(number) = marked_number(character) {
            tokens.push(Token {
                folded: number.to_string(),
                number: Some(number),
                bare: false,
                separated,
            });
            separated = false;
        } else if list {
            separated = true;
        } else if !character.is_whitespace() {
            word.push(character);
        }
    }
    finish(&mut word, &mut separated, &mut tokens);
    tokens
}

fn finish(word: &mut String, separated: &mut bool, tokens: &mut Vec<Token>) {
    let word = std::mem::take(word);
    let mut folded = fold(&word);
    if folded.is_empty() {
        // `①〜③` is a range and not the two choices at its ends: its dash must not fold away.
        if !word
            .chars()
            .any(|character| is_dash(character) || matches!(character, '~' | '～' | '〜'))
        {
            return;
        }
        folded = word.clone();
    }
    let normal: String = word.nfkc().collect();
    let digits = normal.trim_matches(|character: char| matches!(character, '(' | ')' | '[' | ']' | '.' | ':' | '。'));
    let number = if digits.chars().all(|character| character.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    };
    tokens.push(Token {
        folded,
        number,
        bare: number.is_some(),
        separated: *separated,
    });
    *separated = false;
}

/// The number of a mark: ① to ⑳, ⑴ to ⒇, ⒈ to ⒛, ❶ to ❿, ➀ to ➉.
fn marked_number(character: char) -> Option<u32> {
    let code = u32::from(character);
    [(0x2460, 20), (0x2474, 20), (0x2488, 20), (0x2776, 10), (0x2780, 10)]
        .into_iter()
        .find(|&(first, length)| (first..first + length).contains(&code))
        .map(|(first, _)| code - first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> Vec<Choice> {
        let labels = [
            ("own_institution", "①", "自医療機関"),
            ("vendor", "②", "事業者"),
            ("other_institution", "③", "他医療機関"),
            ("other", "④", "その他"),
            ("none_wanted", "⑤", "相談先がない(相談先を求めている)"),
        ];
        labels
            .iter()
            .zip(0..)
            .map(|(&(key, mark, label), code)| Choice {
                key: key.to_owned(),
                code,
                mark: Some(mark.to_owned()),
                label: label.to_owned(),
                exclusive: key.starts_with("none"),
            })
            .collect()
    }

    fn several(text: &str) -> Reading {
        read(&desk(), &CellValue::Text(text.to_owned()), false)
    }

    #[test]
    fn several_choices_in_a_cell_are_read_in_every_usual_spelling() {
        let both = Reading::Answer(serde_json::json!(["own_institution", "other_institution"]));
        for text in [
            "①、③",
            "③①",
            "① ③",
            "①自医療機関、③他医療機関",
            "自医療機関\n他医療機関",
            "own_institution, other_institution",
            "1.自医療機関 / 3.他医療機関",
            "１　自医療機関・３　他医療機関",
            "⑴,⑶",
        ] {
            assert_eq!(several(text), both, "{text}");
        }
        let numbers = Reading::ByNumber(serde_json::json!(["own_institution", "other_institution"]));
        for text in ["1,3", "１，３", "1、3", "3 1", "1\n3", "1/3", "(1)、(3)", "1,3,1"] {
            assert_eq!(several(text), numbers, "{text}");
        }
        assert_eq!(
            several("相談先がない（相談先を求めている）"),
            Reading::Answer(serde_json::json!(["none_wanted"]))
        );
    }

    #[test]
    fn what_is_uncertain_is_unreadable() {
        for text in [
            "①事業者",
            "13",
            "1.3",
            "9",
            "①、⑨",
            "該当なし",
            "自医療",
            "-",
            "①と③",
            "①〜③",
            "①-③",
        ] {
            assert_eq!(several(text), Reading::Unreadable, "{text}");
        }
        assert_eq!(read(&desk(), &CellValue::Number(1.3), false), Reading::Unreadable);
        assert_eq!(read(&desk(), &CellValue::Bool(true), false), Reading::Unreadable);
    }

    #[test]
    fn a_question_for_one_choice_takes_one() {
        assert_eq!(
            read(&desk(), &CellValue::Number(2.0), true),
            Reading::ByNumber(serde_json::json!("vendor"))
        );
        assert_eq!(
            read(&desk(), &CellValue::Text("②".to_owned()), true),
            Reading::Answer(serde_json::json!("vendor"))
        );
        assert_eq!(read(&desk(), &CellValue::Text("①、②".to_owned()), true), Reading::Unreadable);
    }
}
