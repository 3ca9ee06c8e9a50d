//! The ways in, and what each said of a hospital, brought to one form. Judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::app::accounts::{self, Speaks};
use server::app::frames;
use server::auth::actor::Actor;
use server::auth::permit::{DrawFrame, ManageAccounts, Permit};
use survey::evaluate::Evaluation;
use survey::hospital::{Beds, FrameHospital, GmisId};
use survey::survey::Survey;
use tests::app::TestApp;
use tests::binary;
use tests::client::{Client, new_key};
use tests::database::TestDatabase;
use tests::files::{csv, xlsx};
use tests::world::{PASSWORD, done, prefecture, survey_of};

/// By proxy each set goes four ways, each for a hospital of its own.
pub(super) const WAYS: [&str; 4] = ["CSV", "XLS", "BAT", "SGL"];
/// The hospital that answers by itself.
pub(super) const OWN: &str = "OWN0000";

/// The hospital of a way and a set.
pub(super) fn gmis(way: &str, index: usize) -> String {
    format!("{way}{index:04}")
}

/// What was said of a hospital's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// accepted, rejected, unchanged.
    pub(super) verdict: String,
    /// Severity, code, question.
    pub(super) faults: BTreeSet<(String, String, String)>,
}

impl Said {
    fn new(verdict: &Value, faults: &Value) -> Said {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let fault = |fault: &Value| {
            // The words of a cell spell no option; as a key they would be no option.
            let code = text(&fault["code"]).replace("value_unreadable", "unknown_option");
            (text(&fault["severity"]), code, text(&fault["question"]))
        };
        Said {
            verdict: text(verdict),
            faults: faults.as_array().into_iter().flatten().map(fault).collect(),
        }
    }
}

/// What there is to be said.
pub(super) fn of_evaluation(evaluation: &Evaluation) -> Said {
    let verdict = if evaluation.has_errors() { "rejected" } else { "accepted" };
    Said::new(&json!(verdict), &json!(evaluation.faults))
}

/// What is kept of accepted answers.
#[derive(Debug, PartialEq)]
pub(super) struct Stored {
    answers: Value,
    codes: Vec<u8>,
    warnings: BTreeSet<(String, String, String)>,
}

impl Stored {
    /// What there is to be kept.
    pub(super) fn of(evaluation: &Evaluation) -> Stored {
        Stored {
            answers: json!(evaluation.answers),
            codes: evaluation.codes.clone(),
            warnings: of_evaluation(evaluation).faults,
        }
    }
}

/// A server whose frame has a hospital for each way and set, and the same frame as a file.
pub(super) struct Place {
    pub(super) app: TestApp,
    survey: &'static Survey,
    folder: tempfile::TempDir,
}

impl Place {
    pub(super) async fn found(survey: &'static Survey, sets: usize) -> Place {
        let app = TestApp::on(TestDatabase::migrated().await).await;
        let hospitals: Vec<FrameHospital> = (0..sets)
            .flat_map(|index| WAYS.map(|way| hospital(&gmis(way, index), index)))
            .chain([hospital(OWN, 0)])
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let lines = hospitals
            .iter()
            .map(|hospital| format!("{},{},13,{}\n", hospital.gmis, hospital.name, hospital.beds.number()));
        let frame = format!("gmis_id,name,prefecture,beds\n{}", lines.collect::<String>());
        std::fs::write(folder.path().join("frame.csv"), frame).unwrap();
        let permit = Permit::<DrawFrame>::of(Actor::system()).unwrap();
        for id in ["2022", "2024"] {
            done(frames::draw(&app.state, &permit, survey_of(id), hospitals.clone()).await);
        }
        let permit = Permit::<ManageAccounts>::of(Actor::system()).unwrap();
        let own = Speaks::Hospital {
            survey: "2024".to_owned(),
            gmis: OWN.to_owned(),
        };
        for (login, speaks) in [("tokyo", Speaks::Prefecture(prefecture(13))), ("hospital", own)] {
            done(accounts::create(&app.state, &permit, login, SecretString::from(PASSWORD), &speaks).await);
        }
        Place { app, survey, folder }
    }

    /// The sets in one file, a row for each hospital of a way.
    pub(super) fn file(&self, kind: &str, way: &str, sets: &[Value]) -> Vec<u8> {
        let ids: Vec<String> = (0..sets.len()).map(|index| gmis(way, index)).collect();
        let rows: Vec<(&str, Value)> = ids.iter().map(String::as_str).zip(sets.iter().cloned()).collect();
        let write = if kind == "csv" { csv } else { xlsx };
        write(self.survey.first_edition(), &rows)
    }

    /// One hospital's answers as a workbook.
    pub(super) fn file_of(&self, hospital: &str, answers: &Value) -> Vec<u8> {
        xlsx(self.survey.first_edition(), &[(hospital, answers.clone())])
    }

    /// What the program says without a server. Its states, and the answers that it accepts, are the evaluation's.
    pub(super) fn check(&self, file: &[u8], kind: &str, way: &str, path: &str, evaluated: &[Evaluation]) -> Vec<Said> {
        let name: PathBuf = self.folder.path().join(format!("answers.{kind}"));
        std::fs::write(&name, file).unwrap();
        let output = binary::command()
            .arg("check")
            .arg(&name)
            .args(["--survey", self.survey.id().as_str(), "--entry-path", path, "--json", "--frame"])
            .arg(self.folder.path().join("frame.csv"))
            .output()
            .unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let hospitals = in_order(&document, way);
        for (hospital, evaluation) in hospitals.iter().zip(evaluated) {
            assert_eq!(hospital["states"], json!(evaluation.states), "{hospital}");
            assert!(
                evaluation.has_errors() || hospital["answers"] == json!(evaluation.answers),
                "{hospital}\n{:?}",
                evaluation.answers
            );
        }
        said(&hospitals)
    }

