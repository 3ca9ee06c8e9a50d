//! The tables as diesel knows them. The schema test compares this file with a migrated database, column by column.
#![expect(
    missing_docs,
    reason = "diesel writes the items; the tables are documented by COMMENT ON in the migrations"
)]

diesel::table! {
    survey (id) { id -> Text, title -> Text, registered_at -> Timestamptz, }
}
diesel::table! {
    edition (id) { id -> Text, survey_id -> Text, hash -> Text, layout_hash -> Text, registered_at -> Timestamptz, }
}
diesel::table! {
    survey_window (id) {
        id -> Uuid, survey_id -> Text, opens -> Timestamptz, closes -> Timestamptz, reason -> Text,
        account_id -> Nullable<Uuid>, recorded_at -> Timestamptz,
    }
}
diesel::table! {
    extension (id) {
        id -> Uuid, survey_id -> Text, hospital_id -> Nullable<Uuid>, prefecture -> Nullable<SmallInt>, municipality -> Nullable<Text>,
        until -> Timestamptz, reason -> Text, account_id -> Nullable<Uuid>, recorded_at -> Timestamptz,
    }
}
diesel::table! {
    window_closure (id) {
        id -> Uuid, window_id -> Uuid, survey_id -> Text, closes -> Timestamptz, reason -> Text, account_id -> Nullable<Uuid>,
        recorded_at -> Timestamptz,
    }
}
diesel::table! {
    survey_change (survey_id, shard) { survey_id -> Text, shard -> SmallInt, changes -> BigInt, }
}
diesel::table! {
    hospital (id) {
        id -> Uuid, name -> Text, prefecture -> SmallInt, municipality -> Text, successor_id -> Nullable<Uuid>, recorded_at -> Timestamptz,
        beds -> Nullable<Integer>, opened_on -> Nullable<Date>, closed_on -> Nullable<Date>, close_reason -> Nullable<Text>,
        attributes -> Jsonb,
    }
}
diesel::table! {
    alias (kind, value, valid_from) {
        hospital_id -> Uuid, kind -> Text, value -> Text, prefecture -> SmallInt, municipality -> Text,
        valid_from -> Date, valid_to -> Nullable<Date>,
    }
}
diesel::table! {
    frame (survey_id, hospital_id) {
        survey_id -> Text, hospital_id -> Uuid, gmis_id -> Text, institution_code -> Nullable<Text>, name -> Text,
        prefecture -> SmallInt, municipality -> Text, beds -> Integer,
        out_of_scope_at -> Nullable<Timestamptz>, out_of_scope_reason -> Nullable<Text>,
        attributes -> Jsonb,
    }
}
diesel::table! {
    account (id) {
        id -> Uuid, login -> Text, password_hash -> Text, role -> Text, hospital_id -> Nullable<Uuid>, prefecture -> Nullable<SmallInt>,
        municipality -> Nullable<Text>, disabled_at -> Nullable<Timestamptz>, created_at -> Timestamptz,
    }
}
diesel::table! {
    session (token_hash) {
        token_hash -> Bytea, account_id -> Uuid, created_at -> Timestamptz, expires_at -> Timestamptz, ended_at -> Nullable<Timestamptz>,
        id -> Uuid, stage -> Text, way -> Text, last_seen -> Timestamptz, agent -> Text, origin -> Nullable<Text>,
    }
}
diesel::table! {
    second_factor (id) {
        id -> Uuid, account_id -> Uuid, sealed_key -> Nullable<Bytea>, last_step -> BigInt, made_at -> Timestamptz,
        removed_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    recovery_code (factor_id, code_hash) {
        factor_id -> Uuid, code_hash -> Bytea, account_id -> Uuid, used_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    sign_in_failure (id) { id -> Uuid, login_digest -> Bytea, place -> Text, failed_at -> Timestamptz, }
}
diesel::table! {
    api_client (id) {
        id -> Text, account_id -> Uuid, secret_hash -> Text, disabled_at -> Nullable<Timestamptz>, created_at -> Timestamptz,
    }
}
diesel::table! {
    submission (id) {
        id -> Uuid, survey_id -> Text, hospital_id -> Uuid, prefecture -> SmallInt, municipality -> Text, state -> Text,
        latest_revision -> Integer, updated_at -> Timestamptz, version -> Integer, resubmit_until -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    revision (submission_id, number) {
        submission_id -> Uuid, number -> Integer, survey_id -> Text, hospital_id -> Uuid, prefecture -> SmallInt, municipality -> Text,
        edition_id -> Text, edition_hash -> Text, layout_hash -> Text, answers -> Jsonb, codes -> Bytea, warnings -> Jsonb,
        entry_path -> Text, actor -> Text, account_id -> Nullable<Uuid>, import_id -> Nullable<Uuid>, reason -> Nullable<Text>,
        receipt -> Uuid, received_at -> Timestamptz, received_sha256 -> Nullable<Bytea>, origin -> Nullable<Text>, version -> Integer,
    }
}
diesel::table! {
    respondent (submission_id, number) {
        submission_id -> Uuid, number -> Integer, hospital_id -> Uuid, prefecture -> SmallInt, municipality -> Text,
        details -> Nullable<Jsonb>, retain_until -> Date, erased_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    submission_event (id) {
        id -> Uuid, submission_id -> Uuid, version -> Integer, survey_id -> Text, hospital_id -> Uuid, prefecture -> SmallInt,
        municipality -> Text, step -> Text, revision -> Integer, comments -> Jsonb, reason -> Nullable<Text>,
        resubmit_until -> Nullable<Timestamptz>, actor -> Text, account_id -> Nullable<Uuid>, happened_at -> Timestamptz,
        origin -> Nullable<Text>, erased_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    draft (submission_id, party) {
        submission_id -> Uuid, party -> Text, survey_id -> Text, hospital_id -> Uuid, prefecture -> SmallInt, municipality -> Text,
        edition_id -> Text, answers -> Nullable<Jsonb>, tag -> Uuid, actor -> Text, account_id -> Nullable<Uuid>, saved_at -> Timestamptz,
        retain_until -> Date,
    }
}
diesel::table! {
    blob (sha256) { sha256 -> Bytea, bytes -> Bytea, size -> Nullable<BigInt>, stored_at -> Timestamptz, }
}
diesel::table! {
    import (id) {
        id -> Uuid, survey_id -> Text, edition_id -> Text, actor -> Text, account_id -> Nullable<Uuid>, hospital_id -> Nullable<Uuid>,
        prefecture -> Nullable<SmallInt>, municipality -> Text, file_name -> Text, blob_sha256 -> Nullable<Bytea>, numbering -> Nullable<Text>,
        reason -> Nullable<Text>, accepted -> Integer, rejected -> Integer, unchanged -> Integer, faults -> Jsonb, imported_at -> Timestamptz,
        file_sha256 -> Bytea, retain_until -> Date, erased_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    job (id) {
        id -> Uuid, kind -> Text, survey_id -> Text, parameters -> Jsonb, blob_sha256 -> Nullable<Bytea>, actor -> Text,
        account_id -> Nullable<Uuid>, hospital_id -> Nullable<Uuid>, prefecture -> Nullable<SmallInt>, municipality -> Text,
        actor_key -> Text, key -> Text, request_hash -> Bytea, state -> Text, phase -> Text, done -> Integer, total -> Integer,
        attempts -> SmallInt, worker -> Nullable<Uuid>, lease_until -> Nullable<Timestamptz>, status -> Nullable<SmallInt>,
        result -> Nullable<Jsonb>, output_sha256 -> Nullable<Bytea>, queued_at -> Timestamptz, started_at -> Nullable<Timestamptz>, finished_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    import_verdict (import_id, ordinal) {
        import_id -> Uuid, ordinal -> Integer, hospital -> Text, sheet -> Text, sheet_row -> Integer, verdict -> Text, faults -> Jsonb,
    }
}
diesel::table! {
    program (id) {
        id -> Text, fiscal_year -> Integer, title -> Text, surveys -> Array<Text>, frame_survey -> Text, use_rule -> Text,
        criteria -> Jsonb, deadline -> Timestamptz, opened_at -> Timestamptz, banding -> Text, consent -> Text,
        intake_survey -> Nullable<Text>, effort -> Jsonb, form -> Jsonb,
    }
}
diesel::table! {
    program_hospital (program_id, hospital_id) {
        program_id -> Text, hospital_id -> Uuid, gmis_id -> Text, institution_code -> Nullable<Text>, name -> Text, prefecture -> SmallInt,
        municipality -> Text, beds -> Integer, band -> Nullable<Text>, attributes -> Jsonb,
    }
}
diesel::table! {
    cell (program_id, prefecture, band) {
        program_id -> Text, prefecture -> SmallInt, band -> Text, changed_at -> Timestamptz,
    }
}
diesel::table! {
    program_extension (id) {
        id -> Uuid, program_id -> Text, prefecture -> SmallInt, deadline -> Timestamptz, reason -> Text, account_id -> Nullable<Uuid>,
        granted_at -> Timestamptz,
    }
}
diesel::table! {
    prefecture_list (program_id, prefecture) {
        program_id -> Text, prefecture -> SmallInt, state -> Text, version -> Integer, selection_id -> Uuid, adjusted -> Bool,
        handed_in_at -> Nullable<Timestamptz>, changed_at -> Timestamptz,
    }
}
diesel::table! {
    listed_hospital (program_id, hospital_id) {
        program_id -> Text, prefecture -> SmallInt, hospital_id -> Uuid, band -> Text, standing -> Text, rank -> Nullable<Integer>,
        score -> BigInt, origin -> Text, reason -> Text, announced -> Bool,
    }
}
diesel::table! {
    adjustment (id) {
        id -> Uuid, program_id -> Text, prefecture -> SmallInt, version -> Integer, step -> Text, band -> Nullable<Text>,
        hospital_id -> Nullable<Uuid>, successor_id -> Nullable<Uuid>, rank -> Nullable<Integer>, reason -> Text, actor -> Text,
        account_id -> Nullable<Uuid>, happened_at -> Timestamptz, was -> Nullable<Text>, state -> Text, before -> Nullable<Integer>,
    }
}
diesel::table! {
    nomination (program_id, hospital_id, version) {
        program_id -> Text, hospital_id -> Uuid, version -> Integer, prefecture -> SmallInt, withdrawn -> Bool, reason -> Text,
        account_id -> Nullable<Uuid>, recorded_at -> Timestamptz,
    }
}
diesel::table! {
    exclusion (program_id, hospital_id, version) {
        program_id -> Text, hospital_id -> Uuid, version -> Integer, prefecture -> SmallInt, withdrawn -> Bool, reason -> Text,
        account_id -> Nullable<Uuid>, recorded_at -> Timestamptz,
    }
}
diesel::table! {
    inspection (id, version) {
        id -> Uuid, version -> Integer, hospital_id -> Uuid, prefecture -> SmallInt, level -> SmallInt, inspected_on -> Date, note -> Text,
        withdrawn -> Bool, reason -> Nullable<Text>, account_id -> Nullable<Uuid>, recorded_at -> Timestamptz,
    }
}
diesel::table! {
    program_criteria (program_id, prefecture, version) {
        program_id -> Text, prefecture -> SmallInt, version -> Integer, criteria -> Jsonb, account_id -> Nullable<Uuid>,
        set_at -> Timestamptz,
    }
}
diesel::table! {
    quota (program_id, prefecture, band, version) {
        program_id -> Text, prefecture -> SmallInt, band -> Text, version -> Integer, hospitals -> Integer,
        account_id -> Nullable<Uuid>, set_at -> Timestamptz, reason -> Nullable<Text>, request_id -> Nullable<Uuid>,
        granted -> Nullable<Text>,
    }
}
diesel::table! {
    quota_request (id) {
        id -> Uuid, program_id -> Text, prefecture -> SmallInt, concerns -> Array<SmallInt>, moves -> SmallInt, reason -> Text,
        account_id -> Nullable<Uuid>, asked_at -> Timestamptz,
    }
}
diesel::table! {
    quota_move (request_id, ordinal) {
        request_id -> Uuid, ordinal -> SmallInt, program_id -> Text, prefecture -> SmallInt, concerns -> Array<SmallInt>,
        moves -> SmallInt, from_prefecture -> SmallInt, from_band -> Text, to_prefecture -> SmallInt, to_band -> Text,
        hospitals -> Integer,
    }
}
diesel::table! {
    support_result (program_id, hospital_id, version) {
        program_id -> Text, hospital_id -> Uuid, version -> Integer, prefecture -> SmallInt, progress -> Text, surveyed_on -> Nullable<Date>,
        connections -> Nullable<Integer>, findings -> Nullable<Integer>, offline_backup -> Nullable<Text>, remarks -> Text, file_hash -> Text,
        account_id -> Nullable<Uuid>, recorded_at -> Timestamptz,
    }
}
diesel::table! {
    result_request (id) {
        id -> Uuid, program_id -> Text, prefecture -> SmallInt, reason -> Text, account_id -> Nullable<Uuid>, asked_at -> Timestamptz,
    }
}
diesel::table! {
    result_decision (request_id) {
        request_id -> Uuid, program_id -> Text, prefecture -> SmallInt, decision -> Text, reason -> Text, account_id -> Nullable<Uuid>,
        decided_at -> Timestamptz,
    }
}
diesel::table! {
    quota_decision (request_id) {
        request_id -> Uuid, program_id -> Text, prefecture -> SmallInt, concerns -> Array<SmallInt>, moves -> SmallInt,
        decision -> Text, reason -> Text, account_id -> Nullable<Uuid>, decided_at -> Timestamptz,
    }
}
diesel::table! {
    selection (id) {
        id -> Uuid, program_id -> Text, prefecture -> SmallInt, number -> Integer, complete -> Bool, inputs_hash -> Text,
        result_hash -> Text, result -> Jsonb, account_id -> Nullable<Uuid>, chosen_at -> Timestamptz,
    }
}
diesel::table! {
    chosen_hospital (selection_id, hospital_id) {
        selection_id -> Uuid, program_id -> Text, prefecture -> SmallInt, hospital_id -> Uuid, band -> Text, rank -> Integer, score -> BigInt,
    }
}
diesel::table! {
    audit (id) {
        id -> Uuid, at -> Timestamptz, actor -> Text, account_id -> Nullable<Uuid>, action -> Text, survey_id -> Nullable<Text>,
        hospital_id -> Nullable<Uuid>, prefecture -> Nullable<SmallInt>, municipality -> Text, details -> Jsonb, origin -> Nullable<Text>,
    }
}
diesel::table! {
    batch_line (actor_key, key, line) {
        actor_key -> Text, key -> Text, line -> Integer, request_hash -> Bytea, verdict -> Jsonb, made_at -> Timestamptz,
    }
}
diesel::table! {
    receipt_key (key_id) { key_id -> Text, public_key -> Bytea, first_used_at -> Timestamptz, }
}
diesel::table! {
    master_import (id) {
        id -> Uuid, actor -> Text, account_id -> Nullable<Uuid>, file_name -> Text, sha256 -> Bytea, difference_hash -> Text,
        summary -> Jsonb, changes -> Jsonb, imported_at -> Timestamptz,
    }
}
diesel::table! {
    idempotency (actor_key, key) {
        actor_key -> Text, key -> Text, request_hash -> Bytea, status -> SmallInt, response -> Jsonb, made_at -> Timestamptz,
    }
}
diesel::table! {
    enrolment (id) {
        id -> Uuid, purpose -> Text, subject_id -> Uuid, hospital_id -> Nullable<Uuid>, prefecture -> Nullable<SmallInt>,
        municipality -> Text, email -> Nullable<Text>, token_hash -> Nullable<Bytea>, expires_at -> Nullable<Timestamptz>,
        used_at -> Nullable<Timestamptz>, actor -> Text, account_id -> Nullable<Uuid>, made_at -> Timestamptz,
        erased_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    outbox (id) {
        id -> Uuid, purpose -> Text, dedupe_key -> Text, survey_id -> Nullable<Text>, hospital_id -> Nullable<Uuid>,
        prefecture -> Nullable<SmallInt>, municipality -> Text, enrolment_id -> Nullable<Uuid>, recipient -> Nullable<Text>,
        subject -> Nullable<Text>, body -> Nullable<Text>, state -> Text, attempts -> Integer, next_attempt -> Timestamptz, last_error -> Nullable<Text>,
        settled_at -> Nullable<Timestamptz>, actor -> Text, account_id -> Nullable<Uuid>, made_at -> Timestamptz,
        erased_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    release (id) {
        id -> Uuid, survey_id -> Text, number -> Integer, note -> Text, as_of -> Timestamptz, changes -> BigInt, layout_hash -> Text,
        program_version -> Text, compared_with -> Nullable<Uuid>, hospitals -> Integer, responses -> Integer, suppression -> Jsonb,
        actor -> Text, account_id -> Nullable<Uuid>, made_at -> Timestamptz,
    }
}
diesel::table! {
    release_member (release_id, hospital_id) {
        release_id -> Uuid, hospital_id -> Uuid, prefecture -> SmallInt, municipality -> Text, beds -> Integer,
        submission_id -> Nullable<Uuid>, revision -> Nullable<Integer>,
    }
}
diesel::table! {
    release_file (release_id, name) {
        release_id -> Uuid, name -> Text, media_type -> Text, blob_sha256 -> Bytea, size -> BigInt, restricted -> Bool,
    }
}
diesel::allow_tables_to_appear_in_same_query!(
    survey,
    edition,
    survey_window,
    window_closure,
    extension,
    survey_change,
    hospital,
    alias,
    frame,
    account,
    session,
    second_factor,
    recovery_code,
    sign_in_failure,
    api_client,
    submission,
    revision,
    respondent,
    submission_event,
    draft,
    blob,
    import,
    job,
    import_verdict,
    program,
    program_hospital,
    cell,
    program_extension,
    prefecture_list,
    listed_hospital,
    adjustment,
    nomination,
    exclusion,
    inspection,
    program_criteria,
    quota,
    quota_request,
    quota_move,
    quota_decision,
    support_result,
    result_request,
    result_decision,
    selection,
    chosen_hospital,
    audit,
    batch_line,
    receipt_key,
    master_import,
    idempotency,
    enrolment,
    outbox,
    release,
    release_member,
    release_file,
);
