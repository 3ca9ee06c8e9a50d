//! Quotas computed from a national total.

use std::collections::BTreeMap;

use actix_web::{post, web};
use analytics::quota::Rounding;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::quotas::QuotaJson;
use crate::app::programs::quotas::compute::{self, Computed, Storing};
use crate::app::programs::quotas::proposal::{Ask, Method};
use crate::app::state::State;
use crate::auth::permit::SetQuotas;
use crate::error::AppError;

/// What is to be computed. Weights and caps of cells are their candidates of now.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuotaQuestion)]
pub struct QuestionJson {
    /// Hospitals of the nation; may be left out where totals are given, and has to be their sum.
    total: Option<u64>,
    /// `largest_remainder`: to all cells at once. `biproportional`: so that the totals of prefectures and of bands are both met.
    #[schema(value_type = String, example = "biproportional")]
    method: Method,
    /// For `biproportional`: `standard` (to the nearest, if not given), `up`, `down`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    rounding: Rounding,
    /// For `biproportional`: the total of every prefecture. Not given: in proportion to the candidates.
    prefecture_totals: Option<Vec<PrefectureTotalJson>>,
    /// For `biproportional`: the total of every band. Not given: in proportion to the candidates.
    band_totals: Option<Vec<BandTotalJson>>,
    /// The least of every cell; those with fewer candidates have at least what they have.
    #[serde(default)]
    at_least: u64,
    /// The least of single cells.
    #[serde(default)]
    lower: Vec<QuotaJson>,
    /// Set what was computed: cells that change get a new version.
    #[serde(default)]
    store: bool,
    /// With `store`: needed where a cell that has a version changes.
    reason: Option<String>,
    /// With `store`: `hash` of a proposal that was seen; then only the changes that it showed are made.
    hash: Option<String>,
}

/// The total of a prefecture.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PrefectureTotal)]
pub struct PrefectureTotalJson {
    /// Two digits.
    prefecture: String,
    hospitals: u64,
}

/// The total of a band.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BandTotal)]
pub struct BandTotalJson {
    /// A band of the programme: 20-199, 200-399, 400+, or one of the six.
    band: String,
    hospitals: u64,
}

impl QuestionJson {
    fn ask(self) -> Result<(Ask, Option<Storing>), AppError> {
        let twice = |name: &str| {
            AppError::invalid(
                "quota_totals_invalid",
                format!("{name}の計が2回指定されています。1つにしてください。"),
            )
        };
        let mut prefectures = self.prefecture_totals.as_ref().map(|_| BTreeMap::new());
        for total in self.prefecture_totals.into_iter().flatten() {
            let code = prefecture(&total.prefecture)?;
            if prefectures.get_or_insert_default().insert(code, total.hospitals).is_some() {
                return Err(twice(code.name()).at("prefecture_totals"));
            }
        }
        let mut bands = self.band_totals.as_ref().map(|_| BTreeMap::new());
        for total in self.band_totals.into_iter().flatten() {
            let name = survey::fault::excerpt(&total.band);
            if bands.get_or_insert_default().insert(total.band, total.hospitals).is_some() {
                return Err(twice(&name).at("band_totals"));
            }
        }
        let ask = Ask {
            total: self.total,
            method: self.method,
            rounding: self.rounding,
            prefecture_totals: prefectures,
            band_totals: bands,
            at_least: self.at_least,
            lower: self.lower.into_iter().map(QuotaJson::quota).collect::<Result<_, _>>()?,
        };
        let storing = self.store.then_some(Storing {
            reason: self.reason,
            expected: self.hash,
        });
        Ok((ask, storing))
    }
}

/// Computes quotas from a national total, within lower bounds and the candidates of each cell: a proposal with totals, ties and divisors, or the
/// sentence that says why there is none. Nothing is stored without `store`.
#[utoipa::path(tag = "programs", operation_id = "compute_quotas", security(("bearer" = [])), params(("program" = String, Path)),
    request_body = QuestionJson, responses(
    (status = 200, description = "`cells`, `prefectures`, `bands`, `tied`, `changes`, `hash`, `stored`", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, quota_invalid, quota_total_missing, quota_totals_invalid, reason_missing, reason_too_long", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 409, description = "quota_changed: not what the proposal showed", body = ProblemJson),
    (status = 422, description = "quota_infeasible: which totals or bounds contradict each other, and by how many", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/quotas/compute")]
pub async fn compute_quotas(
    state: web::Data<State>,
    guarded: Guarded<SetQuotas>,
    path: web::Path<String>,
    body: web::Json<QuestionJson>,
) -> Result<web::Json<Computed>, ApiError> {
    let (ask, storing) = body.into_inner().ask()?;
    let computed = match storing {
        Some(storing) => compute::store(&state, &guarded.permit, &path, &ask, &storing).await?,
        None => compute::preview(&state, &guarded.permit, &path, &ask).await?,
    };
    Ok(web::Json(computed))
}
