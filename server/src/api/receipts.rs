//! Receipts, and their verification by anybody.

use actix_web::{get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::receipts::{self, Finding, Receipt};
use crate::app::state::State;
use crate::app::surveys;
use crate::auth::permit::ReadAnswers;
use crate::auth::receipt::Statement;
use crate::db::receipts::KeyRow;

/// A signed receipt (受付票). The signature is over these lines, each ended by a line feed: `chosa-receipt-v1`, then `name=value` of receipt, survey, edition,
/// edition_hash, hospital, revision, entry_path, received_at (UTC, six decimals, `Z`) and received_sha256 (empty if null), in this order.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Receipt)]
pub struct ReceiptJson {
    /// The number on it.
    receipt: Uuid,
    survey: String,
    edition: String,
    /// SHA-256 of the edition answered.
    edition_hash: String,
    /// G-MIS ID.
    hospital: String,
    revision: i32,
    /// page, api, workbook, or proxy (代行入力).
    entry_path: String,
    received_at: DateTime<Utc>,
    /// SHA-256 of what was received: the body, the line of the batch, or the file.
    received_sha256: Option<String>,
    /// Which key signed it.
    key: String,
    /// Ed25519, base64url without padding.
    signature: String,
}

impl From<Receipt> for ReceiptJson {
    fn from(receipt: Receipt) -> ReceiptJson {
        let Receipt { statement, key, signature } = receipt;
        ReceiptJson {
            receipt: statement.receipt,
            survey: statement.survey,
            edition: statement.edition,
            edition_hash: statement.edition_hash,
            hospital: statement.hospital,
            revision: statement.revision,
            entry_path: statement.entry_path,
            received_at: statement.received_at,
            received_sha256: statement.received_sha256,
            key,
            signature,
        }
    }
}

impl From<ReceiptJson> for Receipt {
    fn from(json: ReceiptJson) -> Receipt {
        Receipt {
            statement: Statement {
                receipt: json.receipt,
                survey: json.survey,
                edition: json.edition,
                edition_hash: json.edition_hash,
                hospital: json.hospital,
                revision: json.revision,
                entry_path: json.entry_path,
                received_at: json.received_at,
                received_sha256: json.received_sha256,
            },
            key: json.key,
            signature: json.signature,
        }
    }
}

/// The receipt of a revision, also of one that came with a file or a batch.
#[utoipa::path(tag = "receipts", operation_id = "read_receipt", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID"), ("revision" = i32, Path)), responses(
    (status = 200, description = "The receipt", body = ReceiptJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, hospital_unknown, revision_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/hospitals/{hospital}/revisions/{revision}/receipt")]
pub async fn read_receipt(
    state: web::Data<State>,
    guarded: Guarded<ReadAnswers>,
    path: web::Path<(String, String, i32)>,
) -> Result<web::Json<ReceiptJson>, ApiError> {
    let (survey, hospital, number) = path.into_inner();
    let receipt = receipts::read(&state, &guarded.permit, surveys::known(&survey)?, &hospital, number).await?;
    Ok(web::Json(receipt.into()))
}

/// A public key of receipts.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptKey)]
pub struct ReceiptKeyJson {
    /// As on receipts.
    key: String,
    /// Ed25519, 64 hexadecimal digits.
    public_key: String,
    first_used_at: DateTime<Utc>,
}

impl From<KeyRow> for ReceiptKeyJson {
    fn from(row: KeyRow) -> ReceiptKeyJson {
        ReceiptKeyJson {
            key: row.key_id,
            public_key: hex::encode(row.public_key),
            first_used_at: row.first_used_at,
        }
    }
}

/// The public keys that receipts were signed with, the oldest first. For anybody.
#[utoipa::path(tag = "receipts", operation_id = "list_receipt_keys", responses(
    (status = 200, description = "The keys", body = Vec<ReceiptKeyJson>),
))]
#[get("/api/v1/receipt-keys")]
pub async fn list_receipt_keys(state: web::Data<State>) -> Result<web::Json<Vec<ReceiptKeyJson>>, ApiError> {
    let keys = receipts::keys(&state).await?;
    Ok(web::Json(keys.into_iter().map(ReceiptKeyJson::from).collect()))
}

/// What verification says.
#[derive(Serialize, ToSchema)]
#[schema(as = Verification)]
pub struct VerificationJson {
    valid: bool,
    /// Japanese: what that means and what to do next.
    message: &'static str,
}

/// Says whether a receipt was signed by this service and not changed since. For anybody; the body is the receipt as it was given.
#[utoipa::path(tag = "receipts", operation_id = "verify_receipt", request_body = ReceiptJson, responses(
    (status = 200, description = "What was found", body = VerificationJson),
    (status = 400, description = "body_invalid", body = ProblemJson),
))]
#[post("/api/v1/receipts/verify")]
pub async fn verify_receipt(state: web::Data<State>, body: web::Json<ReceiptJson>) -> Result<web::Json<VerificationJson>, ApiError> {
    let finding = receipts::verify(&state, &body.into_inner().into()).await?;
    let message = match finding {
        Finding::Valid => "この受付票は、このサービスが発行したもので、書き換えられていません。",
        Finding::NotValid => {
            "この受付票は確認できません。書き換えられています。受け取ったままの受付票で確認し直すか、回答の画面からもう一度出力してください。"
        }
        Finding::UnknownKey => "この受付票は、このサービスの鍵で署名されていません。発行元を確認してください。",
    };
    Ok(web::Json(VerificationJson {
        valid: finding == Finding::Valid,
        message,
    }))
}
