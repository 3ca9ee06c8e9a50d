//! Why a whole file was refused.
//!
//! A refusal is for a file that cannot be looked into at all or that costs too much to look into. What is wrong *inside* a
//! readable file is a [`Fault`] and never ends up here.

use std::borrow::Cow;
use std::fmt;

use survey::fault::Fault;

/// A file refused as a whole. Nothing of it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code: `file_empty`, `file_too_large`, `file_unreadable`, `file_kind_unknown`, `file_kind_not_supported`, `file_password`,
    /// `encoding_unknown`, `too_many_entries`, `inflated_too_large`, `too_many_rows`, `too_many_columns`, `too_many_cells`,
    /// `too_many_sheets`, `text_too_long`.
    pub code: &'static str,
    /// For the user, in Japanese: what is wrong and what to do next.
    pub message: String,
    /// For the developer, in English: what was counted or what the library said. Never shown to users.
    pub detail: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            detail: detail.into(),
        }
    }

    pub(crate) fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(
            "file_unreadable",
            "ファイルが壊れているか、途中で切れているため開けません。Excelで開けるかを確かめ、.xlsx形式で保存し直してから送ってください。",
            detail,
        )
    }

    pub(crate) fn unknown_kind(detail: impl Into<String>) -> Self {
        Self::new(
            "file_kind_unknown",
            "ExcelブックでもCSVでもないファイルです。Excelの「名前を付けて保存」で .xlsx または CSV を選んで保存し、そのファイルを送ってください。",
            detail,
        )
    }

    pub(crate) fn not_supported(kind: &str, detail: impl Into<String>) -> Self {
        Self::new(
            "file_kind_not_supported",
            format!("{kind}は読み込めません。Excelで開き、「名前を付けて保存」で .xlsx または CSV として保存してから送ってください。"),
            detail,
        )
    }

    pub(crate) fn password(detail: impl Into<String>) -> Self {
        Self::new(
            "file_password",
            "パスワードで保護されたブックは読み込めません。Excelの「情報」→「ブックの保護」でパスワードを解除し、.xlsx として保存してから送ってください。",
            detail,
        )
    }

    pub(crate) fn too_large_inside(detail: impl Into<String>) -> Self {
        Self::new(
            "inflated_too_large",
            "ファイルの中身が大きすぎるため読み込めません。回答以外のシートや画像を取り除くか、ファイルを分けて送ってください。",
            detail,
        )
    }

    pub(crate) fn too_long(place: &str, detail: impl Into<String>) -> Self {
        Self::new(
            "text_too_long",
            format!(
                "{place}文字数が多すぎるセルがあるため読み込めません。セルの文字数を減らして送り直してください（Excelのセルは32,767文字までです）。"
            ),
            detail,
        )
    }

    /// A row or column, counted from 1, beyond the most that is read.
    pub(crate) fn too_far(code: &'static str, unit: &str, found: u64, most: u32) -> Self {
        Self::new(
            code,
            format!(
                "{unit}が多すぎます（{found}{unit}目に値があります。上限は{most}{unit}）。使っていない{unit}を削除するか、ファイルを分けて送ってください。"
            ),
            format!("value at {found}, limit {most}"),
        )
    }

    pub(crate) fn too_many_cells(detail: impl Into<String>) -> Self {
        Self::new(
            "too_many_cells",
            "セルの数が多すぎるため読み込めません。不要な行・列・シートを削除するか、ファイルを分けて送ってください。",
            detail,
        )
    }

    /// The refusal as a finding of severity error about the file as a whole.
    #[must_use]
    pub fn into_fault(self) -> Fault {
        Fault::error(Cow::Borrowed(self.code), self.message)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Refusal {}
