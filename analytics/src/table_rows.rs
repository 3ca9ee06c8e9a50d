//! The rows of a table, made of its counts when somebody reads them. Who asks for many questions and reads few, or only counts, does not pay for names,
//! options and percentages of thousands of rows: they took as long as the counting. Counts nothing.

use crate::plan::Form;
use crate::shape::{Folded, Shape};
use crate::table::TableRow;
use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Rows as a slice. The first to read them makes them, whoever else reads them then finds them made.
#[derive(Clone)]
pub struct TableRows {
    counted: Option<Counted>,
    made: OnceLock<Vec<TableRow>>,
}

/// What rows are made of.
#[derive(Clone)]
struct Counted {
    form: Arc<Form>,
    shape: Arc<Shape>,
    counts: Folded,
}

impl TableRows {
    pub(crate) fn new(form: Arc<Form>, shape: Arc<Shape>, counts: Folded) -> TableRows {
        TableRows {
            counted: Some(Counted { form, shape, counts }),
            made: OnceLock::new(),
        }
    }

    /// How many there are, without making them.
    pub fn len(&self) -> usize {
        let counted = self.counted.as_ref().map(|counted| counted.shape.names().len());
        counted.unwrap_or_else(|| self.made().len())
    }

    /// Whether the area has no value of what the rows are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn made(&self) -> &Vec<TableRow> {
        self.made.get_or_init(|| self.counted.as_ref().map_or_else(Vec::new, Counted::rows))
    }
}

impl Counted {
    fn rows(&self) -> Vec<TableRow> {
        let rows = self.shape.names().zip(self.counts.iter());
        rows.map(|(names, counts)| self.form.row(names, counts)).collect()
    }
}

impl Deref for TableRows {
    type Target = [TableRow];

    fn deref(&self) -> &[TableRow] {
        self.made()
    }
}

impl From<Vec<TableRow>> for TableRows {
    fn from(rows: Vec<TableRow>) -> TableRows {
        TableRows {
            counted: None,
            made: OnceLock::from(rows),
        }
    }
}

impl From<TableRows> for Vec<TableRow> {
    fn from(rows: TableRows) -> Vec<TableRow> {
        rows.made();
        rows.made.into_inner().unwrap_or_default()
    }
}

impl IntoIterator for TableRows {
    type Item = TableRow;
    type IntoIter = std::vec::IntoIter<TableRow>;

    fn into_iter(self) -> Self::IntoIter {
        Vec::from(self).into_iter()
    }
}

impl<'a> IntoIterator for &'a TableRows {
    type Item = &'a TableRow;
    type IntoIter = std::slice::Iter<'a, TableRow>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for TableRows {
    fn eq(&self, other: &TableRows) -> bool {
        **self == **other
    }
}

impl fmt::Debug for TableRows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl Serialize for TableRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}
