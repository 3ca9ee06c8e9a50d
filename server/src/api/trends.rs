//! Trends: a question of two surveys side by side, where the crosswalk lets them.

use actix_web::{get, web};
use analytics::trend::{TrendBy, TrendChange, TrendRequest, TrendRow, TrendShare, TrendTable, TrendTransition, TrendYear};
use analytics::{Estimate, Known};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use survey::question::QuestionKey;
use utoipa::{IntoParams, ToSchema};

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::state::State;
use crate::app::{statistics, surveys, trends};
use crate::auth::permit::ReadTables;

/// What the rows are.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrendByJson {
    /// The area as a whole only.
    #[default]
    Area,
    /// A row for each band of 20-99, 100-199, 200-299, 300-399, 400-499, 500+.
    Band,
}

impl From<TrendByJson> for TrendBy {
    fn from(by: TrendByJson) -> TrendBy {
        match by {
            TrendByJson::Area => TrendBy::Area,
            TrendByJson::Band => TrendBy::Band,
        }
    }
}

/// Which trend.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrendQuery {
    /// The earlier survey.
    from: String,
    /// Question key in the later survey, the one of the path.
    question: String,
    /// `nation`, two digits of a prefecture, five of a municipality. Mandatory.
    area: String,
    /// What the rows are; `area` if not given.
    #[serde(default)]
    #[param(inline)]
    by: TrendByJson,
}

/// One question in two surveys, on the harmonised base.
#[derive(Serialize, ToSchema)]
#[schema(as = TrendTable)]
pub struct TrendTableJson {
    earlier: TrendYearJson,
    later: TrendYearJson,
    /// What a reader must know of the comparison.
    note: String,
    area: String,
    /// By band; empty by area.
    rows: Vec<TrendRowJson>,
    total: TrendRowJson,
}

/// What is counted in a year.
#[derive(Serialize, ToSchema)]
#[schema(as = TrendYear)]
pub struct TrendYearJson {
    survey: String,
    question: String,
    label: String,
    /// The options that count as yes, as printed.
    yes: Vec<String>,
    /// When the answers were read.
    as_of: DateTime<Utc>,
}

/// One row.
#[derive(Serialize, ToSchema)]
#[schema(as = TrendRow)]
pub struct TrendRowJson {
    /// In rows by band.
    band: Option<String>,
    all: TrendAllJson,
    panel: TrendPanelJson,
}

/// All hospitals, each year by its own frame.
#[derive(Serialize, ToSchema)]
#[schema(as = TrendAll)]
pub struct TrendAllJson {
    earlier: TrendShareJson,
    later: TrendShareJson,
    /// Later minus earlier; absent where one of them has no base.
    change: Option<TrendChangeJson>,
}

/// The hospitals that answered both surveys. The four transitions add up to the base.
#[derive(Serialize, ToSchema)]
#[schema(as = TrendPanel)]
pub struct TrendPanelJson {
    /// Hospitals of both frames.
    hospitals: u64,
    earlier: TrendShareJson,
    later: TrendShareJson,
    change: Option<TrendChangeJson>,
    /// No, then yes.
    gained: TrendTransitionJson,
    /// Yes, then no.
    lost: TrendTransitionJson,
    stayed_yes: TrendTransitionJson,
    stayed_no: TrendTransitionJson,
}

/// The share of yes in one year.
#[derive(Serialize, ToSchema)]
#[schema(as = TrendShare)]
pub struct TrendShareJson {
    /// Counted submissions.
    n: u64,
    /// Of those, the harmonised base.
    base: u64,
    /// Of those, yes.
    count: u64,
    /// Of the base, unweighted, one decimal; absent at base 0.
    percent: Option<f64>,
    /// For all hospitals of the frame; absent at base 0.
    estimate: Option<EstimateJson>,
}

/// How well an estimate is known: from every hospital concerned, from a part of them, or from too few to say.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Known)]
pub enum KnownJson {
    /// Every hospital concerned answered.
    Complete,
    /// From a part; the standard error and the limits are given.
    Sampled,
    /// Too few answered to say.
    Unknown,
}

