//! Devices that somebody has signed in with before: a signed word that the browser keeps, good for one login. It opens nothing; its owner only does not
//! have to wait for what strangers do to the same login (OWASP calls it a device cookie).

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretSlice;
use uuid::Uuid;

use crate::auth::sealed::derive;
use crate::error::AppError;

/// How long a device stays known.
pub const LIFE: TimeDelta = TimeDelta::days(180);

/// Signs the words of devices, and makes digests of logins.
pub struct Devices {
    devices: Key,
    logins: Key,
}

impl Devices {
    /// With keys of its own from the secret of tokens.
    ///
    /// # Errors
    /// Internal: the library refused.
    pub fn new(secret: &SecretSlice<u8>) -> Result<Devices, AppError> {
        Ok(Devices {
            devices: Key::new(HMAC_SHA256, &derive(secret, b"chosa-device-v1")?),
            logins: Key::new(HMAC_SHA256, &derive(secret, b"chosa-login-digest-v1")?),
        })
    }

    /// A word for a device that somebody has just signed in with.
    pub fn word(&self, login: &str, now: DateTime<Utc>) -> String {
        let body = format!("{}.{}", now.timestamp(), Uuid::new_v4().simple());
        let signature = hmac::sign(&self.devices, signed(login, &body).as_bytes());
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// What a known device is called; `None` for one that is unknown, of another login or too old.
    pub fn known(&self, word: &str, login: &str, now: DateTime<Utc>) -> Option<String> {
        let (body, signature) = word.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.devices, signed(login, body).as_bytes(), &signature).ok()?;
        let (since, id) = body.split_once('.')?;
        let since = DateTime::from_timestamp(since.parse().ok()?, 0)?;
        (since + LIFE > now).then(|| id.to_owned())
    }

    /// What stands for a login where it may not be read: it may be a password that was typed in the wrong field.
    pub fn digest(&self, login: &str) -> Vec<u8> {
        hmac::sign(&self.logins, folded(login).as_bytes()).as_ref().to_vec()
    }
}

/// Logins are known in any case.
fn folded(login: &str) -> String {
    login.trim().to_lowercase()
}

fn signed(login: &str, body: &str) -> String {
    format!("{body}\0{}", folded(login))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_for_its_login_and_its_time_only() {
        let devices = Devices::new(&SecretSlice::from(vec![1; 32])).unwrap();
        let now = Utc::now();
        let word = devices.word("Tokyo ", now);
        assert!(devices.known(&word, "tokyo", now).is_some());
        assert_eq!(devices.known(&word, "kanagawa", now), None);
        assert_eq!(devices.known(&word, "tokyo", now + LIFE), None);
        assert_eq!(devices.known(&word.replacen('1', "2", 1), "tokyo", now), None);
        for forged in ["", ".", "..", "1.2.3"] {
            assert_eq!(devices.known(forged, "tokyo", now), None, "{forged}");
        }
        let others = Devices::new(&SecretSlice::from(vec![2; 32])).unwrap();
        assert_eq!(others.known(&word, "tokyo", now), None);
        assert_eq!(devices.digest("Tokyo"), devices.digest("tokyo"));
        assert_ne!(devices.digest("tokyo"), others.digest("tokyo"));
    }
}
