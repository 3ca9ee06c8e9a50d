//! Short-lived tokens of API clients: JWT, HS256, every claim required and checked. jsonwebtoken's defaults pass a token without issuer or audience,
//! one from the future, and one that expired a minute ago; none of them is left as it is.

use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::AppError;

/// Seconds that a token lives.
pub const LIFE: i64 = 900;
/// Seconds that clocks may differ.
const LEEWAY: u64 = 5;
const ISSUER: &str = "chosa";
const AUDIENCE: &str = "chosa-api-v1";

/// Signs and checks tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

impl Tokens {
    /// Takes a secret of 32 bytes or more and proves by a round trip that signing works: without its crypto provider jsonwebtoken panics at first use.
    ///
    /// # Errors
    /// Internal: the secret is too short, or the round trip failed.
    pub fn new(secret: &SecretSlice<u8>) -> Result<Tokens, AppError> {
        let secret = secret.expose_secret();
        if secret.len() < 32 {
            return Err(AppError::internal(
                "the token secret is shorter than 32 bytes; delete the file to have one made, or give a longer one",
            ));
        }
        // Err: another part of this process installed it before, which is as good.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.validate_exp = true;
        validation.validate_nbf = true;
        validation.leeway = LEEWAY;
        let tokens = Tokens {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        };
        let proof = tokens.issue("self-test")?;
        if tokens.client_of(&proof).as_deref() != Some("self-test") {
            return Err(AppError::internal("a token that was just signed is not accepted"));
        }
        Ok(tokens)
    }

    /// A token for a client, from now on for [`LIFE`] seconds.
    ///
    /// # Errors
    /// Internal: signing failed.
    pub fn issue(&self, client: &str) -> Result<String, AppError> {
        let now = Utc::now().timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: client.to_owned(),
            iat: now,
            nbf: now,
            exp: now + LIFE,
            jti: Uuid::new_v4(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(AppError::internal)
    }

    /// The client of a token that is valid now; why another is not is nobody's business.
    pub fn client_of(&self, token: &str) -> Option<String> {
        jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .ok()
            .map(|data| data.claims.sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tokens() -> Tokens {
        Tokens::new(&SecretSlice::from(vec![7; 32])).unwrap()
    }

    fn sign(claims: serde_json::Value) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(&[7; 32])).unwrap()
    }

    fn claims(change: impl FnOnce(&mut serde_json::Value)) -> serde_json::Value {
        let now = Utc::now().timestamp();
        let mut claims =
            json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "c", "iat": now, "nbf": now, "exp": now + 60, "jti": Uuid::new_v4()});
        change(&mut claims);
        claims
    }

    #[test]
    fn a_complete_token_is_accepted() {
        assert_eq!(tokens().client_of(&sign(claims(|_| {}))).as_deref(), Some("c"));
    }

    #[test]
    fn a_token_that_lacks_a_claim_is_refused() {
        for claim in ["iss", "aud", "sub", "nbf", "exp"] {
            let token = sign(claims(|claims| drop(claims.as_object_mut().unwrap().remove(claim))));
            assert_eq!(tokens().client_of(&token), None, "without {claim}");
        }
    }

    #[test]
    fn a_token_of_another_time_place_or_purpose_is_refused() {
        let now = Utc::now().timestamp();
        for (name, value) in [
            ("exp", json!(now - 10)),
            ("nbf", json!(now + 60)),
            ("iss", json!("other")),
            ("aud", json!("other")),
        ] {
            assert_eq!(tokens().client_of(&sign(claims(|claims| claims[name] = value))), None, "{name}");
        }
    }

    #[test]
    fn a_token_of_another_key_or_algorithm_is_refused() {
        let other = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(|_| {}), &EncodingKey::from_secret(&[8; 32])).unwrap();
        assert_eq!(tokens().client_of(&other), None);
        let stronger = jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims(|_| {}), &EncodingKey::from_secret(&[7; 32])).unwrap();
        assert_eq!(tokens().client_of(&stronger), None);
        // alg none, by hand: header {"alg":"none","typ":"JWT"} and no signature.
        let body = sign(claims(|_| {})).split('.').nth(1).unwrap().to_owned();
        assert_eq!(tokens().client_of(&format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.")), None);
    }
}
