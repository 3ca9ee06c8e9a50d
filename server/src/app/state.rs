//! What use cases need beside their arguments. Made once per worker: the pool is the worker's own, the rest is shared.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::app::clock::Clock;
use crate::app::programs::planning::Coverages;
use crate::app::releases::Published;
use crate::app::statistics::Snapshots;
use crate::auth::device::Devices;
use crate::auth::receipt::ReceiptKey;
use crate::auth::sealed::Sealer;
use crate::auth::second_factor::Demand;
use crate::auth::token::Tokens;
use crate::db::pool::ConnectionPool;
use crate::parsing::Parser;

/// Shared things of all workers.
#[derive(Clone)]
pub struct Shared {
    /// Tells the time.
    pub clock: Clock,
    /// Signs and checks tokens of API clients.
    pub tokens: Arc<Tokens>,
    /// Seals the keys of second factors.
    pub sealer: Arc<Sealer>,
    /// Knows devices, and makes digests of logins.
    pub devices: Arc<Devices>,
    /// Of whom pages ask a second factor.
    pub second_factor: Demand,
    /// Proxies in front of the server, whose word of who asks is believed.
    pub proxies: Arc<[IpAddr]>,
    /// Key of the stamps on templates.
    pub template_key: [u8; 32],
    /// Signs receipts.
    pub receipts: Arc<ReceiptKey>,
    /// Counted answers in memory.
    pub snapshots: Arc<Snapshots>,
    /// What programmes cover, in memory.
    pub coverages: Arc<Coverages>,
    /// What releases say of the nation, in memory.
    pub published: Arc<Published>,
    /// Wakes a worker when a job was asked for.
    pub jobs: Arc<Notify>,
    /// Parses uploads in a child.
    pub parser: Arc<Parser>,
    /// Where people reach the server, for mails.
    pub public_url: Arc<str>,
}

/// Everything that a use case needs.
#[derive(Clone)]
pub struct State {
    /// The worker's connections, of the application role.
    pub pool: ConnectionPool,
    /// What all workers share.
    pub shared: Shared,
}

impl State {
    /// Now.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.shared.clock.now()
    }
}
