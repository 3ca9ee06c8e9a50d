//! The command line as a user meets it: the real program, its output, its exit codes; and the limited child, which hostile files do not get past.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::error::AppError;
use server::parsing::{Options, Parser};
use tests::binary;

/// What stands for "it hangs": far above anything measured, for machines that do much else at the same time.
const HANGS: Duration = Duration::from_secs(60);

/// Columns of the 2024 survey that every hospital answers here; the rest is skipped by ehr_in_use = no.
const COLUMNS: [&str; 18] = [
    "G-MIS ID",
    "respondent.name",
    "respondent.corporation",
    "respondent.organisation",
    "respondent.contact",
    "safety_manager_placed",
    "information_policy_defined",
    "responsibility_boundary_agreed",
    "network_map_known",
    "consultation_desk",
    "incident_contacts_known",
    "alerts_collected",
    "mds_sds_checked",
    "bcp_defined",
    "ehr_in_use",
    "server_services_stopped",
    "client_services_stopped",
    "備考",
];
const GOOD: [&str; 18] =
    ["AB12345", "試験 花子", "医療法人試験会", "試験病院 情報課", "03-0000-0000", "はい", "はい", "いいえ", "はい", "事業者", "はい", "はい", "いいえ", "いいえ", "いいえ", "はい", "はい", ""];

/// A folder of files for one test; gone when the test ends.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A workbook with one sheet 回答.
    fn workbook(&self, name: &str, rows: &[Vec<&str>]) -> PathBuf {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet().set_name("回答").unwrap();
        for (row, cells) in rows.iter().enumerate() {
            for (column, text) in cells.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                sheet.write_string(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), *text).unwrap();
            }
        }
        self.file(name, &workbook.save_to_buffer().unwrap())
    }

    /// The sheet of good answers, changed.
    fn answers(&self, change: impl FnOnce(&mut Vec<Vec<&str>>)) -> PathBuf {
        let mut rows = vec![COLUMNS.to_vec(), GOOD.to_vec()];
        change(&mut rows);
        self.workbook("answers.xlsx", &rows)
    }

    fn frame(&self) -> PathBuf {
        let text = "gmis_id,institution_code,name,prefecture,municipality_code,beds\nAB12345,0110113719,試験病院,北海道,01101,120\nAB12346,,第二試験病院,青森県,,450\n";
        self.file("frame.csv", text.as_bytes())
    }
}

fn run(arguments: &[&str], file: &Path) -> Output {
    binary::command().args(arguments).arg(file).output().unwrap()
}

