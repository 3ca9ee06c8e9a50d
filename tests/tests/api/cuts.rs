//! The network is cut after COMMIT and before the answer: between client and server, and between server and Postgres. Whoever sends the same again with
//! the same key gets the one result, and there is exactly one of everything.

use reqwest::Method;
use serde_json::{Value, json};
use server::app::batches::GROUP;
use tests::app::{TestApp, sign_in};
use tests::client::{Answer, Client, new_key};
use tests::cutting::Cable;
use tests::database::TestDatabase;
use tests::files::csv;
use tests::world::{NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but, survey_of};

use crate::{body, revisions};

const IMPORTS: &str = "/api/v1/surveys/2024/imports";
const BATCHES: &str = "/api/v1/surveys/2024/batches";

/// Which cable is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    BeforeServer,
    BeforePostgres,
}

/// A server with cables before and behind it.
struct Cabled {
    app: TestApp,
    /// The one that will be cut.
    cable: Cable,
    /// Talks to the server through the first cable if that one is cut.
    client: Client,
}

impl Cabled {
    async fn with(place: Where, login: &str) -> Cabled {
        let database = TestDatabase::world().await;
        let behind = Cable::to_postgres(&database).await;
        let url = behind.application_url(&database);
        let app = TestApp::with(database, |parts| {
            if place == Where::BeforePostgres {
                parts.database_url = url.into();
            }
        })
        .await;
        let before = Cable::to_server(&app.base, &app.database).await;
        let (cable, client) = match place {
            Where::BeforeServer => {
                let client = sign_in(&Client::nobody(format!("http://{}", before.address)), login).await;
                (before, client)
            }
            Where::BeforePostgres => (behind, app.sign_in(login).await),
        };
        Cabled { app, cable, client }
    }

    /// Sends something while another session waits to see it stored; gives what the client has in its hands after the cut: nothing, or a part.
    async fn cut(&self, sees: &str, path: &str, key: &str, body: &[u8]) -> Option<Answer> {
        self.cable.cut_when(sees).await;
        let request = self.client.request(Method::POST, path).key(key).bytes(body);
        let answer = request.try_send().await.ok();
        self.cable.until_cut().await;
        assert!(self.seen(sees).await, "what was committed is not there any more");
        answer
    }

    async fn seen(&self, sees: &str) -> bool {
        self.app.database.superuser().await.query_one(sees, &[]).await.unwrap().get(0)
    }

