//! What a template says about itself: its version, survey, edition and hospital, on a hidden sheet, with a keyed checksum.
//!
//! So that an old template, one of another survey, or one that went to another hospital is recognised and named. The checksum
//! (HMAC-SHA256) shows that the stamp is ours and was not changed; it says nothing about the answers. A file without a stamp is allowed:
//! hospitals make their own tables. The key is given as bytes and never written anywhere.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use survey::edition::Edition;
use survey::fault::Fault;
use survey::hospital::GmisId;
use survey::survey::Survey;

use crate::examination::{Examination, Verdict};
use crate::place::Place;
use crate::workbook::{CellValue, Row, Sheet, Workbook};

/// The sheet that the stamp stands on.
pub(crate) const SHEET: &str = "_chosa";
/// Version of what our templates look like; counted up when a template that is already out would be read otherwise.
const VERSION: &str = "1";
/// What is signed begins with this, so that a checksum made with the same key for another purpose is none here.
const PURPOSE: &str = "chosa-template";

/// The stamp of a template. Fields are kept as texts: a stamp that came back may hold anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Version of the template's form.
    pub version: String,
    /// Id of the survey.
    pub survey: String,
    /// Id of the edition.
    pub edition: String,
    /// Hash of the edition.
    pub hash: String,
    /// G-MIS ID of the hospital that the template was made for; empty if for many or for any.
    pub hospital: String,
    tag: String,
}

impl Stamp {
    /// The stamp of a template, for a hospital or for none.
    #[must_use]
    pub fn new(edition: &Edition, hospital: Option<&GmisId>, key: &[u8]) -> Self {
        let mut stamp = Self {
            version: VERSION.to_owned(),
            survey: edition.survey().as_str().to_owned(),
            edition: edition.id().as_str().to_owned(),
            hash: edition.hash().to_owned(),
            hospital: hospital.map(|id| id.as_str().to_owned()).unwrap_or_default(),
            tag: String::new(),
        };
        stamp.tag = stamp
            .mac(key)
            .map(|mac| hexadecimal(&mac.finalize().into_bytes()))
            .unwrap_or_default();
        stamp
    }

    /// The lines of the hidden sheet: names and values.
    pub(crate) fn lines(&self) -> [(&'static str, &str); 6] {
        [
            ("template", &self.version),
            ("survey", &self.survey),
            ("edition", &self.edition),
            ("hash", &self.hash),
            ("hospital", &self.hospital),
            ("tag", &self.tag),
        ]
    }

    fn mac(&self, key: &[u8]) -> Option<Hmac<Sha256>> {
        // HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        for field in [PURPOSE, &self.version, &self.survey, &self.edition, &self.hash, &self.hospital] {
            // With its length in front, so that no two stamps are signed as the same bytes.
            mac.update(field.len().to_string().as_bytes());
            mac.update(b":");
            mac.update(field.as_bytes());
        }
        Some(mac)
    }

    fn is_ours(&self, key: &[u8]) -> bool {
        let tag = bytes(&self.tag);
        self.mac(key).zip(tag).is_some_and(|(mac, tag)| mac.verify_slice(&tag).is_ok())
    }
}

/// The stamp of a file, whether or not its checksum is right; `None` if there is none or it lacks a line.
#[must_use]
pub fn read_stamp(workbook: &Workbook) -> Option<Stamp> {
    of_sheet(workbook.sheets.iter().find(|sheet| sheet.name == SHEET)?)
}

/// The names of the lines of a stamp.
const LINES: [&str; 6] = ["template", "survey", "edition", "hash", "hospital", "tag"];

/// Which line of a stamp a row is, if it is one.
pub(crate) fn line(row: &Row) -> Option<&'static str> {
    match row.value(0) {
        Some(CellValue::Text(text)) => LINES.into_iter().find(|name| name == text),
        _ => None,
    }
}

fn of_sheet(sheet: &Sheet) -> Option<Stamp> {
    let value = |name: &str| {
        let row = sheet.rows.iter().find(|row| line(row) == Some(name))?;
        Some(row.value(1).map(CellValue::shown).unwrap_or_default())
    };
    Some(Stamp {
        version: value("template")?,
        survey: value("survey")?,
        edition: value("edition")?,
        hash: value("hash")?,
        hospital: value("hospital")?,
        tag: value("tag")?,
    })
}

