//! Fills as data, and the book of colours that tells our fills from the user's.
//!
//! Style numbers do not survive: every program numbers them anew when it saves. Colours do. So each fill that we lay over another gets a
//! colour of its own, too near to the next for the eye to tell, and a hidden sheet keeps which fill lay below. That is how a mended cell
//! gets its old look back, whatever saved the file in between.

use std::collections::BTreeSet;

use quick_xml::escape::escape;
use serde::{Deserialize, Serialize};
use survey::fault::Severity;

/// Fills below ours that are told apart, for each severity.
const SHADES: u8 = 225;
/// Attributes of a colour that are kept.
const COLOUR: &[&str] = &["rgb", "theme", "indexed", "tint", "auto"];

/// A fill as far as it is kept: a pattern and its two colours. A gradient is kept as no fill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Fill {
    /// `none` is written as nothing.
    pub(super) pattern: String,
    pub(super) fore: Vec<(String, String)>,
    pub(super) back: Vec<(String, String)>,
}

impl Fill {
    /// Red, green and blue of a plain fill, as six digits.
    pub(super) fn colour(&self) -> Option<String> {
        let (_, rgb) = self.fore.iter().find(|(key, _)| key == "rgb")?;
        let digits = rgb.to_ascii_uppercase();
        (self.pattern == "solid").then(|| digits.chars().rev().take(6).collect::<Vec<_>>().iter().rev().collect())
    }

    fn solid(rgb: &str) -> Self {
        Self {
            pattern: "solid".to_owned(),
            fore: vec![("rgb".to_owned(), format!("FF{rgb}"))],
            back: vec![("indexed".to_owned(), "64".to_owned())],
        }
    }

    /// As XML, with the prefix of the style sheet.
    pub(super) fn xml(&self, prefix: &str) -> String {
        let colour = |name: &str, attributes: &[(String, String)]| {
            if attributes.is_empty() {
                return String::new();
            }
            let attributes: String = attributes
                .iter()
                .map(|(key, value)| format!(" {key}=\"{}\"", escape(value)))
                .collect();
            format!("<{prefix}{name}{attributes}/>")
        };
        let pattern = if self.pattern.is_empty() { "none" } else { &self.pattern };
        format!(
            "<{prefix}fill><{prefix}patternFill patternType=\"{}\">{}{}</{prefix}patternFill></{prefix}fill>",
            escape(pattern),
            colour("fgColor", &self.fore),
            colour("bgColor", &self.back)
        )
    }

    /// Whether it is one that we could have written down: the hidden sheet comes back from outside.
    fn is_sound(&self) -> bool {
        let plain = |text: &str| text.len() <= 30 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte));
        let colours = self.fore.iter().chain(&self.back);
        plain(&self.pattern) && self.fore.len().max(self.back.len()) <= 4 && {
            let mut colours = colours;
            colours.all(|(key, value)| COLOUR.contains(&key.as_str()) && plain(value))
        }
    }

    /// Adds an attribute of a colour, if it is one that is kept.
    pub(super) fn add(attributes: &mut Vec<(String, String)>, key: &str, value: &str) {
        if COLOUR.contains(&key) {
            attributes.push((key.to_owned(), value.to_owned()));
        }
    }
}

/// Our colours, each with the fill that lay below it.
#[derive(Debug, Default)]
pub(super) struct Colours {
    known: Vec<(String, Fill)>,
    /// Colours of fills of the user.
    taken: BTreeSet<String>,
}

