//! The child that reads files: hostile ones are refused, what it dies of is a fault, and its parent stays small.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use server::error::AppError;
use server::parsing::{Options, Parser};
use tests::binary;

use crate::place::{Place, check, code, document, is_japanese, large_file, stderr, stdout};

/// What stands for "it hangs": far above anything measured, for machines that do much else at the same time.
const HANGS: Duration = Duration::from_secs(60);

/// What a parent may take: the program, a file of at most 32 MiB and little else. A reader in the same process would take gigabytes.
const PARENTS_KILOBYTES: u64 = 150_000;

/// Runs a command, and samples the most memory that its process (not its child) has had at a time, in kB. Its output must fit into a pipe.
fn watched(command: &mut Command) -> (Output, u64) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let sample = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok());
        peak = peak.max(sample.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    (child.wait_with_output().unwrap(), peak)
}

fn parser(options: Options) -> Parser {
    Parser::new(Options {
        program: binary::chosa(),
        ..options
    })
}

#[test]
fn every_hostile_file_is_refused_with_a_reason_and_its_code_while_the_parent_stays_small() {
    let place = Place::new();
    let mut wrong = Vec::new();
    for hostile in importer::hostile::described() {
        let path = place.file(hostile.name, &hostile.bytes);
        let started = Instant::now();
        let (output, peak) = watched(binary::command().arg("check").arg(&path).args(["--survey", "2024", "--json"]));
        let took = started.elapsed();
        println!(
            "{:<32} {:>10} bytes {:>8.1} ms {:>6} kB",
            hostile.name,
            hostile.bytes.len(),
            took.as_secs_f64() * 1e3,
            peak
        );
        let document = document(&output);
        let fault = &document["faults"][0];
        let refused = code(&output) == 65
            && fault["code"] == hostile.code
            && fault["severity"] == "error"
            && is_japanese(fault["message"].as_str().unwrap());
        if !refused || document["hospitals"] != json!([]) || took > HANGS || peak > PARENTS_KILOBYTES {
            wrong.push(format!("{}: {peak} kB, {output:?}", hostile.name));
        }
        std::fs::remove_file(path).unwrap();
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_reason_is_told_to_people_too() {
    let place = Place::new();
    let output = check(&place.file("random.xlsx", &[7; 4_096]), &[]);
    assert_eq!(code(&output), 65);
    assert!(stdout(&output).contains("ExcelブックでもCSVでもない"), "{output:?}");
    assert!(stderr(&output).contains("修正が必要"), "{output:?}");
}

#[tokio::test]
async fn a_file_that_needs_more_memory_than_allowed_ends_the_child_and_not_the_parent() {
    let file = large_file();
    let small = parser(Options {
        memory: 4 << 20,
        ..Options::default()
    });
    let fault = small.parse(&file).await.unwrap().unwrap_err();
    assert_eq!(fault.code, "file_unreadable");
    assert!(is_japanese(&fault.message), "{fault:?}");
    // The same parser is still good for what fits.
    let workbook = small.parse(b"gmis_id,ehr_in_use\nAB12345,1\n").await.unwrap().unwrap();
    assert_eq!(workbook.sheets[0].rows.len(), 2);
    // And the same file is read with the usual allowance.
    let workbook = parser(Options::default()).parse(file).await.unwrap().unwrap();
    assert_eq!(workbook.sheets[0].rows.len(), 8_001);
}

#[tokio::test]
async fn a_file_that_takes_too_long_is_given_up_and_gives_its_turn_away() {
    let file = large_file();
    let hasty = parser(Options {
        wall_clock: Duration::from_millis(1),
        at_once: 1,
        ..Options::default()
    });
    for _ in 0..3 {
        assert_eq!(hasty.parse(&file).await.unwrap().unwrap_err().code, "file_unreadable");
    }
}

#[tokio::test]
async fn files_are_read_side_by_side_and_none_is_lost() {
    let parser = parser(Options::default());
    let texts: Vec<String> = (0..12).map(|number| format!("gmis_id,number\nAB12345,{number}\n")).collect();
    let read = futures_util::future::join_all(texts.iter().map(|text| parser.parse(text))).await;
    for (number, workbook) in read.into_iter().enumerate() {
        assert_eq!(
            workbook.unwrap().unwrap().sheets[0].rows[1].cells[1].value.shown(),
            number.to_string()
        );
    }
}

#[tokio::test]
async fn a_program_that_is_no_parser_is_the_servers_trouble() {
    // As under a test without the setting: the running program is not chosa.
    let result = Parser::new(Options {
        program: "/bin/false".into(),
        ..Options::default()
    })
    .parse(b"a,b\n")
    .await;
    assert!(matches!(result, Err(AppError::Unavailable(_))), "{result:?}");
    let place = Place::new();
    let path = place.answers(|_| {});
    assert_eq!(code(&check(&path, &["--parser", "/nonexistent/chosa"])), 75);
}

#[test]
fn the_child_limits_itself_whoever_starts_it() {
    let mut child = binary::command()
        .args(["parse", "--memory", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The child may be gone before it has taken everything.
    let _ = std::io::Write::write_all(&mut stdin, &large_file());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(stdout(&output), "");
    for arguments in [
        &["parse", "--memory"][..],
        &["parse", "--allocate", "1"],
        &["parse", "answers.xlsx"],
    ] {
        assert_eq!(code(&binary::command().args(arguments).output().unwrap()), 2, "{arguments:?}");
    }
}
