//! Programmes as files: what opens one, and how they are listed.

use std::collections::BTreeMap;
use std::path::Path;

use analytics::program::{Effort, FormColumn};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use survey::band::Banding;
use survey::window::JST;

use crate::app::programs::{Consent, NewProgram, Terms};
use crate::cli::columns::{self, Align};
use crate::cli::exit::CliError;
use crate::cli::{faults, output};
use crate::db::programs::ProgramRow;

/// A programme as a TOML file; the same words as in the API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramFile {
    id: String,
    fiscal_year: i32,
    title: String,
    surveys: Vec<String>,
    use_rule: String,
    deadline: DateTime<Utc>,
    #[serde(default)]
    banding: Option<String>,
    #[serde(default)]
    consent: Option<Consent>,
    #[serde(default)]
    intake_survey: Option<String>,
    #[serde(default)]
    effort: Option<BTreeMap<String, Effort>>,
    #[serde(default)]
    form: Option<Vec<FormColumn>>,
}

/// Reads what opens a programme.
pub(super) fn read(file: &Path) -> Result<NewProgram, CliError> {
    let unreadable = |problem: String| CliError::bad_data(format!("{} を読み取れません: {problem}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    let said: ProgramFile = toml::from_str(&text).map_err(|error| unreadable(error.message().to_owned()))?;
    let banding = said.banding.as_deref().map_or(Ok(Banding::Program), Banding::parse);
    Ok(NewProgram {
        id: said.id,
        fiscal_year: said.fiscal_year,
        title: said.title,
        surveys: said.surveys,
        use_rule: said.use_rule,
        deadline: said.deadline,
        terms: Terms {
            banding: banding.map_err(|error| {
                tracing::debug!(%error, "banding refused");
                unreadable("banding には survey（6区分）または program（3区分）を指定してください。".to_owned())
            })?,
            consent: said.consent.unwrap_or(Consent::Rule),
            intake_survey: said.intake_survey,
            effort: said.effort,
            form: said.form,
        },
    })
}

/// Programmes for people.
pub(super) fn list(all: &[ProgramRow]) -> Result<(), CliError> {
    let columns = [
        ("支援事業", Align::Left),
        ("年度", Align::Right),
        ("調査", Align::Left),
        ("区分", Align::Left),
        ("提出期限", Align::Left),
        ("事業名", Align::Left),
    ];
    let row = |program: &ProgramRow| {
        vec![
            program.id.clone(),
            program.fiscal_year.to_string(),
            program.surveys.join("、"),
            program.banding.clone(),
            program.deadline.with_timezone(&JST).format("%Y-%m-%d %H:%M").to_string(),
            faults::one_line(&program.title),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    output::print(|out| columns::write(out, &columns, &rows))
}
