//! A workbook of answers to verdicts: finds the layouts, the hospitals and their answers, on every visible sheet.
//!
//! Rules of the questionnaire are the evaluator's; rights, windows and what is already stored are the server's. Neither is known here.

use std::collections::{BTreeMap, HashMap};

use survey::answer::HospitalFacts;
use survey::edition::Edition;
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::FrameHospital;
use survey::survey::Survey;

use crate::answers;
use crate::examination::{Decision, Examination, Request, Verdict};
use crate::formulas::Cached;
use crate::headings::{Heading, Headings, Item};
use crate::identity::resolve;
use crate::layout::{self, Layout, Missing};
use crate::place::Place;
use crate::record::{self, Record, Stray};
use crate::spelling::Readings;
use crate::workbook::{CellValue, Sheet, Workbook};

/// Examines a workbook against a survey and its frame. `facts` tells what is known of a hospital beside its answers.
pub fn examine(
    workbook: &Workbook,
    survey: &Survey,
    request: &Request,
    frame: &Frame,
    facts: &dyn Fn(&FrameHospital) -> HospitalFacts,
) -> Examination {
    let named = request.numbering.as_deref().map(|name| survey.edition(name));
    let edition = named.flatten().unwrap_or_else(|| survey.first_edition());
    let mut examination = Examination {
        survey: survey.id().as_str().to_owned(),
        edition: edition.id().as_str().to_owned(),
        faults: Vec::new(),
        hospitals: Vec::new(),
    };
    if named == Some(None) {
        examination.faults.push(numbering_unknown(survey, request));
        return examination;
    }
    let headings = Headings::new(survey, named.flatten());
    let records = collect(workbook, &headings, edition, &mut examination.faults);
    let unanswered = records
        .iter()
        .filter(|record| !record.has_answers() && resolve(record, frame).is_ok())
        .count();
    let mut judged = Judged {
        edition,
        request,
        frame,
        facts,
        readings: Readings::default(),
        by_number: BTreeMap::new(),
        cached: Cached::default(),
        verdicts: Vec::new(),
    };
    for record in records.iter().filter(|record| record.has_answers()) {
        judged.judge(record);
    }
    judged.mark_duplicates();
    examination.faults.extend(judged.by_number.into_values());
    examination.faults.extend(judged.cached.into_faults());
    if unanswered > 0 {
        let message = format!("回答が1つも記入されていない病院が{unanswered}件あります。これらは取り込みません。");
        examination
            .faults
            .push(Fault::warning("hospitals_without_answers", message).found(unanswered.to_string()));
    }
    if judged.verdicts.is_empty() && !examination.faults.iter().any(Fault::is_error) {
        let message = "このファイルには、取り込める回答が1つもありません。回答を記入して保存したファイルかを確かめてください。";
        examination.faults.push(Fault::error("answers_missing", message));
    }
    examination.hospitals = judged.verdicts.into_iter().map(|(verdict, _)| verdict).collect();
    examination
}

fn numbering_unknown(survey: &Survey, request: &Request) -> Fault {
    let known = survey.editions().iter().map(Edition::name).collect::<Vec<_>>().join("、");
    let message = format!("設問番号の版の指定が正しくありません。{known} のいずれかを指定してください。");
    Fault::error("numbering_unknown", message)
        .found(request.numbering.as_deref().unwrap_or_default())
        .expected(known)
}

/// The records of all visible sheets that have a layout.
fn collect<'a>(workbook: &'a Workbook, headings: &Headings, edition: &Edition, faults: &mut Vec<Fault>) -> Vec<Record<'a>> {
    let mut records = Vec::new();
    let mut recognised = false;
    let mut nearly = None;
    for sheet in workbook.sheets.iter().filter(|sheet| sheet.is_examined()) {
        match layout::find(sheet, headings) {
            Ok(Layout::Bulk(bulk)) => {
                recognised = true;
                faults.extend(bulk.faults.iter().cloned());
                // With a column in doubt every row would be; the header has to be mended first.
                if !bulk.faults.iter().any(Fault::is_error) {
                    faults.extend(bulk.missing_columns(sheet, edition));
                    records.extend(record::of_bulk(sheet, &bulk, headings));
                }
            }
            Ok(Layout::Form(form)) => {
                recognised = true;
                let (record, strays) = record::of_form(sheet, &form, headings, edition);
                let found: Vec<Fault> = strays.iter().map(stray_fault).collect();
                let doubtful = found.iter().any(Fault::is_error);
                faults.extend(found);
                if !doubtful && (record.has_answers() || record.is_identified()) {
                    records.push(record);
                }
            }
            Err(missing) => nearly = nearly.or(Some((sheet, missing))),
        }
    }
    if !recognised {
        faults.push(layout_unknown(nearly));
    }
    records
}

