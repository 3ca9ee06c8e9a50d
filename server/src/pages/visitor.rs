//! Who reads a page, as an argument: a handler that takes `Visitor<P>` runs only for somebody signed in whose role may do `P`.

use std::future::Future;
use std::pin::Pin;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use secrecy::SecretString;

use crate::api::origin;
use crate::app::sessions;
use crate::app::state::State;
use crate::auth::permit::{Permit, Policy, ReadSelf};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::page::{Page, Who};

/// The session's cookie: of this host only, over TLS only (browsers take it from localhost too), unseen by scripts.
pub const COOKIE: &str = "__Host-chosa";

/// Somebody signed in with the right `P`.
pub struct Visitor<P> {
    /// Proof of the right, for the use case.
    pub permit: Permit<P>,
    /// The session's token; for signing out.
    pub token: SecretString,
    /// For the head of the page.
    pub who: Who,
    /// Whether nothing is shown but the page that sets up a second factor.
    pub owes_factor: bool,
}

/// Somebody signed in who may still owe a second factor: for the pages that set it up, and for signing out.
pub struct Newcomer(pub Visitor<ReadSelf>);

impl<P: Policy> Visitor<P> {
    /// The frame of a page for this visitor.
    pub fn page(&self, title: impl Into<String>) -> Page {
        Page::of(self.who.clone(), title)
    }

    /// Another right that a page needs beside its own.
    ///
    /// # Errors
    /// `role_not_permitted`.
    pub fn also<Q: Policy>(&self) -> Result<Permit<Q>, AppError> {
        Permit::of(self.permit.actor().clone())
    }

    /// Another right, for a part of the page that only some roles see.
    pub fn maybe<Q: Policy>(&self) -> Option<Permit<Q>> {
        self.also().ok()
    }
}

/// The token of a request's session.
pub fn token_of(request: &HttpRequest) -> Option<SecretString> {
    request.cookie(COOKIE).map(|cookie| SecretString::from(cookie.value()))
}

impl<P: Policy> FromRequest for Visitor<P> {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Visitor<P>, PageError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let visitor = visitor_of(&request).await.map_err(|error| PageError::wanted(error, &request))?;
            // Before the right is asked for: until then not even that is told.
            if visitor.owes_factor {
                return Err(PageError::SetUp);
            }
            // For the head of the page that says what went wrong.
            request.extensions_mut().insert(visitor.who.clone());
            Ok(Visitor {
                permit: visitor.also()?,
                token: visitor.token,
                who: visitor.who,
                owes_factor: visitor.owes_factor,
            })
        })
    }
}

impl FromRequest for Newcomer {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Newcomer, PageError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let visitor = visitor_of(&request).await.map_err(|error| PageError::wanted(error, &request))?;
            Ok(Newcomer(visitor))
        })
    }
}

async fn visitor_of(request: &HttpRequest) -> Result<Visitor<ReadSelf>, AppError> {
    let state = request
        .app_data::<web::Data<State>>()
        .ok_or_else(|| AppError::internal("the application state is not registered"))?;
    let token = token_of(request).ok_or_else(|| AppError::unauthenticated("session_missing", "ログインしてください。"))?;
    let known = sessions::recognise(state, &token).await?;
    let actor = known.actor.asking_from(origin::of(request, state));
    let permit = Permit::of(actor)?;
    let identity = sessions::identity(state, &permit).await?;
    Ok(Visitor {
        who: Who {
            role: permit.actor().role().clone(),
            login: identity.login,
            speaks_for: identity.speaks_for,
        },
        permit,
        token,
        owes_factor: known.owes_factor,
    })
}
