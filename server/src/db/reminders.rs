//! Who has not answered, with the address that a reminder goes to and the contact that a clerk would telephone. Reads only.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::frames::FrameRow;

/// A hospital in scope, and how far it is.
#[derive(Debug, Clone, QueryableByName)]
pub struct ChasedRow {
    /// Internal id.
    #[diesel(sql_type = SqlUuid)]
    pub hospital_id: Uuid,
    /// G-MIS ID.
    #[diesel(sql_type = Text)]
    pub gmis_id: String,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// JIS X 0401.
    #[diesel(sql_type = SmallInt)]
    pub prefecture: i16,
    /// Five digits or empty.
    #[diesel(sql_type = Text)]
    pub municipality: String,
    /// Licensed beds.
    #[diesel(sql_type = Integer)]
    pub beds: i32,
    /// State of its submission; `None` while there is none.
    #[diesel(sql_type = Nullable<Text>)]
    pub state: Option<String>,
    /// Of returned answers: their own date for resubmission.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub resubmit_until: Option<DateTime<Utc>>,
    /// Where its mails go; `None`: nobody gave an address, or the actor may not see it.
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    /// Whether the mail server refused that address.
    #[diesel(sql_type = Bool)]
    pub refused: bool,
}

impl ChasedRow {
    /// The hospital as frames have it.
    pub fn in_frame(&self) -> FrameRow {
        FrameRow {
            hospital_id: self.hospital_id,
            gmis_id: self.gmis_id.clone(),
            institution_code: None,
            name: self.name.clone(),
            prefecture: self.prefecture,
            municipality: self.municipality.clone(),
            beds: self.beds,
        }
    }
}

/// Every hospital in scope that the actor may see, by G-MIS ID. The newest address that was given for a hospital is the one that counts.
pub async fn chased(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<ChasedRow>> {
    diesel::sql_query(
        "SELECT f.hospital_id, f.gmis_id, f.name, f.prefecture, f.municipality, f.beds, s.state, s.resubmit_until, e.email, \
         EXISTS (SELECT FROM outbox o WHERE o.hospital_id = f.hospital_id AND o.recipient = e.email AND o.state = 'undeliverable') AS refused \
         FROM frame f LEFT JOIN submission s ON s.survey_id = f.survey_id AND s.hospital_id = f.hospital_id \
         LEFT JOIN LATERAL (SELECT x.email FROM enrolment x WHERE x.hospital_id = f.hospital_id AND x.purpose = 'enrol' ORDER BY x.id DESC LIMIT 1) e ON true \
         WHERE f.survey_id = $1 AND f.out_of_scope_at IS NULL ORDER BY f.gmis_id",
    )
    .bind::<Text, _>(survey_id)
    .load(conn)
    .await
}

/// Whom a clerk would ask for.
#[derive(Debug, Clone, QueryableByName)]
pub struct ContactRow {
    /// The hospital.
    #[diesel(sql_type = SqlUuid)]
    pub hospital_id: Uuid,
    /// Name.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// Telephone or whatever was given.
    #[diesel(sql_type = Nullable<Text>)]
    pub contact: Option<String>,
}

/// The respondent of each hospital's newest revision of any survey, as far as it was not erased.
pub async fn contacts(conn: &mut AsyncPgConnection, hospitals: &[Uuid]) -> QueryResult<Vec<ContactRow>> {
    diesel::sql_query(
        "SELECT DISTINCT ON (p.hospital_id) p.hospital_id, p.details ->> 'name' AS name, p.details ->> 'contact' AS contact \
         FROM respondent p JOIN revision r ON r.submission_id = p.submission_id AND r.number = p.number \
         WHERE p.hospital_id = ANY ($1) AND p.details IS NOT NULL ORDER BY p.hospital_id, r.received_at DESC, r.number DESC",
    )
    .bind::<Array<SqlUuid>, _>(hospitals)
    .load(conn)
    .await
}
