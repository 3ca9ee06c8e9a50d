//! `chosa receipt`: verifying receipts without any server, and the public key of this machine's.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::exit::CliError;
use super::output;
use crate::app::receipts::Receipt;
use crate::auth::receipt::{PublicKey, ReceiptKey};
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "受付票が書き換えられていないか検証する")]
    Verify {
        #[arg(value_name = "FILE", help = "受付票（JSON）。- は標準入力")]
        receipt: PathBuf,
        #[arg(long, value_name = "KEY", help = "公開鍵（16進64桁）か、それを書いたファイル")]
        key: String,
        #[arg(long, value_name = "FILE", help = "送ったファイル。受付票のSHA-256と照合する")]
        sent: Option<PathBuf>,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
    #[command(about = "この機械の公開鍵を出力する")]
    Key,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<(), CliError> {
    match &arguments.what {
        What::Verify { receipt, key, sent, json } => verify(receipt, key, sent.as_deref(), *json),
        What::Key => {
            let key = ReceiptKey::new(&settings.receipt_secret()?)?;
            output::print(|out| writeln!(out, "{}", key.public().hex()))
        }
    }
}

fn verify(receipt: &Path, key: &str, sent: Option<&Path>, as_json: bool) -> Result<(), CliError> {
    let text = read(receipt)?;
    let receipt: Receipt = serde_json::from_slice(&text).map_err(|error| {
        tracing::debug!(%error, "receipt refused");
        CliError::bad_data("受付票として読めません。受け取ったままのファイル（JSON）を指定してください。")
    })?;
    let key = public_key(key)?;
    let problem = problem(&receipt, &key, sent.map(read).transpose()?.as_deref());
    if as_json {
        output::print_json(&json!({"valid": problem.is_none(), "receipt": receipt.statement.receipt, "problem": problem}))?;
    }
    match problem {
        Some(problem) => Err(CliError::bad_data(problem)),
        None if as_json => Ok(()),
        None => output::print(|out| {
            let statement = &receipt.statement;
            writeln!(out, "有効な受付票です。")?;
            writeln!(out, "受付番号: {}", statement.receipt)?;
            writeln!(
                out,
                "調査 {}（{}）、病院 {}、版 {}",
                statement.survey, statement.edition, statement.hospital, statement.revision
            )?;
            let proxy = if statement.entry_path == "proxy" {
                "（代行入力）"
            } else {
                ""
            };
            let received = statement.received_at.with_timezone(&survey::window::JST);
            writeln!(out, "受付日時: {}{proxy}", received.format("%Y-%m-%d %H:%M:%S JST"))
        }),
    }
}

/// What is wrong with a receipt, for a person.
fn problem(receipt: &Receipt, key: &PublicKey, sent: Option<&[u8]>) -> Option<&'static str> {
    if receipt.key != key.id() {
        return Some("この受付票は、別の鍵で署名されています。/api/v1/receipt-keys で、受付票のkeyと同じ公開鍵を探してください。");
    }
    if !key.verifies(&receipt.statement, &receipt.signature) {
        return Some("署名が合いません。受付票が書き換えられています。受け取ったままの受付票で検証してください。");
    }
    let sent = sent.map(|bytes| hex::encode(Sha256::digest(bytes)));
    if sent.is_some() && sent != receipt.statement.received_sha256 {
        return Some("受付票は有効ですが、指定されたファイルは受け付けた内容と違います。送ったファイルを確認してください。");
    }
    None
}

fn public_key(given: &str) -> Result<PublicKey, CliError> {
    let unusable = || {
        CliError::usage("公開鍵は16進64桁か、それを書いたファイルで指定してください（chosa receipt key、または /api/v1/receipt-keys）。")
    };
    match PublicKey::of_hex(given) {
        Some(key) => Ok(key),
        None => std::fs::read_to_string(given)
            .ok()
            .and_then(|text| PublicKey::of_hex(&text))
            .ok_or_else(unusable),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let unreadable = |error: std::io::Error| CliError::failed(format!("ファイル {} を開けません: {error}", path.display()));
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(unreadable)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(unreadable)
}
