//! Session tokens: opaque, 256 bits, only their SHA-256 is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::error::AppError;

/// How long a session lives.
pub const LIFE: TimeDelta = TimeDelta::hours(12);
/// How long a session of pages lives without being used.
pub const IDLE: TimeDelta = TimeDelta::minutes(60);
/// How long a sign-in waits for the second factor.
pub const PENDING_LIFE: TimeDelta = TimeDelta::minutes(10);
/// How often it is noted at most that a session is used.
pub const NOTED: TimeDelta = TimeDelta::minutes(1);

/// Tells a session token from a JWT at a glance.
const PREFIX: &str = "chosa_";

/// A new token and the hash that is stored.
///
/// # Errors
/// Internal: the system has no randomness.
pub fn new_token() -> Result<(SecretString, [u8; 32]), AppError> {
    let mut bytes = [0_u8; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| AppError::internal(error.to_string()))?;
    let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
    let hash = hash(&token);
    Ok((SecretString::from(token), hash))
}

/// The hash that is stored for a token.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether a bearer looks like a session token.
pub fn is_session(bearer: &str) -> bool {
    bearer.starts_with(PREFIX)
}
