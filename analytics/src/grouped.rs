//! Numbers for readers: in groups of three digits.

use std::fmt::Display;

/// A number of things, in groups of three digits: `8,171`. What is more than digits (a dash, a range) stays as it is, but for decimals.
pub fn grouped(number: impl Display) -> String {
    let text = number.to_string();
    let (whole, rest) = text.find('.').map_or((text.as_str(), ""), |point| text.split_at(point));
    if whole.len() <= 3 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return text;
    }
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && whole.len().saturating_sub(place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_grouped_and_what_is_no_number_stays() {
        for (number, words) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("8252", "8,252"),
            ("1008252", "1,008,252"),
            ("1234.5", "1,234.5"),
            ("62.1%", "62.1%"),
            ("2024年", "2024年"),
            ("3～1200", "3～1200"),
            ("―", "―"),
        ] {
            assert_eq!(grouped(number), words);
        }
    }
}