fn check(file: &Path, more: &[&str]) -> Output {
    binary::command().arg("check").arg(file).args(["--survey", "2024"]).args(more).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn is_japanese(text: &str) -> bool {
    text.chars().any(|c| ('\u{3041}'..='\u{30ff}').contains(&c))
}

/// 8,000 hospitals that answer everything: a few megabytes once read.
fn large_file() -> Vec<u8> {
    let header = COLUMNS.join(",");
    let row = GOOD.get(1..).unwrap().join(",");
    let rows: String = (0..8_000).map(|number| format!("\nZZ{number:05},{row}")).collect();
    format!("{header}{rows}\n").into_bytes()
}

fn parser(options: Options) -> Parser {
    Parser::new(Options { program: binary::chosa(), ..options })
}

#[test]
fn every_hostile_file_is_refused_with_a_reason_and_its_code() {
    let place = Place::new();
    let mut wrong = Vec::new();
    for hostile in importer::hostile::described() {
        let path = place.file(hostile.name, &hostile.bytes);
        let started = Instant::now();
        let output = check(&path, &["--json"]);
        let took = started.elapsed();
        println!("{:<32} {:>10} bytes {:>8.1} ms", hostile.name, hostile.bytes.len(), took.as_secs_f64() * 1e3);
        let document = document(&output);
        let fault = &document["faults"][0];
        let refused = code(&output) == 65 && fault["code"] == hostile.code && fault["severity"] == "error" && is_japanese(fault["message"].as_str().unwrap());
        if !refused || document["hospitals"] != json!([]) || took > HANGS {
            wrong.push(format!("{}: {output:?}", hostile.name));
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
    let small = parser(Options { memory: 4 << 20, ..Options::default() });
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
    let hasty = parser(Options { wall_clock: Duration::from_millis(1), at_once: 1, ..Options::default() });
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
        assert_eq!(workbook.unwrap().unwrap().sheets[0].rows[1].cells[1].value.shown(), number.to_string());
    }
}

#[tokio::test]
async fn a_program_that_is_no_parser_is_the_servers_trouble() {
    // As under a test without the setting: the running program is not chosa.
    let result = Parser::new(Options { program: "/bin/false".into(), ..Options::default() }).parse(b"a,b\n").await;
    assert!(matches!(result, Err(AppError::Unavailable(_))), "{result:?}");
    let place = Place::new();
    let path = place.answers(|_| {});
    assert_eq!(code(&check(&path, &["--parser", "/nonexistent/chosa"])), 75);
}

#[test]
fn the_child_limits_itself_whoever_starts_it() {
    let mut child = binary::command().args(["parse", "--memory", "0"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The child may be gone before it has taken everything.
    let _ = std::io::Write::write_all(&mut stdin, &large_file());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(stdout(&output), "");
    for arguments in [&["parse", "--memory"][..], &["parse", "--allocate", "1"], &["parse", "answers.xlsx"]] {
        assert_eq!(code(&binary::command().args(arguments).output().unwrap()), 2, "{arguments:?}");
    }
}

#[test]
fn a_good_workbook_is_accepted() {
    let place = Place::new();
    let frame = place.frame();
    let output = check(&place.answers(|_| {}), &["--frame", frame.to_str().unwrap(), "--json"]);
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    insta::assert_json_snapshot!("good_workbook", document(&output));
}

#[test]
fn a_faulty_workbook_is_answered_with_every_cell() {
    let place = Place::new();
    let frame = place.frame();
    let path = place.answers(|rows| {
        let mut bad = GOOD.to_vec();
        bad[0] = "AB12346";
        bad[1] = "";
        bad[5] = "たぶん";
        bad[9] = "②、⑥";
        bad[10] = "無回答";
        rows.push(bad);
        let mut unknown = GOOD.to_vec();
        unknown[0] = "ZZ99999";
        rows.push(unknown);
        rows[0].push("知らない列");
    });
    let output = check(&path, &["--frame", frame.to_str().unwrap(), "--json"]);
    assert_eq!(code(&output), 65, "{output:?}");
    insta::assert_json_snapshot!("faulty_workbook", document(&output));
    let people = check(&path, &["--frame", frame.to_str().unwrap()]);
    insta::assert_snapshot!("faulty_workbook_for_people", stdout(&people));
    assert_eq!(code(&people), 65);
}

#[test]
fn without_a_frame_the_answers_are_checked_all_the_same() {
    let place = Place::new();
    let output = check(&place.answers(|_| {}), &["--json"]);
    assert_eq!(code(&output), 0, "{output:?}");
    let document = document(&output);
    assert_eq!(document["hospitals"][0]["verdict"], "accepted");
    assert_eq!(document["faults"][0]["code"], "frame_missing");
    let path = place.answers(|rows| rows[1][14] = "");
    assert_eq!(code(&check(&path, &[])), 65, "a required answer is missing");
}

#[test]
fn only_a_proxy_may_say_no_answer() {
    let place = Place::new();
    let path = place.answers(|rows| rows[1][5] = "無回答");
    assert_eq!(code(&check(&path, &[])), 65);
    assert_eq!(code(&check(&path, &["--entry-path", "proxy"])), 0);
}

#[test]
fn a_bare_number_of_2022_wants_its_numbering() {
    let place = Place::new();
    let path = place.workbook("2022.xlsx", &[vec!["G-MIS ID", "5", "8"], vec!["AB12345", "はい", "いいえ"]]);
    let check = |numbering: &[&str]| binary::command().arg("check").arg(&path).args(["--survey", "2022", "--json"]).args(numbering).output().unwrap();
    let codes = |output: &Output| document(output)["faults"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert!(codes(&check(&[])).contains(&"numbering_ambiguous".to_owned()));
    let named = check(&["--numbering", "march"]);
    assert!(!codes(&named).contains(&"numbering_ambiguous".to_owned()));
    assert_eq!(document(&named)["edition"], "2022-march");
    let wrong = check(&["--numbering", "may"]);
    assert_eq!((code(&wrong), codes(&wrong).contains(&"numbering_unknown".to_owned())), (65, true));
}

#[test]
fn an_unknown_survey_is_a_usage_error_that_names_those_there_are() {
    let output = binary::command().args(["check", "answers.xlsx", "--survey", "1999"]).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("1999") && stderr(&output).contains("2022、2024"), "{output:?}");
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = check(Path::new("/nonexistent/回答.xlsx"), &[]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("/nonexistent/回答.xlsx"), "{output:?}");
}

#[test]
fn a_frame_with_an_error_is_refused_before_any_verdict() {
    let place = Place::new();
    let frame = place.file("frame.csv", "gmis_id,name,prefecture,beds\nAB12345,試験病院,北海道,12\n".as_bytes());
    let output = check(&place.answers(|_| {}), &["--frame", frame.to_str().unwrap(), "--json"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (65, ""));
    assert!(stderr(&output).contains("D2") && stderr(&output).contains("beds_not_hospital"), "{output:?}");
}

#[test]
fn an_unknown_variable_or_key_is_a_configuration_error() {
    let place = Place::new();
    let answers = place.answers(|_| {});
    let variable = binary::command().env("CHOSA_WROKERS", "2").arg("check").arg(&answers).args(["--survey", "2024"]).output().unwrap();
    assert_eq!(code(&variable), 78);
    assert!(stderr(&variable).contains("CHOSA_WROKERS"), "{variable:?}");
    let settings = place.file("chosa.toml", b"workers = 2\nwrokers = 3\n");
    let key = check(&answers, &["--config", settings.to_str().unwrap()]);
    assert_eq!(code(&key), 78);
    assert!(stderr(&key).contains("wrokers"), "{key:?}");
    let filter = check(&answers, &["--log-filter", "a=b=c"]);
    assert_eq!(code(&filter), 78, "{filter:?}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let place = Place::new();
    let path = place.file("large.csv", &large_file());
    let mut child = binary::command().arg("check").arg(&path).args(["--survey", "2024", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0_u8; 64];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    // The pipe is closed here; megabytes are still to come.
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
}

#[test]
fn a_template_is_handed_out_and_checked_when_it_comes_back() {
    let place = Place::new();
    let frame = place.frame();
    let bulk = place.0.path().join("bulk.xlsx");
    let output = run(&["template", "bulk", "--survey", "2024", "--frame", frame.to_str().unwrap(), "--json", "-o"], &bulk);
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!(document(&output), json!({ "survey": "2024", "edition": "2024-first", "file": bulk, "hospitals": 2 }));
    // It is read, and nobody has answered yet.
    let output = check(&bulk, &["--frame", frame.to_str().unwrap(), "--json"]);
    assert_eq!(code(&output), 65, "{output:?}");
    let found = document(&output);
    let codes: Vec<&Value> = found["faults"].as_array().unwrap().iter().map(|fault| &fault["code"]).collect();
    assert_eq!(codes, ["hospitals_without_answers", "answers_missing"]);

    let form = place.0.path().join("form.xlsx");
    let output = run(&["template", "form", "--survey", "2022", "--edition", "march", "--frame", frame.to_str().unwrap(), "--hospital", "ab12346", "-o"], &form);
    assert_eq!((code(&output), stdout(&output)), (0, format!("{}\n", form.display())));
    let workbook = importer::read(&std::fs::read(&form).unwrap(), &importer::Limits::default()).unwrap();
    assert!(workbook.sheets[0].rows.iter().flat_map(|row| &row.cells).any(|cell| cell.value.shown() == "AB12346"));
    // To stdout, the same bytes.
    let again = run(&["template", "form", "--survey", "2022", "--edition", "march", "--frame", frame.to_str().unwrap(), "--hospital", "AB12346", "-o"], Path::new("-"));
    assert_eq!(again.stdout, std::fs::read(&form).unwrap());
}

#[test]
fn a_template_that_cannot_be_meant_is_a_usage_error() {
    let place = Place::new();
    let frame = place.frame();
    let frame = frame.to_str().unwrap();
    let out = place.0.path().join("never.xlsx");
    for arguments in [
        &["template", "form", "--survey", "2024", "--edition", "march", "-o"][..],
        &["template", "form", "--survey", "2024", "--frame", frame, "-o"],
        &["template", "bulk", "--survey", "2024", "--frame", frame, "--hospital", "AB12345", "-o"],
        &["template", "list", "--survey", "2024", "-o"],
    ] {
        let output = run(arguments, &out);
        assert_eq!(code(&output), 2, "{output:?}");
    }
    assert!(!out.exists());
}

#[test]
fn completions_need_no_settings() {
    let output = binary::command().env("CHOSA_WROKERS", "2").args(["completions", "bash"]).output().unwrap();
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("_chosa") && stdout(&output).contains("check"));
}

#[test]
fn without_a_command_the_help_is_shown_and_nothing_is_done() {
    let output = binary::command().output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("check") && stderr(&output).contains("終了コード"), "{output:?}");
    let help = binary::command().arg("--help").output().unwrap();
    assert_eq!(code(&help), 0);
    assert!(!stdout(&help).contains("parse "), "the child is nobody's command");
}
