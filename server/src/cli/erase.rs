//! `chosa erase`: erases personal data whose retention is over. Meant for a daily timer; running it again finds nothing more to do.

use serde::Serialize;

use super::database::with_state;
use super::exit::CliError;
use super::output;
use crate::app::erasure::{self, Erasing};
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(long, help = "消去せずに、件数だけを数える")]
    dry_run: bool,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    dry_run: bool,
    respondents: i64,
    imports: i64,
    files: i64,
    remembered: i64,
    drafts: i64,
    comments: i64,
    addresses: i64,
    mails: i64,
}

pub(super) async fn run(arguments: &Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| {
        let erasing = if arguments.dry_run { Erasing::Foreseen } else { Erasing::Done };
        let erased = erasure::erase(state, &Permit::of(Actor::system())?, erasing).await?;
        let report = Report {
            dry_run: arguments.dry_run,
            respondents: erased.respondents,
            imports: erased.imports,
            files: erased.files,
            remembered: erased.remembered,
            drafts: erased.drafts,
            comments: erased.comments,
            addresses: erased.addresses,
            mails: erased.mails,
        };
        if arguments.json {
            return output::print_json(&report);
        }
        let Report {
            respondents,
            imports,
            files,
            remembered,
            drafts,
            comments,
            addresses,
            mails,
            ..
        } = report;
        output::print(|out| {
            writeln!(out, "回答者の氏名・連絡先: {respondents}件")?;
            writeln!(out, "取込みの記録に残る引用: {imports}件（受け取ったファイル {files}件）")?;
            writeln!(out, "差戻しのコメント・引き戻しの理由: {comments}件")?;
            writeln!(out, "提出されなかった一時保存: {drafts}件")?;
            writeln!(out, "送信を終えたメールの宛先・本文: {mails}件")?;
            writeln!(out, "使われなくなった案内先のメールアドレス: {addresses}件")?;
            writeln!(out, "再送に備えて控えた応答: {remembered}件")?;
            if report.dry_run {
                writeln!(out, "数えただけです。消去するには、--dry-run を付けずに実行してください。")
            } else {
                writeln!(out, "消去しました。回答、集計、ハッシュ値は変わりません。")
            }
        })
    })
    .await
}
