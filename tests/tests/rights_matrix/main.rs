//! Every operation of the API as every role, on one's own, a neighbouring and a foreign hospital or area: status, code, body, and that a refusal
//! wrote nothing. The operations come from the OpenAPI document, so one that is added without its rows fails here.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod bodies;
mod matrix;
mod requests;
mod tokens;

use std::collections::BTreeSet;

use matrix::{MATRIX, Rights};
use tests::app::TestApp;
use tests::client::Client;
use tests::world::{CITY_WARD, NO_HOSPITAL, OTHER_WARD};
use uuid::Uuid;

/// Who asks: one account of each role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Of one hospital.
    Hospital,
    /// Of a special ward.
    Municipality,
    /// Of a prefecture.
    Prefecture,
    /// Of the ministry, reading.
    Analyst,
    /// Of the ministry, deciding.
    Administrator,
    /// Of the machine.
    Operator,
}

/// For whom or what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// One's own hospital or area.
    Own,
    /// Another hospital, in another ward of the same prefecture.
    Neighbour,
    /// In another prefecture.
    Foreign,
}

const CALLERS: [Caller; 6] = [
    Caller::Hospital,
    Caller::Municipality,
    Caller::Prefecture,
    Caller::Analyst,
    Caller::Administrator,
    Caller::Operator,
];
const TARGETS: [Target; 3] = [Target::Own, Target::Neighbour, Target::Foreign];
/// Operations that change something when they are allowed. They come last, so that what they do does not show in what others read.
const WRITES: [&str; 34] = [
    "create_session",
    "create_token",
    "request_export",
    // Before anything that it would count has changed.
    "make_release",
    "open_window",
    "grant_extension",
    "create_program",
    "extend_program",
    "set_quotas",
    "ask_for_quota",
    "nominate_hospital",
    "withdraw_nomination",
    "exclude_hospital",
    "withdraw_exclusion",
    "enter_inspection",
    "withdraw_inspection",
    "set_criteria",
    "close_window",
    "save_draft",
    "discard_draft",
    "create_enrolments",
    // While those who have answered have.
    "send_reminders",
    // Before anything is submitted: what is accepted takes no answers until it is returned.
    "accept_answers",
    "return_answers",
    "submit_answers",
    "submit_batch",
    "import_answers",
    "withdraw_answers",
    "choose_hospitals",
    "adjust_list",
    "decide_list",
    "import_master",
    "draw_frame",
    // Last, because the hospitals are gone from the frame afterwards.
    "drop_from_scope",
];

impl Caller {
    fn login(self) -> &'static str {
        match self {
            Caller::Hospital => "hospital",
            Caller::Municipality => "shinjuku",
            Caller::Prefecture => "tokyo",
            Caller::Analyst => "analyst",
            Caller::Administrator => "administrator",
            Caller::Operator => "operator",
        }
    }

    /// Role and area as the server says them.
    fn is(self) -> (&'static str, Option<&'static str>) {
        match self {
            Caller::Hospital => ("hospital", None),
            Caller::Municipality => ("municipality", Some("13104")),
            Caller::Prefecture => ("prefecture", Some("13")),
            Caller::Analyst => ("ministry_analyst", Some("nation")),
            Caller::Administrator => ("ministry_administrator", Some("nation")),
            Caller::Operator => ("operator", None),
        }
    }

    fn expected(self, rights: &Rights) -> matrix::Outcomes {
        match self {
            Caller::Hospital => rights.hospital,
            Caller::Municipality => rights.municipality,
            Caller::Prefecture => rights.prefecture,
            Caller::Analyst => rights.ministry_analyst,
            Caller::Administrator => rights.ministry_administrator,
            Caller::Operator => rights.operator,
        }
    }
}

/// The imports of the world, by who made them, and how submissions stand.
pub(crate) struct Imports {
    hospital: Uuid,
    tokyo: Uuid,
    kanagawa: Uuid,
    jobs: [Uuid; 2],
    inspections: [Uuid; 2],
    superuser: tokio_postgres::Client,
}

