//! One run: a nation is founded, clients submit, the test kills at random times, and in the end everything is looked at.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tests::app::sign_in;
use tests::client;

use crate::afterwards::Afterwards;
use crate::clients::{Client, Load};
use crate::nation::{self, senders};
use crate::place::{PATIENCE, Place, is_running};
use crate::records::Ledger;
use crate::server_process::ServerProcess;
use crate::{KILLS, SEED, number};

/// A run under way.
pub struct Run {
    /// How many kills are asked for.
    pub kills: usize,
    /// Decides when.
    pub random: ChaCha8Rng,
    what: &'static str,
    seed: u64,
    place: Place,
    server: Option<ServerProcess>,
    load: Load,
    /// Kills that count, each with how many submissions were under way at that moment.
    hits: Vec<u64>,
    /// Processes killed in all: at a start and during recovery too.
    processes: usize,
    /// Submissions under way at the last kill.
    under_way: u64,
    /// From a kill to the next new acknowledgement.
    outages: Vec<Duration>,
    last_kill: Option<Instant>,
    /// From the start of a server to its serving.
    starts: Vec<Duration>,
}

impl Run {
    /// Founds a nation, runs `kills` under load, ends the load and checks everything; all of it in bounded time.
    pub async fn bounded(what: &'static str, salt: u64, kills: impl AsyncFnOnce(&mut Run)) {
        let wanted = usize::try_from(number(KILLS).unwrap_or(5)).unwrap();
        let seed = number(SEED).unwrap_or(2024) + salt;
        let place = Place::new();
        nation::found(&place.data_folder()).await;
        let mut run = Run {
            kills: wanted,
            random: ChaCha8Rng::seed_from_u64(seed),
            what,
            seed,
            place,
            server: None,
            load: Load::new(),
            hits: Vec::new(),
            processes: 0,
            under_way: 0,
            outages: Vec::new(),
            last_kill: None,
            starts: Vec::new(),
        };
        let limit = Duration::from_secs(120) + Duration::from_secs(12) * u32::try_from(wanted).unwrap();
        let done = tokio::time::timeout(limit, run.all(kills)).await;
        assert!(
            done.is_ok(),
            "{what}: not done after {limit:?}; {} kills, {} acknowledged",
            run.hits.len(),
            run.acknowledged()
        );
    }

    async fn all(&mut self, kills: impl AsyncFnOnce(&mut Run)) {
        let began = Instant::now();
        self.start_server().await;
        let tokens = self.sign_in().await;
        let clients: Vec<_> = senders()
            .into_iter()
            .zip(&tokens)
            .zip(0..)
            .map(|((sender, token), number)| Client::new(sender, token.clone(), self.seed * 100 + number, self.load.clone()).run())
            .collect();
        self.until_acknowledged().await;
        kills(self).await;
        self.start_server().await;
        self.until_acknowledged().await;
        self.load.ending.store(true, Ordering::SeqCst);
        let mut ledger = Ledger::default();
        for client in clients {
            ledger.add(client.await.unwrap());
        }
        let under_load = began.elapsed();
        assert_eq!(
            ledger.wrong,
            Vec::<String>::new(),
            "answers that there must not be\n{}",
            self.place.log_tail()
        );
        let by = senders().into_iter().zip(tokens).collect();
        Afterwards {
            place: &self.place,
            address: &self.address(),
            ledger: &ledger,
            by,
        }
        .all_is_well()
        .await;
        self.server.take().unwrap().stop(&self.place).await;
        self.tell(&ledger, under_load, began.elapsed());
    }

    /// A token for each sender; sessions are in the database and outlive every kill.
    async fn sign_in(&self) -> Vec<String> {
        let nobody = client::Client::nobody(self.address());
        let mut tokens = Vec::new();
        for sender in senders() {
            tokens.push(sign_in(&nobody, &sender.login).await.bearer().to_owned());
        }
        tokens
    }

    fn address(&self) -> String {
        self.load.address.borrow().clone().unwrap()
    }

    fn acknowledged(&self) -> u64 {
        self.load.acknowledged.load(Ordering::SeqCst)
    }

    /// Waits for a random time.
    pub async fn pause(&mut self, milliseconds: Range<u64>) {
        tokio::time::sleep(Duration::from_micros(
            self.random.random_range(milliseconds.start * 1000..milliseconds.end * 1000),
        ))
        .await;
    }

    /// Waits for a random time while submissions come in: mostly short, when connections are still being made; each third time longer.
    pub async fn pause_under_load(&mut self) {
        let range = if self.hits.len() % 3 == 2 { 400..1200 } else { 5..400 };
        self.pause(range).await;
    }

    /// Starts the server without waiting for it.
    pub fn begin_server(&mut self) {
        assert!(self.server.is_none());
        self.server = Some(ServerProcess::begin(&self.place));
    }