fn stray_fault(stray: &Stray<'_>) -> Fault {
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

fn layout_unknown(nearly: Option<(&Sheet, Missing)>) -> Fault {
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

/// The verdicts while they are made.
struct Judged<'a> {
    edition: &'a Edition,
    request: &'a Request,
    frame: &'a Frame,
    facts: &'a dyn Fn(&FrameHospital) -> HospitalFacts,
    readings: Readings,
    /// One warning for each question whose choices stood as bare digits, at the first of them.
    by_number: BTreeMap<Item, Fault>,
    /// Formulas whose kept values were taken.
    cached: Cached<'a>,
    /// Verdicts, each with its place in messages that name two.
    verdicts: Vec<(Verdict, String)>,
}

impl<'a> Judged<'a> {
    fn judge(&mut self, record: &Record<'a>) {
        self.note_formulas(record);
        let mut verdict = Verdict {
            hospital: String::new(),
            sheet: record.sheet.to_owned(),
            row: record.row,
            verdict: Decision::Rejected,
            answers: survey::answer::Answers::new(),
            states: BTreeMap::new(),
            faults: Vec::new(),
            codes: Vec::new(),
        };
        match resolve(record, self.frame) {
            Err(faults) => {
                let found = [&record.gmis, &record.institution_code]
                    .into_iter()
                    .flatten()
                    .find_map(|found| found.value);
                verdict.hospital = found.map(CellValue::shown).unwrap_or_default();
                verdict.faults = faults;
            }
            Ok((hospital, warnings)) => {
                let outcome = answers::examine(record, self.edition, self.request.path, &(self.facts)(hospital), &mut self.readings);
                for item in &outcome.by_number {
                    self.note_number(record, item);
                }
                verdict.hospital = hospital.gmis.as_str().to_owned();
                verdict.faults = warnings;
                verdict.faults.extend(outcome.evaluation.faults);
                verdict.answers = outcome.evaluation.answers;
                verdict.states = outcome.evaluation.states;
                verdict.codes = outcome.evaluation.codes;
            }
        }
        verdict.decide();
        self.verdicts.push((verdict, record.anchor.full()));
    }

    fn note_formulas(&mut self, record: &Record<'a>) {
        for (name, found) in [("G-MIS ID", &record.gmis), ("医療機関コード", &record.institution_code)] {
            if let Some(found) = found {
                self.cached.note(name, || name.to_owned(), false, found);
            }
        }
        for (item, found) in record.answers.iter().filter(|(_, found)| found.formula) {
            let heading = || {
                let question = self.edition.question(item.question.as_str());
                question.map(survey::question::Question::heading).unwrap_or_default()
            };
            self.cached.note(&item.path(), heading, true, found);
        }
    }

    fn note_number(&mut self, record: &Record<'_>, item: &Item) {
        if self.by_number.contains_key(item) {
            return;
        }
        let Some((_, found)) = record.answers.iter().find(|(known, _)| known == item) else {
            return;
        };
        let heading = self
            .edition
            .question(item.question.as_str())
            .map(survey::question::Question::heading)
            .unwrap_or_default();
        let message = format!("「{heading}」の数字は、選択肢の番号（①、②…）として読み取りました。個数などを記入した場合は直してください。");
        let fault = found.place.mark(Fault::warning("choice_by_number", message)).question(item.path());
        let fault = if let Some(value) = found.value {
            fault.found(value.shown())
        } else {
            fault
        };
        self.by_number.insert(item.clone(), fault);
    }

    /// A hospital that stands in a file twice is rejected both times: nobody can say which row is meant.
    fn mark_duplicates(&mut self) {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, (verdict, _)) in self
            .verdicts
            .iter()
            .enumerate()
            .filter(|(_, (verdict, _))| !verdict.states.is_empty())
        {
            places.entry(verdict.hospital.clone()).or_default().push(index);
        }
        for indices in places.into_values().filter(|indices| indices.len() > 1) {
            for &index in &indices {
                let others: Vec<String> = indices
                    .iter()
                    .filter(|&&other| other != index)
                    .filter_map(|&other| self.verdicts.get(other))
                    .map(|(_, place)| place.clone())
                    .collect();
                if let Some((verdict, place)) = self.verdicts.get_mut(index) {
                    let message = format!(
                        "同じ病院がこのファイルに{}回あります（{}にも）。1つだけを残してください。",
                        indices.len(),
                        others.join("、")
                    );
                    let mut fault = Fault::error("hospital_duplicate", message).found(&verdict.hospital);
                    fault.sheet = (!verdict.sheet.is_empty()).then(|| verdict.sheet.clone());
                    fault.cell = Some(place.rsplit('!').next().unwrap_or(place).to_owned());
                    verdict.faults.insert(0, fault);
                    verdict.decide();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