impl Colours {
    /// Takes up what the hidden sheet tells: lines of a colour and a fill in JSON. What is not sound is passed over.
    pub(super) fn remembered<'a>(lines: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let is_ours = |colour: &str| {
            [Severity::Error, Severity::Warning]
                .iter()
                .any(|&severity| shades(severity).any(|shade| shade == colour))
        };
        let known = lines
            .filter(|(colour, _)| is_ours(colour))
            .filter_map(|(colour, fill)| Some((colour.to_owned(), serde_json::from_str(fill).ok()?)))
            .filter(|(_, fill): &(String, Fill)| fill.is_sound());
        Self {
            known: known.collect(),
            taken: BTreeSet::new(),
        }
    }

    /// Notes the colours that the user's fills have.
    pub(super) fn avoid(&mut self, fills: impl Iterator<Item = Fill>) {
        let colours = fills.filter_map(|fill| fill.colour());
        self.taken = colours
            .filter(|colour| self.known.iter().all(|(known, _)| known != colour))
            .collect();
    }

    /// The fill below one of ours.
    pub(super) fn below(&self, fill: &Fill) -> Option<&Fill> {
        let colour = fill.colour()?;
        self.known.iter().find(|(known, _)| *known == colour).map(|(_, fill)| fill)
    }

    /// Our fill over another.
    pub(super) fn over(&mut self, severity: Severity, below: &Fill) -> Fill {
        let known = self
            .known
            .iter()
            .find(|(colour, fill)| fill == below && shades(severity).any(|shade| shade == *colour));
        if let Some((colour, _)) = known {
            return Fill::solid(colour);
        }
        let mut free = shades(severity).filter(|shade| !self.taken.contains(shade) && self.known.iter().all(|(colour, _)| colour != shade));
        match free.next() {
            Some(shade) => {
                self.known.push((shade.clone(), below.clone()));
                Fill::solid(&shade)
            }
            // More different fills than anybody tells apart: this one comes back as another.
            None => Fill::solid(&shades(severity).next().unwrap_or_default()),
        }
    }

    /// The lines of the hidden sheet.
    pub(super) fn lines(&self) -> Vec<(String, String)> {
        let line = |(colour, fill): &(String, Fill)| (colour.clone(), serde_json::to_string(fill).unwrap_or_default());
        self.known.iter().map(line).collect()
    }
}

/// Red for errors, yellow for warnings, in shades that look alike.
fn shades(severity: Severity) -> impl Iterator<Item = String> {
    let (green, blue) = match severity {
        Severity::Error => (0xB4_u8, 0xB7_u8),
        Severity::Warning => (0xF0_u8, 0x7F_u8),
    };
    (0..SHADES).map(move |shade| format!("FF{:02X}{:02X}", green - shade / 15, blue - shade % 15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_leads_back_to_the_fill_below_it() {
        let mut colours = Colours::default();
        let base = Fill {
            pattern: "solid".to_owned(),
            fore: vec![("theme".to_owned(), "4".to_owned()), ("tint".to_owned(), "0.8".to_owned())],
            back: Vec::new(),
        };
        let ours = colours.over(Severity::Error, &base);
        let plain = colours.over(Severity::Error, &Fill::default());
        let warned = colours.over(Severity::Warning, &base);
        assert_ne!(ours, plain);
        assert_ne!(ours, warned);
        assert_eq!(colours.over(Severity::Error, &base), ours);
        let lines = colours.lines();
        let mut again = Colours::remembered(lines.iter().map(|(colour, fill)| (colour.as_str(), fill.as_str())));
        assert_eq!(again.below(&ours), Some(&base));
        assert_eq!(again.below(&plain), Some(&Fill::default()));
        again.avoid([Fill::solid("FFB4B5")].into_iter());
        assert_eq!(again.over(Severity::Error, &Fill::solid("000000")), Fill::solid("FFB4B4"));
    }

    #[test]
    fn a_hidden_sheet_that_somebody_changed_brings_nothing_in() {
        let fill = r#"{"pattern":"solid\"/><x","fore":[],"back":[]}"#;
        let other = r#"{"pattern":"solid","fore":[["onclick","1"]],"back":[]}"#;
        let good = r#"{"pattern":"","fore":[],"back":[]}"#;
        let lines = [("FFB4B7", fill), ("FFB4B6", other), ("000000", good), ("FFB4B5", "{")];
        assert_eq!(Colours::remembered(lines.into_iter()).lines(), []);
    }
}
