//! The same figures by plain SQL over `revision.answers`, bands by CASE, skips by the conditions of [`notice`]. Never looks at `codes`, at
//! `submission.latest_revision`, or at the evaluator.

use tokio_postgres::{Client, Row};

use crate::figures::{Figures, Place, Rates, Tables};
use crate::notice::{self, Asked, Form, PROGRAM_BAND, SURVEY_BAND};

/// Every shape at once: whole, prefectures, bands of both bandings, prefectures by bands.
const GROUPS: &str =
    "GROUPING SETS ((), (prefecture), (survey_band), (program_band), (prefecture, survey_band), (prefecture, program_band))";

/// The counted answers of a survey: the newest revision of what is submitted or accepted, of hospitals in scope.
fn counted(survey: &str, of: &str) -> String {
    format!(
        "SELECT f.prefecture, {SURVEY_BAND} AS survey_band, {PROGRAM_BAND} AS program_band, r.answers \
         FROM frame f JOIN submission s ON s.survey_id = f.survey_id AND s.hospital_id = f.hospital_id \
         JOIN revision r ON r.submission_id = s.id AND r.number = (SELECT max(number) FROM revision WHERE submission_id = s.id) \
         WHERE f.survey_id = '{survey}' AND f.out_of_scope_at IS NULL AND s.state IN ('submitted', 'accepted') AND ({of})"
    )
}

/// Whether a judged answer has an option: a condition on `given`.
pub(crate) fn chosen(question: &Asked, option: &str) -> String {
    match question.form {
        Form::One(_) => format!("given = '\"{option}\"'"),
        Form::Several(_) => format!("given ? '{option}'"),
        Form::Text => "true".to_owned(),
    }
}

/// The counted answers of a survey to a question: `given` and its `state`.
fn judged_of(survey: &str, of: &str, question: &Asked) -> String {
    let Asked { key, of: asked, .. } = question;
    format!(
        "SELECT prefecture, survey_band, program_band, answers -> '{key}' AS given, \
             CASE WHEN ({asked}) IS NOT TRUE THEN 'not_asked' WHEN answers -> '{key}' IS NULL THEN 'blank' \
             WHEN answers -> '{key}' = '\"no_answer\"' THEN 'no_answer' ELSE 'answered' END AS state FROM ({counted}) AS counted",
        counted = counted(survey, of),
    )
}

/// The same of the whole nation.
pub(crate) fn judged(survey: &str, question: &Asked) -> String {
    judged_of(survey, "true", question)
}

fn table_sql(survey: &str, of: &str, question: &Asked) -> String {
    let counts: Vec<String> = question
        .options()
        .iter()
        .map(|option| format!("count(*) FILTER (WHERE state = 'answered' AND {})", chosen(question, option)))
        .collect();
    format!(
        "WITH judged AS ({judged}), \
         grouped AS (SELECT prefecture, survey_band, program_band, count(*) AS n, count(*) FILTER (WHERE state = 'answered') AS base, \
             count(*) FILTER (WHERE state = 'blank') AS blank, count(*) FILTER (WHERE state = 'no_answer') AS no_answer, \
             count(*) FILTER (WHERE state = 'not_asked') AS not_asked, ARRAY[{counts}] AS counts FROM judged GROUP BY {GROUPS}) \
         SELECT *, ARRAY(SELECT round(100.0 * c / nullif(base, 0), 1)::float8 FROM unnest(counts) WITH ORDINALITY AS u(c, i) ORDER BY i) AS percents \
         FROM grouped WHERE n > 0",
        judged = judged_of(survey, of, question),
        counts = counts.join(", "),
    )
}

fn place(row: &Row) -> Place {
    let prefecture: Option<i16> = row.get("prefecture");
    let (survey, program): (Option<String>, Option<String>) = (row.get("survey_band"), row.get("program_band"));
    let banding = match (&survey, &program) {
        (Some(_), None) => "survey",
        (None, Some(_)) => "program",
        _ => "all",
    };
    let band = survey.or(program).unwrap_or_else(|| "all".to_owned());
    (
        banding,
        prefecture.map_or_else(|| "00".to_owned(), |number| format!("{number:02}")),
        band,
    )
}

/// Every table of every question of a survey, of the hospitals `of` which a condition on `f` holds.
pub(crate) async fn tables(client: &Client, survey: &str, of: &str) -> Tables {
    let mut all = Tables::new();
    for question in notice::questions(survey) {
        for row in client.query(&table_sql(survey, of, question), &[]).await.unwrap() {
            let (counts, percents): (Vec<i64>, Vec<Option<f64>>) = (row.get("counts"), row.get("percents"));
            let figures = Figures {
                n: row.get("n"),
                base: row.get("base"),
                blank: row.get("blank"),
                no_answer: row.get("no_answer"),
                not_asked: row.get("not_asked"),
                options: counts.into_iter().zip(percents).collect(),
            };
            assert_eq!(all.insert((question.key, place(&row)), figures), None);
        }
    }
    all
}

/// Targets and responses.
pub(crate) async fn rates(client: &Client, survey: &str, of: &str) -> Rates {
    let sql = format!(
        "WITH targets AS (SELECT f.prefecture, {SURVEY_BAND} AS survey_band, {PROGRAM_BAND} AS program_band, \
             EXISTS (SELECT FROM submission s WHERE s.survey_id = f.survey_id AND s.hospital_id = f.hospital_id \
                     AND s.state IN ('submitted', 'accepted')) AS responded \
             FROM frame f WHERE f.survey_id = '{survey}' AND f.out_of_scope_at IS NULL AND ({of})) \
         SELECT prefecture, survey_band, program_band, count(*) AS targets, count(*) FILTER (WHERE responded) AS responses, \
             round(100.0 * count(*) FILTER (WHERE responded) / count(*), 1)::float8 AS percent FROM targets GROUP BY {GROUPS} HAVING count(*) > 0"
    );
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| (place(row), (row.get("targets"), row.get("responses"), Some(row.get("percent")))))
        .collect()
}
