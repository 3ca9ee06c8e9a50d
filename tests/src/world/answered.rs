//! The world with answers: at least one row in every table, in both prefectures, so that "own" and "all" are never the same.
//!
//! Made through the use cases; only an import's rows are written without the child that would have read its file.

use analytics::selection::list::Discard;
use chrono::TimeDelta;
use serde_json::{Value, json};
use server::app::batches;
use server::app::drafts::{self, NewDraft, SeenDraft};
use server::app::enrolments::{self, Invitation};
use server::app::inspections::{self, NewInspection};
use server::app::letters::Template;
use server::app::programs::lists::steps::{self as list_steps, Adjustment};
use server::app::programs::nominations::{self, Book, Whom};
use server::app::programs::quotas::moves::{self, Cell, Decision, Move};
use server::app::programs::results::requests as result_requests;
use server::app::programs::{self, NewProgram, Terms};
use server::app::releases;
use server::app::reminders::{self, Reminder, missing::Chosen};
use server::app::state::State;
use server::app::steps::{self, Review};
use server::app::submissions::{self, NewAnswers, Way};
use server::app::versions::Seen;
use server::app::windows::{self, Extended};
use server::auth::actor::{Actor, Role};
use server::auth::permit::{ChooseHospitals, GrantTime, MakeReleases, Permit, ReviewAnswers, SetQuotas, SubmitAnswers};
use server::db::hospitals::{self, MasterImportRow};
use server::db::imports::{self, ImportRow, VerdictRow};
use server::db::jobs::{self, NewJob};
use server::db::lists;
use server::db::results::{self, ResultRow};
use server::db::transaction::{Mode, as_actor};
use server::error::AppError;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    CITY_WARD, CLOSED, FAR, Hospital, NEIGHBOUR, OTHER_CITY, OTHER_WARD, OWN, UNPLACED, accounts, actor, answers_2022, answers_2024, but,
    done, in_2022, now, prefecture, secured, sign_in, state, survey_of,
};

/// Answers, imports, extensions, a programme and selections of both prefectures, and a session of each account.
pub(crate) async fn answer(application_url: &str) {
    let state = state(application_url, in_2022()).await;
    let system = Permit::<SubmitAnswers>::of(Actor::system()).unwrap();
    for hospital in [OWN, CITY_WARD, CLOSED] {
        submit(&state, &system, "2022", hospital, answers_2022()).await;
    }
    for hospital in [OWN, CITY_WARD] {
        done(accept(&state, hospital).await);
    }
    state.shared.clock.move_to(now() - TimeDelta::hours(1));
    let tokyo = actor(&state, "tokyo").await;
    let kanagawa = actor(&state, "kanagawa").await;
    for (actor, hospital, answers) in [
        (actor(&state, "hospital").await, OWN, but(answers_2024(), "backup_offline", "no")),
        (actor(&state, "hospital").await, OWN, answers_2024()),
        (tokyo.clone(), NEIGHBOUR, but(answers_2024(), "safety_manager_placed", "no_answer")),
        (tokyo.clone(), OTHER_WARD, but(answers_2024(), "backup_offline", "no")),
        (actor(&state, "yokohama-hospital").await, CITY_WARD, answers_2024()),
        (kanagawa.clone(), OTHER_CITY, but(answers_2024(), "bcp_defined", "no")),
    ] {
        submit(&state, &Permit::of(actor).unwrap(), "2024", hospital, answers).await;
    }
    for (actor, hospital) in [(&tokyo, OTHER_WARD), (&kanagawa, OTHER_CITY), (&Actor::system(), FAR)] {
        done(import(&state, actor, hospital).await);
    }
    let hospital = actor(&state, "hospital").await;
    done(import(&state, &hospital, OWN).await);
    done(batch(&state, hospital, OWN).await);
    let permit = Permit::<GrantTime>::of(Actor::system()).unwrap();
    for whom in [
        Extended::Hospital(OWN.gmis.to_owned()),
        Extended::Hospital(CITY_WARD.gmis.to_owned()),
        Extended::Prefecture(prefecture(13)),
    ] {
        done(windows::extend(&state, &permit, survey_of("2024"), &whom, now() + TimeDelta::days(60), "試験").await);
    }
    done(close_early(&state).await);
    for (login, hospital) in [
        ("hospital", OWN),
        ("yokohama-hospital", CITY_WARD),
        ("tokyo", OTHER_WARD),
        ("kanagawa", OTHER_CITY),
    ] {
        let permit = Permit::of(actor(&state, login).await).unwrap();
        let draft = NewDraft {
            edition: None,
            answers: json!({"respondent": {"name": "試験 花子"}}),
        };
        done(drafts::save(&state, &permit, survey_of("2024"), hospital.gmis, draft, SeenDraft::None).await);
    }
    for login in ["tokyo", "kanagawa"] {
        done(finished_job(&state, &actor(&state, login).await).await);
    }
    invite_and_remind(&state, &tokyo, &kanagawa).await;
    done(import_master(&state).await);
    for survey in ["2022", "2024"] {
        let permit = Permit::<MakeReleases>::of(Actor::system()).unwrap();
        done(releases::make(&state, &permit, survey_of(survey), "", None).await);
    }
    open_program(&state).await;
    ask_for_quota(&state, &tokyo, &kanagawa).await;
    say_by_hand(&state, &tokyo, UNPLACED, OTHER_WARD).await;
    say_by_hand(&state, &kanagawa, FAR, OTHER_CITY).await;
    for actor in [tokyo, kanagawa.clone()] {
        let Role::Prefecture(prefecture) = actor.role().clone() else {
            panic!("no prefecture")
        };
        done(
            programs::choosing::choose(
                &state,
                &Permit::<ChooseHospitals>::of(actor).unwrap(),
                "2024",
                prefecture,
                Discard::Nothing,
                None,
            )
            .await,
        );
    }
    done(accept_list(&state, kanagawa).await);
    report_results(&state).await;
    done(secured::secure(&state).await);
    for (login, _) in accounts() {
        done(sign_in(&state, login).await.map(drop));
    }
}

