//! The second factor: codes of an app (RFC 6238: SHA-1, six digits, half a minute, which every app can do) and recovery codes for who has lost it.

use chrono::{DateTime, Utc};
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::SecretString;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

use crate::auth::actor::Role;
use crate::error::AppError;

/// How many recovery codes are made.
const CODES: usize = 10;
/// Letters of recovery codes, as base 32 has them: none that is mistaken for a digit.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// How many letters: 80 bits, so that a plain hash keeps them.
const LENGTH: usize = 16;

/// Of whom a second factor is asked on pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Demand {
    /// Of everybody who sees others' data.
    #[default]
    #[value(help = "ほかの組織の情報を見る役割（病院以外）に必須とする")]
    Required,
    /// Of who has set one up.
    #[value(help = "設定した人だけに求める")]
    Offered,
}

impl Demand {
    /// Whether a role has to have one.
    pub fn asks(self, role: &Role) -> bool {
        self == Demand::Required && !matches!(role, Role::Hospital(_) | Role::System)
    }
}

/// The key that an app and the server share.
pub struct FactorKey(Totp);

impl FactorKey {
    /// A new one, 160 bits.
    ///
    /// # Errors
    /// Internal: the system has no randomness.
    pub fn new() -> Result<FactorKey, AppError> {
        let mut bytes = [0_u8; 20];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| AppError::internal(error.to_string()))?;
        FactorKey::of(&bytes).ok_or_else(|| AppError::internal("a new key of a second factor is not accepted"))
    }

    /// One that was kept; `None` if its length is another.
    pub fn of(bytes: &[u8]) -> Option<FactorKey> {
        let bytes: [u8; 20] = bytes.try_into().ok()?;
        let totp = Builder::new().with_secret(Secret::new_stack(bytes)).build().ok()?;
        Some(FactorKey(totp))
    }

    /// To be kept sealed.
    pub fn bytes(&self) -> &[u8] {
        self.0.secret().as_bytes()
    }

    /// To be typed into an app, in groups of four.
    pub fn text(&self) -> String {
        let text = self.0.secret().to_base32();
        let letters: Vec<char> = text.chars().collect();
        letters
            .chunks(4)
            .map(|group| group.iter().collect::<String>())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// What the picture says (the key URI format of apps). A login may hold anything and stands as a query would have it.
    pub fn address(&self, login: &str) -> String {
        let label = serde_urlencoded::to_string([("", login)]).unwrap_or_default();
        let label = label.trim_start_matches('=').replace('+', "%20");
        format!(
            "otpauth://totp/chosa:{label}?secret={}&issuer=chosa",
            self.0.secret().to_base32().trim_end_matches('=')
        )
    }

    /// The half minute that a code is of: this one, the one before or the one after, for clocks differ.
    pub fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let step = self.0.check(code, u64::try_from(now.timestamp()).ok()?)?;
        i64::try_from(step).ok()
    }
}

/// What somebody typed where a code is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Six digits of the app.
    Code(String),
    /// A recovery code.
    Recovery(String),
    /// Neither.
    Nothing,
}

impl Typed {
    /// Reads it, with spaces and hyphens anywhere, wide or narrow.
    pub fn read(text: &str) -> Typed {
        let plain: String = text
            .chars()
            .map(|c| match c {
                '０'..='９' | 'ａ'..='ｚ' | 'Ａ'..='Ｚ' => u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(c),
                other => other,
            })
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '－' | 'ー' | '‐' | '−'))
            .collect::<String>()
            .to_lowercase();
        if plain.len() == 6 && plain.chars().all(|c| c.is_ascii_digit()) {
            return Typed::Code(plain);
        }
        // Neither 0 nor 1 is in a recovery code: who types one has read a letter.
        let letters = plain.replace('0', "o").replace('1', "l");
        let is_letter = |c: char| u8::try_from(c).is_ok_and(|byte| LETTERS.contains(&byte));
        if letters.len() == LENGTH && letters.chars().all(is_letter) {
            Typed::Recovery(letters)
        } else {
            Typed::Nothing
        }
    }
}

/// New recovery codes as they are shown, in groups of four.
///
/// # Errors
/// Internal: the system has no randomness.
pub fn new_recovery_codes() -> Result<Vec<SecretString>, AppError> {
    (0..CODES)
        .map(|_| {
            let mut bytes = [0_u8; LENGTH];
            SysRng
                .try_fill_bytes(&mut bytes)
                .map_err(|error| AppError::internal(error.to_string()))?;
            let letters: Vec<char> = bytes
                .iter()
                .filter_map(|byte| LETTERS.get(usize::from(byte % 32)).copied().map(char::from))
                .collect();
            let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
            Ok(SecretString::from(groups.join("-")))
        })
        .collect()
}

/// What is stored of a recovery code, as [`Typed`] reads it.
pub fn recovery_hash(factor: Uuid, code: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(factor.as_bytes());
    hash.update(code.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1, the last six of eight digits.
        let key = FactorKey::of(b"12345678901234567890").unwrap();
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let now = DateTime::from_timestamp(time, 0).unwrap();
            assert_eq!(key.step_of(code, now), Some(time / 30));
            assert_eq!(key.step_of(code, now + chrono::TimeDelta::seconds(30)), Some(time / 30));
            assert_eq!(key.step_of(code, now + chrono::TimeDelta::seconds(90)), None);
        }
        assert_eq!(key.text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            key.address("東京 a"),
            "otpauth://totp/chosa:%E6%9D%B1%E4%BA%AC%20a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=chosa"
        );
    }

    #[test]
    fn what_is_typed_is_read_with_spaces_hyphens_and_wide_digits() {
        for text in ["123456", " 123 456 ", "１２３-４５６"] {
            assert_eq!(Typed::read(text), Typed::Code("123456".to_owned()), "{text}");
        }
        for text in ["", "12345", "1234567", "12345x", "abcd-efgh-ijkl-mno8"] {
            assert_eq!(Typed::read(text), Typed::Nothing, "{text}");
        }
        for code in new_recovery_codes().unwrap() {
            let shown = code.expose_secret();
            assert_eq!(Typed::read(shown), Typed::Recovery(shown.replace('-', "")));
            assert_eq!(Typed::read(&shown.to_uppercase()), Typed::read(shown));
            assert_eq!(Typed::read(&shown.replace('o', "0").replace('l', "1")), Typed::read(shown));
        }
    }
}
