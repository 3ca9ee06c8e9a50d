//! Brings texts into the form in which they are compared.
//!
//! For headings, numbers, choices and codes only: names of people and hospitals are never changed (FACTS of the field: NFKC would
//! turn ㈱ and 﨑 into something else).

use unicode_normalization::UnicodeNormalization;

/// Dashes of every kind, the long vowel mark included: people type whichever key is near.
pub(crate) fn is_dash(character: char) -> bool {
    matches!(character, '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '－' | 'ー' | '─' | '━')
}

/// NFKC, lower case, without white space, brackets, punctuation, dashes and underscores. `サーバー` and `サーバ` become equal, as do
/// `（例：…）` and `(例: …)`.
pub(crate) fn fold(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|&character| !dropped(character))
        .collect()
}

fn dropped(character: char) -> bool {
    character.is_whitespace()
        || is_dash(character)
        || matches!(
            character,
            '_' | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '<'
                | '>'
                | '「'
                | '」'
                | '『'
                | '』'
                | '【'
                | '】'
                | '〔'
                | '〕'
                | '〈'
                | '〉'
                | '《'
                | '》'
                | '、'
                | '。'
                | ','
                | '.'
                | '・'
                | ':'
                | ';'
                | '?'
                | '!'
                | '"'
                | '\''
                | '“'
                | '”'
                | '‘'
                | '’'
                | '/'
                | '|'
                | '~'
                | '〜'
                | '…'
                | '※'
                | '*'
                | '#'
        )
}

/// A printed number in front of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    /// The number without prefix, zeros and odd dashes: `12-3`.
    pub(crate) number: String,
    /// What follows it, in NFKC and lower case.
    pub(crate) rest: String,
    /// Set off as a number, by a prefix (`Q`, `問`, `No.`) or by what follows it. `3世代以上` is not.
    pub(crate) set_off: bool,
}

/// Splits the printed number of a question from its wording, in texts such as `Q12-3 バックアップ…`, `問３`, `No.5` or `12－3`.
pub(crate) fn split_number(text: &str) -> Option<Numbered> {
    let normal: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .map(|character| if is_dash(character) { '-' } else { character })
        .collect();
    let mut rest = normal.trim_start();
    let mut prefixed = false;
    for prefix in ["設問番号", "設問", "質問", "項目", "no.", "no", "問", "q"] {
        if let Some(stripped) = rest.strip_prefix(prefix) {
            rest = stripped.trim_start_matches(|character: char| character.is_whitespace() || matches!(character, '.' | ':'));
            prefixed = true;
            break;
        }
    }
    let mut number = String::new();
    let mut end = 0;
    let mut characters = rest.char_indices().peekable();
    while let Some((index, character)) = characters.next() {
        let digit_follows = characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if !(character.is_ascii_digit() || (character == '-' && !number.is_empty() && digit_follows)) {
            break;
        }
        number.push(character);
        end = index + character.len_utf8();
    }
    if number.is_empty() {
        return None;
    }
    let parts: Vec<&str> = number.split('-').map(|part| part.trim_start_matches('0')).collect();
    let rest = rest.get(end..).unwrap_or_default();
    let set_off = prefixed || !rest.starts_with(char::is_alphanumeric);
    Some(Numbered {
        number: parts.join("-"),
        rest: rest.to_owned(),
        set_off,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_in_width_spaces_and_brackets_fold_together() {
        assert_eq!(
            fold("相談先がない（相談先を　求めている）"),
            fold("相談先がない(相談先を求めている)")
        );
        assert_eq!(fold("Ｇ－ＭＩＳ　ユーザー\nＩＤ"), fold("G-MISユーザID"));
        assert_ne!(fold("3世代以上"), fold("2世代"));
    }

    #[test]
    fn numbers_are_split_from_wordings() {
        for (text, number, rest, set_off) in [
            ("Q12-3 世代", "12-3", " 世代", true),
            ("Ｑ１２－３", "12-3", "", true),
            ("No.5", "5", "", true),
            ("問 3：使用", "3", ":使用", true),
            ("12ー3", "12-3", "", true),
            ("03.", "3", ".", true),
            ("設問10-1", "10-1", "", true),
            ("3世代以上", "3", "世代以上", false),
        ] {
            assert_eq!(
                split_number(text),
                Some(Numbered {
                    number: number.to_owned(),
                    rest: rest.to_owned(),
                    set_off
                }),
                "{text}"
            );
        }
        assert_eq!(split_number("VPN装置が存在するか"), None);
        assert_eq!(split_number(""), None);
    }
}
