//! Columns of a frame or master that the catalogue of attributes adds: none of them is required, and a blank cell says nothing. Which attributes
//! there are, and what they may be, is `survey`'s to say.

use std::sync::LazyLock;

use survey::attribute::{Attributes, catalogue};
use survey::fault::Fault;
use survey::prefecture::PrefectureCode;

use crate::folding::fold;
use crate::frame::Of;
use crate::table::{Column, Line};
use crate::workbook::CellValue;

/// Folded headers of each attribute, then of each name of codes, in the order of the catalogue.
static FOLDED: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let attributes = catalogue().attributes().iter().map(|of| (&of.key, &of.label, &of.headers));
    let names = catalogue().names().iter().map(|of| (&of.key, &of.label, &of.headers));
    attributes
        .chain(names)
        .map(|(key, label, headers)| [key, label].into_iter().chain(headers).map(|header| fold(header)).collect())
        .collect()
});
/// The same as columns want them.
static HEADERS: LazyLock<Vec<Vec<&'static str>>> =
    LazyLock::new(|| FOLDED.iter().map(|names| names.iter().map(String::as_str).collect()).collect());

/// The columns of a table with those of the catalogue behind them.
pub(crate) fn with(columns: &[Column<Of>]) -> Vec<Column<Of>> {
    let attributes = catalogue().attributes().iter().enumerate();
    let attributes = attributes.map(|(index, of)| (Of::Attribute(index), of.label.as_str()));
    let names = catalogue().names().iter().enumerate();
    let names = names.map(|(index, of)| (Of::CodeName(index), of.label.as_str()));
    let added = attributes.chain(names).zip(HEADERS.iter()).map(|((id, shown), names)| Column {
        id,
        shown,
        names,
        required: false,
    });
    columns.iter().copied().chain(added).collect()
}

/// What a row says of its hospital; what it says wrongly is put aside as faults.
pub(crate) fn read(line: &Line<'_, '_, Of>, prefecture: PrefectureCode, faults: &mut Vec<Fault>) -> Attributes {
    let mut attributes = Attributes::default();
    for (index, attribute) in catalogue().attributes().iter().enumerate() {
        let column = Of::Attribute(index);
        if line.value(column).is_none() {
            continue;
        }
        let value = attribute.parse_in(&line.shown(column), prefecture);
        if value.and_then(|value| attributes.set(attribute, &value)).is_err() {
            let message = format!(
                "{}を読み取れません。「{}」のどれかに直すか、分からないときは空欄にしてください。",
                attribute.label,
                attribute.expected()
            );
            faults.push(*line.error(column, "attribute_invalid", message, &attribute.expected()));
        }
    }
    for (index, name) in catalogue().names().iter().enumerate() {
        let column = Of::CodeName(index);
        match line.value(column) {
            None => {}
            Some(CellValue::Text(text)) => attributes.set_name(name, text.trim()),
            Some(_) => {
                let message = format!("{}を読み取れません。名称を文字で記入するか、空欄にしてください。", name.label);
                faults.push(*line.error(column, "attribute_invalid", message, "名称"));
            }
        }
    }
    attributes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::frame::examine_frame_with_attributes;
    use crate::limits::Limits;
    use crate::master::examine_master;

    const HEAD: &str =
        "G-MIS ID,医療機関名,都道府県,市区町村コード,市区町村名,許可病床数,廃止日,開設者,二次医療圏コード,医療圏名,救急,災害拠点病院\n";

    fn read(text: &str) -> crate::Workbook {
        crate::read::read(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn said(attributes: &Attributes) -> String {
        attributes
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn no_header_means_two_columns() {
        let mut seen = BTreeSet::new();
        for column in with(&[]) {
            assert!(
                column
                    .names
                    .iter()
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .all(|name| seen.insert(*name)),
                "{column:?}"
            );
        }
        // Those of the frame and the master themselves come first and would hide ours.
        for text in [
            "gmis_id,name,prefecture,beds,closed_on\n",
            "G-MIS ID,医療機関名,都道府県,市区町村コード,病床数,開設日,廃止日,承継先\n",
        ] {
            for header in text.trim().split(',') {
                assert!(!seen.contains(fold(header).as_str()), "{header}");
            }
        }
    }

    #[test]
    fn frame_and_master_read_the_same_attributes() {
        let rows = "AB12345,甲病院,北海道,01101,札幌市中央区,100,,医療法人,104,札幌,二次,○\nAB12346,乙病院,東京,,,50,,,,,,\n";
        let (hospitals, faults) = examine_frame_with_attributes(&read(&format!("{HEAD}{rows}")));
        assert_eq!(faults, []);
        let first = "disaster_base=yes emergency=secondary founder=medical_corporation medical_area=0104 medical_area_name=札幌 municipality_name=札幌市中央区";
        assert_eq!(hospitals.iter().map(|(_, known)| said(known)).collect::<Vec<_>>(), [first, ""]);
        let (rows, faults) = examine_master(&read(&format!("{HEAD}{rows}")));
        assert_eq!(faults, []);
        assert_eq!(rows.iter().map(|row| said(&row.attributes)).collect::<Vec<_>>(), [first, ""]);
    }

    #[test]
    fn a_value_that_there_is_not_is_named_with_what_may_stand_there() {
        let rows =
            "AB12345,甲病院,北海道,,,100,,株式,,,四次,\nAB12346,乙病院,東京,,,50,,,1401,,,\nAB12347,丙病院,東京,,,50,,,13x1,,,たぶん\n";
        let text = format!("{HEAD}{rows}");
        let (hospitals, faults) = examine_frame_with_attributes(&read(&text));
        assert!(hospitals.is_empty());
        let cells: Vec<(&str, &str)> = faults.iter().map(|fault| (&*fault.code, fault.cell.as_deref().unwrap())).collect();
        let expected = ["H2", "K2", "I3", "I4", "L4"].map(|cell| ("attribute_invalid", cell));
        assert_eq!(cells, expected);
        assert_eq!(faults[1].expected.as_deref(), Some("三次救急、二次救急、初期救急、救急医療なし"));
        assert!(
            faults[1].message.starts_with("救急医療体制を読み取れません。"),
            "{}",
            faults[1].message
        );
        let (rows, in_master) = examine_master(&read(&text));
        assert_eq!((rows.len(), in_master), (0, faults));
    }
}
