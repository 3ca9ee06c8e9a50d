//! What the database keeps and may not be able to read: AES-256-GCM, under a key that is derived (HKDF) from the secret of tokens.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, SecretSlice};

use crate::error::AppError;

/// A key for one purpose, made from the secret of tokens: none tells another.
///
/// # Errors
/// Internal: the library refused.
pub fn derive(secret: &SecretSlice<u8>, purpose: &'static [u8]) -> Result<[u8; 32], AppError> {
    let refused = |_unspecified| AppError::internal("a key cannot be derived");
    let purposes = [purpose];
    let key = Salt::new(HKDF_SHA256, b"chosa").extract(secret.expose_secret());
    let mut bytes = [0_u8; 32];
    key.expand(&purposes, HKDF_SHA256)
        .and_then(|expanded| expanded.fill(&mut bytes))
        .map_err(refused)?;
    Ok(bytes)
}

/// Seals and opens.
pub struct Sealer(LessSafeKey);

impl Sealer {
    /// With a key of its own from the secret of tokens.
    ///
    /// # Errors
    /// Internal: the library refused.
    pub fn new(secret: &SecretSlice<u8>) -> Result<Sealer, AppError> {
        let bytes = derive(secret, b"chosa-second-factor-v1")?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_unspecified| AppError::internal("a key cannot be used"))?;
        Ok(Sealer(LessSafeKey::new(key)))
    }

    /// Nonce and ciphertext. What is sealed with one context opens with no other.
    ///
    /// # Errors
    /// Internal: no randomness, or the library refused.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, AppError> {
        let mut nonce = [0_u8; NONCE_LEN];
        SysRng
            .try_fill_bytes(&mut nonce)
            .map_err(|error| AppError::internal(error.to_string()))?;
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .map_err(|_unspecified| AppError::internal("a secret cannot be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed with this context under this key; `None` for anything else.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let plain = self.0.open_in_place(nonce, Aad::from(context), &mut sealed).ok()?;
        Some(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&SecretSlice::from(vec![byte; 32])).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_with_the_same_key_and_context_only() {
        let sealed = sealer(1).seal(b"account", b"key").unwrap();
        assert_eq!(sealer(1).open(b"account", &sealed).as_deref(), Some(b"key".as_slice()));
        assert_eq!(sealer(2).open(b"account", &sealed), None);
        assert_eq!(sealer(1).open(b"another", &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(sealer(1).open(b"account", &changed), None, "{place}");
        }
        assert_eq!(sealer(1).open(b"account", b"short"), None);
        assert_ne!(sealed, sealer(1).seal(b"account", b"key").unwrap());
    }
}
