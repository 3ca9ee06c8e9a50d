//! What came of supporting a hospital, as the contractor reports it: how far it got, and how the offline backup stands. The same words in files, tables and JSON.

use serde::{Deserialize, Serialize};

/// How far the support of a hospital got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Hearing and site survey are done and the report was handed over.
    Done,
    /// Begun.
    Running,
    /// Not begun.
    Waiting,
    /// The hospital withdrew.
    Declined,
}

impl Progress {
    /// In the order in which they are offered.
    pub const ALL: [Progress; 4] = [Progress::Done, Progress::Running, Progress::Waiting, Progress::Declined];

    /// As stored and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Progress::Done => "done",
            Progress::Running => "running",
            Progress::Waiting => "waiting",
            Progress::Declined => "declined",
        }
    }

    /// As on screen and in files.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Progress::Done => "実施済",
            Progress::Running => "実施中",
            Progress::Waiting => "未着手",
            Progress::Declined => "辞退",
        }
    }

    /// By label or stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Progress> {
        Progress::ALL.into_iter().find(|one| one.label() == text || one.as_str() == text)
    }
}

/// How the offline backup of a supported hospital stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfflineBackup {
    /// It is made.
    Made,
    /// The plan is written (オフラインバックアップ計画書), it is not made yet.
    Planned,
    /// Neither.
    Absent,
}

impl OfflineBackup {
    /// In the order in which they are offered.
    pub const ALL: [OfflineBackup; 3] = [OfflineBackup::Made, OfflineBackup::Planned, OfflineBackup::Absent];

    /// As stored and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            OfflineBackup::Made => "made",
            OfflineBackup::Planned => "planned",
            OfflineBackup::Absent => "absent",
        }
    }

    /// As on screen and in files.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            OfflineBackup::Made => "整備済",
            OfflineBackup::Planned => "計画策定済",
            OfflineBackup::Absent => "未整備",
        }
    }

    /// By label or stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<OfflineBackup> {
        OfflineBackup::ALL
            .into_iter()
            .find(|one| one.label() == text || one.as_str() == text)
    }
}

/// Heads of the table in which results come back, in their order; `results` of the importer knows further names of them.
pub const RESULT_HEADS: [&str; 8] = [
    "G-MIS ID",
    "病院名",
    "実施状況",
    "調査完了日",
    "外部接続点数",
    "要対応件数",
    "オフラインバックアップ",
    "所見",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for one in Progress::ALL {
            assert_eq!([Progress::parse(one.label()), Progress::parse(one.as_str())], [Some(one); 2]);
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
        }
        for one in OfflineBackup::ALL {
            assert_eq!(
                [OfflineBackup::parse(one.label()), OfflineBackup::parse(one.as_str())],
                [Some(one); 2]
            );
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
        }
        assert_eq!(Progress::parse("済"), None);
        assert_eq!(OfflineBackup::parse(""), None);
    }
}
