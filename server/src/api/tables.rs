//! Live tables and response rates.

use actix_web::{get, web};
use analytics::{Among, By, RateRequest, RateRow, RateTable, Table, TableRequest, TableRow};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use survey::band::Banding;
use survey::question::QuestionKey;
use utoipa::{IntoParams, ToSchema};

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::state::State;
use crate::app::{statistics, surveys};
use crate::auth::permit::ReadTables;
use crate::error::AppError;

/// What the rows are.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByJson {
    /// One row.
    Area,
    /// A row for each prefecture.
    Prefecture,
    /// A row for each band.
    Band,
    /// A row for each prefecture and band.
    PrefectureBand,
}

impl From<ByJson> for By {
    fn from(by: ByJson) -> By {
        match by {
            ByJson::Area => By::Area,
            ByJson::Prefecture => By::Prefecture,
            ByJson::Band => By::Band,
            ByJson::PrefectureBand => By::PrefectureBand,
        }
    }
}

/// Which bed classes.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BandingJson {
    /// 20-99, 100-199, 200-299, 300-399, 400-499, 500+.
    #[default]
    Survey,
    /// 20-199, 200-399, 400+.
    Program,
}

impl From<BandingJson> for Banding {
    fn from(banding: BandingJson) -> Banding {
        match banding {
            BandingJson::Survey => Banding::Survey,
            BandingJson::Program => Banding::Program,
        }
    }
}

/// Which table.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TableQuery {
    /// Question key.
    question: String,
    /// `nation`, two digits of a prefecture, five of a municipality. Mandatory.
    area: String,
    /// What the rows are.
    #[param(inline)]
    by: ByJson,
    /// Which bed classes; `survey` if not given.
    #[serde(default)]
    #[param(inline)]
    banding: BandingJson,
    /// Only hospitals that gave an answer to another question: `vpn_present.yes`.
    among: Option<String>,
}

/// One question counted.
#[derive(Serialize, ToSchema)]
#[schema(as = Table)]
pub struct TableJson {
    survey: String,
    question: String,
    label: String,
    area: String,
    /// When the answers were read.
    as_of: DateTime<Utc>,
    rows: Vec<TableRowJson>,
    total: TableRowJson,
}

/// One row: base + blank + no_answer + not_asked = n.
#[derive(Serialize, ToSchema)]
#[schema(as = TableRow)]
pub struct TableRowJson {
    /// Two digits, in rows by prefecture.
    prefecture: Option<String>,
    prefecture_name: Option<String>,
    /// In rows by band.
    band: Option<String>,
    /// Counted submissions.
    n: u64,
    /// Those that answered: what a percentage divides by (母数).
    base: u64,
    /// 空欄.
    blank: u64,
    /// 無回答.
    no_answer: u64,
    /// 非該当.
    not_asked: u64,
    options: Vec<OptionCountJson>,
}

/// How many chose an option.
#[derive(Serialize, ToSchema)]
#[schema(as = OptionCount)]
pub struct OptionCountJson {
    key: String,
    label: String,
    count: u64,
    /// Of the base, one decimal; absent at base 0.
    percent: Option<f64>,
}

impl From<Table> for TableJson {
    fn from(table: Table) -> TableJson {
        TableJson {
            survey: table.survey,
            question: table.question.to_string(),
            label: table.label,
            area: table.area.to_string(),
            as_of: table.as_of,
            rows: table.rows.into_iter().map(TableRowJson::from).collect(),
            total: TableRowJson::from(table.total),
        }
    }
}

impl From<TableRow> for TableRowJson {
    fn from(row: TableRow) -> TableRowJson {
        TableRowJson {
            prefecture: row.prefecture,
            prefecture_name: row.prefecture_name,
            band: row.band,
            n: row.n,
            base: row.base,
            blank: row.blank,
            no_answer: row.no_answer,
            not_asked: row.not_asked,
            options: row
                .options
                .into_iter()
                .map(|option| OptionCountJson {
                    key: option.key,
                    label: option.label,
                    count: option.count,
                    percent: option.percent,
                })
                .collect(),
        }
    }
}

