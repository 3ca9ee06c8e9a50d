//! What pictures promise: a tile for each prefecture and no two in one place, shades apart in grey, values in words, nothing of what is hidden.

use std::collections::BTreeSet;

use svg::parser::Event;

use super::shade::{Classes, SHADES};
use super::tiles::{PLACES, short};
use super::*;

fn caption() -> Caption {
    Caption {
        title: "割合 <全国> & \"試験\"".to_owned(),
        subtitle: "回答 100病院".to_owned(),
        source: "出典: 試験".to_owned(),
    }
}

fn shown(percent: f64) -> Share {
    Share::Shown {
        percent,
        interval: Some((percent - 1.0, percent + 1.0)),
    }
}

/// Texts of a picture; panics where it is no XML.
fn texts(picture: &str) -> Vec<String> {
    let events: Vec<Event> = svg::read(picture).unwrap().collect();
    assert!(!events.iter().any(|event| matches!(event, Event::Error(_))), "{picture}");
    let texts = events.into_iter().filter_map(|event| match event {
        Event::Text(text) => Some(text.to_owned()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn every_prefecture_has_a_tile_of_its_own() {
    let places: BTreeSet<(u8, u8)> = PLACES.into_iter().collect();
    assert_eq!(places.len(), 47);
    // Neighbours that everybody knows: Hokkaido north of Aomori, Chiba east of Tokyo, Okinawa in the far south-west.
    let place = |number: u8| PLACES[usize::from(number) - 1];
    assert!(place(1).1 < place(2).1 && place(1).0 == place(2).0);
    assert_eq!((place(12).0, place(12).1), (place(13).0 + 1, place(13).1));
    assert!(PLACES.iter().all(|(column, row)| *row <= place(47).1 && *column >= place(47).0));
    let names: Vec<&str> = PrefectureCode::all().map(short).collect();
    assert_eq!(
        (names[0], names[12], names[25], names[26], names[45]),
        ("北海道", "東京", "京都", "大阪", "鹿児島")
    );
}

/// Relative luminance of WCAG 2.
fn luminance(colour: &str) -> f64 {
    let part = |from: usize| {
        let value = f64::from(u8::from_str_radix(colour.get(from..from + 2).unwrap(), 16).unwrap()) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn shades_are_apart_in_grey_and_words_on_them_can_be_read() {
    for pair in SHADES.windows(2) {
        assert!(contrast(pair[0].fill, pair[1].fill) >= 1.3, "{pair:?}");
        assert!(luminance(pair[0].fill) > luminance(pair[1].fill), "{pair:?}");
    }
    for shade in SHADES {
        assert!(contrast(shade.fill, shade.ink) >= 4.5, "{shade:?}");
    }
}

#[test]
fn classes_are_as_narrow_as_the_shares_allow_and_hold_all_of_them() {
    // Shares, and where the classes begin and how wide they are.
    let cases: [(&[f64], f64, f64); 8] = [
        (&[0.0, 19.9, 100.0], 0.0, 20.0),
        (&[54.3, 74.9], 50.0, 5.0),
        (&[54.3, 75.0], 50.0, 10.0),
        (&[62.0, 66.5], 62.0, 2.0),
        (&[91.0, 100.0], 90.0, 2.0),
        (&[97.0, 99.0], 90.0, 2.0),
        (&[0.0, 1.2], 0.0, 2.0),
        (&[], 0.0, 20.0),
    ];
    for (shares, least, step) in cases {
        let classes = Classes::of(shares.iter().copied());
        let all: Vec<_> = classes.all().collect();
        let found = (all[0].1, all[1].1 - all[0].1);
        assert_eq!(found, (least, step), "{shares:?}");
        for share in shares {
            let (shade, ..) = all.iter().rfind(|(_, least, _)| share >= least).unwrap();
            assert_eq!(classes.shade(*share), *shade, "{share}");
            assert!(*share < all[4].2 || all[4].2 >= 100.0, "{share} of {shares:?}");
        }
    }
}

#[test]
fn values_stand_in_words_and_odd_titles_do_not_break_the_picture() {
    let bar = |label: &str, share| Bar {
        label: label.to_owned(),
        base: Some(12),
        share,
    };
    let picture = bars(
        &caption(),
        &[
            bar("20～99床 <&>", shown(33.34)),
            bar("500床以上", Share::Hidden),
            bar("－", Share::Absent),
        ],
    );
    let found = texts(&picture);
    for expected in ["33.3%（n=12）", "秘匿（n=12）", "－（n=12）"] {
        assert!(found.iter().any(|text| text == expected), "{expected}: {found:?}");
    }
    assert!(
        found.iter().any(|text| text.contains("&lt;全国&gt;") || text.contains("<全国>")),
        "{found:?}"
    );
    assert_eq!(
        picture,
        bars(
            &caption(),
            &[
                bar("20～99床 <&>", shown(33.34)),
                bar("500床以上", Share::Hidden),
                bar("－", Share::Absent)
            ]
        )
    );
}

#[test]
fn a_map_names_all_prefectures_and_leaves_empty_those_not_given() {
    let tiles: Vec<Tile> = PrefectureCode::all()
        .filter(|prefecture| prefecture.number() != 30)
        .map(|prefecture| Tile {
            prefecture,
            share: if prefecture.number() == 47 {
                Share::Hidden
            } else {
                shown(f64::from(prefecture.number()))
            },
        })
        .collect();
    let found = texts(&tile_map(&caption(), &tiles));
    for prefecture in PrefectureCode::all() {
        assert!(found.iter().any(|text| text == short(prefecture)), "{}", prefecture.name());
    }
    assert_eq!(found.iter().filter(|text| *text == "秘匿").count(), 1);
    assert_eq!(found.iter().filter(|text| *text == "－").count(), 1);
    assert!(found.iter().any(|text| text == "46.0") && !found.iter().any(|text| text == "47.0"));
}

#[test]
fn a_line_has_a_gap_where_a_year_is_hidden_and_labels_do_not_cover_each_other() {
    let years: Vec<String> = ["2022", "2023", "2024"].map(str::to_owned).to_vec();
    let line = |label: &str, points: [Share; 3]| Line {
        label: label.to_owned(),
        points: points.to_vec(),
    };
    // A line's sample beside its label is a path too.
    let paths = |picture: &str| picture.matches("<path").count();
    let whole = lines(&caption(), &years, &[line("全", [shown(60.0), shown(61.0), shown(62.0)])]);
    let gap = lines(&caption(), &years, &[line("全", [shown(60.0), Share::Hidden, shown(62.0)])]);
    assert_eq!((paths(&whole), paths(&gap)), (3, 1));
    assert!(texts(&gap).iter().any(|text| text == "60.0% → 秘匿 → 62.0%"));

    let many: Vec<Line> = (0..6).map(|number| line(&format!("線{number}"), [shown(50.0); 3])).collect();
    let picture = lines(&caption(), &years, &many);
    let mut heights: Vec<f64> = svg::read(&picture)
        .unwrap()
        .filter_map(|event| match event {
            Event::Tag("text", _, attributes) if attributes.get("font-size").is_some_and(|size| &**size == "12.5") => {
                Some(attributes["y"].parse().unwrap())
            }
            _ => None,
        })
        .collect();
    heights.sort_by(f64::total_cmp);
    assert_eq!(heights.len(), 6);
    assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= 30.0), "{heights:?}");
    assert!(heights.iter().all(|height| *height < 420.0), "{heights:?}");
}