    /// Sends it again, until the server no longer says that the first one is at work (a job that takes longer: 202) or that it lost its connection.
    async fn again(&self, path: &str, key: &str, body: &[u8]) -> Answer {
        for _ in 0..200 {
            let answer = self.client.request(Method::POST, path).key(key).bytes(body).send().await;
            let outcome = answer.outcome();
            // A batch whose second group is still at work says so in its last line.
            let stopped = String::from_utf8_lossy(&answer.body).contains("\"stopped\"");
            if !["202", "409 idempotency_in_progress", "503 unavailable"].contains(&outcome.as_str()) && !stopped {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("sent again in vain");
    }

    async fn rows(&self, table: &str) -> i64 {
        self.app.database.number(&format!("SELECT count(*) FROM {table}")).await
    }
}

/// The client holds nothing, or was told that it may try again; never that something was refused or not stored for good.
#[track_caller]
fn nothing_wrong_was_said(place: Where, answer: Option<&Answer>) {
    match (place, answer) {
        (Where::BeforeServer, None) => {}
        (Where::BeforePostgres, Some(answer)) => assert_eq!(answer.outcome(), "503 unavailable", "{answer}"),
        (_, answer) => panic!("{place:?}: {answer:?}"),
    }
}

async fn a_submission(place: Where) {
    let cabled = Cabled::with(place, "hospital").await;
    let (path, key) = (revisions("2024", OWN), new_key());
    let body = body(answers_2024()).to_string().into_bytes();
    let lost = cabled.cut("SELECT count(*) = 1 FROM revision", &path, &key, &body).await;
    nothing_wrong_was_said(place, lost.as_ref());
    let receipt = cabled
        .app
        .database
        .superuser()
        .await
        .query_one("SELECT receipt::text FROM revision", &[])
        .await
        .unwrap();
    for _ in 0..2 {
        let answer = cabled.again(&path, &key, &body).await;
        assert_eq!(answer.header("idempotency-replayed"), "true");
        let answer = answer.expect(201);
        assert_eq!(
            (&answer["receipt"], &answer["unchanged"]),
            (&json!(receipt.get::<_, &str>(0)), &json!(false))
        );
    }
    assert_eq!(cabled.cable.cuts(), 1);
    assert_eq!((cabled.rows("revision").await, cabled.rows("respondent").await), (1, 1));
    assert_eq!(cabled.rows("audit WHERE action = 'submit_answers'").await, 1);
    assert_eq!(cabled.rows("idempotency").await, 1);
}

async fn an_import(place: Where) {
    let cabled = Cabled::with(place, "tokyo").await;
    let (path, key) = (format!("{IMPORTS}?file_name=a.csv"), new_key());
    let faulty = but(answers_2024(), "ehr_in_use", "");
    let rows = [
        (OWN.gmis, answers_2024()),
        (NEIGHBOUR.gmis, answers_2024()),
        (OTHER_WARD.gmis, faulty),
    ];
    let file = csv(survey_of("2024").first_edition(), &rows);
    let lost = cabled.cut("SELECT count(*) = 1 FROM import", &path, &key, &file).await;
    // The job is asked for, done and read in transactions of their own; only who waits for it hears of the cut.
    if place == Where::BeforeServer {
        nothing_wrong_was_said(place, lost.as_ref());
    } else if let Some(answer) = &lost {
        assert!(["201", "202", "503 unavailable"].contains(&answer.outcome().as_str()), "{answer}");
    }
    let answer = cabled.again(&path, &key, &file).await;
    assert_eq!(answer.header("idempotency-replayed"), "true");
    let report = answer.expect(201);
    let counts = ["accepted", "unchanged", "rejected"].map(|word| &report[word]);
    assert_eq!(counts, [&json!(2), &json!(0), &json!(1)]);
    assert_eq!(cabled.again(&path, &key, &file).await.expect(201), report);
    assert_eq!(cabled.cable.cuts(), 1);
    assert_eq!((cabled.rows("import").await, cabled.rows("import_verdict").await), (1, 3));
    assert_eq!(cabled.rows("revision").await, 2);
    assert_eq!(cabled.rows("revision GROUP BY hospital_id ORDER BY 1 DESC LIMIT 1").await, 1);
    assert_eq!(cabled.rows("audit WHERE action = 'import_answers'").await, 1);
    assert_eq!(cabled.rows("job WHERE state = 'done'").await, 1);
    assert_eq!(cabled.rows("job").await, 1);
}

/// Each line corrects the one before, so that a line done twice or left out shows in the revisions.
fn lines() -> Vec<String> {
    let line = |index: usize| {
        let word = if index.is_multiple_of(2) { "yes" } else { "no" };
        json!({"hospital": OWN.gmis, "answers": but(answers_2024(), "alerts_collected", word)}).to_string()
    };
    (0..GROUP + 20).map(line).collect()
}

/// Cut when so many lines are stored: in the first group, or in the second one, when the answer has begun.
async fn a_batch(place: Where, stored: usize) {
    let cabled = Cabled::with(place, "hospital").await;
    let (key, lines) = (new_key(), lines());
    let body = lines.join("\n").into_bytes();
    let lost = cabled
        .cut(&format!("SELECT count(*) >= {stored} FROM batch_line"), BATCHES, &key, &body)
        .await;
    match (place, &lost) {
        (Where::BeforePostgres, Some(answer)) if stored > GROUP => {
            // The status had been sent: the first group's verdicts, and then that it stopped.
            let said = verdicts(answer);
            assert_eq!((said.len(), &said[GROUP]["stopped"]["code"]), (GROUP + 1, &json!("batch_stopped")));
        }
        _ => nothing_wrong_was_said(place, lost.as_ref()),
    }
    let said = verdicts(&cabled.again(BATCHES, &key, &body).await);
    assert_eq!(said.len(), lines.len());
    for (verdict, number) in said.iter().zip(1..) {
        let told = (&verdict["line"], &verdict["verdict"], &verdict["revision"]);
        assert_eq!(told, (&json!(number), &json!("accepted"), &json!(number)));
        // What was committed when the cable was cut is answered from memory.
        assert!(number > stored || verdict["replayed"] == true, "{verdict}");
    }
    let mut again = verdicts(&cabled.again(BATCHES, &key, &body).await);
    assert!(again.iter().all(|verdict| verdict["replayed"] == true));
    for (verdict, before) in again.iter_mut().zip(&said) {
        verdict["replayed"] = before["replayed"].clone();
    }
    assert_eq!(again, said);
    let number = i64::try_from(lines.len()).unwrap();
    assert_eq!(cabled.cable.cuts(), 1);
    assert_eq!((cabled.rows("revision").await, cabled.rows("batch_line").await), (number, number));
    assert_eq!(cabled.rows("audit WHERE action = 'submit_batch'").await, 2, "one for each group");
}

fn verdicts(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer}");
    let lines = answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_answer_is_lost_on_the_way_to_the_client_is_there_once() {
    a_submission(Where::BeforeServer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_commit_is_not_confirmed_to_the_server_is_there_once() {
    a_submission(Where::BeforePostgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_answer_is_lost_on_the_way_to_the_client_is_there_once() {
    an_import(Where::BeforeServer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_commit_is_not_confirmed_to_the_server_is_there_once() {
    an_import(Where::BeforePostgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_answer_is_lost_on_the_way_to_the_client_is_there_once() {
    a_batch(Where::BeforeServer, GROUP).await;
    a_batch(Where::BeforeServer, GROUP + 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_commit_is_not_confirmed_to_the_server_is_there_once() {
    a_batch(Where::BeforePostgres, GROUP).await;
    a_batch(Where::BeforePostgres, GROUP + 20).await;
}
