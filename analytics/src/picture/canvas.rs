//! What all pictures share: a sheet with its caption, texts, rules, and the hatching of what is hidden.

use svg::Document;
use svg::node::element::{Definitions, Description, Element, Line, Pattern, Rectangle, Text, Title};

use super::Caption;

/// Left edge of captions.
pub(super) const MARGIN: f64 = 16.0;
/// Height of the caption above a picture.
pub(super) const HEAD: f64 = 62.0;
/// Height of the source below it.
pub(super) const FOOT: f64 = 30.0;
/// Ink of texts and marks.
pub(super) const INK: &str = "#1a1a1a";
/// Ink of rules that only guide the eye.
pub(super) const PALE: &str = "#b8b8b8";
/// Filling of what is hidden.
pub(super) const HATCHED: &str = "url(#hidden)";

const FONTS: &str = "'Noto Sans CJK JP', 'Noto Sans JP', 'BIZ UDPGothic', 'Yu Gothic', sans-serif";

/// How a text stands to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

/// A picture in the making; units are pixels.
pub(super) struct Canvas {
    document: Document,
}

impl Canvas {
    /// A white sheet with title, subtitle and source.
    pub(super) fn new(width: f64, height: f64, caption: &Caption) -> Canvas {
        let document = Document::new()
            .set("viewBox", (0, 0, width, height))
            .set("width", width)
            .set("height", height)
            .set("role", "img")
            .set("font-family", FONTS)
            .add(Title::new(caption.title.as_str()))
            .add(Description::new().add(svg::node::Text::new(format!("{} {}", caption.subtitle, caption.source))))
            .add(Definitions::new().add(hatching()));
        let canvas = Canvas { document };
        canvas
            .add(Rectangle::new().set("width", width).set("height", height).set("fill", "#ffffff"))
            .text((MARGIN, 28.0), &caption.title, 17.0, Align::Start, INK)
            .text((MARGIN, 48.0), &caption.subtitle, 12.0, Align::Start, "#404040")
            .text((MARGIN, height - 12.0), &caption.source, 11.0, Align::Start, "#404040")
    }

    /// Adds a node.
    pub(super) fn add(self, node: impl Into<Box<dyn svg::Node>>) -> Canvas {
        Canvas {
            document: self.document.add(node),
        }
    }

    /// Adds a text whose base line goes through a point.
    pub(super) fn text(self, (x, y): (f64, f64), text: &str, size: f64, align: Align, ink: &str) -> Canvas {
        let anchor = match align {
            Align::Start => "start",
            Align::Middle => "middle",
            Align::End => "end",
        };
        self.add(
            Text::new(text)
                .set("x", rounded(x))
                .set("y", rounded(y))
                .set("font-size", size)
                .set("text-anchor", anchor)
                .set("fill", ink),
        )
    }

    /// Adds a straight rule.
    pub(super) fn rule(self, from: (f64, f64), to: (f64, f64), ink: &str, width: f64) -> Canvas {
        self.add(
            Line::new()
                .set("x1", rounded(from.0))
                .set("y1", rounded(from.1))
                .set("x2", rounded(to.0))
                .set("y2", rounded(to.1))
                .set("stroke", ink)
                .set("stroke-width", width),
        )
    }

    /// Adds a filled rectangle.
    pub(super) fn field(self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) -> Canvas {
        self.add(
            Rectangle::new()
                .set("x", rounded(x))
                .set("y", rounded(y))
                .set("width", rounded(width))
                .set("height", rounded(height))
                .set("fill", fill)
                .set("stroke", INK)
                .set("stroke-width", 0.6),
        )
    }

    /// The picture's text.
    pub(super) fn finish(self) -> String {
        self.document.to_string()
    }
}

/// Hundredths of a pixel: more would only be noise in the bytes.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn hatching() -> Element {
    let stroke = Line::new()
        .set("x1", 0)
        .set("y1", 0)
        .set("x2", 0)
        .set("y2", 6)
        .set("stroke", "#808080")
        .set("stroke-width", 2);
    Pattern::new()
        .set("id", "hidden")
        .set("width", 6)
        .set("height", 6)
        .set("patternUnits", "userSpaceOnUse")
        .set("patternTransform", "rotate(45)")
        .add(Rectangle::new().set("width", 6).set("height", 6).set("fill", "#f4f4f4"))
        .add(stroke)
        .into()
}