/// What the stamp of a file says of all of it, and of each of its hospitals.
#[derive(Debug, Default)]
pub(crate) struct Word {
    /// Why none of its answers can go in: a file that was made for another form of the questionnaire is not taken in part.
    pub(crate) refusal: Option<Fault>,
    warning: Option<Fault>,
    /// The only hospital whose answers can go in.
    made_for: Option<String>,
}

impl Word {
    fn refusing(fault: Fault) -> Self {
        Self {
            refusal: Some(fault),
            ..Self::default()
        }
    }

    /// Adds to the faults of the file. What else was found in a file that is refused follows from that.
    pub(crate) fn add_to(&self, faults: &mut Vec<Fault>) {
        match &self.refusal {
            Some(fault) => *faults = vec![fault.clone()],
            None => faults.extend(self.warning.clone()),
        }
    }

    /// Rejects a hospital that the template was not made for. One that was not recognised has its own fault.
    pub(crate) fn judge(&self, verdict: &mut Verdict) {
        let Some(made_for) = self.made_for.as_ref().filter(|made_for| **made_for != verdict.hospital) else {
            return;
        };
        if verdict.states.is_empty() {
            return;
        }
        let message = format!(
            "この様式は病院 {made_for} のものですが、{} の回答が記入されています。病院ごとの様式を取り違えていないかを確かめ、その病院の様式に記入してください。",
            verdict.hospital
        );
        let fault = Fault::error("template_swapped", message)
            .found(&verdict.hospital)
            .expected(made_for);
        let fault = Place::new(&verdict.sheet, 0, verdict.row).mark(fault);
        verdict.faults.insert(0, fault);
        verdict.decide();
    }
}

/// Adds to an examination what the stamp of its file says. With an error about the file as a whole none of its answers can go in; a hospital
/// that the template was not made for is rejected by itself.
pub fn check(examination: &mut Examination, workbook: &Workbook, survey: &Survey, key: &[u8]) {
    let stamp = workbook.sheets.iter().find(|sheet| sheet.name == SHEET);
    let word = word(stamp, survey, key);
    word.add_to(&mut examination.faults);
    if word.refusal.is_some() {
        examination.hospitals.clear();
    }
    for verdict in &mut examination.hospitals {
        word.judge(verdict);
    }
}

/// What is said by the sheet of the stamp, if the file has one.
pub(crate) fn word(sheet: Option<&Sheet>, survey: &Survey, key: &[u8]) -> Word {
    let Some(sheet) = sheet else { return Word::default() };
    let Some(stamp) = of_sheet(sheet).filter(|stamp| stamp.is_ours(key)) else {
        let message = "様式の管理情報（非表示のシート）が書き換えられているか、欠けています。様式をもう一度ダウンロードし、回答を書き写して送ってください。";
        return Word::refusing(Fault::error("template_altered", message));
    };
    if stamp.survey != survey.id().as_str() {
        let message = format!(
            "別の調査（{}）の様式です。この調査（{}）の様式をダウンロードし、回答を書き写して送ってください。",
            stamp.survey,
            survey.id()
        );
        let fault = Fault::error("template_other_survey", message).found(&stamp.survey);
        return Word::refusing(fault.expected(survey.id().as_str()));
    }
    let edition = survey.editions().iter().find(|edition| edition.id().as_str() == stamp.edition);
    if edition.is_none_or(|edition| edition.hash() != stamp.hash) {
        let message = "古い様式です。その後、調査票が変わりました。新しい様式をダウンロードし、回答を書き写して送ってください。";
        return Word::refusing(Fault::error("template_stale", message).found(&stamp.edition));
    }
    let warning = (stamp.version != VERSION).then(|| {
        let message = "様式の体裁が古くなっています。回答は読み取りましたが、次からは新しい様式をダウンロードして使ってください。";
        Fault::warning("template_stale", message).found(&stamp.version).expected(VERSION)
    });
    Word {
        refusal: None,
        warning,
        made_for: Some(stamp.hospital).filter(|made_for| !made_for.is_empty()),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    if hexadecimal.len() != 64 || !hexadecimal.is_ascii() {
        return None;
    }
    (0..32)
        .map(|index| u8::from_str_radix(hexadecimal.get(index * 2..index * 2 + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests;