/// Kanagawa's list is handed in and accepted, so that its hospitals know.
async fn accept_list(state: &State, kanagawa: Actor) -> Result<(), AppError> {
    let place = ("2024", prefecture(14));
    list_steps::adjust(state, &Permit::of(kanagawa)?, place, (None, &Adjustment::HandIn), None).await?;
    list_steps::decide(
        state,
        &Permit::of(Actor::system())?,
        place,
        (None, &list_steps::Decision::Accept),
        None,
    )
    .await?;
    Ok(())
}

/// A result of a hospital on each list, though Tokyo's is not accepted; Tokyo may see its own, Kanagawa was refused.
async fn report_results(state: &State) {
    let system = Actor::system();
    let added = as_actor(&state.pool, &system, Mode::Write, async |conn| {
        for number in [13, 14] {
            let rows = lists::hospitals(conn, "2024", number).await?;
            let chosen = rows.into_iter().find(|row| row.standing == "chosen");
            let hospital_id = chosen.ok_or_else(|| AppError::internal("nobody was chosen"))?.hospital_id;
            let row = ResultRow {
                program_id: "2024".to_owned(),
                hospital_id,
                version: 1,
                prefecture: number,
                progress: "running".to_owned(),
                surveyed_on: None,
                connections: None,
                findings: None,
                offline_backup: None,
                remarks: String::new(),
                file_hash: "0".repeat(64),
                account_id: None,
                recorded_at: now(),
            };
            results::insert(conn, &[row]).await?;
        }
        Ok(())
    });
    done(added.await);
    for (number, decision) in [(13, result_requests::Decision::Grant), (14, result_requests::Decision::Refuse)] {
        let asker = Permit::of(Actor::of_row(None, Role::Prefecture(prefecture(number)))).unwrap();
        let asked = done(result_requests::ask(state, &asker, "2024", "試験", None).await);
        let id = asked.body["id"].as_str().unwrap().parse().unwrap();
        done(result_requests::decide(state, &Permit::of(system.clone()).unwrap(), ("2024", id), decision, "試験").await);
    }
}

/// An account without a password and a reminder in each prefecture, for the two that have not answered.
async fn invite_and_remind(state: &State, tokyo: &Actor, kanagawa: &Actor) {
    for (actor, hospital) in [(tokyo, UNPLACED), (kanagawa, FAR)] {
        let list = [Invitation {
            hospital: hospital.gmis.to_owned(),
            email: format!("{}@example.jp", hospital.gmis.to_lowercase()),
        }];
        done(enrolments::invite(state, &Permit::of(actor.clone()).unwrap(), &list).await);
        let reminder = Reminder {
            chosen: Chosen {
                area: actor.area().unwrap(),
                bands: Vec::new(),
            },
            template: done(Template::named("first")),
            round: Some("world".to_owned()),
        };
        done(reminders::send(state, &Permit::of(actor.clone()).unwrap(), survey_of("2024"), &reminder).await);
    }
}

