//! That the check can fail: each kind of damage to a sound store is seen, and named.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::oracle::faults;
use crate::records::{Acknowledged, Submission};
use crate::stored::{Audit, Remembered, Revision, State, Stored};

/// Two hospitals that each submitted twice.
fn sound() -> (Vec<Acknowledged>, Stored) {
    let at: DateTime<Utc> = "2026-11-21T01:02:03.123456Z".parse().unwrap();
    let (mut acknowledged, mut stored) = (Vec::new(), Stored::default());
    for hospital in ["OWN0000", "PRF0001"] {
        for number in 1..=2 {
            let submission = Submission::numbered(hospital, u64::try_from(number).unwrap());
            let receipt = Uuid::new_v4();
            let told = json!({
                "receipt": receipt, "hospital": hospital, "revision": number, "entry_path": "api", "received_at": at, "unchanged": false,
            });
            let mut answers = submission.answers.clone();
            let respondent = answers.as_object_mut().unwrap().remove("respondent");
            stored.remembered.push(Remembered {
                key: submission.key.clone(),
                status: 201,
                response: told.clone(),
            });
            stored.audits.push(Audit {
                hospital: hospital.to_owned(),
                revision: Some(i64::from(number)),
                unchanged: Some(false),
            });
            let (hospital, entry_path) = (hospital.to_owned(), "api".to_owned());
            stored.revisions.push(Revision {
                hospital,
                number,
                receipt,
                answers,
                respondent,
                entry_path,
                received_at: at,
            });
            acknowledged.push(Acknowledged {
                submission,
                receipt: told,
                tries: 1,
                replayed: false,
            });
        }
        stored.submissions.push(State {
            hospital: hospital.to_owned(),
            state: "submitted".to_owned(),
            latest_revision: 2,
        });
    }
    (acknowledged, stored)
}

#[track_caller]
fn seen(expected: &str, damage: impl FnOnce(&mut Vec<Acknowledged>, &mut Stored)) {
    let (mut acknowledged, mut stored) = sound();
    damage(&mut acknowledged, &mut stored);
    let found = faults(&acknowledged, &stored);
    assert!(
        found.iter().any(|fault| fault.contains(expected)),
        "{expected:?} is not among {found:#?}"
    );
}

#[test]
fn a_sound_store_has_no_fault() {
    let (acknowledged, stored) = sound();
    assert_eq!(faults(&acknowledged, &stored), Vec::<String>::new());
}

#[test]
fn a_lost_revision_is_seen() {
    // The newest one, so that no gap tells.
    seen("lost: PRF0001-2", |_, stored| {
        stored.revisions.pop();
        stored.audits.pop();
        stored.remembered.pop();
        stored.submissions[1].latest_revision = 1;
    });
    seen("lost: OWN0000-1", |acknowledged, _| {
        acknowledged[0].receipt["receipt"] = json!(Uuid::new_v4())
    });
}

#[test]
fn a_doubled_revision_is_seen() {
    seen("doubled: 2 revisions of the submission", |_, stored| {
        let mut again = stored.revisions[3].clone();
        (again.number, again.receipt) = (3, Uuid::new_v4());
        stored.revisions.push(again);
        stored.audits.push(Audit {
            hospital: "PRF0001".to_owned(),
            revision: Some(3),
            unchanged: Some(false),
        });
        stored.submissions[1].latest_revision = 3;
    });
    seen("doubled: PRF0001-2, 2 rows", |_, stored| {
        stored.revisions.push(stored.revisions[3].clone())
    });
    seen("was handed out for 2 submissions", |acknowledged, _| {
        acknowledged[0].receipt = acknowledged[1].receipt.clone()
    });
}

#[test]
fn a_revision_that_nobody_was_told_of_is_seen() {
    seen("extra: nobody was told of PRF0001 revision 2", |acknowledged, _| {
        drop(acknowledged.pop())
    });
}

#[test]
fn a_changed_revision_is_seen() {
    seen("with other answers than were sent", |_, stored| {
        stored.revisions[0].answers["bcp_drilled"] = json!("no_answer")
    });
    seen("with other answers than were sent", |_, stored| {
        stored.revisions[0].respondent = None
    });
    seen("changed: OWN0000-1 was acknowledged as", |_, stored| {
        stored.revisions[0].received_at += chrono::TimeDelta::microseconds(1)
    });
    seen("changed: OWN0000-1 was acknowledged as", |acknowledged, _| {
        acknowledged[0].receipt["revision"] = json!(2)
    });
    seen("changed: OWN0000-1 was acknowledged as", |_, stored| {
        stored.revisions[0].hospital = "PRF0001".to_owned()
    });
}

#[test]
fn a_gap_and_a_wrong_count_are_seen() {
    seen("gap: the revisions of OWN0000 are [1, 3]", |_, stored| {
        stored.revisions[1].number = 3
    });
    seen("submissions do not agree", |_, stored| stored.submissions[0].latest_revision = 1);
    seen("submissions do not agree", |_, stored| {
        stored.submissions[0].state = "draft".to_owned()
    });
}

#[test]
fn a_missing_and_a_second_audit_row_or_remembered_answer_are_seen() {
    seen("audit rows of PRF0001", |_, stored| drop(stored.audits.pop()));
    seen("audit rows of OWN0000", |_, stored| stored.audits.push(stored.audits[0].clone()));
    seen("remembered answers of PRF0001-2", |_, stored| drop(stored.remembered.pop()));
    seen("remembered answers of OWN0000-1", |_, stored| {
        stored.remembered[0].response = json!({})
    });
    seen("audit rows of OWN0000", |_, stored| stored.audits[0].unchanged = Some(true));
    let unasked = Remembered {
        key: "OWN0000-9".to_owned(),
        status: 201,
        response: json!({}),
    };
    seen("remembered answers of OWN0000-9", |_, stored| stored.remembered.push(unasked));
}
