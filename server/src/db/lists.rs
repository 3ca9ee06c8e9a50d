//! The lists of prefectures: their state, their hospitals, and every step that was taken.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{adjustment, cell, listed_hospital, prefecture_list, program, program_hospital};

/// A list.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = prefecture_list, primary_key(program_id, prefecture))]
pub struct ListRow {
    /// The programme.
    pub program_id: String,
    /// JIS X 0401.
    pub prefecture: i16,
    /// `proposed`, `handed_in`, `returned`, `accepted`.
    pub state: String,
    /// How many steps it has made.
    pub version: i32,
    /// The run that proposed it.
    pub selection_id: Uuid,
    /// Whether it was changed by hand since.
    pub adjusted: bool,
    /// When it was handed in last.
    pub handed_in_at: Option<DateTime<Utc>>,
    /// When it made its last step.
    pub changed_at: DateTime<Utc>,
}

/// A hospital of a list, with what the programme froze of it.
#[derive(Debug, Clone, Queryable)]
pub struct ListedRow {
    /// Internal id.
    pub hospital_id: Uuid,
    /// G-MIS ID.
    pub gmis_id: String,
    /// 保険医療機関コード.
    pub institution_code: Option<String>,
    /// Name.
    pub name: String,
    /// Licensed beds.
    pub beds: i32,
    /// Its cell.
    pub band: String,
    /// `chosen`, `reserve`, `dropped`, `left`, `out`.
    pub standing: String,
    /// 順位.
    pub rank: Option<i32>,
    /// When it came on the list.
    pub score: i64,
    /// `run`, `hand`, `reserve`.
    pub origin: String,
    /// Of what was done by hand.
    pub reason: String,
}

/// How a hospital is to stand.
#[derive(Debug, Clone)]
pub struct Place {
    /// The hospital.
    pub hospital_id: Uuid,
    /// Its cell.
    pub band: String,
    /// `chosen`, `reserve`, `dropped`, `left`, `out`.
    pub standing: String,
    /// 順位.
    pub rank: Option<i32>,
    /// Its score.
    pub score: i64,
    /// `run`, `hand`, `reserve`.
    pub origin: String,
    /// Of what was done by hand.
    pub reason: String,
    /// Whether it may know.
    pub announced: bool,
}

/// A step.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = adjustment)]
pub struct AdjustmentRow {
    /// Made by the server.
    pub id: Uuid,
    /// The programme.
    pub program_id: String,
    /// Whose list.
    pub prefecture: i16,
    /// The version that the list had with it.
    pub version: i32,
    /// What was done.
    pub step: String,
    /// The cell, if it concerns one.
    pub band: Option<String>,
    /// The hospital, if it concerns one.
    pub hospital_id: Option<Uuid>,
    /// Who came in its place.
    pub successor_id: Option<Uuid>,
    /// The rank that it gave.
    pub rank: Option<i32>,
    /// The state of the list before it; `None`: there was none.
    pub was: Option<String>,
    /// The state of the list with it.
    pub state: String,
    /// Why.
    pub reason: String,
    /// The role of who did it.
    pub actor: String,
    /// Who did it; `None` for the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub happened_at: DateTime<Utc>,
}

/// How full a cell is.
#[derive(Debug, Clone, QueryableByName)]
pub struct FillRow {
    /// JIS X 0401.
    #[diesel(sql_type = SmallInt)]
    pub prefecture: i16,
    /// Band.
    #[diesel(sql_type = Text)]
    pub band: String,
    /// Hospitals to choose; `None`: no quota was set.
    #[diesel(sql_type = Nullable<Integer>)]
    pub quota: Option<i32>,
    /// Hospitals chosen.
    #[diesel(sql_type = BigInt)]
    pub chosen: i64,
}

/// Locks the cells of prefectures until the transaction ends, in one order for everybody: who chooses and who changes a quota wait for each other.
pub async fn lock_cells(conn: &mut AsyncPgConnection, program_id: &str, prefectures: &[i16]) -> QueryResult<Vec<(i16, String)>> {
    cell::table
        .filter(cell::program_id.eq(program_id))
        .filter(cell::prefecture.eq_any(prefectures))
        .select((cell::prefecture, cell::band))
        .order((cell::prefecture, cell::band))
        .for_update()
        .load(conn)
        .await
}