/// Programme 2024 with quotas and an extension of both prefectures: a cell that is filled, one that is short, one of zero.
async fn open_program(state: &State) {
    let permit = Permit::<SetQuotas>::of(Actor::system()).unwrap();
    let new = NewProgram {
        id: "2024".to_owned(),
        fiscal_year: 2024,
        title: "試験支援事業".to_owned(),
        surveys: vec!["2024".to_owned(), "2022".to_owned()],
        use_rule: "試験のため".to_owned(),
        deadline: now() + TimeDelta::days(90),
        terms: Terms::default(),
    };
    done(programs::open(state, &permit, &new).await);
    let quota = |number, band: &str, hospitals| analytics::selection::Quota {
        prefecture: prefecture(number),
        band: band.to_owned(),
        hospitals,
    };
    let quotas = [
        quota(13, "20-199", 1),
        quota(13, "400+", 2),
        quota(13, "200-399", 0),
        quota(14, "20-199", 1),
        quota(14, "200-399", 1),
    ];
    done(programs::quotas::set(state, &permit, "2024", &quotas.as_slice().into()).await);
    for number in [13, 14] {
        let longer = (now() + TimeDelta::days(120), "試験");
        done(programs::extend(state, &permit, "2024", prefecture(number), longer).await);
    }
}

/// Requests to move quota, none of them granted: one of each prefecture about its own cells, and one that concerns both.
async fn ask_for_quota(state: &State, tokyo: &Actor, kanagawa: &Actor) {
    let cell = |number, band: &str| Cell {
        prefecture: prefecture(number),
        band: band.to_owned(),
    };
    let requests = [
        (tokyo, cell(13, "400+"), cell(13, "200-399")),
        (kanagawa, cell(14, "20-199"), cell(14, "200-399")),
        (kanagawa, cell(13, "400+"), cell(14, "400+")),
    ];
    let (set, decision) = (Permit::<SetQuotas>::of(Actor::system()).unwrap(), Decision::Refuse);
    for (actor, from, to) in requests {
        let moves = [Move { from, to, hospitals: 1 }];
        let permit = Permit::of(actor.clone()).unwrap();
        let asked = done(moves::ask(state, &permit, "2024", &moves, "試験", None).await);
        let id = asked.body["id"].as_str().unwrap().parse().unwrap();
        done(moves::decide(state, &set, "2024", id, decision, "試験").await);
    }
}

/// In a prefecture: a hospital that has not answered is nominated, another is excluded and taken back, and was inspected; a copy of the national criteria.
async fn say_by_hand(state: &State, actor: &Actor, nominated: Hospital, other: Hospital) {
    let Role::Prefecture(prefecture) = actor.role().clone() else {
        panic!("no prefecture")
    };
    let permit = Permit::<ChooseHospitals>::of(actor.clone()).unwrap();
    let whom = |hospital: Hospital| Whom {
        program: "2024",
        prefecture,
        hospital: hospital.gmis,
    };
    done(nominations::add(state, &permit, Book::Nomination, whom(nominated), "地域の要", None).await);
    done(nominations::add(state, &permit, Book::Exclusion, whom(other), "統合の予定", None).await);
    done(nominations::withdraw(state, &permit, Book::Exclusion, whom(other), "統合の延期", None).await);
    let found = NewInspection {
        hospital: other.gmis.to_owned(),
        level: 1,
        inspected_on: "2023-10-01".parse().unwrap(),
        note: "試験の指摘".to_owned(),
    };
    done(inspections::enter(state, &permit, prefecture, &found, None).await);
    let read = Permit::of(actor.clone()).unwrap();
    let national = done(programs::criteria::read(state, &read, "2024", prefecture).await);
    let wanted = (serde_json::to_value(&national.criteria).unwrap(), Seen::Version(0));
    done(programs::criteria::set(state, &permit, "2024", prefecture, wanted).await);
}

async fn submit(state: &State, permit: &Permit<SubmitAnswers>, survey: &str, hospital: Hospital, answers: Value) {
    let new = NewAnswers {
        hospital: hospital.gmis.to_owned(),
        edition: None,
        answers,
        reason: None,
        way: Way::Api,
        received: [2; 32],
        seen: None,
    };
    // A key, so that there are remembered answers too; the system's own are not asked for.
    let key = server::app::idempotency::Key {
        key: Uuid::new_v4().to_string(),
        request_hash: [1; 32],
    };
    done(submissions::submit(state, permit, survey_of(survey), &new, Some(&key)).await);
}

/// Accepts what a hospital answered in 2022.
async fn accept(state: &State, hospital: Hospital) -> Result<(), AppError> {
    let permit = Permit::<ReviewAnswers>::of(Actor::system())?;
    let what = (Seen::Version(1), &Review::Accept);
    steps::review(state, &permit, survey_of("2022"), hospital.gmis, what, None)
        .await
        .map(drop)
}

