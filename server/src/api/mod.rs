//! The HTTP API under `/api/v1`: reads requests, calls one use case, writes JSON. Rules live in `app`, shapes live here.

pub mod audits;
pub mod batches;
pub mod criteria;
pub mod drafts;
pub mod enrolments;
pub mod exports;
pub mod faults;
pub mod guard;
pub mod health;
pub mod hospitals;
pub mod imports;
pub mod inspections;
pub mod jobs;
pub mod keyed;
pub mod list_files;
pub mod lists;
pub mod masters;
pub mod nominations;
pub mod origin;
pub mod pages;
pub mod planning;
pub mod preconditions;
pub mod problem;
pub mod programs;
pub mod quota_proposals;
pub mod quota_requests;
pub mod quotas;
pub mod receipts;
pub mod releases;
pub mod reminders;
pub mod results;
pub mod selections;
pub mod sessions;
pub mod steps;
pub mod submissions;
pub mod surveys;
pub mod tables;
pub mod templates;
pub mod trends;
pub mod vocabularies;
pub mod windows;

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::AppError;
use problem::ApiError;

/// Largest JSON body. The longest answers are a few kilobytes.
const JSON_BYTES: usize = 256 * 1024;
/// Largest uploaded file, as `importer::Limits` has it.
const FILE_BYTES: usize = 32 << 20;

/// All operations of the API.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(health::live)
        .service(health::ready)
        .service(sessions::create_session)
        .service(sessions::delete_session)
        .service(sessions::create_token)
        .service(sessions::read_me)
        .service(enrolments::create_enrolments)
        .service(enrolments::list_enrolments)
        .service(enrolments::redeem_enrolment)
        .service(enrolments::reset_password)
        .service(surveys::list_surveys)
        .service(surveys::read_survey)
        .service(surveys::read_edition)
        .service(surveys::read_schema)
        .service(vocabularies::list_indicators)
        .service(vocabularies::list_attributes)
        .service(templates::download_template)
        .service(templates::download_hospital_template)
        .service(templates::download_area_template)
        .service(windows::open_window)
        .service(windows::close_window)
        .service(windows::grant_extension)
        .service(windows::list_extensions)
        .service(hospitals::list_hospitals)
        .service(masters::import_master)
        .service(masters::draw_frame)
        .service(masters::drop_from_scope)
        .service(submissions::read_submission)
        .service(submissions::submit_answers)
        .service(drafts::save_draft)
        .service(drafts::read_draft)
        .service(drafts::discard_draft)
        .service(steps::withdraw_answers)
        .service(steps::return_answers)
        .service(steps::accept_answers)
        .service(batches::submit_batch)
        .service(receipts::read_receipt)
        .service(receipts::list_receipt_keys)
        .service(receipts::verify_receipt)
        .service(reminders::list_missing)
        .service(reminders::send_reminders)
        .service(imports::import_answers)
        .service(jobs::read_job)
        .service(jobs::follow_job)
        .service(jobs::download_job_file)
        .service(exports::request_export)
        .service(imports::list_imports)
        .service(imports::read_import)
        .service(imports::download_annotated)
        .service(tables::read_table)
        .service(tables::read_response_rates)
        .service(trends::read_trend)
        .service(releases::list_releases)
        .service(releases::preview_release)
        .service(releases::make_release)
        .service(releases::read_release)
        .service(releases::check_release)
        .service(releases::download_release_file)
        .service(exports::download_statistics)
        .service(programs::list_programs)
        .service(programs::create_program)
        .service(programs::list_program_extensions)
        .service(programs::extend_program)
        .service(planning::read_coverage)
        .service(planning::read_effort)
        .service(planning::read_plan)
        .service(quotas::list_quotas)
        .service(quotas::set_quotas)
        .service(quotas::list_quota_history)
        .service(quotas::import_quotas)
        .service(quota_proposals::compute_quotas)
        .service(quota_requests::ask_for_quota)
        .service(quota_requests::list_quota_requests)
        .service(quota_requests::grant_quota_request)
        .service(quota_requests::refuse_quota_request)
        .service(nominations::list_nominations)
        .service(nominations::nominate_hospital)
        .service(nominations::withdraw_nomination)
        .service(nominations::list_exclusions)
        .service(nominations::exclude_hospital)
        .service(nominations::withdraw_exclusion)
        .service(inspections::list_inspections)
        .service(inspections::enter_inspection)
        .service(inspections::withdraw_inspection)
        .service(criteria::read_criteria)
        .service(criteria::preview_criteria)
        .service(criteria::set_criteria)
        .service(selections::list_candidates)
        .service(selections::choose_hospitals)
        .service(selections::read_selection)
        .service(selections::download_selection)
        .service(lists::list_own_programs)
        .service(lists::list_lists)
        .service(lists::read_list)
        .service(lists::read_list_history)
        .service(lists::adjust_list)
        .service(lists::decide_list)
        .service(list_files::download_list)
        .service(list_files::download_national_list)
        .service(list_files::download_hand_over)
        .service(results::import_results)
        .service(results::list_results)
        .service(results::ask_for_results)
        .service(results::list_result_requests)
        .service(results::decide_result_request)
        .service(audits::list_audit);
}

/// How actix's extractors refuse: as problem+json too, never as plain text.
pub fn extractors(config: &mut web::ServiceConfig) {
    let refuse = |code: &'static str, message: &'static str| ApiError::from(AppError::invalid(code, message));
    config
        .app_data(
            web::JsonConfig::default()
                .limit(JSON_BYTES)
                .error_handler(move |error, _| match error {
                    actix_web::error::JsonPayloadError::Overflow { .. }
                    | actix_web::error::JsonPayloadError::OverflowKnownLength { .. } => {
                        ApiError::from(AppError::TooLarge(too_large())).into()
                    }
                    _ => refuse("body_invalid", "要求の本文が正しいJSONではありません。形式を確認してください。").into(),
                }),
        )
        .app_data(web::QueryConfig::default().error_handler(move |error, _| {
            tracing::debug!(%error, "query refused");
            refuse("query_invalid", "URLの検索条件が正しくありません。項目名と値を確認してください。").into()
        }))
        .app_data(web::PathConfig::default().error_handler(move |error, _| {
            tracing::debug!(%error, "path refused");
            ApiError::from(AppError::not_found(
                "path_unknown",
                "URLが正しくありません。番号や記号を確認してください。",
            ))
            .into()
        }))
        .app_data(web::PayloadConfig::new(FILE_BYTES));
}

/// The bytes of a JSON body that is read by hand. As raw bytes they could be as many as a file's.
pub(super) fn json_bytes(body: Result<web::Bytes, actix_web::Error>) -> Result<web::Bytes, AppError> {
    let body = body.map_err(|error| {
        tracing::debug!(%error, "body refused");
        AppError::TooLarge(too_large())
    })?;
    if body.len() > JSON_BYTES {
        Err(AppError::TooLarge(too_large()))
    } else {
        Ok(body)
    }
}

/// A body that was taken as bytes because its key is bound to them.
fn parsed<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, AppError> {
    serde_json::from_slice(bytes).map_err(|error| {
        tracing::debug!(%error, "body refused");
        AppError::invalid("body_invalid", "要求の本文が正しいJSONではありません。形式を確認してください。")
    })
}

fn too_large() -> crate::error::Refusal {
    crate::error::Refusal::new("body_too_large", "送られた内容が大きすぎます。分けて送ってください。")
}
