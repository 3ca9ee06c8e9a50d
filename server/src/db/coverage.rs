//! Who stands on a programme's lists, and how far each list has come: for counting, not for taking steps.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, SmallInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::schema::prefecture_list;

/// A hospital that is chosen.
#[derive(Debug, Clone, QueryableByName)]
pub struct ChosenRow {
    /// G-MIS ID.
    #[diesel(sql_type = Text)]
    pub gmis_id: String,
    /// `proposed`, `handed_in`, `returned`, `accepted`.
    #[diesel(sql_type = Text)]
    pub state: String,
}

/// How many steps all lists that the actor may see have taken: no hospital comes on one, leaves it or is announced without.
pub async fn steps(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    let versions = prefecture_list::table.select(diesel::dsl::sum(prefecture_list::version));
    Ok(versions.get_result::<Option<i64>>(conn).await?.unwrap_or_default())
}

/// The chosen hospitals of a programme, of a prefecture or of all that the actor may see.
pub async fn chosen(conn: &mut AsyncPgConnection, program_id: &str, prefecture: Option<i16>) -> QueryResult<Vec<ChosenRow>> {
    diesel::sql_query(
        "SELECT h.gmis_id, p.state FROM listed_hospital l \
         JOIN prefecture_list p ON p.program_id = l.program_id AND p.prefecture = l.prefecture \
         JOIN program_hospital h ON h.program_id = l.program_id AND h.hospital_id = l.hospital_id \
         WHERE l.program_id = $1 AND l.standing = 'chosen' AND ($2::smallint IS NULL OR l.prefecture = $2)",
    )
    .bind::<Text, _>(program_id)
    .bind::<Nullable<SmallInt>, _>(prefecture)
    .load(conn)
    .await
}
