//! The order of choice by plain SQL over `revision.answers`: who is a candidate, the score by the restated criteria, the rank in the cell. Never looks
//! at `codes`, at `submission.latest_revision`, or at the criteria of the programme.

use tokio_postgres::Client;

use crate::notice::PROGRAM_BAND;

/// The national default of the criteria, restated: key, points, condition on `answers` of a hospital with an EHR and on `beds`.
///
/// What a hospital said of a question that it was not asked gives no points: backup_offline without a backup, bcp_drilled without a plan.
pub(crate) const CRITERIA: [(&str, i64, &str); 16] = [
    ("no_backup", 40, "answers ->> 'ehr_backup' = 'no'"),
    (
        "no_offline_backup",
        30,
        "answers ->> 'backup_offline' = 'no' AND answers ->> 'ehr_backup' IN ('yes', 'no_answer')",
    ),
    (
        "backup_not_disaster_separated",
        30,
        "answers ->> 'backup_disaster_separated' = 'no'",
    ),
    ("no_bcp", 20, "answers ->> 'bcp_defined' = 'no'"),
    (
        "bcp_not_drilled",
        10,
        "answers ->> 'bcp_drilled' = 'no' AND answers ->> 'bcp_defined' IN ('yes', 'no_answer')",
    ),
    ("no_safety_manager", 15, "answers ->> 'safety_manager_placed' = 'no'"),
    ("network_map_unknown", 15, "answers ->> 'network_map_known' = 'no'"),
    ("mds_sds_unchecked", 10, "answers ->> 'mds_sds_checked' = 'no'"),
    // Nobody was inspected in the made nation.
    ("finding_written", 15, "false"),
    ("finding_grave", 15, "false"),
    ("emergency_secondary", 10, "attributes ->> 'emergency' IN ('secondary', 'tertiary')"),
    ("emergency_tertiary", 10, "attributes ->> 'emergency' = 'tertiary'"),
    ("disaster_base", 15, "attributes ->> 'disaster_base' = 'yes'"),
    ("only_hospital", 15, "in_area = 1 AND attributes ? 'medical_area'"),
    ("beds_200", 10, "beds >= 200"),
    ("beds_400", 10, "beds >= 400"),
];

/// A candidate by SQL.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) gmis: String,
    pub(crate) prefecture: i16,
    pub(crate) band: String,
    pub(crate) survey: String,
    pub(crate) score: i64,
    pub(crate) parts: Vec<String>,
    pub(crate) rank: i64,
}

/// Candidates in the order of choice within their cells: an EHR by the newest revision of the latest survey that they answered.
pub(crate) async fn ranked(client: &Client) -> Vec<Ranked> {
    let scores: Vec<String> = CRITERIA
        .iter()
        .map(|(_, points, when)| format!("CASE WHEN {when} THEN {points} ELSE 0 END"))
        .collect();
    let parts: Vec<String> = CRITERIA
        .iter()
        .map(|(key, _, when)| format!("CASE WHEN {when} THEN '{key}' END"))
        .collect();
    let sql = format!(
        "WITH placed AS (SELECT *, count(*) FILTER (WHERE beds >= 20) OVER (PARTITION BY attributes ->> 'medical_area') AS in_area FROM frame \
             WHERE survey_id = '2024' AND out_of_scope_at IS NULL), \
         decided AS (SELECT f.gmis_id, f.prefecture, f.beds, f.attributes, f.in_area, {PROGRAM_BAND} AS band, d.survey_id, d.answers \
             FROM placed f CROSS JOIN LATERAL (SELECT s.survey_id, r.answers FROM submission s JOIN revision r ON r.submission_id = s.id \
                 WHERE s.hospital_id = f.hospital_id AND s.survey_id IN ('2022', '2024') AND s.state IN ('submitted', 'accepted') \
                 ORDER BY s.survey_id DESC, r.number DESC LIMIT 1) d), \
         scored AS (SELECT gmis_id, prefecture, band, survey_id, ({scores})::int8 AS score, array_remove(ARRAY[{parts}], NULL)::text[] AS parts \
             FROM decided WHERE answers ->> 'ehr_in_use' = 'yes') \
         SELECT *, row_number() OVER (PARTITION BY prefecture, band ORDER BY score DESC, gmis_id COLLATE \"C\") AS rank FROM scored \
         ORDER BY prefecture, score DESC, gmis_id COLLATE \"C\"",
        scores = scores.join(" + "),
        parts = parts.join(", "),
    );
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| Ranked {
            gmis: row.get("gmis_id"),
            prefecture: row.get("prefecture"),
            band: row.get("band"),
            survey: row.get("survey_id"),
            score: row.get("score"),
            parts: row.get("parts"),
            rank: row.get("rank"),
        })
        .collect()
}

/// The sum of the points of these criteria.
pub(crate) fn points(parts: &[String]) -> i64 {
    CRITERIA
        .iter()
        .filter(|(key, ..)| parts.iter().any(|part| part == key))
        .map(|(_, points, _)| points)
        .sum()
}
