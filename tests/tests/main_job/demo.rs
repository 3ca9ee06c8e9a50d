//! `chosa demo --once` as a user runs it: the built program on a folder of made files, with a private Postgres of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fixtures::DEFAULT_SEED;
use tempfile::TempDir;
use tests::binary;
use tests::files;
use tests::nation::Files;
use tests::world::survey_of;

use crate::one_cell::{assert_one_less, stdout};
use crate::reading::{self, different_cells};

/// Enough for every prefecture to have a hospital, small enough for three runs.
const SCALE: f64 = 0.02;

/// Folders of runs: below /tmp, where the unprivileged user of Postgres can enter.
struct Place {
    base: TempDir,
    files: Files,
}

impl Place {
    fn new() -> Place {
        let base = tempfile::Builder::new().prefix("chosa-demo-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(base.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Place {
            base,
            files: Files::of(&fixtures::make(DEFAULT_SEED, SCALE).unwrap()),
        }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.base.path().join(name)
    }

    /// What a run printed before it names its files, and the names of those.
    fn run(&self, out: &str, answers_2024: Option<&Path>) -> (String, Vec<String>) {
        let out = self.out(out);
        let mut command = binary::command();
        command.env("CHOSA_DATA_FOLDER", self.base.path().join("data"));
        command.arg("demo").arg(self.files.folder()).arg("--once").arg("--out").arg(&out);
        if let Some(file) = answers_2024 {
            command.arg("--answers-2024").arg(file);
        }
        let printed = stdout(&command.output().unwrap());
        let (tables, rest) = printed.split_once("書き出したファイル").unwrap();
        let (names, _times) = rest.split_once("時間のかかった手順").unwrap();
        let names: Vec<String> = names
            .lines()
            .filter_map(|line| Path::new(line.trim()).strip_prefix(&out).ok())
            .map(|name| name.to_str().unwrap().to_owned())
            .collect();
        let mut written: Vec<String> = ["", "release/"]
            .iter()
            .flat_map(|folder| {
                std::fs::read_dir(out.join(folder))
                    .unwrap()
                    .map(move |entry| (folder, entry.unwrap()))
            })
            .filter(|(_, entry)| entry.file_type().unwrap().is_file())
            .map(|(folder, entry)| format!("{folder}{}", entry.file_name().into_string().unwrap()))
            .collect();
        written.sort();
        let mut told = names.clone();
        told.sort();
        assert_eq!(written, told);
        (tables.to_owned(), names)
    }
}

/// The made answers of 2024 as one workbook of somebody else's, headed by keys, the EHR of the first hospital that has one turned into no.
fn somebody_elses(change: bool) -> Vec<u8> {
    let nation = fixtures::make(DEFAULT_SEED, SCALE).unwrap();
    let made = nation.survey("2024").unwrap();
    let mut rows: Vec<(String, serde_json::Value)> = made
        .answers
        .iter()
        .map(|(gmis, answers)| (gmis.to_string(), serde_json::Value::Object(answers.clone())))
        .collect();
    if change {
        let (_, answers) = rows.iter_mut().find(|(_, answers)| answers["ehr_in_use"] == "yes").unwrap();
        answers["ehr_in_use"] = "no".into();
    }
    let rows: Vec<(&str, serde_json::Value)> = rows.iter().map(|(gmis, answers)| (gmis.as_str(), answers.clone())).collect();
    files::xlsx(survey_of("2024").first_edition(), &rows)
}

/// The printed EHR table of a survey.
fn ehr_table<'p>(printed: &'p str, survey: &str) -> &'p str {
    let from = printed.find(&format!("{survey}年調査 電子カルテの使用")).unwrap();
    let table = printed.get(from..).unwrap();
    table.split("\n\n").next().unwrap()
}

#[test]
fn the_demo_prints_the_same_twice_and_one_less_after_one_changed_cell() {
    let place = Place::new();
    let made = place.files.made();
    let (first, names) = place.run("first", None);
    let (second, again) = place.run("second", None);
    assert_eq!(first, second);
    assert_eq!(names, again);
    for (survey, made) in ["2022", "2024"].iter().zip(made["surveys"].as_array().unwrap()) {
        let line = format!("{survey}年調査: 名簿 {}病院、回答ファイル ", made["targets"]);
        assert!(first.contains(&line), "{line}: {first}");
        let line = format!("個、受付 {}病院、要修正 0病院（再開の理由: デモのため）", made["responses"]);
        assert!(first.contains(&line), "{line}: {first}");
    }
    let short = &made["quotas"]["short"][0];
    assert!(
        first.contains(&format!(
            "不足のある枠 静岡県 {}（{}病院不足）",
            short["band"].as_str().unwrap(),
            short["missing"]
        )),
        "{first}"
    );
    same_but_for_the_time(&place, &names);

    // Somebody else's file with the same answers prints the same; with one cell changed, one less.
    let file = place.out("somebody's.xlsx");
    std::fs::write(&file, somebody_elses(true)).unwrap();
    let (changed, _) = place.run("third", Some(&file));
    assert_eq!(ehr_table(&changed, "2022"), ehr_table(&first, "2022"));
    assert_one_less(ehr_table(&first, "2024"), ehr_table(&changed, "2024"));
}

/// Two runs on the same answers differ where the time of the run stands, and nowhere else.
fn same_but_for_the_time(place: &Place, names: &[String]) {
    assert_eq!(names.len(), 12 + 2 * 8);
    for name in names {
        let (one, other) = (place.out("first").join(name), place.out("second").join(name));
        match name.strip_prefix("release/").unwrap_or(name) {
            workbook if workbook.ends_with(".xlsx") && !workbook.starts_with("template") => {
                let different = different_cells(&one, &other);
                let known: &[&str] = match workbook.split('_').next().unwrap() {
                    "houkoku" => &["表紙 5,1 集計時点"],
                    "data" => &["definitions 3,2 集計時点"],
                    _ => &["作成情報 3,1 基準時点"],
                };
                assert!(different.iter().all(|cell| known.contains(&cell.as_str())), "{name}: {different:?}");
            }
            definitions if definitions.starts_with("definitions") => {
                let read = |path: &Path| reading::csv(&std::fs::read(path).unwrap());
                let (mut one, mut other) = (read(&one), read(&other));
                for rows in [&mut one, &mut other] {
                    rows.retain(|row| row[0] != "as_of");
                }
                assert_eq!(one, other, "{name}");
            }
            archive if archive.ends_with(".zip") => {
                let unpacked = |path: &Path| {
                    let mut files = reading::unpacked(&std::fs::read(path).unwrap());
                    // Compared by itself.
                    files.remove("definitions.csv");
                    files
                };
                let (one, other) = (unpacked(&one), unpacked(&other));
                assert!(one.len() > 1 && one == other, "{name}");
            }
            _ => assert!(
                std::fs::read(&one).unwrap() == std::fs::read(&other).unwrap(),
                "{name}: not the same bytes"
            ),
        }
    }
}
