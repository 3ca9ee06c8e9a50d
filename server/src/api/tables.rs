//! Live tables and response rates.

use actix_web::{get, web};
use analytics::{Filter, ItemNonresponse, OptionCount, PlaceValue, RateRequest, RateRow, RateTable, Table, TableRequest, TableRow};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use survey::band::Banding;
use survey::bands::Bands;
use survey::question::QuestionKey;
use utoipa::{IntoParams, ToSchema};

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::trends::EstimateJson;
use crate::app::state::State;
use crate::app::{statistics, surveys};
use crate::auth::permit::ReadTables;
use crate::error::AppError;

/// Which table.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TableQuery {
    /// Question key, or the key of an indicator over several questions (`bcp_defined_and_drilled`).
    question: String,
    /// `nation`, two digits of a prefecture, five of a municipality. Mandatory.
    area: String,
    /// What the rows are: `area` (one row), or up to three of `region`, `prefecture`, `municipality`, `band` and the attributes of hospitals
    /// (`list_attributes`: `founder`, `medical_area` ..) with commas, such as `region,band`. `prefecture_band` is `prefecture,band`.
    #[param(example = "region,band")]
    by: String,
    /// Which bed classes: `survey` (six, if not given), `program` (three), or up to 12 lower bounds of one's own from 20 upwards: `20,50,100,300`.
    banding: Option<String>,
    /// Only hospitals for which all of these hold, with commas; `|` is "or": `vpn_present=yes,backup_copies=one|two,region=kanto,prefecture=13|14,
    /// municipality=13104,band=20-99,founder=national|unknown`. Filters take hospitals away, not rows.
    #[param(example = "vpn_present=yes,band=20-99|100-199")]
    filters: Option<String>,
    /// Short for a filter by one answer: `vpn_present.yes`.
    among: Option<String>,
    /// Also what the shares would be of all hospitals of the frame, with 95 % intervals, and item non-response.
    #[serde(default)]
    #[param(default = false)]
    estimates: bool,
}

/// One question counted.
#[derive(Serialize, ToSchema)]
#[schema(as = Table)]
pub struct TableJson {
    survey: String,
    question: String,
    label: String,
    area: String,
    /// What the rows are.
    by: String,
    /// Which bed classes.
    banding: String,
    /// Only hospitals for which all of these hold.
    filters: Vec<String>,
    /// When the answers were read.
    as_of: DateTime<Utc>,
    rows: Vec<TableRowJson>,
    total: TableRowJson,
}

/// One row: base + blank + no_answer + not_asked = n.
#[derive(Serialize, ToSchema)]
#[schema(as = TableRow)]
pub struct TableRowJson {
    /// What the row is about, in the order of `by`; empty for the whole area.
    place: Vec<PlaceValueJson>,
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
    /// Only with `estimates`; absent where nobody was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    item_nonresponse: Option<ItemNonresponseJson>,
}

/// How many of those that were asked gave no answer to the question.
#[derive(Serialize, ToSchema)]
#[schema(as = ItemNonresponse)]
pub struct ItemNonresponseJson {
    /// base + blank + no_answer.
    asked: u64,
    /// blank + no_answer.
    count: u64,
    /// Of the asked, one decimal.
    percent: Option<f64>,
    /// The same of all hospitals of the frame.
    estimate: Option<EstimateJson>,
}

/// One value that a row is about.
#[derive(Serialize, ToSchema)]
#[schema(as = PlaceValue)]
pub struct PlaceValueJson {
    /// `region`, `prefecture`, `municipality`, `band` or an attribute.
    dimension: &'static str,
    /// Such as `kanto`, `13`, `13104` (`unknown` where the frame does not know), `20-99`, `medical_corporation`.
    key: String,
    /// As on screen.
    label: String,
}

impl From<&PlaceValue> for PlaceValueJson {
    fn from(value: &PlaceValue) -> PlaceValueJson {
        PlaceValueJson {
            dimension: value.dimension.as_str(),
            key: value.key.clone(),
            label: value.label.clone(),
        }
    }
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
    /// Of all answers chosen, for several-choice questions; absent for others and where nothing was chosen.
    percent_of_answers: Option<f64>,
    /// `percent` of all hospitals of the frame, weighted. Only with `estimates`; absent at base 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<EstimateJson>,
}

impl From<&Table> for TableJson {
    fn from(table: &Table) -> TableJson {
        TableJson {
            survey: table.survey.clone(),
            question: table.question.to_string(),
            label: table.label.clone(),
            area: table.area.to_string(),
            by: table.by.to_string(),
            banding: table.banding.to_string(),
            filters: table.filters.iter().map(Filter::to_string).collect(),
            as_of: table.as_of,
            rows: table.rows.iter().map(TableRowJson::from).collect(),
            total: TableRowJson::from(&table.total),
        }
    }
}

