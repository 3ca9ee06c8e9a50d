//! `chosa check`: what importing a file would find, without a database. The same child, importer and evaluator as an upload.

mod report;
mod unframed;

use std::path::PathBuf;

use importer::{Decision, Examination, Request};
use survey::answer::{EntryPath, HospitalFacts};
use survey::hospital::FrameHospital;
use survey::survey::Survey;

use super::exit::CliError;
use super::{files, output};
use crate::config::Settings;
use crate::parsing::{Options, Parser};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(value_name = "FILE", help = "回答ファイル（.xlsx、.xlsm、.xls、.ods、CSV、TSV）")]
    file: PathBuf,
    #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
    survey: &'static Survey,
    #[arg(long, value_name = "FILE", help = "調査対象名簿。省略すると、病院の実在と病床数は確かめない")]
    frame: Option<PathBuf>,
    #[arg(long, value_name = "NAME", help = "設問番号の版（2022年調査: january、march）")]
    numbering: Option<String>,
    #[arg(long, value_enum, default_value_t = Path::Workbook, help = "誰のファイルとして検査するか")]
    entry_path: Path,
    #[arg(long, value_name = "FILE", help = "指摘を書き込んだファイルの写し（.xlsx）を作る")]
    annotated: Option<PathBuf>,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Path {
    #[value(help = "病院が自ら提出する")]
    Workbook,
    #[value(help = "都道府県が代行入力する（無回答を記入できる）")]
    Proxy,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    let parser = Parser::new(Options {
        program: settings.parser.clone(),
        ..Options::default()
    });
    let examination = examine(&arguments, &parser).await?;
    if arguments.json {
        output::print_json(&examination)?;
    } else {
        output::print(|out| report::write(out, &examination, arguments.survey))?;
    }
    if let Some(out) = &arguments.annotated {
        annotate(&parser, &arguments.file, &examination, out).await?;
    }
    if examination.has_errors() {
        let rejected = examination
            .hospitals
            .iter()
            .filter(|verdict| verdict.verdict == Decision::Rejected)
            .count();
        let of_file = examination.faults.iter().filter(|fault| fault.is_error()).count();
        return Err(CliError::bad_data(format!(
            "修正が必要です（ファイル全体の誤り {of_file}件、誤りのある病院 {rejected}件）。"
        )));
    }
    Ok(())
}

/// Writes what was found into a copy of the file.
async fn annotate(parser: &Parser, file: &std::path::Path, examination: &Examination, out: &std::path::Path) -> Result<(), CliError> {
    let bytes = files::read(file)?;
    let of_hospitals = examination.hospitals.iter().flat_map(|verdict| &verdict.faults);
    let faults: Vec<_> = examination.faults.iter().chain(of_hospitals).cloned().collect();
    let (written, remarks) = match parser.annotate(bytes, &faults).await? {
        Ok(written) => written,
        // What cannot be read was said already; there is nothing to write into.
        Err(_) => return Ok(()),
    };
    files::write(out, &written)?;
    let how = if remarks.rewritten {
        "、同じ行を写した新しいブックとして"
    } else {
        ""
    };
    output::talk(&format!("{} に{how}、指摘を書き込みました。", out.display()));
    Ok(())
}

async fn examine(arguments: &Arguments, parser: &Parser) -> Result<Examination, CliError> {
    let survey = arguments.survey;
    let path = match arguments.entry_path {
        Path::Workbook => EntryPath::Workbook,
        Path::Proxy => EntryPath::Proxy,
    };
    let request = Request {
        numbering: arguments.numbering.clone(),
        path,
    };
    let workbook = match files::workbook(parser, &arguments.file).await? {
        Ok(workbook) => workbook,
        Err(fault) => {
            let named = request.numbering.as_deref().and_then(|name| survey.edition(name));
            let edition = named.unwrap_or_else(|| survey.first_edition()).id().to_string();
            return Ok(Examination {
                survey: survey.id().to_string(),
                edition,
                faults: vec![fault],
                hospitals: Vec::new(),
            });
        }
    };
    match &arguments.frame {
        Some(file) => Ok(importer::examine(
            &workbook,
            survey,
            &request,
            &files::frame(parser, file).await?,
            &facts,
        )),
        None => Ok(unframed::examine(&workbook, survey, &request)),
    }
}

/// What the frame tells of a hospital. Earlier answers are in the database, which is not asked here.
fn facts(hospital: &FrameHospital) -> HospitalFacts {
    HospitalFacts {
        beds: Some(hospital.beds),
        ..HospitalFacts::default()
    }
}
