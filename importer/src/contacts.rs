//! Addresses of hospitals as a file: to whom the link of each hospital's account goes. Whether an address is one is decided where mails are made.

use survey::fault::Fault;

use crate::table::{self, Column};
use crate::workbook::Workbook;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Gmis,
    Email,
}

const COLUMNS: &[Column<Of>] = &[
    Column {
        id: Of::Gmis,
        shown: "G-MIS ID",
        names: &["gmisid", "gmis", "gmisユザid", "gmisユザ", "gmis番号", "hospital"],
        required: true,
    },
    Column {
        id: Of::Email,
        shown: "メールアドレス",
        names: &["email", "mail", "メルアドレス", "メル", "電子メル", "電子メルアドレス"],
        required: true,
    },
];

/// Reads G-MIS IDs and addresses as written, in the order of the file.
#[must_use]
pub fn examine_contacts(workbook: &Workbook) -> (Vec<(String, String)>, Vec<Fault>) {
    match table::find(workbook, COLUMNS) {
        Ok(table) => {
            let contacts = table.lines().map(|line| (line.shown(Of::Gmis), line.shown(Of::Email))).collect();
            (contacts, Vec::new())
        }
        Err(fault) => (Vec::new(), vec![*fault]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::read::read;

    fn examined(text: &str) -> (Vec<(String, String)>, Vec<Fault>) {
        examine_contacts(&read(text.as_bytes(), &Limits::default()).unwrap())
    }

    #[test]
    fn columns_are_known_by_key_and_by_label_and_others_are_left_alone() {
        let expected = vec![("AAA0001".to_owned(), "a@example.jp".to_owned())];
        assert_eq!(examined("hospital,email\nAAA0001,a@example.jp\n"), (expected.clone(), Vec::new()));
        assert_eq!(
            examined("病院名,メールアドレス,G-MIS ID\nあおば病院,a@example.jp,AAA0001\n\n"),
            (expected, Vec::new())
        );
    }

    #[test]
    fn a_file_without_addresses_is_said_so() {
        let (contacts, faults) = examined("G-MIS ID,病院名\nAAA0001,あおば病院\n");
        assert_eq!((contacts.len(), faults.len()), (0, 1));
        assert!(faults[0].is_error(), "{faults:?}");
    }
}
