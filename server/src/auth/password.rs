//! Passwords and client secrets: Argon2id, on a thread of its own, with the same work for unknown accounts.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use secrecy::{ExposeSecret, SecretString};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::error::{AppError, Refusal};

/// OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
static ARGON2: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(19_456, 2, 1, None).unwrap_or_default(),
    )
});

/// How many passwords are hashed at the same time in the whole process: each takes 19 MiB and a core, and anybody may ask.
static TURNS: Semaphore = Semaphore::const_new(2);
/// How long a sign-in waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hash of a password that nobody has: verified against when the account is unknown, so that the answer takes the same time.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    ARGON2
        .hash_password(b"nobody has this password")
        .map(|hash| hash.to_string())
        .unwrap_or_default()
});

/// Hashes a password into PHC form.
///
/// # Errors
/// Internal only: the hash function or the thread failed.
pub async fn hash(password: SecretString) -> Result<String, AppError> {
    on_thread(move || {
        ARGON2
            .hash_password(password.expose_secret().as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| AppError::internal(error.to_string()))
    })
    .await
}

/// A turn at hashing; the next one comes when it is dropped.
pub struct Turn {
    _permit: SemaphorePermit<'static>,
}

/// Waits for a turn. What decides whether a password may be tried at all is asked in the turn: so no more are tried at the same time than there are turns.
///
/// # Errors
/// `too_many_sign_ins` after [`PATIENCE`].
pub async fn take_turn() -> Result<Turn, AppError> {
    match timeout(PATIENCE, TURNS.acquire()).await {
        Ok(turn) => Ok(Turn {
            _permit: turn.map_err(AppError::internal)?,
        }),
        Err(_elapsed) => Err(AppError::TooMany(Refusal::new(
            "too_many_sign_ins",
            "ログインが混み合っています。しばらく待ってから、もう一度お試しください。",
        ))),
    }
}

/// Whether a password fits a hash; without a hash it does the same work and says no.
///
/// # Errors
/// Internal only: the thread failed.
pub async fn verify(password: SecretString, expected: Option<String>) -> Result<bool, AppError> {
    let turn = take_turn().await?;
    verify_in(&turn, password, expected).await
}

/// The same in a turn that was taken.
///
/// # Errors
/// As [`verify`].
pub async fn verify_in(_: &Turn, password: SecretString, expected: Option<String>) -> Result<bool, AppError> {
    in_turn(move || {
        // An account that was not enrolled yet has no hash: its answer takes the same time too.
        let expected = expected.filter(|hash| hash.starts_with('$'));
        let known = expected.is_some();
        let expected = expected.unwrap_or_else(|| NOBODY.clone());
        let fits =
            PasswordHash::new(&expected).is_ok_and(|parsed| ARGON2.verify_password(password.expose_secret().as_bytes(), &parsed).is_ok());
        Ok(known && fits)
    })
    .await
}

async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, AppError> + Send + 'static) -> Result<T, AppError> {
    let _turn = take_turn().await?;
    in_turn(work).await
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> Result<T, AppError> + Send + 'static) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work).await.map_err(AppError::internal)?
}