/// A live, unsuppressed table of one question, of one's own area.
#[utoipa::path(tag = "statistics", operation_id = "read_table", security(("bearer" = [])), params(("survey" = String, Path), TableQuery), responses(
    (status = 200, description = "The table", body = TableJson),
    (status = 400, description = "query_invalid, area_invalid, among_invalid, question_not_coded", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, area_not_yours", body = ProblemJson),
    (status = 404, description = "survey_unknown, question_unknown, option_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/tables")]
pub async fn read_table(
    state: web::Data<State>,
    guarded: Guarded<ReadTables>,
    path: web::Path<String>,
    query: web::Query<TableQuery>,
) -> Result<web::Json<TableJson>, ApiError> {
    let survey = surveys::known(&path)?;
    let request = TableRequest {
        question: QuestionKey::from(query.question.as_str()),
        area: statistics::area(&query.area)?,
        by: query.by.into(),
        banding: query.banding.into(),
        among: query.among.as_deref().map(among).transpose()?,
    };
    Ok(web::Json(TableJson::from(
        statistics::table(&state, &guarded.permit, survey, request).await?,
    )))
}

/// An answer as written in a URL.
fn among(text: &str) -> Result<Among, AppError> {
    let (question, option) = text.split_once('.').ok_or_else(|| {
        AppError::invalid(
            "among_invalid",
            "amongは 設問キー.選択肢キー の形（例: vpn_present.yes）で指定してください。",
        )
    })?;
    Ok(Among {
        question: QuestionKey::from(question),
        option: option.to_owned(),
    })
}

/// Which rates.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RateQuery {
    /// `nation`, two digits of a prefecture, five of a municipality. Mandatory.
    area: String,
    /// What the rows are.
    #[param(inline)]
    by: ByJson,
    /// Which bed classes; `survey` if not given.
    #[serde(default)]
    #[param(inline)]
    banding: BandingJson,
}

/// Response rates.
#[derive(Serialize, ToSchema)]
#[schema(as = RateTable)]
pub struct RateTableJson {
    survey: String,
    area: String,
    /// When the answers were read.
    as_of: DateTime<Utc>,
    rows: Vec<RateRowJson>,
    total: RateRowJson,
}

/// One row of rates.
#[derive(Serialize, ToSchema)]
#[schema(as = RateRow)]
pub struct RateRowJson {
    prefecture: Option<String>,
    prefecture_name: Option<String>,
    band: Option<String>,
    /// Hospitals of the frame.
    targets: u64,
    /// Counted submissions.
    responses: u64,
    /// One decimal; absent without targets.
    percent: Option<f64>,
}

impl From<RateTable> for RateTableJson {
    fn from(table: RateTable) -> RateTableJson {
        RateTableJson {
            survey: table.survey,
            area: table.area.to_string(),
            as_of: table.as_of,
            rows: table.rows.into_iter().map(RateRowJson::from).collect(),
            total: RateRowJson::from(table.total),
        }
    }
}

impl From<RateRow> for RateRowJson {
    fn from(row: RateRow) -> RateRowJson {
        RateRowJson {
            prefecture: row.prefecture,
            prefecture_name: row.prefecture_name,
            band: row.band,
            targets: row.targets,
            responses: row.responses,
            percent: row.percent,
        }
    }
}

/// Live response rates of one's own area against the frame.
#[utoipa::path(tag = "statistics", operation_id = "read_response_rates", security(("bearer" = [])),
    params(("survey" = String, Path), RateQuery), responses(
    (status = 200, description = "The rates", body = RateTableJson),
    (status = 400, description = "query_invalid, area_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, area_not_yours", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/response-rates")]
pub async fn read_response_rates(
    state: web::Data<State>,
    guarded: Guarded<ReadTables>,
    path: web::Path<String>,
    query: web::Query<RateQuery>,
) -> Result<web::Json<RateTableJson>, ApiError> {
    let survey = surveys::known(&path)?;
    let request = RateRequest {
        area: statistics::area(&query.area)?,
        by: query.by.into(),
        banding: query.banding.into(),
    };
    Ok(web::Json(RateTableJson::from(
        statistics::response_rates(&state, &guarded.permit, survey, request).await?,
    )))
}