/// A weighted share in percent; limits at 95 %.
#[derive(Serialize, ToSchema)]
#[schema(as = Estimate)]
pub struct EstimateJson {
    percent: f64,
    known: KnownJson,
    /// In points.
    standard_error: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

/// A weighted difference in percentage points; limits at 95 %.
#[derive(Serialize, ToSchema)]
#[schema(as = TrendChange)]
pub struct TrendChangeJson {
    points: f64,
    known: KnownJson,
    /// In points.
    standard_error: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

/// What became of hospitals of the panel.
#[derive(Serialize, ToSchema)]
#[schema(as = TrendTransition)]
pub struct TrendTransitionJson {
    count: u64,
    /// Of the panel's base, unweighted.
    percent: Option<f64>,
    /// Of the panel's base, weighted; of gained and lost.
    estimate: Option<EstimateJson>,
    /// Of those that said the same the first time, weighted; of gained and lost.
    of_earlier: Option<EstimateJson>,
}

impl From<TrendTable> for TrendTableJson {
    fn from(table: TrendTable) -> TrendTableJson {
        TrendTableJson {
            earlier: table.earlier.into(),
            later: table.later.into(),
            note: table.note,
            area: table.area.to_string(),
            rows: table.rows.into_iter().map(TrendRowJson::from).collect(),
            total: table.total.into(),
        }
    }
}

impl From<TrendYear> for TrendYearJson {
    fn from(year: TrendYear) -> TrendYearJson {
        TrendYearJson {
            survey: year.survey,
            question: year.question.to_string(),
            label: year.label,
            yes: year.yes,
            as_of: year.as_of,
        }
    }
}

impl From<TrendRow> for TrendRowJson {
    fn from(row: TrendRow) -> TrendRowJson {
        TrendRowJson {
            band: row.band,
            all: TrendAllJson {
                earlier: row.all.earlier.into(),
                later: row.all.later.into(),
                change: row.all.change.map(TrendChangeJson::from),
            },
            panel: TrendPanelJson {
                hospitals: row.panel.hospitals,
                earlier: row.panel.earlier.into(),
                later: row.panel.later.into(),
                change: row.panel.change.map(TrendChangeJson::from),
                gained: row.panel.gained.into(),
                lost: row.panel.lost.into(),
                stayed_yes: row.panel.stayed_yes.into(),
                stayed_no: row.panel.stayed_no.into(),
            },
        }
    }
}

impl From<TrendShare> for TrendShareJson {
    fn from(share: TrendShare) -> TrendShareJson {
        TrendShareJson {
            n: share.n,
            base: share.base,
            count: share.count,
            percent: share.percent,
            estimate: share.estimate.as_ref().map(EstimateJson::from),
        }
    }
}

impl From<Known> for KnownJson {
    fn from(known: Known) -> KnownJson {
        match known {
            Known::Complete => KnownJson::Complete,
            Known::Sampled => KnownJson::Sampled,
            Known::Unknown => KnownJson::Unknown,
        }
    }
}

impl From<&Estimate> for EstimateJson {
    fn from(estimate: &Estimate) -> EstimateJson {
        EstimateJson {
            percent: estimate.percent,
            known: estimate.known.into(),
            standard_error: estimate.standard_error,
            low: estimate.low,
            high: estimate.high,
        }
    }
}

impl From<TrendChange> for TrendChangeJson {
    fn from(change: TrendChange) -> TrendChangeJson {
        TrendChangeJson {
            points: change.points,
            known: change.known.into(),
            standard_error: change.standard_error,
            low: change.low,
            high: change.high,
        }
    }
}

impl From<TrendTransition> for TrendTransitionJson {
    fn from(transition: TrendTransition) -> TrendTransitionJson {
        TrendTransitionJson {
            count: transition.count,
            percent: transition.percent,
            estimate: transition.estimate.as_ref().map(EstimateJson::from),
            of_earlier: transition.of_earlier.as_ref().map(EstimateJson::from),
        }
    }
}

/// A question in an earlier survey and in this one, live and unsuppressed, of one's own area.
#[utoipa::path(tag = "statistics", operation_id = "read_trend", security(("bearer" = [])), params(("survey" = String, Path), TrendQuery), responses(
    (status = 200, description = "The trend", body = TrendTableJson),
    (status = 400, description = "query_invalid, area_invalid, question_not_comparable", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, area_not_yours", body = ProblemJson),
    (status = 404, description = "survey_unknown, question_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/trends")]
pub async fn read_trend(
    state: web::Data<State>,
    guarded: Guarded<ReadTables>,
    path: web::Path<String>,
    query: web::Query<TrendQuery>,
) -> Result<web::Json<TrendTableJson>, ApiError> {
    let (earlier, later) = (surveys::known(&query.from)?, surveys::known(&path)?);
    let request = TrendRequest {
        question: QuestionKey::from(query.question.as_str()),
        area: statistics::area(&query.area)?,
        by: query.by.into(),
    };
    Ok(web::Json(TrendTableJson::from(
        trends::trend(&state, &guarded.permit, (earlier, later), request).await?,
    )))
}