impl Imports {
    async fn of_world(app: &TestApp) -> Imports {
        let client = app.database.superuser().await;
        let id = async |file: &str| {
            client
                .query_one("SELECT id FROM import WHERE file_name = $1", &[&file])
                .await
                .unwrap()
                .get(0)
        };
        let job = async |prefecture: i16| {
            client
                .query_one("SELECT id FROM job WHERE prefecture = $1", &[&prefecture])
                .await
                .unwrap()
                .get(0)
        };
        let inspection = async |prefecture: i16| {
            client
                .query_one("SELECT id FROM inspection WHERE prefecture = $1", &[&prefecture])
                .await
                .unwrap()
                .get(0)
        };
        Imports {
            hospital: id("SJK0001.csv").await,
            tokyo: id("CYD0001.csv").await,
            kanagawa: id("KWS0001.csv").await,
            jobs: [job(13).await, job(14).await],
            inspections: [inspection(13).await, inspection(14).await],
            superuser: app.database.superuser().await,
        }
    }

    /// A job of the prefecture 13, one that never was, and one of the prefecture 14.
    fn job(&self, target: Target) -> Uuid {
        match target {
            Target::Own => self.jobs[0],
            Target::Neighbour => Uuid::nil(),
            Target::Foreign => self.jobs[1],
        }
    }

    /// The world's finding in the prefecture 13, the same again, and one of the prefecture 14.
    fn inspection(&self, target: Target) -> Uuid {
        if target == Target::Foreign {
            self.inspections[1]
        } else {
            self.inspections[0]
        }
    }

    /// The version of a hospital's submission of 2024, asked past all rights.
    async fn version(&self, gmis: &str) -> i32 {
        let sql =
            "SELECT s.version FROM submission s JOIN frame f USING (survey_id, hospital_id) WHERE s.survey_id = '2024' AND f.gmis_id = $1";
        self.superuser.query_one(sql, &[&gmis]).await.unwrap().get(0)
    }

    /// One's own; another one's in the same prefecture; another prefecture's.
    fn of(&self, caller: Caller, target: Target) -> Uuid {
        match (target, caller) {
            (Target::Own, Caller::Hospital) => self.hospital,
            (Target::Neighbour, Caller::Hospital) | (Target::Own, _) => self.tokyo,
            (Target::Neighbour, _) => self.hospital,
            (Target::Foreign, _) => self.kanagawa,
        }
    }
}

#[test]
fn every_operation_has_its_rows() {
    let document = serde_json::to_value(server::openapi::document()).unwrap();
    let items = document["paths"].as_object().unwrap().values();
    let operations: BTreeSet<&str> = items
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let rows: BTreeSet<&str> = MATRIX.iter().map(|rights| rights.operation).collect();
    assert_eq!(rows.len(), MATRIX.len(), "an operation has its rows twice");
    let without: Vec<_> = operations.difference(&rows).collect();
    assert!(without.is_empty(), "operations without rows in the rights matrix: {without:?}");
    let gone: Vec<_> = rows.difference(&operations).collect();
    assert!(gone.is_empty(), "rows of operations that are no more: {gone:?}");
}

async fn signed_in(app: &TestApp) -> Vec<(Caller, Client)> {
    let mut clients = Vec::new();
    for caller in CALLERS {
        clients.push((caller, app.sign_in(caller.login()).await));
    }
    clients
}

