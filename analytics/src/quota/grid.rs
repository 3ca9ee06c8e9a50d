//! A matrix kept row by row. Reading outside of it gives the default: sizes are checked once, where a request comes in.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grid<T> {
    rows: usize,
    columns: usize,
    cells: Vec<T>,
}

impl<T: Copy + Default> Grid<T> {
    pub(super) fn filled(rows: usize, columns: usize, value: T) -> Self {
        Self {
            rows,
            columns,
            cells: vec![value; rows.saturating_mul(columns)],
        }
    }

    /// `None` unless every row is `columns` long.
    pub(super) fn from_rows(rows: &[Vec<T>], columns: usize) -> Option<Self> {
        rows.iter().all(|row| row.len() == columns).then(|| Self {
            rows: rows.len(),
            columns,
            cells: rows.concat(),
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    fn place(&self, row: usize, column: usize) -> usize {
        row.saturating_mul(self.columns).saturating_add(column)
    }

    pub(super) fn at(&self, row: usize, column: usize) -> T {
        self.cells.get(self.place(row, column)).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, row: usize, column: usize, value: T) {
        let place = self.place(row, column);
        if let Some(cell) = self.cells.get_mut(place) {
            *cell = value;
        }
    }

    /// The cells of a row; nothing for a row that is not there.
    pub(super) fn row(&self, row: usize) -> &[T] {
        let start = self.place(row, 0);
        self.cells.get(start..start.saturating_add(self.columns)).unwrap_or_default()
    }

    pub(super) fn set_row(&mut self, row: usize, values: &[T]) {
        for (column, value) in values.iter().enumerate() {
            self.set(row, column, *value);
        }
    }

    pub(super) fn transposed(&self) -> Self {
        let cells = (0..self.columns)
            .flat_map(|column| (0..self.rows).map(move |row| self.at(row, column)))
            .collect();
        Self {
            rows: self.columns,
            columns: self.rows,
            cells,
        }
    }

    pub(super) fn to_rows(&self) -> Vec<Vec<T>> {
        (0..self.rows).map(|row| self.row(row).to_vec()).collect()
    }
}
