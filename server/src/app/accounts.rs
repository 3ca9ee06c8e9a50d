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
/// `password_too_short`, `login_taken`, `hospital_unknown`; or the database is away.
pub async fn create(
    state: &State,
    permit: &Permit<ManageAccounts>,
    login: &str,
    given: SecretString,
    speaks: &Speaks,
) -> Result<Uuid, AppError> {
    require_long_enough(&given)?;
    let login = login.trim().to_lowercase();
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

/// The one rule of passwords: length. What is asked beyond it makes them worse (NIST SP 800-63B, 3.1.1.2).
///
/// # Errors
/// `password_too_short`.
pub(super) fn require_long_enough(given: &SecretString) -> Result<(), AppError> {
    use secrecy::ExposeSecret;
    if given.expose_secret().chars().count() < 13 {
        return Err(AppError::invalid("password_too_short", "パスワードは13文字以上にしてください。"));
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