/// A window of 2022, far ahead, that is to end early.
async fn close_early(state: &State) -> Result<(), AppError> {
    let permit = Permit::<GrantTime>::of(Actor::system())?;
    let (opens, closes) = (now() + TimeDelta::days(3_000), now() + TimeDelta::days(3_020));
    let window = windows::open(state, &permit, survey_of("2022"), (opens, closes), "試験").await?;
    let early = Some(closes - TimeDelta::days(5));
    windows::close(state, &permit, survey_of("2022"), Some(window.id), early, "試験")
        .await
        .map(drop)
}

/// A batch of one line that says what is there already.
async fn batch(state: &State, actor: Actor, hospital: Hospital) -> Result<(), AppError> {
    let line = json!({"hospital": hospital.gmis, "answers": answers_2024()}).to_string();
    let lines = batches::lines_of(line.as_bytes())?;
    let permit = Permit::<SubmitAnswers>::of(actor)?;
    batches::submit_group(state, &permit, survey_of("2024"), "batch", &lines)
        .await
        .map(drop)
}

/// The rows of an import of one hospital, as the use case stores them, without the child that would have read the file.
async fn import(state: &State, actor: &Actor, hospital: Hospital) -> Result<(), AppError> {
    let sha256: Vec<u8> = hospital.gmis.bytes().cycle().take(32).collect();
    let row = ImportRow {
        id: Uuid::now_v7(),
        survey_id: "2024".to_owned(),
        edition_id: "2024-first".to_owned(),
        actor: actor.role().name().to_owned(),
        account_id: actor.account(),
        hospital_id: actor.hospital(),
        prefecture: match actor.role() {
            Role::Prefecture(code) => Some(i16::from(code.number())),
            _ => None,
        },
        file_name: format!("{}.csv", hospital.gmis),
        blob_sha256: Some(sha256.clone()),
        numbering: None,
        reason: None,
        accepted: 0,
        rejected: 0,
        unchanged: 1,
        faults: json!([]),
        imported_at: state.now(),
        file_sha256: sha256.clone(),
        retain_until: server::app::erasure::last_day(state.now()),
        erased_at: None,
    };
    let verdict = VerdictRow {
        ordinal: 0,
        hospital: hospital.gmis.to_owned(),
        sheet: String::new(),
        sheet_row: 2,
        verdict: "unchanged".to_owned(),
        faults: json!([]),
    };
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        imports::insert_blob(conn, &sha256, hospital.gmis.as_bytes()).await?;
        imports::insert(conn, &row).await?;
        Ok(imports::insert_verdicts(conn, row.id, &[verdict]).await?)
    })
    .await
}

/// A job that was done, as far as its row tells.
async fn finished_job(state: &State, actor: &Actor) -> Result<(), AppError> {
    let id = Uuid::now_v7();
    let row = NewJob {
        id,
        kind: "export".to_owned(),
        survey_id: "2024".to_owned(),
        parameters: json!({}),
        blob_sha256: None,
        actor: actor.role().name().to_owned(),
        account_id: actor.account(),
        hospital_id: None,
        prefecture: match actor.role() {
            Role::Prefecture(code) => Some(i16::from(code.number())),
            _ => None,
        },
        municipality: String::new(),
        actor_key: actor.account().unwrap_or_default().to_string(),
        key: "job".to_owned(),
        request_hash: vec![1; 32],
        state: "queued".to_owned(),
        queued_at: state.now(),
    };
    as_actor(&state.pool, actor, Mode::Write, async |conn| Ok(jobs::insert(conn, &row).await?)).await?;
    let bytes = format!("made for {}", actor.account().unwrap_or_default()).into_bytes();
    let sha256 = Sha256::digest(&bytes).to_vec();
    let answer = json!({
        "file_name": "made.csv", "media_type": "text/csv; charset=utf-8", "bytes": bytes.len(), "sha256": hex::encode(&sha256),
        "place": format!("/api/v1/jobs/{id}/file"),
    });
    as_actor(&state.pool, &Actor::system(), Mode::Write, async |conn| {
        jobs::take(conn, id, Some(id)).await?;
        imports::insert_blob(conn, &sha256, &bytes).await?;
        jobs::give_file(conn, id, id, &sha256).await?;
        jobs::end(conn, id, id, ("done", Some(201), &answer), state.now()).await?;
        Ok(())
    })
    .await
}

/// The row of a master's import that changed nothing: the hospitals stay as the frames made them.
async fn import_master(state: &State) -> Result<(), AppError> {
    let row = MasterImportRow {
        id: Uuid::now_v7(),
        actor: Actor::system().role().name().to_owned(),
        account_id: None,
        file_name: "master.csv".to_owned(),
        sha256: vec![3; 32],
        difference_hash: "0".repeat(64),
        summary: json!({}),
        changes: json!([]),
        imported_at: state.now(),
    };
    as_actor(&state.pool, &Actor::system(), Mode::Write, async |conn| {
        Ok(hospitals::insert_import(conn, &row).await?)
    })
    .await
}
