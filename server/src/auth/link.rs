//! Tokens of links that set a password: opaque, 256 bits, only their SHA-256 is stored. They are no sessions: nothing but a password is had by one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::error::AppError;

/// How long the link of a new account lives: prefectures' mails are read late.
pub const ENROL_LIFE: TimeDelta = TimeDelta::days(14);
/// How long the link for a lost password lives.
pub const RESET_LIFE: TimeDelta = TimeDelta::hours(1);

/// A new token and the hash that is stored.
///
/// # Errors
/// Internal: the system has no randomness.
pub fn new_token() -> Result<(SecretString, [u8; 32]), AppError> {
    let mut bytes = [0_u8; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| AppError::internal(error.to_string()))?;
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let hash = hash(&token);
    Ok((SecretString::from(token), hash))
}

/// The hash that is stored for a token.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