    /// What the server says of a file of many hospitals.
    pub(super) async fn import(&self, client: &Client, file: &[u8], way: &str, dry_run: bool) -> Vec<Said> {
        let path = format!("/api/v1/surveys/{}/imports?dry_run={dry_run}", self.survey.id());
        let report = client.upload(&path, file).await.expect(if dry_run { 200 } else { 201 });
        said(&in_order(&report, way))
    }

    /// What the server says of a hospital's own file, after it said the same of a dry run.
    pub(super) async fn import_own(&self, client: &Client, file: &[u8]) -> Said {
        let path = format!("/api/v1/surveys/{}/imports", self.survey.id());
        let foreseen = client.upload(&format!("{path}?dry_run=true"), file).await.expect(200);
        let report = client.upload(&path, file).await;
        assert!([200, 201].contains(&report.status), "{report}");
        let found = said(report.json()["hospitals"].as_array().unwrap());
        assert_eq!(said(foreseen["hospitals"].as_array().unwrap()), found);
        found[0].clone()
    }

    /// What is answered to one submission.
    pub(super) async fn single(&self, client: &Client, hospital: &str, answers: &Value) -> Said {
        let path = format!("/api/v1/surveys/{}/hospitals/{hospital}/revisions", self.survey.id());
        let answer = client.submit(&path, &json!({"answers": answers})).await;
        let body = answer.json();
        match answer.status {
            201 => Said::new(&json!("accepted"), &body["warnings"]),
            200 => Said::new(&json!("unchanged"), &body["warnings"]),
            _ => {
                answer.refused(422, "answers_faulty");
                Said::new(&json!("rejected"), &body["faults"])
            }
        }
    }

    /// What is answered to a batch with a line for each hospital of a way.
    pub(super) async fn batch(&self, client: &Client, way: &str, sets: &[Value]) -> Vec<Said> {
        let line = |(index, answers)| json!({"hospital": gmis(way, index), "answers": answers}).to_string();
        let lines: Vec<String> = sets.iter().enumerate().map(line).collect();
        said(&send_batch(client, self.survey.id().as_str(), &lines).await)
    }

    /// What is answered to a batch of one line of the hospital's own.
    pub(super) async fn batch_own(&self, client: &Client, answers: &Value) -> Said {
        let line = json!({"hospital": OWN, "answers": answers}).to_string();
        said(&send_batch(client, self.survey.id().as_str(), &[line]).await)[0].clone()
    }

    /// What is stored of each hospital that has answered; exactly one revision each.
    pub(super) async fn stored(&self) -> BTreeMap<String, Stored> {
        let sql = "SELECT f.gmis_id, r.answers, d.details, r.codes, r.warnings, r.entry_path FROM revision r JOIN frame f USING (survey_id, hospital_id) \
                   LEFT JOIN respondent d USING (submission_id, number) WHERE survey_id = $1";
        let rows = self.app.database.superuser().await.query(sql, &[&self.survey.id().as_str()]).await;
        let mut stored = BTreeMap::new();
        for row in rows.unwrap() {
            assert_eq!(row.get::<_, &str>(5), "proxy");
            let one = Stored {
                answers: server::app::intake::together(row.get(1), row.get(2)),
                codes: row.get(3),
                warnings: Said::new(&Value::Null, &row.get(4)).faults,
            };
            assert!(stored.insert(row.get(0), one).is_none(), "a second revision");
        }
        stored
    }
}

/// The verdicts of a batch.
pub(super) async fn send_batch(client: &Client, survey: &str, lines: &[String]) -> Vec<Value> {
    let request = client.request(Method::POST, &format!("/api/v1/surveys/{survey}/batches"));
    let answer = request.key(new_key()).bytes(lines.join("\n")).send().await;
    let text = String::from_utf8(answer.file()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn hospital(gmis: &str, index: usize) -> FrameHospital {
    const BEDS: [u16; 6] = [120, 20, 99, 399, 400, 900];
    FrameHospital {
        gmis: GmisId::parse(gmis).unwrap(),
        institution_code: None,
        name: format!("試験{gmis}病院"),
        prefecture: prefecture(13),
        municipality: None,
        beds: Beds::new(BEDS[index % BEDS.len()]).unwrap(),
    }
}

fn said(hospitals: &[Value]) -> Vec<Said> {
    hospitals
        .iter()
        .map(|hospital| Said::new(&hospital["verdict"], &hospital["faults"]))
        .collect()
}

/// The hospitals of a report; each at the place of its set, and the file itself without a fault.
fn in_order(report: &Value, way: &str) -> Vec<Value> {
    assert_eq!(report["faults"], json!([]), "faults of the file");
    let hospitals = report["hospitals"].as_array().unwrap();
    for (index, hospital) in hospitals.iter().enumerate() {
        assert_eq!(hospital["hospital"], gmis(way, index));
    }
    hospitals.clone()
}
