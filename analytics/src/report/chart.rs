//! Native charts of the reading workbook: shares by band, and response rates by prefecture. They point at cells and hold no numbers of their own.

use super::page::FONT;
use rust_xlsxwriter::{Chart, ChartDataLabel, ChartFont, ChartLegendPosition, ChartType};

/// Names and cells of one series: heading, and the column of its values.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) column: u16,
}

/// Colours that stay apart for colour-blind readers (Okabe and Ito), the darkest first.
const COLOURS: [&str; 8] = [
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999",
];

/// From so many categories on, names are turned and values left out.
const MANY: u32 = 12;

/// With fewer categories there is room for the values of several series.
const FEW: u32 = 3;

/// Columns of percentages over the labels in the first column.
pub(super) struct PercentChart<'a> {
    /// The sheet that holds the cells.
    pub(super) sheet: &'a str,
    /// Heading of the chart.
    pub(super) title: &'a str,
    /// First and last row.
    pub(super) rows: (u32, u32),
    /// One series an option.
    pub(super) series: &'a [Series],
    /// One answer out of several: the options of a band add up to 100 and stand on each other.
    pub(super) stacked: bool,
    /// Pixels across and down.
    pub(super) size: (u32, u32),
}

impl PercentChart<'_> {
    pub(super) fn draw(&self) -> Chart {
        let mut chart = Chart::new(if self.stacked {
            ChartType::ColumnStacked
        } else {
            ChartType::Column
        });
        let mut font = ChartFont::new();
        font.set_name(FONT).set_size(9);
        let mut title_font = ChartFont::new();
        title_font.set_name(FONT).set_size(11).set_bold();
        let mut label = ChartDataLabel::new();
        label.show_value().set_num_format("0.0").set_font(&font);

        for (series, colour) in self.series.iter().zip(COLOURS.iter().cycle()) {
            let drawn = chart.add_series();
            drawn
                .set_name(series.name.as_str())
                .set_categories((self.sheet, self.rows.0, 0, self.rows.1, 0))
                .set_values((self.sheet, self.rows.0, series.column, self.rows.1, series.column))
                .set_format(rust_xlsxwriter::ChartFormat::new().set_solid_fill(rust_xlsxwriter::ChartSolidFill::new().set_color(*colour)))
                .set_gap(60);
            if (self.series.len() == 1 && self.rows.1 - self.rows.0 < MANY) || self.rows.1 - self.rows.0 < FEW {
                drawn.set_data_label(&label);
            }
        }
        chart.title().set_name(self.title).set_font(&title_font);
        chart
            .y_axis()
            .set_min(0)
            .set_max(100)
            .set_major_unit(20)
            .set_num_format("0")
            .set_name("％")
            .set_name_font(&font)
            .set_font(&font);
        // Many names stand upright, or a program leaves every second one out.
        let mut names = font.clone();
        if self.rows.1 - self.rows.0 >= MANY {
            names.set_size(8).set_rotation(-90);
            chart.x_axis().set_label_interval(1);
        }
        chart.x_axis().set_font(&names);
        if self.series.len() == 1 {
            chart.legend().set_hidden();
        } else {
            chart.legend().set_position(ChartLegendPosition::Bottom).set_font(&font);
        }
        chart.set_width(self.size.0).set_height(self.size.1).set_alt_text(self.title);
        chart
    }
}