/// The list of a prefecture.
pub async fn find(conn: &mut AsyncPgConnection, program_id: &str, prefecture: i16) -> QueryResult<Option<ListRow>> {
    prefecture_list::table
        .find((program_id, prefecture))
        .select(ListRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// All lists that the actor may see, by prefecture.
pub async fn all(conn: &mut AsyncPgConnection, program_id: &str) -> QueryResult<Vec<ListRow>> {
    prefecture_list::table
        .filter(prefecture_list::program_id.eq(program_id))
        .select(ListRow::as_select())
        .order(prefecture_list::prefecture)
        .load(conn)
        .await
}

/// How full each cell is that the actor may see, by prefecture and band.
pub async fn fill(conn: &mut AsyncPgConnection, program_id: &str) -> QueryResult<Vec<FillRow>> {
    diesel::sql_query(
        "SELECT c.prefecture, c.band, q.hospitals AS quota, count(l.hospital_id) AS chosen FROM cell c \
         LEFT JOIN LATERAL (SELECT hospitals FROM quota q WHERE q.program_id = c.program_id AND q.prefecture = c.prefecture AND q.band = c.band \
                            ORDER BY version DESC LIMIT 1) q ON true \
         LEFT JOIN listed_hospital l ON l.program_id = c.program_id AND l.prefecture = c.prefecture AND l.band = c.band AND l.standing = 'chosen' \
         WHERE c.program_id = $1 GROUP BY c.prefecture, c.band, q.hospitals \
         ORDER BY c.prefecture, substring(c.band from '^[0-9]+')::integer",
    )
    .bind::<Text, _>(program_id)
    .load(conn)
    .await
}

/// The hospitals of a list, in no order.
pub async fn hospitals(conn: &mut AsyncPgConnection, program_id: &str, prefecture: i16) -> QueryResult<Vec<ListedRow>> {
    let of_program = program_hospital::program_id
        .eq(listed_hospital::program_id)
        .and(program_hospital::hospital_id.eq(listed_hospital::hospital_id));
    listed_hospital::table
        .inner_join(program_hospital::table.on(of_program))
        .filter(listed_hospital::program_id.eq(program_id))
        .filter(listed_hospital::prefecture.eq(prefecture))
        .select((
            listed_hospital::hospital_id,
            program_hospital::gmis_id,
            program_hospital::institution_code,
            program_hospital::name,
            program_hospital::beds,
            listed_hospital::band,
            listed_hospital::standing,
            listed_hospital::rank,
            listed_hospital::score,
            listed_hospital::origin,
            listed_hospital::reason,
        ))
        .load(conn)
        .await
}

/// Writes a list: the first step, or a further one of a list whose cells are locked.
pub async fn write(conn: &mut AsyncPgConnection, row: &ListRow) -> QueryResult<()> {
    diesel::insert_into(prefecture_list::table)
        .values(row)
        .on_conflict((prefecture_list::program_id, prefecture_list::prefecture))
        .do_update()
        .set(row)
        .execute(conn)
        .await
        .map(drop)
}

/// Puts hospitals where they are to stand.
pub async fn place(conn: &mut AsyncPgConnection, list: &ListRow, places: &[Place]) -> QueryResult<()> {
    let text = |of: fn(&Place) -> &str| places.iter().map(of).collect::<Vec<_>>();
    diesel::sql_query(
        "INSERT INTO listed_hospital (program_id, prefecture, hospital_id, band, standing, rank, score, origin, reason, announced) \
         SELECT $1, $2, * FROM unnest($3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (program_id, hospital_id) DO UPDATE SET band = excluded.band, standing = excluded.standing, rank = excluded.rank, \
             score = excluded.score, origin = excluded.origin, reason = excluded.reason, announced = excluded.announced",
    )
    .bind::<Text, _>(&list.program_id)
    .bind::<SmallInt, _>(list.prefecture)
    .bind::<Array<SqlUuid>, _>(places.iter().map(|place| place.hospital_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(text(|place| &place.band))
    .bind::<Array<Text>, _>(text(|place| &place.standing))
    .bind::<Array<Nullable<Integer>>, _>(places.iter().map(|place| place.rank).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(places.iter().map(|place| place.score).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(text(|place| &place.origin))
    .bind::<Array<Text>, _>(text(|place| &place.reason))
    .bind::<Array<Bool>, _>(places.iter().map(|place| place.announced).collect::<Vec<_>>())
    .execute(conn)
    .await
    .map(drop)
}

/// Notes a step.
pub async fn note(conn: &mut AsyncPgConnection, row: &AdjustmentRow) -> QueryResult<()> {
    diesel::insert_into(adjustment::table).values(row).execute(conn).await.map(drop)
}

/// The steps of a list, the first one first, with the G-MIS IDs of hospital and successor.
pub async fn history(
    conn: &mut AsyncPgConnection,
    program_id: &str,
    prefecture: i16,
) -> QueryResult<Vec<(AdjustmentRow, Option<String>, Option<String>)>> {
    let (hospital, successor) = diesel::alias!(program_hospital as hospital, program_hospital as successor);
    let of = hospital
        .field(program_hospital::program_id)
        .eq(adjustment::program_id)
        .and(hospital.field(program_hospital::hospital_id).nullable().eq(adjustment::hospital_id));
    let by = successor.field(program_hospital::program_id).eq(adjustment::program_id).and(
        successor
            .field(program_hospital::hospital_id)
            .nullable()
            .eq(adjustment::successor_id),
    );
    adjustment::table
        .left_join(hospital.on(of))
        .left_join(successor.on(by))
        .filter(adjustment::program_id.eq(program_id))
        .filter(adjustment::prefecture.eq(prefecture))
        .select((
            AdjustmentRow::as_select(),
            hospital.field(program_hospital::gmis_id).nullable(),
            successor.field(program_hospital::gmis_id).nullable(),
        ))
        .order(adjustment::version)
        .load(conn)
        .await
}

/// The programmes in which the asking hospital was chosen, the newest first: id, fiscal year, title.
pub async fn chosen_programs(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(String, i32, String)>> {
    let chosen = listed_hospital::table.select(listed_hospital::program_id);
    program::table
        .filter(program::id.eq_any(chosen))
        .select((program::id, program::fiscal_year, program::title))
        .order(program::fiscal_year.desc())
        .load(conn)
        .await
}
