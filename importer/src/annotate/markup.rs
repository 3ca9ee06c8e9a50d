//! XML as the parts of a workbook need it: attributes by local name, texts that no parser stumbles over, elements copied as they stand.
//!
//! Namespace prefixes are kept as found (some programs write `x:row`), so names are compared without them.

use std::io::BufRead;

use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer, XmlVersion};

/// Why a workbook cannot be edited in place; it is written anew then. For developers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Uneditable(pub(super) String);

impl From<std::io::Error> for Uneditable {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<quick_xml::Error> for Uneditable {
    fn from(error: quick_xml::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<quick_xml::events::attributes::AttrError> for Uneditable {
    fn from(error: quick_xml::events::attributes::AttrError) -> Self {
        Self(error.to_string())
    }
}

impl From<zip::result::ZipError> for Uneditable {
    fn from(error: zip::result::ZipError) -> Self {
        Self(error.to_string())
    }
}

/// An attribute's value by its local name, with entities resolved.
pub(super) fn attribute(start: &BytesStart<'_>, local: &str) -> Result<Option<String>, Uneditable> {
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute?;
        if attribute.key.local_name().as_ref() == local && !attribute.key.as_ref().starts_with("xmlns") {
            return Ok(Some(attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned()));
        }
    }
    Ok(None)
}

/// All attributes, with entities resolved; pushed again they are escaped again.
pub(super) fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, Uneditable> {
    start
        .attributes()
        .with_checks(false)
        .map(|attribute| {
            let attribute = attribute?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
            Ok((attribute.key.as_ref().to_owned(), value.into_owned()))
        })
        .collect()
}

/// The same tag with one attribute set, or, with `None`, taken out.
pub(super) fn with_attribute(start: &BytesStart<'_>, key: &str, value: Option<&str>) -> Result<BytesStart<'static>, Uneditable> {
    let mut changed = BytesStart::new(start.name().as_ref().to_owned());
    let mut value = value;
    for (known, old) in attributes(start)? {
        if known != key {
            changed.push_attribute((known.as_str(), old.as_str()));
        } else if let Some(value) = value.take() {
            changed.push_attribute((key, value));
        }
    }
    if let Some(value) = value {
        changed.push_attribute((key, value));
    }
    Ok(changed)
}

/// The prefix of a tag with its colon, or nothing.
pub(super) fn prefix(start: &BytesStart<'_>) -> String {
    let name = start.name();
    name.as_ref()
        .split_once(':')
        .map_or_else(String::new, |(prefix, _)| format!("{prefix}:"))
}

/// A text for a cell or a note: escaped, without the characters that XML forbids, and with what Excel would take for its own escape
/// (`_x000D_`) escaped in turn.
pub(super) fn text(raw: &str) -> String {
    let allowed: String = raw
        .chars()
        .filter(|&character| matches!(character, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..))
        .collect();
    let mut safe = String::with_capacity(allowed.len());
    let mut rest = allowed.as_str();
    while let Some((before, after)) = rest.split_once("_x") {
        safe.push_str(before);
        let mut digits = after.chars();
        let hexadecimal = digits.by_ref().take(4).filter(char::is_ascii_hexdigit).count() == 4;
        safe.push_str(if hexadecimal && digits.next() == Some('_') {
            "_x005F_x"
        } else {
            "_x"
        });
        rest = after;
    }
    safe.push_str(rest);
    escape(safe).into_owned()
}

/// The first `most` characters, with a sign that there was more.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// Copies an element that has begun, up to its end, and returns it as written. `start` is its first tag.
pub(super) fn element<R: BufRead>(reader: &mut Reader<R>, start: &BytesStart<'_>) -> Result<String, Uneditable> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Start(start.borrow()))?;
    let mut depth = 1_usize;
    let mut buffer = Vec::new();
    while depth > 0 {
        let event = reader.read_event_into(&mut buffer)?;
        match &event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Eof => return Err(Uneditable("a part ends inside of an element".to_owned())),
            _ => {}
        }
        writer.write_event(event)?;
        buffer.clear();
    }
    written(writer.into_inner())
}

/// An empty element as written.
pub(super) fn empty(start: &BytesStart<'_>) -> Result<String, Uneditable> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Empty(start.borrow()))?;
    written(writer.into_inner())
}

/// Bytes of a writer as text.
pub(super) fn written(bytes: Vec<u8>) -> Result<String, Uneditable> {
    String::from_utf8(bytes).map_err(|error| Uneditable(error.to_string()))
}

/// Refuses an encoding other than UTF-8: what is written here would be in another than what is declared.
pub(super) fn check_declaration(event: &Event<'_>) -> Result<(), Uneditable> {
    let Event::Decl(declaration) = event else { return Ok(()) };
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(_) => Err(Uneditable("a part is not in UTF-8".to_owned())),
    }
}

/// Column (from 0) and row (from 1) of an address such as `B5` or `$B$5`.
pub(super) fn position(address: &str) -> Option<(u16, u32)> {
    let plain: String = address.chars().filter(|&character| character != '$').collect();
    let digits = plain.find(|character: char| character.is_ascii_digit())?;
    let (letters, row) = plain.split_at_checked(digits)?;
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let letter = letter.to_ascii_uppercase();
        if !letter.is_ascii_uppercase() {
            return None;
        }
        column = column * 26 + u32::from(letter - b'A') + 1;
    }
    let row: u32 = row.parse().ok()?;
    let column = u16::try_from(column.checked_sub(1)?).ok().filter(|&column| column < 16_384)?;
    (1..=1_048_576).contains(&row).then_some((column, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_break_the_xml_that_they_stand_in() {
        assert_eq!(
            text("<a & \"b\">\u{0}\u{b}\u{fffe}\u{10ffff}改\n行"),
            "&lt;a &amp; &quot;b&quot;&gt;\u{10ffff}改\n行"
        );
        assert_eq!(text("_x000D_ _x00 _xyz12_ 改_x005f_"), "_x005F_x000D_ _x00 _xyz12_ 改_x005F_x005f_");
    }

    #[test]
    fn addresses_are_read_and_others_are_not() {
        for (address, expected) in [
            ("A1", Some((0, 1))),
            ("$XFD$1048576", Some((16_383, 1_048_576))),
            ("XFE1", None),
            ("A0", None),
            ("A1048577", None),
            ("1A", None),
            ("A", None),
            ("あ1", None),
            ("A1:B2", None),
        ] {
            assert_eq!(position(address), expected, "{address}");
        }
    }
}
