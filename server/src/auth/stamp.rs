//! The key of the stamps on templates, made from the secret of tokens: one secret less to keep, and neither key tells the other.

use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};

/// Begins what is hashed, so that the same secret makes another key for every purpose.
const PURPOSE: &[u8] = b"chosa-template-stamp-v1\0";

/// The key for a secret; another secret makes another key, and templates that went out before are then known as altered.
pub fn template_key(token_secret: &SecretSlice<u8>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(PURPOSE);
    hash.update(token_secret.expose_secret());
    hash.finalize().into()
}
