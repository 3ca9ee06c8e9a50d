//! Bringing the server up: pools, registration, HTTP. The same for `chosa serve`, the demo and the tests, which bind port 0.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use tokio::task::JoinHandle;
use utoipa_actix_web::AppExt;
use uuid::Uuid;

use crate::api;
use crate::api::problem::ApiError;
use crate::app::clock::Clock;
use crate::app::state::{Shared, State};
use crate::app::{jobs, receipts, surveys};
use crate::auth::device::Devices;
use crate::auth::receipt::ReceiptKey;
use crate::auth::sealed::Sealer;
use crate::auth::second_factor::Demand;
use crate::auth::stamp::template_key;
use crate::auth::token::Tokens;
use crate::db::migrations;
use crate::db::pool::{self, TimeOuts};
use crate::error::AppError;
use crate::pages;
use crate::parsing::Parser;

/// What a server is made from.
pub struct Parts {
    /// URL of the database as the application role.
    pub database_url: SecretString,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Threads that serve.
    pub workers: usize,
    /// Connections of each worker.
    pub pool_size: usize,
    /// Jobs that are done at the same time; 0 leaves them to other programs on the same database.
    pub job_workers: usize,
    /// Time-outs of connections.
    pub time_outs: TimeOuts,
    /// Secret of tokens, 32 bytes or more.
    pub token_secret: SecretSlice<u8>,
    /// Secret that receipts are signed with, 32 bytes or more.
    pub receipt_secret: SecretSlice<u8>,
    /// Of whom pages ask a second factor.
    pub second_factor: Demand,
    /// Proxies in front of the server, whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// Parses uploads.
    pub parser: Arc<Parser>,
    /// Where people reach the server, for mails.
    pub public_url: String,
    /// Tells the time.
    pub clock: Clock,
}

/// A server that is bound and registered, not yet running.
pub struct Application {
    /// Where it listens.
    pub address: SocketAddr,
    /// A state of its own pool, for use cases outside of HTTP.
    pub state: State,
    server: Server,
    for_jobs: State,
    job_workers: usize,
}

/// What use cases need, outside of HTTP; checks the role and registers the surveys.
///
/// # Errors
/// The database is away, its role is not bound by row-level security, or an edition differs.
pub async fn state(parts: &Parts) -> Result<State, AppError> {
    let shared = Shared {
        clock: parts.clock.clone(),
        tokens: Arc::new(Tokens::new(&parts.token_secret)?),
        sealer: Arc::new(Sealer::new(&parts.token_secret)?),
        devices: Arc::new(Devices::new(&parts.token_secret)?),
        second_factor: parts.second_factor,
        proxies: Arc::from(parts.proxies.as_slice()),
        template_key: template_key(&parts.token_secret),
        receipts: Arc::new(ReceiptKey::new(&parts.receipt_secret)?),
        snapshots: Arc::default(),
        published: Arc::default(),
        coverages: Arc::default(),
        jobs: Arc::default(),
        parser: Arc::clone(&parts.parser),
        public_url: Arc::from(parts.public_url.as_str()),
    };
    let state = State {
        pool: pool::build(parts.database_url.expose_secret(), parts.pool_size, parts.time_outs)?,
        shared,
    };
    {
        let mut conn = state.pool.get().await?;
        migrations::check_application_role(&mut conn).await?;
    }
    surveys::register_all(&state).await?;
    receipts::register_key(&state).await?;
    Ok(state)
}

impl Application {
    /// Binds the port and makes the workers.
    ///
    /// # Errors
    /// As [`state`]; or the port is taken.
    pub async fn build(parts: Parts) -> Result<Application, AppError> {
        let state = state(&parts).await?;
        let listener = TcpListener::bind(parts.listen).map_err(|error| {
            AppError::internal(format!(
                "cannot listen on {}: {error}; choose another address with --listen",
                parts.listen
            ))
        })?;
        let address = listener.local_addr().map_err(AppError::internal)?;
        let shared = state.shared.clone();
        let (url, size, time_outs) = (parts.database_url.clone(), parts.pool_size, parts.time_outs);
        let server = HttpServer::new(move || {
            let shared = shared.clone();
            let url = url.clone();
            // One pool a worker: a connection never crosses threads, and no worker waits for another's.
            App::new()
                .data_factory(move || {
                    let pool = pool::build(url.expose_secret(), size, time_outs).map(|pool| State {
                        pool,
                        shared: shared.clone(),
                    });
                    std::future::ready(pool.map_err(|error| error.for_operator()))
                })
                .configure(api::extractors)
                .into_utoipa_app()
                .configure(api::configure)
                .into_app()
                .route("/api/v1/openapi.json", web::get().to(openapi))
                .service(web::scope("/api").default_service(web::to(unknown)))
                .configure(pages::configure)
        })
        .workers(parts.workers)
        .shutdown_timeout(10)
        .disable_signals()
        .listen(listener)
        .map_err(AppError::internal)?
        .run();
        // A worker needs a second connection to say that it lives.
        let most = parts.pool_size.max(parts.job_workers.saturating_mul(2));
        let for_jobs = State {
            pool: pool::build(parts.database_url.expose_secret(), most, parts.time_outs)?,
            shared: state.shared.clone(),
        };
        Ok(Application {
            address,
            state,
            for_jobs,
            server,
            job_workers: parts.job_workers,
        })
    }

    /// Serves, and does jobs, until the handle stops it.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn run(self) -> std::io::Result<()> {
        let workers: Vec<(Uuid, JoinHandle<()>)> = (0..self.job_workers)
            .map(|_| {
                let worker = Uuid::new_v4();
                (worker, tokio::spawn(jobs::work(self.for_jobs.clone(), worker)))
            })
            .collect();
        let served = self.server.await;
        for (worker, task) in workers {
            task.abort();
            // Awaited so that its transaction is gone before its job is put back.
            let _ = task.await;
            if let Err(error) = jobs::put_back(&self.for_jobs, worker).await {
                tracing::warn!(error = error.for_operator(), "a job waits until its lease is over");
            }
        }
        served
    }

    /// To stop it from elsewhere.
    pub fn handle(&self) -> actix_web::dev::ServerHandle {
        self.server.handle()
    }
}

async fn openapi() -> web::Json<utoipa::openapi::OpenApi> {
    web::Json(crate::openapi::document())
}

async fn unknown() -> Result<&'static str, ApiError> {
    Err(AppError::not_found("path_unknown", "このURLはありません。APIの説明は /api/v1/openapi.json にあります。").into())
}
