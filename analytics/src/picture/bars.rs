//! Shares as bars with their intervals, one below the other.

use super::canvas::{Align, Canvas, FOOT, HATCHED, HEAD, INK, MARGIN, PALE};
use super::{Bar, Caption, Share};
use crate::grouped;

const WIDTH: f64 = 780.0;
const STEP: f64 = 34.0;
const THICKNESS: f64 = 20.0;
/// Where the scale begins and how long it is.
const ZERO: f64 = 190.0;
const SCALE: f64 = 420.0;
const BAR: &str = "#3f74ad";

/// Bars on a scale from 0 to 100 percent, in the order given, with their values and bases.
pub fn bars(caption: &Caption, bars: &[Bar]) -> String {
    let rows = bars.iter().zip(0_u32..).count();
    let below = HEAD + STEP * f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
    let mut canvas = Canvas::new(WIDTH, below + 26.0 + FOOT, caption);
    for percent in [0_u8, 20, 40, 60, 80, 100] {
        let x = at(f64::from(percent));
        canvas = canvas
            .rule((x, HEAD), (x, below), PALE, 0.8)
            .text((x, below + 16.0), &format!("{percent}%"), 11.0, Align::Middle, INK);
    }
    for (bar, row) in bars.iter().zip(0_u32..) {
        canvas = one(canvas, bar, HEAD + STEP * f64::from(row) + (STEP - THICKNESS) / 2.0);
    }
    canvas.rule((ZERO, HEAD), (ZERO, below), INK, 1.2).finish()
}

fn at(percent: f64) -> f64 {
    ZERO + SCALE * percent.clamp(0.0, 100.0) / 100.0
}

fn one(canvas: Canvas, bar: &Bar, top: f64) -> Canvas {
    let middle = top + THICKNESS / 2.0;
    let line = middle + 4.5;
    let base = bar.base.map_or_else(String::new, |base| format!("（n={}）", grouped(base)));
    let canvas = canvas.text((ZERO - 10.0, line), &bar.label, 12.5, Align::End, INK).text(
        (WIDTH - MARGIN, line),
        &format!("{}{base}", bar.share.printed()),
        12.5,
        Align::End,
        INK,
    );
    match bar.share {
        Share::Absent => canvas,
        // As wide as the scale: it says nothing about the share.
        Share::Hidden => canvas.field((ZERO, top), (SCALE, THICKNESS), HATCHED),
        Share::Shown { percent, interval } => {
            let canvas = canvas.field((ZERO, top), (at(percent) - ZERO, THICKNESS), BAR);
            match interval {
                Some(limits) => whisker(canvas, limits, middle),
                None => canvas,
            }
        }
    }
}

/// White below black, so that it shows on the bar and beside it.
fn whisker(canvas: Canvas, (lower, upper): (f64, f64), middle: f64) -> Canvas {
    let (left, right) = (at(lower), at(upper));
    [("#ffffff", 4.0), (INK, 1.6)].into_iter().fold(canvas, |canvas, (ink, width)| {
        canvas
            .rule((left, middle), (right, middle), ink, width)
            .rule((left, middle - 5.0), (left, middle + 5.0), ink, width)
            .rule((right, middle - 5.0), (right, middle + 5.0), ink, width)
    })
}
