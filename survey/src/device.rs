//! Devices named in a free-text answer (2022 item 9: maker, model and number of every VPN device), as far as its lines can be read.
//! The text itself stays verbatim elsewhere; a line that cannot be read is no fault and is left out here.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Devices of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Device {
    /// Who makes it, as written, after NFKC (so that full-width and half-width letters count as one maker).
    pub maker: String,
    /// Its model (型番), as written, after NFKC.
    pub model: String,
    /// How many, at least 1.
    pub count: u32,
}

/// Reads the lines that name maker, model and number, in this order, separated by commas, 、, ／, tabs or spaces. A number that only a
/// space sets apart needs its 台 (`FortiGate 60` is a model); set apart by a comma or tab it may stand alone.
pub fn parse_lines(text: &str) -> Vec<Device> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Device> {
    let normal: String = line.nfkc().collect();
    let line = normal
        .trim()
        .trim_start_matches(['・', '-', '*', '•', '●', '○'])
        .trim()
        .trim_end_matches(['。', '.']);
    let (rest, count) = split_count(line)?;
    let listed: Vec<&str> = parts(rest, is_list_separator);
    let (maker, model) = match listed.as_slice() {
        [maker, model @ ..] if !model.is_empty() => ((*maker).to_owned(), model.join(" ")),
        _ => {
            let words = parts(rest, char::is_whitespace);
            let (maker, model) = words.split_first()?;
            ((*maker).to_owned(), model.join(" "))
        }
    };
    (!model.is_empty()).then_some(Device { maker, model, count })
}

/// Takes the number off the end: what stands before it, and the number.
fn split_count(line: &str) -> Option<(&str, u32)> {
    let before_unit = line.strip_suffix(['台', '個', '式', '機']);
    let with_number = before_unit.unwrap_or(line).trim_end();
    let rest = with_number.trim_end_matches(|c: char| c.is_ascii_digit());
    let count = with_number.strip_prefix(rest)?.parse().ok().filter(|count| *count > 0)?;
    let is_gap = |c: char| c.is_whitespace() || is_list_separator(c);
    let bare = rest.trim_end_matches(is_gap);
    // "Z60x2台" may be the model Z60x2 without a number: the sign for "times" needs a gap before it.
    let before_times = bare.strip_suffix(['×', 'x', 'X', '*']).filter(|named| named.ends_with(is_gap));
    let by_list = rest.trim_end_matches(' ').ends_with(is_list_separator);
    let by_space = before_unit.is_some() && rest.ends_with(char::is_whitespace);
    (before_times.is_some() || by_list || by_space).then_some((before_times.unwrap_or(bare).trim_end_matches(is_gap), count))
}

/// After NFKC, `，` is a comma, `／` a slash and `；` a semicolon. A slash or semicolon inside a model is rare enough.
fn is_list_separator(c: char) -> bool {
    matches!(c, ',' | '、' | '\t' | ';' | '/')
}

fn parts(text: &str, separator: fn(char) -> bool) -> Vec<&str> {
    text.split(separator).map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn device(maker: &str, model: &str, count: u32) -> Device {
        Device {
            maker: maker.to_owned(),
            model: model.to_owned(),
            count,
        }
    }

    #[test]
    fn lines_as_hospitals_write_them_are_read() {
        for (line, expected) in [
            ("Fortinet FortiGate-60F 2台", device("Fortinet", "FortiGate-60F", 2)),
            ("Fortinet FortiGate 60F 2 台", device("Fortinet", "FortiGate 60F", 2)),
            ("FortiGate 60F 2台", device("FortiGate", "60F", 2)),
            ("Cisco、ASA5506、1台", device("Cisco", "ASA5506", 1)),
            ("Cisco ASA5506、1台", device("Cisco", "ASA5506", 1)),
            ("Ｃｉｓｃｏ，ＡＳＡ５５０６，１２台。", device("Cisco", "ASA5506", 12)),
            ("ヤマハ\tRTX830\t3", device("ヤマハ", "RTX830", 3)),
            ("・ヤマハ　RTX1210　×2台", device("ヤマハ", "RTX1210", 2)),
            ("NEC / UNIVERGE IX2215 / 1", device("NEC", "UNIVERGE IX2215", 1)),
        ] {
            assert_eq!(parse_lines(line), [expected], "{line}");
        }
    }

    #[test]
    fn lines_that_do_not_say_all_three_are_left_out() {
        for line in [
            "",
            "なし",
            "FortiGate 60",
            "FortiGate 60F",
            "2台",
            "Cisco 2台",
            "Cisco、2台",
            "業者に確認中、3月",
            "Cisco、ASA5506、0台",
            "A、B、99999999999台",
        ] {
            assert_eq!(parse_lines(line), [], "{line}");
        }
    }

    #[test]
    fn several_lines_give_several_devices_in_order() {
        let text = "Fortinet FortiGate-60F 2台\r\n（予備は別途）\nCisco、ASA5506、1台";
        assert_eq!(
            parse_lines(text),
            [device("Fortinet", "FortiGate-60F", 2), device("Cisco", "ASA5506", 1)]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic_and_no_part_is_empty(text in any::<String>()) {
            for device in parse_lines(&text) {
                prop_assert!(!device.maker.is_empty() && !device.model.is_empty() && device.count > 0);
            }
        }

        #[test]
        fn what_is_written_out_is_read_back(maker in "[A-Za-z]{1,10}", model in "[A-Z][A-Z0-9-]{0,10}[A-Z]", count in 1..1000_u32) {
            for line in [format!("{maker} {model} {count}台"), format!("{maker}、{model}、{count}"), format!("{maker}\t{model}\t{count}台")] {
                prop_assert_eq!(parse_lines(&line), vec![device(&maker, &model, count)]);
            }
        }
    }
}
