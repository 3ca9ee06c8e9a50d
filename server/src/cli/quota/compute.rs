//! `chosa quota compute`: a proposal as a table of prefectures and bands with their totals.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use analytics::quota::Rounding;
use importer::quotas::examine_prefecture_totals;
use survey::band::Band;
use survey::fault::Fault;
use survey::prefecture::PrefectureCode;

use super::show;
use crate::app::programs::quotas::compute::{self, Storing};
use crate::app::programs::quotas::proposal::{Ask, Method};
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::cli::exit::CliError;
use crate::cli::{faults, files};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(long, help = "支援事業")]
    program: String,
    #[arg(long, help = "全国の病院数")]
    total: Option<u64>,
    #[arg(long, value_enum, help = "計算の方法")]
    method: MethodName,
    #[arg(long, value_enum, default_value_t, help = "端数の処理（biproportional のとき）")]
    rounding: RoundingName,
    #[arg(long, value_name = "FILE", help = "都道府県計の表（都道府県、計。biproportional のとき）")]
    prefecture_totals: Option<PathBuf>,
    #[arg(long = "band-total", value_name = "BAND=N", value_parser = band_total, help = "区分計（例: 400+=300。すべての区分について。biproportional のとき）")]
    band_totals: Vec<(String, u64)>,
    #[arg(long, default_value_t, help = "各枠の下限（候補がそれより少ない枠は候補数）")]
    at_least: u64,
    #[arg(long, help = "計算した支援枠を設定する")]
    store: bool,
    #[arg(long, requires = "store", help = "設定済みの支援枠を変える理由")]
    reason: Option<String>,
    #[arg(
        long,
        requires = "store",
        value_name = "HASH",
        help = "前に表示された値。内容がそれと異なれば設定しない"
    )]
    hash: Option<String>,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum MethodName {
    /// 最大剰余法（すべての枠に一度に）
    LargestRemainder,
    /// 二重比例配分（都道府県計と区分計をともに満たす）
    Biproportional,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum RoundingName {
    /// 四捨五入
    #[default]
    Standard,
    /// 切上げ
    Up,
    /// 切捨て
    Down,
}

fn band_total(text: &str) -> Result<(String, u64), String> {
    let wrong = || format!("「{text}」は 区分=病院数（例: 400+=300）の形ではありません");
    let (band, number) = text.split_once('=').ok_or_else(wrong)?;
    let band = Band::of_key(band.trim()).ok_or_else(wrong)?;
    let number = number.trim().parse().ok().ok_or_else(wrong)?;
    Ok((band.key.to_owned(), number))
}

pub(super) async fn run(arguments: Arguments, state: &State) -> Result<(), CliError> {
    let mut bands = BTreeMap::new();
    for (band, total) in &arguments.band_totals {
        if bands.insert(band.clone(), *total).is_some() {
            return Err(CliError::usage(format!(
                "--band-total に {band} が2回あります。1つにしてください。"
            )));
        }
    }
    let prefectures = match &arguments.prefecture_totals {
        Some(path) => Some(prefecture_totals(state, path).await?),
        None => None,
    };
    let ask = Ask {
        total: arguments.total,
        method: match arguments.method {
            MethodName::LargestRemainder => Method::LargestRemainder,
            MethodName::Biproportional => Method::Biproportional,
        },
        rounding: match arguments.rounding {
            RoundingName::Standard => Rounding::Standard,
            RoundingName::Up => Rounding::Up,
            RoundingName::Down => Rounding::Down,
        },
        prefecture_totals: prefectures,
        band_totals: (!bands.is_empty()).then_some(bands),
        at_least: arguments.at_least,
        lower: Vec::new(),
    };
    let permit = Permit::of(Actor::system())?;
    let computed = if arguments.store {
        let storing = Storing {
            reason: arguments.reason,
            expected: arguments.hash,
        };
        compute::store(state, &permit, &arguments.program, &ask, &storing).await?
    } else {
        compute::preview(state, &permit, &arguments.program, &ask).await?
    };
    show::computed(&computed, arguments.json)
}

async fn prefecture_totals(state: &State, path: &Path) -> Result<BTreeMap<PrefectureCode, u64>, CliError> {
    let refused = |found: &[Fault]| {
        let lines: String = found.iter().map(|fault| format!("\n  {}", faults::line(fault, None))).collect();
        CliError::bad_data(format!(
            "都道府県計のファイル {} に誤りがあります。直してから、もう一度実行してください。{lines}",
            path.display()
        ))
    };
    let workbook = files::workbook(&state.shared.parser, path)
        .await?
        .map_err(|fault| refused(&[fault]))?;
    let (totals, found) = examine_prefecture_totals(&workbook);
    if found.iter().any(Fault::is_error) {
        return Err(refused(&found));
    }
    faults::warn(path, &found);
    Ok(totals.into_iter().map(|(code, total)| (code, u64::from(total))).collect())
}
