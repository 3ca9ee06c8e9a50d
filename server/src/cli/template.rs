//! `chosa template`: blank workbooks to hand out, of many hospitals or of one.

use std::path::PathBuf;

use serde_json::json;
use survey::edition::Edition;
use survey::frame::Frame;
use survey::hospital::{FrameHospital, GmisId};
use survey::survey::Survey;

use super::exit::CliError;
use super::{files, output};
use crate::config::Settings;
use crate::parsing::{Options, Parser};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(value_enum, help = "様式")]
    layout: Layout,
    #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
    survey: &'static Survey,
    #[arg(long, value_name = "NAME", help = "調査票の版（例: march）。省略すると最初の版")]
    edition: Option<String>,
    #[arg(long, value_name = "FILE", help = "調査対象名簿。病院の欄をあらかじめ記入する")]
    frame: Option<PathBuf>,
    #[arg(long, value_name = "G-MIS ID", requires = "frame", help = "1病院用の様式に記入する病院")]
    hospital: Option<String>,
    #[arg(short, long, value_name = "FILE", help = "書き出すファイル（.xlsx）。- は標準出力")]
    output: PathBuf,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Layout {
    #[value(help = "多数の病院を1行ずつ記入する一覧表")]
    Bulk,
    #[value(help = "1病院用の調査票")]
    Form,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    let edition = files::edition(arguments.survey, arguments.edition.as_deref())?;
    let parser = Parser::new(Options {
        program: settings.parser.clone(),
        ..Options::default()
    });
    let frame = match &arguments.frame {
        Some(path) => files::frame(&parser, path).await?,
        None => Frame::default(),
    };
    let blank = importer::template::Filling::default();
    let (bytes, hospitals) = match arguments.layout {
        Layout::Bulk if arguments.hospital.is_some() => return Err(CliError::usage("--hospital は form でだけ指定できます。")),
        Layout::Bulk => (
            importer::template::bulk(edition, frame.hospitals(), &blank),
            frame.hospitals().len(),
        ),
        Layout::Form => {
            let hospital = hospital(&frame, &arguments)?;
            (importer::template::form(edition, hospital, &blank), usize::from(hospital.is_some()))
        }
    };
    let bytes = bytes.map_err(|error| CliError::failed(format!("調査票を作れません: {error}")))?;
    deliver(&arguments, edition, &bytes, hospitals)
}

/// The hospital of a form: the one named, the only one of the frame, or none where there is no frame.
fn hospital<'f>(frame: &'f Frame, arguments: &Arguments) -> Result<Option<&'f FrameHospital>, CliError> {
    if let Some(id) = &arguments.hospital {
        let found = GmisId::parse(id).ok().and_then(|id| frame.by_gmis(&id));
        return found
            .map(Some)
            .ok_or_else(|| CliError::bad_data(format!("G-MIS ID「{id}」の病院は、調査対象名簿にありません。")));
    }
    match frame.hospitals() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(CliError::usage("名簿に複数の病院があります。--hospital で1つを指定してください。")),
    }
}

fn deliver(arguments: &Arguments, edition: &Edition, bytes: &[u8], hospitals: usize) -> Result<(), CliError> {
    let path = &arguments.output;
    if path.as_os_str() == "-" {
        if arguments.json {
            return Err(CliError::usage("--json と -o - は同時に指定できません。"));
        }
        return output::print(|out| out.write_all(bytes));
    }
    files::write(path, bytes)?;
    if arguments.json {
        return output::print_json(&json!({ "survey": edition.survey(), "edition": edition.id(), "file": path, "hospitals": hospitals }));
    }
    output::print(|out| writeln!(out, "{}", path.display()))
}
