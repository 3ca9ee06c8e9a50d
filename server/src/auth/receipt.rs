//! The signature of a receipt (受付票): Ed25519 over a text that anybody can write down again from the receipt. Knows no database and no HTTP.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::AppError;

/// First line of the signed text; another text needs another one.
const VERSION: &str = "chosa-receipt-v1";

/// What a receipt states. Everything in it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The number on it.
    pub receipt: Uuid,
    /// The survey.
    pub survey: String,
    /// The edition answered.
    pub edition: String,
    /// SHA-256 of the edition.
    pub edition_hash: String,
    /// G-MIS ID.
    pub hospital: String,
    /// Number of the revision.
    pub revision: i32,
    /// By which way: page, api, workbook, or proxy (代行入力).
    pub entry_path: String,
    /// By the server's clock, in microseconds.
    pub received_at: DateTime<Utc>,
    /// SHA-256 of what was received; `None` for revisions from before it was kept.
    pub received_sha256: Option<String>,
}

impl Statement {
    /// The signed text: the version and a `name=value` a line, in this order, each line ended by a line feed. No value holds one.
    #[must_use]
    pub fn text(&self) -> String {
        let received_at = self.received_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let lines = [
            ("receipt", self.receipt.to_string()),
            ("survey", self.survey.clone()),
            ("edition", self.edition.clone()),
            ("edition_hash", self.edition_hash.clone()),
            ("hospital", self.hospital.clone()),
            ("revision", self.revision.to_string()),
            ("entry_path", self.entry_path.clone()),
            ("received_at", received_at),
            ("received_sha256", self.received_sha256.clone().unwrap_or_default()),
        ];
        let mut text = format!("{VERSION}\n");
        for (name, value) in lines {
            text.push_str(&format!("{name}={value}\n"));
        }
        text
    }

    /// Whether the text says all of it: a line feed in a value could pass for another line, and the text has no place for nanoseconds.
    fn is_sayable(&self) -> bool {
        let words = [&self.survey, &self.edition, &self.edition_hash, &self.hospital, &self.entry_path];
        let hash = self.received_sha256.iter();
        words
            .into_iter()
            .chain(hash)
            .all(|word| !word.is_empty() && !word.chars().any(char::is_control))
            && self.received_at.timestamp_subsec_nanos().is_multiple_of(1_000)
    }
}

/// A public key that receipts are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes the 32 bytes.
    pub fn of_bytes(bytes: &[u8]) -> Option<PublicKey> {
        bytes.try_into().ok().map(PublicKey)
    }

    /// Takes 64 hexadecimal digits.
    pub fn of_hex(text: &str) -> Option<PublicKey> {
        hex::decode(text.trim()).ok().and_then(|bytes| PublicKey::of_bytes(&bytes))
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The first 16 hexadecimal digits of its SHA-256.
    pub fn id(&self) -> String {
        hex::encode(Sha256::digest(self.0)).chars().take(16).collect()
    }

    /// Whether the signature, in base64url, is this key's over the statement.
    pub fn verifies(&self, statement: &Statement, signature: &str) -> bool {
        if !statement.is_sayable() {
            return false;
        }
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature.trim()) else {
            return false;
        };
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(statement.text().as_bytes(), &signature)
            .is_ok()
    }
}

/// Signs receipts.
pub struct ReceiptKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl ReceiptKey {
    /// Makes the key pair of a secret of 32 bytes or more; the same secret gives the same key.
    ///
    /// # Errors
    /// Internal: the secret is too short.
    pub fn new(secret: &SecretSlice<u8>) -> Result<ReceiptKey, AppError> {
        let secret = secret.expose_secret();
        if secret.len() < 32 {
            return Err(AppError::internal(
                "the receipt secret is shorter than 32 bytes; delete the file to have one made, or give a longer one",
            ));
        }
        let mut seed = Sha256::new();
        seed.update(VERSION.as_bytes());
        seed.update([0]);
        seed.update(secret);
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed.finalize()).map_err(|error| AppError::internal(error.to_string()))?;
        let public = PublicKey::of_bytes(pair.public_key().as_ref())
            .ok_or_else(|| AppError::internal("an Ed25519 public key is not 32 bytes long"))?;
        Ok(ReceiptKey { pair, public })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The signature over a statement, in base64url. Ed25519 is deterministic: the same statement is signed the same.
    pub fn sign(&self, statement: &Statement) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.sign(statement.text().as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        Statement {
            receipt: Uuid::from_u128(7),
            survey: "2024".to_owned(),
            edition: "2024-first".to_owned(),
            edition_hash: "a".repeat(64),
            hospital: "SJK0001".to_owned(),
            revision: 3,
            entry_path: "proxy".to_owned(),
            received_at: "2024-02-10T00:00:00.123456Z".parse().unwrap(),
            received_sha256: Some("b".repeat(64)),
        }
    }

    fn key(byte: u8) -> ReceiptKey {
        ReceiptKey::new(&SecretSlice::from(vec![byte; 32])).unwrap_or_else(|error| panic!("{}", error.for_operator()))
    }

    #[test]
    fn the_text_is_this() {
        insta::assert_snapshot!(statement().text());
    }

    #[test]
    fn a_signature_verifies_and_is_the_same_each_time() {
        let signature = key(1).sign(&statement());
        assert!(key(1).public().verifies(&statement(), &signature));
        assert_eq!(key(1).sign(&statement()), signature);
        assert!(!key(2).public().verifies(&statement(), &signature));
        assert!(!key(1).public().verifies(&statement(), "no signature"));
        assert!(!key(1).public().verifies(&statement(), ""));
    }

    #[test]
    fn what_the_text_cannot_tell_apart_is_not_valid() {
        let mut first = statement();
        first.hospital = "SJK0001\nrevision=3".to_owned();
        let mut finer = statement();
        finer.received_at = "2024-02-10T00:00:00.123456789Z".parse().unwrap();
        let mut empty = statement();
        empty.received_sha256 = Some(String::new());
        for forged in [first, finer, empty] {
            let signature = key(1).sign(&forged);
            assert!(!key(1).public().verifies(&forged, &signature), "{forged:?}");
        }
    }

    #[test]
    fn every_field_is_signed() {
        let signature = key(1).sign(&statement());
        let sound = serde_json::to_value(statement()).unwrap();
        for (field, value) in sound.as_object().unwrap() {
            let mut forged = sound.clone();
            forged[field] = match value {
                serde_json::Value::Number(_) => 4.into(),
                _ if field == "receipt" => Uuid::from_u128(8).to_string().into(),
                _ if field == "received_at" => "2024-02-10T00:00:00.123457Z".into(),
                _ => "x".into(),
            };
            let forged: Statement = serde_json::from_value(forged).unwrap();
            assert!(!key(1).public().verifies(&forged, &signature), "{field}");
        }
    }
}
