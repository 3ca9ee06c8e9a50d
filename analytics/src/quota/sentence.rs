//! The errors as Japanese sentences that say what to change. The caller gives the names, for rows and columns are positions here.

use super::error::{Cut, Line, LineFault, ListError, QuotaError};

impl ListError {
    /// The sentence for the user; `name` gives the name of an entry.
    #[must_use]
    pub fn sentence(&self, name: impl Fn(usize) -> String) -> String {
        match self {
            Self::Length { weights, bounds, .. } => {
                format!("下限または上限の数（{bounds}）が項目の数（{weights}）と合いません。項目と同じ数にしてください。")
            }
            Self::BoundsCross { entry, lower, upper } => {
                format!(
                    "{}の下限（{lower}）が上限（{upper}）を超えています。どちらかを直してください。",
                    name(*entry)
                )
            }
            Self::TooFew { seats, asked } => {
                format!(
                    "総数は{seats}ですが、下限の合計は{asked}です。総数を{}増やすか、下限を減らしてください。",
                    asked.saturating_sub(*seats)
                )
            }
            Self::TooMany { seats, room } => {
                format!(
                    "総数は{seats}ですが、上限の合計は{room}です。総数を{}減らすか、上限を増やしてください。",
                    seats.saturating_sub(*room)
                )
            }
            Self::Seats { seats, most } => too_many_seats(*seats, *most),
        }
    }
}

impl QuotaError {
    /// The sentence for the user, one line for each fault; the functions give the names of rows and columns.
    #[must_use]
    pub fn sentence(&self, row: impl Fn(usize) -> String, column: impl Fn(usize) -> String) -> String {
        match self {
            Self::Shape { what, rows, columns } => format!("表の大きさが合いません（{what}）。{rows}行{columns}列にしてください。"),
            Self::TooLarge { rows, columns } => format!("{rows}行{columns}列は大きすぎて計算できません。表を分けてください。"),
            Self::Seats { seats, most } => too_many_seats(*seats, *most),
            Self::TotalsDiffer { rows, columns } => {
                format!(
                    "行の合計は{rows}、列の合計は{columns}で、{}の差があります。同じ数にしてください。",
                    rows.abs_diff(*columns)
                )
            }
            Self::BoundsCross {
                row: at_row,
                column: at_column,
                lower,
                upper,
            } => format!(
                "{}・{}の下限（{lower}）が上限（{upper}）を超えています。どちらかを直してください。",
                row(*at_row),
                column(*at_column)
            ),
            Self::Lines(faults) => faults
                .iter()
                .map(|fault| of_line(fault, &row, &column))
                .collect::<Vec<_>>()
                .join("\n"),
            Self::Cut(cut) => of_cut(cut, &row, &column),
        }
    }
}

fn too_many_seats(seats: u64, most: u64) -> String {
    format!("総数{seats}は多すぎます。{most}以下にしてください。")
}

fn of_line(fault: &LineFault, row: &impl Fn(usize) -> String, column: &impl Fn(usize) -> String) -> String {
    let name = match fault.line {
        Line::Row(place) => row(place),
        Line::Column(place) => column(place),
    };
    let LineFault { total, least, most, .. } = *fault;
    if total > most {
        format!(
            "{name}の枠は{total}ですが、上限（候補の数など）の合計は{most}で、{}足りません。枠を減らすか、上限を増やしてください。",
            total - most
        )
    } else {
        format!(
            "{name}の枠は{total}ですが、下限の合計は{least}で、{}多すぎます。枠を増やすか、下限を減らしてください。",
            least.saturating_sub(total)
        )
    }
}

fn of_cut(cut: &Cut, row: &impl Fn(usize) -> String, column: &impl Fn(usize) -> String) -> String {
    let names = |places: &[usize], name: &dyn Fn(usize) -> String| places.iter().map(|place| name(*place)).collect::<Vec<_>>().join("、");
    let mut parts = Vec::new();
    if !cut.columns.is_empty() {
        parts.push(format!("{}の枠が{}", names(&cut.columns, column), cut.in_columns));
        if cut.kept_for_others > 0 {
            parts.push(format!("そのうち他の行の下限が{}", cut.kept_for_others));
        }
        parts.push(format!("それ以外の列での上限が{}", cut.caps_elsewhere));
    } else {
        parts.push(format!("上限の合計が{}", cut.caps_elsewhere));
    }
    format!(
        "{}の枠の合計は{}ですが、入るのは最大{}で（{}）、{}入りません。この行の枠を減らして他に回すか、列の枠または上限を変えてください。",
        names(&cut.rows, row),
        cut.asked,
        cut.room(),
        parts.join("、"),
        cut.shortage()
    )
}
