//! Making accounts and API clients.

use secrecy::SecretString;
use serde_json::json;
use survey::area::MunicipalityCode;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use crate::app::state::State;
use crate::app::{frames, surveys};
use crate::auth::password;
use crate::auth::permit::{ManageAccounts, Permit};
use crate::db::accounts::NewAccount;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{accounts, audit};
use crate::error::AppError;

/// For whom an account speaks.
#[derive(Debug, Clone)]
pub enum Speaks {
    /// For a hospital, by its G-MIS ID in a survey's frame.
    Hospital {
        /// The survey.
        survey: String,
        /// G-MIS ID.
        gmis: String,
    },
    /// For a municipality.
    Municipality(MunicipalityCode),
    /// For a prefecture.
    Prefecture(PrefectureCode),
    /// Reads the nation's numbers.
    MinistryAnalyst,
    /// Opens, extends, sets quotas.
    MinistryAdministrator,
    /// Keeps the machine.
    Operator,
}

impl Speaks {
    fn role(&self) -> &'static str {
        match self {
            Speaks::Hospital { .. } => "hospital",
            Speaks::Municipality(_) => "municipality",
            Speaks::Prefecture(_) => "prefecture",
            Speaks::MinistryAnalyst => "ministry_analyst",
            Speaks::MinistryAdministrator => "ministry_administrator",
            Speaks::Operator => "operator",
        }
    }
}

/// Makes an account. Hospital accounts are made by the system, which alone may look hospitals up.
///
/// # Errors
/// Those of the password's rule, `login_taken`, `hospital_unknown`; or the database is away.
pub async fn create(
    state: &State,
    permit: &Permit<ManageAccounts>,
    login: &str,
    given: SecretString,
    speaks: &Speaks,
) -> Result<Uuid, AppError> {
    let login = login.trim().to_lowercase();
    require_strong(&given, &login)?;
    if login.is_empty() {
        return Err(AppError::invalid("login_empty", "ログインIDを指定してください。"));
    }
    let password_hash = password::hash(given).await?;
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let hospital_id = match speaks {
            Speaks::Hospital { survey, gmis } => Some(frames::require(conn, surveys::known(survey)?, gmis).await?.hospital_id),
            _ => None,
        };
        let municipality = match speaks {
            Speaks::Municipality(code) => Some(code.to_string()),
            _ => None,
        };
        let prefecture = match speaks {
            Speaks::Prefecture(code) => Some(i16::from(code.number())),
            _ => None,
        };
        let id = Uuid::now_v7();
        let new = NewAccount {
            id,
            login: &login,
            password_hash: &password_hash,
            role: speaks.role(),
            hospital_id,
            prefecture,
            municipality: municipality.as_deref(),
        };
        if let Some(hospital) = hospital_id
            && accounts::has_hospital(conn, hospital).await?
        {
            return Err(AppError::conflict(
                "hospital_has_account",
                "この病院のアカウントは既にあります（1施設に1つです）。そのアカウントを使ってください。パスワードが分からない場合は、再設定を使ってください。",
            ));
        }
        if !accounts::insert(conn, &new).await? {
            return Err(AppError::conflict(
                "login_taken",
                "このログインIDは使われています。別のIDにしてください。",
            ));
        }
        let details = json!({"account": id, "role": speaks.role()});
        audit::insert(
            conn,
            actor,
            now,
            audit::Entry {
                action: "create_account",
                hospital: hospital_id,
                prefecture,
                details,
                survey: None,
            },
        )
        .await?;
        Ok(id)
    })
    .await
}

/// The one rule of passwords, for every way of setting one: 13 characters or more, of two kinds at least (lower case, upper case, digits, others), and
/// not the login. Spaces and Japanese are others, so that a sentence is a password.
///
/// # Errors
/// `password_too_short`, `password_not_mixed`, `password_is_login`.
pub(super) fn require_strong(given: &SecretString, login: &str) -> Result<(), AppError> {
    use secrecy::ExposeSecret;
    let text = given.expose_secret();
    if text.chars().count() < 13 {
        return Err(AppError::invalid("password_too_short", "パスワードは13文字以上にしてください。"));
    }
    let other = |c: char| !c.is_ascii_alphanumeric();
    let kinds = [
        text.contains(|c: char| c.is_ascii_lowercase()),
        text.contains(|c: char| c.is_ascii_uppercase()),
        text.contains(|c: char| c.is_ascii_digit()),
        text.contains(other),
    ];
    if kinds.into_iter().filter(|kind| *kind).count() < 2 {
        return Err(AppError::invalid(
            "password_not_mixed",
            "パスワードには、英小文字・英大文字・数字・それ以外の文字（記号や空白など）のうち、2種類以上を使ってください。",
        ));
    }
    if !login.is_empty() && text.trim().eq_ignore_ascii_case(login.trim()) {
        return Err(AppError::invalid(
            "password_is_login",
            "ログインIDと同じパスワードは使えません。別のパスワードにしてください。",
        ));
    }
    Ok(())
}

/// Makes an API client that acts as an account.
///
/// # Errors
/// `login_unknown`, `client_taken`; or the database is away.
pub async fn create_client(
    state: &State,
    permit: &Permit<ManageAccounts>,
    client: &str,
    login: &str,
    secret: SecretString,
) -> Result<(), AppError> {
    use secrecy::ExposeSecret;
    let fits = (4..=64).contains(&client.len()) && client.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fits {
        return Err(AppError::invalid(
            "client_invalid",
            "クライアントIDは、英小文字、数字、ハイフンの4～64文字にしてください。",
        ));
    }
    if secret.expose_secret().chars().count() < 32 {
        return Err(AppError::invalid(
            "secret_too_short",
            "シークレットは32文字以上のランダムな文字列にしてください。",
        ));
    }
    let hash = password::hash(secret).await?;
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let account = accounts::id_of_login(conn, &login.to_lowercase())
            .await?
            .ok_or_else(|| AppError::not_found("login_unknown", "このログインIDのアカウントはありません。"))?;
        if !accounts::insert_client(conn, client, account, &hash).await? {
            return Err(AppError::conflict(
                "client_taken",
                "このクライアントIDは使われています。別のIDにしてください。",
            ));
        }
        let details = json!({"account": account, "client": client});
        Ok(audit::insert(
            conn,
            actor,
            now,
            audit::Entry {
                action: "create_client",
                details,
                ..audit::Entry::default()
            },
        )
        .await?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_mixed_and_not_the_login() {
        let verdict = |text: &str| match require_strong(&SecretString::from(text), "hospital-of-the-1st") {
            Ok(()) => "",
            Err(AppError::Invalid(refusal)) => match refusal.code.as_ref() {
                "password_too_short" => "short",
                "password_not_mixed" => "plain",
                "password_is_login" => "login",
                _ => "?",
            },
            Err(_) => "?",
        };
        assert_eq!(verdict("correct horse battery"), "");
        assert_eq!(verdict("aaaaaaaaaaaa1"), "");
        assert_eq!(verdict("あいうえおかきくけこさしすa"), "");
        assert_eq!(verdict("Aa1!Aa1!Aa1!"), "short");
        for plain in ["aaaaaaaaaaaaaa", "AAAAAAAAAAAAAA", "12345678901234", "あいうえおかきくけこさしすせ"] {
            assert_eq!(verdict(plain), "plain", "{plain}");
        }
        assert_eq!(verdict("Hospital-of-the-1ST"), "login");
    }
}