impl From<&TableRow> for TableRowJson {
    fn from(row: &TableRow) -> TableRowJson {
        TableRowJson {
            place: row.names.place.iter().map(PlaceValueJson::from).collect(),
            prefecture: row.names.prefecture.clone(),
            prefecture_name: row.names.prefecture_name.clone(),
            band: row.names.band.clone(),
            n: row.n,
            base: row.base,
            blank: row.blank,
            no_answer: row.no_answer,
            not_asked: row.not_asked,
            options: row.options.iter().map(OptionCountJson::from).collect(),
            item_nonresponse: row.item_nonresponse.as_deref().map(ItemNonresponseJson::from),
        }
    }
}

impl From<&OptionCount> for OptionCountJson {
    fn from(option: &OptionCount) -> OptionCountJson {
        OptionCountJson {
            key: option.choice.key.clone(),
            label: option.choice.label.clone(),
            count: option.count,
            percent: option.percent,
            percent_of_answers: option.percent_of_answers,
            estimate: option.estimate.as_deref().map(EstimateJson::from),
        }
    }
}

impl From<&ItemNonresponse> for ItemNonresponseJson {
    fn from(item: &ItemNonresponse) -> ItemNonresponseJson {
        ItemNonresponseJson {
            asked: item.asked,
            count: item.count,
            percent: item.percent,
            estimate: item.estimate.as_ref().map(EstimateJson::from),
        }
    }
}

/// A live, unsuppressed table of one question, of one's own area.
#[utoipa::path(tag = "statistics", operation_id = "read_table", security(("bearer" = [])), params(("survey" = String, Path), TableQuery), responses(
    (status = 200, description = "The table", body = TableJson),
    (status = 400, description = "query_invalid, area_invalid, by_invalid, banding_invalid, filter_invalid, among_invalid, question_not_coded", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, area_not_yours", body = ProblemJson),
    (status = 404, description = "survey_unknown, question_unknown, option_unknown, band_unknown", body = ProblemJson),
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
        by: statistics::by(&query.by)?,
        banding: banding(query.banding.as_deref())?,
        filters: filters(query.filters.as_deref(), query.among.as_deref())?,
        estimates: query.estimates,
    };
    let table = statistics::table(&state, &guarded.permit, survey, request).await?;
    Ok(web::Json(TableJson::from(&*table)))
}

/// The bed classes of a query: those of published results if none are named.
fn banding(text: Option<&str>) -> Result<Bands, AppError> {
    text.map_or(Ok(Bands::from(Banding::Survey)), statistics::banding)
}

/// The filters of a query, both ways of writing them together.
fn filters(text: Option<&str>, among: Option<&str>) -> Result<Vec<Filter>, AppError> {
    let mut filters = text.map_or(Ok(Vec::new()), statistics::filters)?;
    filters.extend(among.map(statistics::among).transpose()?);
    Ok(filters)
}

/// Which rates.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RateQuery {
    /// `nation`, two digits of a prefecture, five of a municipality. Mandatory.
    area: String,
    /// What the rows are, as for tables.
    #[param(example = "prefecture")]
    by: String,
    /// Which bed classes, as for tables.
    banding: Option<String>,
    /// Only hospitals for which all of these hold, as for tables, but by answers.
    #[param(example = "region=kanto")]
    filters: Option<String>,
}

/// Response rates.
#[derive(Serialize, ToSchema)]
#[schema(as = RateTable)]
pub struct RateTableJson {
    survey: String,
    area: String,
    /// What the rows are.
    by: String,
    /// Which bed classes.
    banding: String,
    /// Only hospitals for which all of these hold.
    filters: Vec<String>,
    /// When the answers were read.
    as_of: DateTime<Utc>,
    rows: Vec<RateRowJson>,
    total: RateRowJson,
}

/// One row of rates.
#[derive(Serialize, ToSchema)]
#[schema(as = RateRow)]
pub struct RateRowJson {
    /// What the row is about, in the order of `by`; empty for the whole area.
    place: Vec<PlaceValueJson>,
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

impl From<&RateTable> for RateTableJson {
    fn from(table: &RateTable) -> RateTableJson {
        RateTableJson {
            survey: table.survey.clone(),
            area: table.area.to_string(),
            by: table.by.to_string(),
            banding: table.banding.to_string(),
            filters: table.filters.iter().map(Filter::to_string).collect(),
            as_of: table.as_of,
            rows: table.rows.iter().map(RateRowJson::from).collect(),
            total: RateRowJson::from(&table.total),
        }
    }
}

impl From<&RateRow> for RateRowJson {
    fn from(row: &RateRow) -> RateRowJson {
        RateRowJson {
            place: row.names.place.iter().map(PlaceValueJson::from).collect(),
            prefecture: row.names.prefecture.clone(),
            prefecture_name: row.names.prefecture_name.clone(),
            band: row.names.band.clone(),
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
    (status = 400, description = "query_invalid, area_invalid, by_invalid, banding_invalid, filter_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, area_not_yours", body = ProblemJson),
    (status = 404, description = "survey_unknown, band_unknown", body = ProblemJson),
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
        by: statistics::by(&query.by)?,
        banding: banding(query.banding.as_deref())?,
        filters: filters(query.filters.as_deref(), None)?,
    };
    let rates = statistics::response_rates(&state, &guarded.permit, survey, request).await?;
    Ok(web::Json(RateTableJson::from(&*rates)))
}
