//! Shares over the years as lines with their intervals, labelled at their ends.

use svg::node::element::path::Data;
use svg::node::element::{Circle, Element, Path, Rectangle};

use super::canvas::{Align, Canvas, FOOT, HEAD, INK, PALE, rounded};
use super::{Caption, Line, Share};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 60.0;
/// Room for the labels at the ends of lines.
const RIGHT: f64 = 500.0;
/// Least distance between two labels.
const APART: f64 = 17.0;
/// How lines differ where colours do not: lightness, dashes and marks.
const LOOKS: [Look; 4] = [
    Look {
        ink: "#12355f",
        dashes: "none",
        mark: Mark::Disc,
    },
    Look {
        ink: "#c05a00",
        dashes: "7 4",
        mark: Mark::Square,
    },
    Look {
        ink: "#5a7a2b",
        dashes: "2 3",
        mark: Mark::Disc,
    },
    Look {
        ink: "#8a4fa0",
        dashes: "10 3 2 3",
        mark: Mark::Square,
    },
];

#[derive(Debug, Clone, Copy)]
struct Look {
    ink: &'static str,
    dashes: &'static str,
    mark: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Disc,
    Square,
}

/// A line for each series over the years in their order, on a scale from 0 to 100 percent. What is hidden or absent is a gap. After four lines their
/// looks begin again.
pub fn lines(caption: &Caption, years: &[String], lines: &[Line]) -> String {
    let bottom = HEAD + HEIGHT;
    let mut canvas = Canvas::new(WIDTH, bottom + 30.0 + FOOT, caption);
    for percent in [0_u8, 20, 40, 60, 80, 100] {
        let y = height(f64::from(percent));
        canvas = canvas.rule((LEFT, y), (RIGHT, y), if percent == 0 { INK } else { PALE }, 0.8).text(
            (LEFT - 8.0, y + 4.0),
            &format!("{percent}%"),
            11.0,
            Align::End,
            INK,
        );
    }
    for (year, place) in years.iter().zip(0_u32..) {
        canvas = canvas.text(
            (across(place, years.len()), bottom + 20.0),
            &format!("{year}年"),
            12.0,
            Align::Middle,
            INK,
        );
    }
    for ((line, look), shift) in lines.iter().zip(LOOKS.iter().cycle()).zip(0_u32..) {
        canvas = series(canvas, line, *look, years.len(), f64::from(shift) * 7.0);
    }
    labels(canvas, lines).finish()
}

fn height(percent: f64) -> f64 {
    HEAD + HEIGHT - HEIGHT * percent.clamp(0.0, 100.0) / 100.0
}

fn across(place: u32, years: usize) -> f64 {
    let steps = u32::try_from(years).unwrap_or(u32::MAX).max(1);
    LEFT + (RIGHT - LEFT) * (f64::from(place) + 0.5) / f64::from(steps)
}

/// Lines are shifted a little beside each other, so that their intervals do not cover each other.
fn series(canvas: Canvas, line: &Line, look: Look, years: usize, shift: f64) -> Canvas {
    let place = |index: u32| across(index, years) + shift;
    let shown: Vec<_> = line
        .points
        .iter()
        .zip(0_u32..)
        .filter_map(|(share, index)| match share {
            Share::Shown { percent, interval } => Some((index, *percent, *interval)),
            Share::Hidden | Share::Absent => None,
        })
        .collect();
    let canvas = shown.iter().zip(shown.iter().skip(1)).fold(canvas, |canvas, (from, to)| {
        // A year in between that is not shown is a gap.
        if to.0 == from.0.saturating_add(1) {
            let data = Data::new()
                .move_to((rounded(place(from.0)), rounded(height(from.1))))
                .line_to((rounded(place(to.0)), rounded(height(to.1))));
            canvas.add(path(data, look))
        } else {
            canvas
        }
    });
    shown.into_iter().fold(canvas, |canvas, (index, percent, interval)| {
        let (x, y) = (place(index), height(percent));
        let canvas = match interval {
            Some((lower, upper)) => canvas
                .rule((x, height(lower)), (x, height(upper)), look.ink, 1.4)
                .rule((x - 4.0, height(lower)), (x + 4.0, height(lower)), look.ink, 1.4)
                .rule((x - 4.0, height(upper)), (x + 4.0, height(upper)), look.ink, 1.4),
            None => canvas,
        };
        canvas.add(mark(look, x, y))
    })
}

fn path(data: Data, look: Look) -> Path {
    Path::new()
        .set("d", data)
        .set("fill", "none")
        .set("stroke", look.ink)
        .set("stroke-width", 2)
        .set("stroke-dasharray", look.dashes)
}

fn mark(look: Look, x: f64, y: f64) -> Element {
    match look.mark {
        Mark::Disc => Circle::new()
            .set("cx", rounded(x))
            .set("cy", rounded(y))
            .set("r", 4.5)
            .set("fill", look.ink)
            .into(),
        Mark::Square => Rectangle::new()
            .set("x", rounded(x - 4.0))
            .set("y", rounded(y - 4.0))
            .set("width", 8)
            .set("height", 8)
            .set("fill", "#ffffff")
            .set("stroke", look.ink)
            .set("stroke-width", 2)
            .into(),
    }
}

/// Beside the end of each line, moved apart where lines end close to each other, with a sample of its look and all of its values.
fn labels(canvas: Canvas, lines: &[Line]) -> Canvas {
    let mut ends: Vec<(f64, &Line, Look)> = lines
        .iter()
        .zip(LOOKS.iter().cycle())
        .map(|(line, look)| {
            let last = line.points.iter().rev().find_map(|share| match share {
                Share::Shown { percent, .. } => Some(*percent),
                Share::Hidden | Share::Absent => None,
            });
            (height(last.unwrap_or(0.0)), line, *look)
        })
        .collect();
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    // Two lines of text each.
    let step = APART * 2.0;
    let room = f64::from(u32::try_from(ends.len()).unwrap_or(u32::MAX)) * step;
    let mut free = HEAD;
    let lowest = (HEAD + HEIGHT + 20.0 - room).max(HEAD);
    ends.into_iter().fold(canvas, |canvas, (wanted, line, look)| {
        let y = wanted.min(lowest + (free - HEAD)).max(free);
        free = y + step;
        let x = RIGHT + 12.0;
        let values: Vec<String> = line.points.iter().map(|share| share.printed()).collect();
        canvas
            .add(path(Data::new().move_to((x, rounded(y))).line_to((x + 26.0, rounded(y))), look))
            .add(mark(look, x + 13.0, y))
            .text((x + 34.0, y + 4.0), &line.label, 12.5, Align::Start, INK)
            .text((x + 34.0, y + 4.0 + APART), &values.join(" → "), 12.0, Align::Start, INK)
    })
}