async fn check(app: &TestApp, operations: impl Iterator<Item = &'static Rights>) {
    let imports = Imports::of_world(app).await;
    let clients = signed_in(app).await;
    let mut wrong = Vec::new();
    // Counted again only after something was allowed.
    let mut counted = None;
    for rights in operations {
        for (caller, client) in &clients {
            for (target, expected) in TARGETS.into_iter().zip(caller.expected(rights)) {
                let client = if rights.operation == "delete_session" {
                    &app.sign_in(caller.login()).await
                } else {
                    client
                };
                let before = match counted.take() {
                    Some(before) => before,
                    None => app.database.counts().await,
                };
                let answer = requests::send(rights.operation, client, *caller, target, &imports).await;
                let outcome = answer.outcome();
                if outcome != expected {
                    wrong.push(format!(
                        "{} as {caller:?} for {target:?}: {outcome}, not {expected}",
                        rights.operation
                    ));
                } else if answer.status >= 400 {
                    let after = app.database.counts().await;
                    assert_eq!(after, before, "{} as {caller:?} was refused and wrote", rights.operation);
                    counted = Some(after);
                } else {
                    bodies::compare(rights.operation, *caller, target, &answer);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_follows_the_matrix() {
    let app = TestApp::answered().await;
    check(&app, MATRIX.iter().filter(|rights| !WRITES.contains(&rights.operation))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_follows_the_matrix() {
    let app = TestApp::answered().await;
    check(
        &app,
        WRITES
            .iter()
            .map(|name| MATRIX.iter().find(|rights| rights.operation == *name).expect(name)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_hospital_is_answered_exactly_as_one_that_does_not_exist() {
    let app = TestApp::answered().await;
    for (caller, client) in signed_in(&app).await {
        let foreign = match caller {
            Caller::Hospital | Caller::Municipality => vec![OTHER_WARD.gmis, CITY_WARD.gmis],
            Caller::Prefecture => vec![CITY_WARD.gmis],
            _ => continue,
        };
        for gmis in foreign {
            let read = client.get(&requests::submission(gmis)).await;
            let unknown = client.get(&requests::submission(NO_HOSPITAL)).await;
            assert_eq!((read.status, &read.body), (404, &unknown.body), "{caller:?} reads {gmis}");
            if caller != Caller::Municipality {
                let submitted = requests::submit(&client, gmis, caller).await;
                let unknown = requests::submit(&client, NO_HOSPITAL, caller).await;
                assert_eq!(
                    (submitted.status, &submitted.body),
                    (404, &unknown.body),
                    "{caller:?} submits {gmis}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_import_is_answered_exactly_as_one_that_does_not_exist() {
    let app = TestApp::answered().await;
    let imports = Imports::of_world(&app).await;
    for login in ["hospital", "tokyo"] {
        let client = app.sign_in(login).await;
        let foreign = client.get(&format!("/api/v1/surveys/2024/imports/{}", imports.kanagawa)).await;
        let unknown = client.get(&format!("/api/v1/surveys/2024/imports/{}", Uuid::nil())).await;
        assert_eq!((foreign.status, &foreign.body), (404, &unknown.body), "{login}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn machine_files_of_the_nation_are_for_those_who_see_the_nation() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let analyst = app.sign_in("analyst").await;
    for file in ["data.xlsx", "data.csv", "code_table.csv", "definitions.csv"] {
        let path = format!("/api/v1/surveys/2024/statistics/{file}?area=13");
        tokyo.get(&path).await.refused(403, "area_not_yours");
        assert!(!analyst.get(&path).await.file().is_empty(), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_designated_city_sees_its_wards_in_lists_and_in_numbers_alike() {
    let app = TestApp::answered().await;
    let yokohama = app.sign_in("yokohama").await;
    let listed = yokohama.get("/api/v1/surveys/2024/hospitals").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["gmis_id"], CITY_WARD.gmis);
    for area in ["14100", "14101"] {
        let rates = yokohama
            .get(&format!("/api/v1/surveys/2024/response-rates?area={area}&by=area"))
            .await
            .expect(200);
        assert_eq!(
            (&rates["total"]["targets"], &rates["total"]["responses"]),
            (&1.into(), &1.into()),
            "{area}"
        );
    }
    yokohama
        .get("/api/v1/surveys/2024/response-rates?area=14130&by=area")
        .await
        .refused(403, "area_not_yours");
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_somebody_elses_respondent_is_noted_and_reading_ones_own_is_not() {
    let app = TestApp::answered().await;
    let noted = async || {
        app.database
            .number("SELECT count(*) FROM audit WHERE action = 'read_respondent'")
            .await
    };
    for (caller, client) in signed_in(&app).await {
        let before = noted().await;
        let answer = client.get(&requests::submission("SJK0001")).await;
        let expected = i64::from(answer.status == 200 && !matches!(caller, Caller::Hospital | Caller::Analyst));
        assert_eq!(noted().await - before, expected, "{caller:?}");
    }
}
