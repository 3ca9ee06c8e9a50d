//! Forms with a file: what a browser sends as multipart, within limits of its own. Read in a handler and not before it, so that nobody who may not do
//! what the form is for makes the server read a file.

use actix_multipart::{Field, Multipart};
use actix_web::Error;
use futures_util::StreamExt;

use crate::error::AppError;

/// Largest file, as the API takes it.
const FILE_BYTES: usize = 32 << 20;
/// Longest text beside it: a list of addresses that was pasted.
const TEXT_BYTES: usize = 256 << 10;
/// Most texts beside it.
const TEXTS: usize = 20;

/// A file as it was chosen.
#[derive(Debug, Clone)]
pub struct File {
    /// As the sender's machine calls it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What a form with a file sent.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// `None`: none was chosen.
    pub file: Option<File>,
    /// Names and values of the other fields.
    pub fields: Vec<(String, String)>,
}

impl Sent {
    /// The value of a field, trimmed; empty where it was not sent.
    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The value of a field that was filled in.
    pub fn filled(&self, name: &str) -> Option<String> {
        Some(self.value(name)).filter(|value| !value.is_empty()).map(str::to_owned)
    }
}

/// Reads a form. Of several files the first counts.
///
/// # Errors
/// `form_invalid`, `file_too_large`.
pub async fn read(form: Result<Multipart, Error>) -> Result<Sent, AppError> {
    let mut form = form.map_err(unreadable)?;
    let mut sent = Sent::default();
    while let Some(field) = form.next().await {
        let field = field.map_err(unreadable)?;
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field
            .content_disposition()
            .and_then(|disposition| disposition.get_filename())
            .map(str::to_owned);
        match file_name {
            Some(file_name) => {
                let bytes = bytes(field, FILE_BYTES).await?;
                // A browser sends a field of a file that was not chosen as an empty file without a name.
                if sent.file.is_none() && !(file_name.is_empty() && bytes.is_empty()) {
                    sent.file = Some(File { name: file_name, bytes });
                }
            }
            None if sent.fields.len() < TEXTS => {
                let text = bytes(field, TEXT_BYTES).await?;
                sent.fields.push((name, String::from_utf8_lossy(&text).into_owned()));
            }
            None => return Err(unreadable("too many fields")),
        }
    }
    Ok(sent)
}

async fn bytes(mut field: Field, limit: usize) -> Result<Vec<u8>, AppError> {
    match field.bytes(limit).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(error)) => Err(unreadable(error)),
        Err(_) => Err(AppError::TooLarge(crate::error::Refusal::new(
            "file_too_large",
            "ファイルが大きすぎます（32MBまで）。不要なシートや画像を除くか、分けて送ってください。",
        ))),
    }
}

fn unreadable(error: impl std::fmt::Display) -> AppError {
    tracing::debug!(%error, "form with a file refused");
    AppError::invalid(
        "form_invalid",
        "送られた内容を読み取れませんでした。前の画面に戻り、ファイルを選び直してから、もう一度送ってください。",
    )
}
