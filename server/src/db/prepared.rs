//! Statements whose text is always the same, prepared once a connection.
//!
//! diesel prepares inserts, updates, `= ANY` and SQL by hand anew each time, because the text of some of them grows with their values. Ours never
//! does: arrays are one parameter however long they are. Two of three statements of a submission are of these kinds, and parsing and planning them
//! each time took longer than executing them.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A query that is kept prepared under its text. Never for a text that is put together from values or from how many there are.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<Q>(pub Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    // What diesel asks before it prepares; its own answer comes from the parts of the query.
    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();

    // Without an id of its type a statement is known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}
