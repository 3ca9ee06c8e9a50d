//! Releases (公表版): what was published, for everybody who is signed in, and making one.

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use analytics::report::DataDifference;
use analytics::suppress::{Part, Report};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::jobs::{JobJson, answered};
use crate::api::keyed::Keyed;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::download;
use crate::app::releases::{self, Listed};
use crate::app::state::State;
use crate::app::{jobs, surveys};
use crate::auth::permit::{CheckReleases, FollowJobs, MakeReleases, Permit, ReadReleases};
use crate::db::releases::FileRow;

/// How much is hidden, in distributions: one question in one domain of the plan.
#[derive(Serialize, ToSchema)]
#[schema(as = Suppressed)]
pub struct SuppressedJson {
    /// Of the plan.
    distributions: usize,
    /// Hidden for their own counts.
    primary: usize,
    /// Hidden, for whatever reason.
    hidden: usize,
    /// Any decision that follows the rule hides at least as many.
    least: usize,
    /// Weighted estimates of the nation and its bands beside published counts; absent before a release is made, and of releases that did not count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimates: Option<WithheldJson>,
    /// Rows of trends on a base that no table has, as far as this survey's own answers go: where the release of the other year withholds one, or the panel
    /// alone is withheld, is not in here. Absent like `estimates`.
    #[serde(skip_serializing_if = "Option::is_none")]
    trends: Option<WithheldJson>,
}

/// Numbers beside published counts, and those of them that are withheld because they would give a hidden count away.
#[derive(Serialize, ToSchema)]
#[schema(as = Withheld)]
pub struct WithheldJson {
    /// Printed or not.
    all: usize,
    /// Not printed.
    withheld: usize,
}

impl From<Part> for WithheldJson {
    fn from(part: Part) -> WithheldJson {
        WithheldJson {
            all: part.all,
            withheld: part.withheld,
        }
    }
}

impl From<Report> for SuppressedJson {
    fn from(report: Report) -> SuppressedJson {
        SuppressedJson {
            distributions: report.all,
            primary: report.primary,
            hidden: report.hidden,
            least: report.least,
            estimates: report.beside.map(|beside| beside.estimates.into()),
            trends: report.beside.map(|beside| beside.trends.into()),
        }
    }
}

/// A release of a survey by its number.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleaseNumber)]
pub struct ReleaseNumberJson {
    survey: String,
    number: i32,
}

impl ReleaseNumberJson {
    fn of((survey, number): (String, i32)) -> ReleaseNumberJson {
        ReleaseNumberJson { survey, number }
    }
}

/// A file of a release.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleaseFile)]
pub struct ReleaseFileJson {
    name: String,
    media_type: String,
    bytes: i64,
    /// In hexadecimal.
    sha256: String,
    /// Micro-data, for the ministry only; all others are public.
    restricted: bool,
    /// Path where it is.
    place: String,
}

/// A release: it never changes.
#[derive(Serialize, ToSchema)]
#[schema(as = Release)]
pub struct ReleaseJson {
    survey: String,
    /// 1, 2, 3 ... A further one corrects the one before.
    number: i32,
    /// What it corrects; empty at most in the first.
    note: String,
    /// To when it counts.
    as_of: DateTime<Utc>,
    made_at: DateTime<Utc>,
    /// Of the frame.
    hospitals: i32,
    /// Of those, counted.
    responses: i32,
    /// The release of the earlier survey beside which its trends stand.
    compared_with: Option<ReleaseNumberJson>,
    suppressed: SuppressedJson,
    /// Those that one may have, by name.
    files: Vec<ReleaseFileJson>,
}

impl From<Listed> for ReleaseJson {
    fn from(listed: Listed) -> ReleaseJson {
        let row = listed.row;
        let file = |file: FileRow| ReleaseFileJson {
            place: format!("/api/v1/surveys/{}/releases/{}/files/{}", row.survey_id, row.number, file.name),
            name: file.name,
            media_type: file.media_type,
            bytes: file.size,
            sha256: hex::encode(&file.blob_sha256),
            restricted: file.restricted,
        };
        ReleaseJson {
            files: listed.files.into_iter().map(file).collect(),
            number: row.number,
            note: row.note,
            as_of: row.as_of,
            made_at: row.made_at,
            hospitals: row.hospitals,
            responses: row.responses,
            compared_with: listed.compared_with.map(ReleaseNumberJson::of),
            suppressed: listed.hidden.into(),
            survey: row.survey_id,
        }
    }
}