    /// Starts the server, if it is not running, and sends the clients to it.
    pub async fn start_server(&mut self) {
        if self.server.is_none() {
            let began = Instant::now();
            self.begin_server();
            let address = self.server.as_mut().unwrap().address(&self.place).await;
            self.starts.push(began.elapsed());
            self.load.address.send_replace(Some(address));
        }
    }

    /// Waits for an acknowledgement by the server as it is now.
    pub async fn until_acknowledged(&mut self) {
        let (place, load) = (&self.place, &self.load);
        until("Postgres is ready again", || place.postgres_is_ready()).await;
        let before = self.acknowledged();
        until("somebody's answers are acknowledged", || {
            load.acknowledged.load(Ordering::SeqCst) > before
        })
        .await;
        if let Some(at) = self.last_kill.take() {
            self.outages.push(at.elapsed());
        }
    }

    /// SIGKILL to the server.
    pub async fn kill_server(&mut self) {
        self.note_kill();
        self.server.take().unwrap().kill(&self.place).await;
        self.load.address.send_replace(None);
    }

    /// SIGKILL to the postmaster; its number.
    pub async fn kill_postgres(&mut self) -> Option<Pid> {
        let pid = self.place.postmaster();
        if let Some(pid) = pid {
            self.note_kill();
            // One that is starting may have ended by itself.
            let _ = kill(pid, Signal::SIGKILL);
            until("the killed postmaster is gone", || !is_running(pid)).await;
        }
        pid
    }

    /// SIGKILL to one of the server's sessions, whatever it is doing.
    pub async fn kill_session_of_postgres(&mut self) {
        // There may be none for a moment: an answer can be on its way while Postgres still recovers.
        until("the server has sessions", || !self.place.sessions().is_empty()).await;
        let sessions = self.place.sessions();
        let Some(pid) = sessions.get(self.random.random_range(0..sessions.len().max(1))) else {
            return;
        };
        self.note_kill();
        // It may have ended by itself meanwhile.
        if kill(*pid, Signal::SIGKILL).is_ok() {
            until("the killed session is gone", || !is_running(*pid)).await;
            self.count_kill();
        }
    }

    /// Waits until the server has started another postmaster than this one.
    pub async fn until_another_postgres(&self, before: Option<Pid>) {
        until("another postmaster runs", || {
            self.place.postmaster().is_some_and(|pid| Some(pid) != before)
        })
        .await;
    }

    /// That the server has not ended by itself.
    pub fn server_lives(&mut self) {
        assert!(
            self.server.as_mut().unwrap().lives(),
            "the server ended by itself\n{}",
            self.place.log_tail()
        );
    }

    /// How many kills have counted: those that hit while submissions were under way.
    pub fn hits(&self) -> usize {
        self.hits.len()
    }

    /// Counts the last kill, if it hit anybody.
    pub fn count_kill(&mut self) {
        self.hits.extend(Some(self.under_way).filter(|under_way| *under_way > 0));
    }

    /// To be called before a kill.
    fn note_kill(&mut self) {
        self.under_way = self.load.under_way.load(Ordering::SeqCst);
        self.processes += 1;
        self.last_kill = Some(Instant::now());
    }

    fn tell(&mut self, ledger: &Ledger, under_load: Duration, in_all: Duration) {
        let (retries, acknowledged) = (&ledger.retries, &ledger.acknowledged);
        let tries: u64 = acknowledged.iter().map(|one| u64::from(one.tries)).sum();
        let again = acknowledged.iter().filter(|one| one.tries > 1).count();
        let replayed = acknowledged.iter().filter(|one| one.replayed).count();
        println!(
            "{}, seed {}: {} kills that counted, {} processes killed in all; submissions under way at a kill {}; \
             {} submissions acknowledged in {tries} tries, {again} of them after a retry, \
             {replayed} by an answer from memory; tries in vain: {} disconnected, {} unavailable, {} in progress, {} impatient; \
             from a start to serving {}; from a kill to the next acknowledgement {}; {under_load:.1?} under load, {in_all:.1?} in all",
            self.what,
            self.seed,
            self.hits.len(),
            self.processes,
            spread(&mut self.hits),
            acknowledged.len(),
            retries.disconnected,
            retries.unavailable,
            retries.in_progress,
            retries.impatient,
            spread(&mut self.starts),
            spread(&mut self.outages),
        );
    }
}

/// Least, greatest and median.
fn spread<T: Ord + Debug>(values: &mut [T]) -> String {
    values.sort();
    let values = &*values;
    match values {
        [] => "not measured".to_owned(),
        [one] => format!("{one:.1?}"),
        [least, .., greatest] => format!(
            "{least:.1?} to {greatest:.1?}, median {:.1?} of {}",
            values[values.len() / 2],
            values.len()
        ),
    }
}

/// Waits in bounds.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
