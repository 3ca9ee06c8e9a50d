//! A map of the prefectures in which each is a tile of the same size, about where it lies.

use survey::prefecture::PrefectureCode;

use super::canvas::{Align, Canvas, FOOT, HATCHED, HEAD, INK, MARGIN};
use super::shade::Classes;
use super::{Caption, Share, Tile};

const SIDE: f64 = 50.0;
const GAP: f64 = 2.0;
const COLUMNS: f64 = 14.0;
const ROWS: f64 = 13.0;

/// Column and row of each prefecture, in the order of their numbers.
pub(super) const PLACES: [(u8, u8); 47] = [
    (11, 0), // 北海道
    (11, 2),
    (12, 3),
    (12, 4),
    (11, 3),
    (11, 4),
    (12, 5),
    (13, 6), // 茨城県
    (12, 6),
    (11, 6),
    (11, 7),
    (13, 7),
    (12, 7),
    (12, 8), // 神奈川県
    (11, 5),
    (10, 5),
    (9, 5),
    (9, 6),
    (10, 7),
    (10, 6), // 長野県
    (9, 7),
    (11, 8),
    (10, 8),
    (9, 8), // 三重県
    (8, 7),
    (7, 7),
    (7, 8),
    (6, 7),
    (8, 8),
    (8, 9), // 和歌山県
    (5, 7),
    (4, 7),
    (5, 8),
    (4, 8),
    (3, 8), // 山口県
    (5, 11),
    (5, 10),
    (4, 10),
    (4, 11), // 高知県
    (1, 9),
    (0, 9),
    (0, 10),
    (1, 10),
    (2, 9),
    (2, 10),
    (1, 11), // 鹿児島県
    (0, 12),
];

/// A tile for every prefecture, shaded by its share in five classes, with name and value; the classes are as narrow as the shares allow. A prefecture that is not given has an empty tile.
pub fn tile_map(caption: &Caption, tiles: &[Tile]) -> String {
    let width = MARGIN * 2.0 + COLUMNS * (SIDE + GAP);
    let shown = tiles.iter().filter_map(|tile| match tile.share {
        Share::Shown { percent, .. } => Some(percent),
        Share::Hidden | Share::Absent => None,
    });
    let classes = Classes::of(shown);
    let mut canvas = Canvas::new(width, HEAD + ROWS * (SIDE + GAP) + FOOT, caption);
    for (prefecture, (column, row)) in PrefectureCode::all().zip(PLACES) {
        let share = tiles
            .iter()
            .find(|tile| tile.prefecture == prefecture)
            .map_or(Share::Absent, |tile| tile.share);
        let corner = (MARGIN + f64::from(column) * (SIDE + GAP), HEAD + f64::from(row) * (SIDE + GAP));
        canvas = tile(canvas, (short(prefecture), share), classes, corner);
    }
    legend(canvas, classes).finish()
}

fn tile(canvas: Canvas, (name, share): (&str, Share), classes: Classes, (x, y): (f64, f64)) -> Canvas {
    let (fill, ink) = match share {
        Share::Shown { percent, .. } => {
            let shade = classes.shade(percent);
            (shade.fill, shade.ink)
        }
        Share::Hidden => (HATCHED, INK),
        Share::Absent => ("#ffffff", INK),
    };
    let canvas = canvas.field((x, y), (SIDE, SIDE), fill);
    let canvas = match share {
        // Text on a hatching needs a ground of its own.
        Share::Hidden => canvas.field((x + 3.0, y + 8.0), (SIDE - 6.0, SIDE - 16.0), "#ffffff"),
        _ => canvas,
    };
    let middle = x + SIDE / 2.0;
    canvas.text((middle, y + 22.0), name, 13.0, Align::Middle, ink).text(
        (middle, y + 38.0),
        share.printed().trim_end_matches('%'),
        11.5,
        Align::Middle,
        ink,
    )
}

/// At the upper left, where there is sea.
fn legend(canvas: Canvas, classes: Classes) -> Canvas {
    let (left, top) = (MARGIN + 10.0, HEAD + 10.0);
    let mut canvas = canvas.text((left, top + 4.0), "割合（％）", 12.0, Align::Start, INK);
    for ((shade, least, until), row) in classes.all().zip(0_u8..) {
        let y = top + 14.0 + f64::from(row) * 22.0;
        let words = if until >= 100.0 {
            format!("{least}以上")
        } else {
            format!("{least}以上{until}未満")
        };
        canvas = canvas
            .field((left, y), (26.0, 16.0), shade.fill)
            .text((left + 34.0, y + 12.5), &words, 12.0, Align::Start, INK);
    }
    let y = top + 14.0 + 5.0 * 22.0;
    canvas
        .field((left, y), (26.0, 16.0), HATCHED)
        .text((left + 34.0, y + 12.5), "秘匿（公表しない）", 12.0, Align::Start, INK)
}

/// Two or three characters, as on a map.
pub(super) fn short(prefecture: PrefectureCode) -> &'static str {
    let name = prefecture.name();
    match prefecture.number() {
        1 => name,
        // 京都府 would lose its own 都 with the others'.
        26 => "京都",
        _ => name.trim_end_matches(['都', '府', '県']),
    }
}