/// The releases of a survey, the newest first.
#[utoipa::path(tag = "releases", operation_id = "list_releases", security(("bearer" = [])), params(("survey" = String, Path)), responses(
    (status = 200, description = "The releases", body = Vec<ReleaseJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/releases")]
pub async fn list_releases(
    state: web::Data<State>,
    guarded: Guarded<ReadReleases>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let listed = releases::list(&state, &guarded.permit, survey).await?;
    let listed: Vec<ReleaseJson> = listed.into_iter().map(ReleaseJson::from).collect();
    Ok(HttpResponse::Ok().json(listed))
}

/// What the next release would be.
#[derive(Serialize, ToSchema)]
#[schema(as = NextRelease)]
pub struct NextReleaseJson {
    number: i32,
    as_of: DateTime<Utc>,
    /// Of the frame.
    hospitals: usize,
    /// Of those, counted.
    responses: usize,
    /// Hospitals that count otherwise than in the last release; null: there is none.
    differing: Option<usize>,
    compared_with: Option<ReleaseNumberJson>,
    suppressed: SuppressedJson,
}

/// What a release would be if it were made now, without making it: how many hospitals it counts, how many differ from the last one, how much it hides.
#[utoipa::path(tag = "releases", operation_id = "preview_release", security(("bearer" = [])), params(("survey" = String, Path)), responses(
    (status = 200, description = "What it would be", body = NextReleaseJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
    (status = 409, description = "nothing_to_release", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/releases/next")]
pub async fn preview_release(
    state: web::Data<State>,
    guarded: Guarded<MakeReleases>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let preview = releases::preview(&state, &guarded.permit, surveys::known(&path)?).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(NextReleaseJson {
            number: preview.number,
            as_of: preview.as_of,
            hospitals: preview.hospitals,
            responses: preview.responses,
            differing: preview.differing,
            compared_with: preview.compared_with.map(ReleaseNumberJson::of),
            suppressed: preview.suppression.into(),
        }))
}

/// One release.
#[utoipa::path(tag = "releases", operation_id = "read_release", security(("bearer" = [])),
    params(("survey" = String, Path), ("number" = i32, Path)), responses(
    (status = 200, description = "The release", body = ReleaseJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 404, description = "survey_unknown, release_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/releases/{number}")]
pub async fn read_release(
    state: web::Data<State>,
    guarded: Guarded<ReadReleases>,
    path: web::Path<(String, i32)>,
) -> Result<HttpResponse, ApiError> {
    let (survey, number) = path.into_inner();
    let listed = releases::read(&state, &guarded.permit, surveys::known(&survey)?, number).await?;
    Ok(HttpResponse::Ok().json(ReleaseJson::from(listed)))
}

/// A file of a release. It never changes: its `ETag` is its SHA-256, and who has it asks with `If-None-Match` in vain.
#[utoipa::path(tag = "releases", operation_id = "download_release_file", security(("bearer" = [])),
    params(("survey" = String, Path), ("number" = i32, Path), ("file" = String, Path)), responses(
    (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 304, description = "The caller has it already"),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 404, description = "survey_unknown, release_unknown, release_file_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/releases/{number}/files/{file}")]
pub async fn download_release_file(
    state: web::Data<State>,
    guarded: Guarded<ReadReleases>,
    path: web::Path<(String, i32, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (survey, number, name) = path.into_inner();
    let (file, bytes) = releases::file(&state, &guarded.permit, surveys::known(&survey)?, number, &name).await?;
    let tag = format!("\"{}\"", hex::encode(&file.blob_sha256));
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
        return Ok(HttpResponse::NotModified().insert_header(("ETag", tag)).finish());
    }
    let mut response = download(&file.name, &file.media_type, bytes);
    if let Ok(tag) = tag.parse() {
        response.headers_mut().insert(actix_web::http::header::ETAG, tag);
    }
    Ok(response)
}

/// What is said of a release that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReleaseRequest)]
pub struct ReleaseRequestJson {
    /// What it corrects: mandatory from the second on, and printed on it.
    #[serde(default)]
    note: String,
}

/// Makes a release: counts from one moment, hides what must be hidden, makes the files and stores them. It cannot be taken back; look at
/// `…/releases/next` first. A job: it takes longer than a request.
#[utoipa::path(tag = "releases", operation_id = "make_release", security(("bearer" = [])),
    params(("survey" = String, Path), ("Idempotency-Key" = String, Header)), request_body = ReleaseRequestJson, responses(
    (status = 201, description = "Made: its survey and number", body = ReleaseNumberJson),
    (status = 202, description = "Takes longer: ask the job, at Location", body = JobJson, headers(("Location" = String))),
    (status = 400, description = "body_invalid, note_missing, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
    (status = 409, description = "idempotency_in_progress, nothing_to_release, release_unchanged, release_overtaken", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/releases")]
pub async fn make_release(
    state: web::Data<State>,
    guarded: Guarded<MakeReleases>,
    keyed: Keyed,
    path: web::Path<String>,
    body: web::Json<ReleaseRequestJson>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let follow = Permit::<FollowJobs>::of(guarded.permit.actor().clone())?;
    let key = keyed.with_body(body.note.as_bytes());
    let job = jobs::ask_release(&state, &guarded.permit, survey, &body.note, &key).await?;
    answered(&state, &follow, job).await
}

/// A number that does not come out as it was published.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleaseDifference)]
pub struct ReleaseDifferenceJson {
    /// Of what, `column=value` each, as in the data file.
    of: Vec<String>,
    /// Value and state as published; null: it was not published.
    published: Option<(String, String)>,
    /// Value and state as counted now.
    counted: Option<(String, String)>,
}

impl From<DataDifference> for ReleaseDifferenceJson {
    fn from(difference: DataDifference) -> ReleaseDifferenceJson {
        ReleaseDifferenceJson {
            of: difference.of,
            published: difference.first,
            counted: difference.second,
        }
    }
}

/// What came of counting a release again.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleaseCheck)]
pub struct ReleaseCheckJson {
    /// Numbers compared.
    compared: usize,
    /// Those that differ: none, if program and data are whole.
    differences: Vec<ReleaseDifferenceJson>,
}

/// Counts a release again from the answers that it was counted from, and compares every published number.
#[utoipa::path(tag = "releases", operation_id = "check_release", security(("bearer" = [])),
    params(("survey" = String, Path), ("number" = i32, Path)), responses(
    (status = 200, description = "What came of it", body = ReleaseCheckJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, release_unknown", body = ProblemJson),
    (status = 409, description = "layout_changed", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/releases/{number}/check")]
pub async fn check_release(
    state: web::Data<State>,
    guarded: Guarded<CheckReleases>,
    path: web::Path<(String, i32)>,
) -> Result<HttpResponse, ApiError> {
    let (survey, number) = path.into_inner();
    let again = releases::check(&state, &guarded.permit, surveys::known(&survey)?, number).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(ReleaseCheckJson {
            compared: again.compared,
            differences: again.differences.into_iter().map(ReleaseDifferenceJson::from).collect(),
        }))
}
