//! A network that breaks at the worst moment: a proxy on loopback, between client and server or between server and Postgres, that passes everything on
//! until an answer comes while another session already sees what was committed. That answer is dropped, and every connection is cut.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Mutex, watch};
use tokio_postgres::Client;

use crate::database::TestDatabase;
use crate::postgres::shared_cluster;

/// How long a test waits for the cut before it says that there was none.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where connections go on to.
#[derive(Clone)]
enum Upstream {
    Server(String),
    Postgres(PathBuf),
}

/// A cable that can be cut.
pub struct Cable {
    /// `127.0.0.1:1234`.
    pub address: String,
    shared: Arc<Shared>,
}

struct Shared {
    /// The other session.
    superuser: Client,
    /// What it must see: a query for one truth value. Held while it is asked, so that no answer slips by.
    armed: Mutex<Option<String>>,
    /// How often the cable was cut; connections look whether it has changed.
    cuts: watch::Sender<u32>,
}

impl Cable {
    /// To a server, for its clients.
    pub async fn to_server(base: &str, database: &TestDatabase) -> Cable {
        let server = base.trim_start_matches("http://").to_owned();
        Self::lay(Upstream::Server(server), database).await
    }

    /// To Postgres, for servers.
    pub async fn to_postgres(database: &TestDatabase) -> Cable {
        let socket = shared_cluster().await.socket_folder().join(".s.PGSQL.5432");
        Self::lay(Upstream::Postgres(socket), database).await
    }

    async fn lay(upstream: Upstream, database: &TestDatabase) -> Cable {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            superuser: database.superuser().await,
            armed: Mutex::new(None),
            cuts: watch::Sender::new(0),
        });
        let cable = Cable {
            address,
            shared: Arc::clone(&shared),
        };
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                // A query of Postgres and its answer are a few bytes each.
                near.set_nodelay(true).unwrap();
                let (upstream, shared) = (upstream.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    match upstream {
                        Upstream::Server(address) => pass(near, TcpStream::connect(address).await.unwrap(), &shared).await,
                        Upstream::Postgres(socket) => pass(near, UnixStream::connect(socket).await.unwrap(), &shared).await,
                    }
                });
            }
        });
        cable
    }

    /// URL of a database of the tests, as the application, through this cable.
    pub fn application_url(&self, database: &TestDatabase) -> String {
        let url = database.application_url();
        let (name, rest) = url.trim_start_matches("postgresql:///").split_once('?').unwrap();
        let user = rest.split('&').find(|part| part.starts_with("user=")).unwrap();
        format!("postgresql://{}/{name}?{user}&sslmode=disable", self.address)
    }

    /// From now on: cut at the first answer that comes when this query, in a session of its own, is true.
    pub async fn cut_when(&self, sees: &str) {
        *self.shared.armed.lock().await = Some(sees.to_owned());
    }

    /// How often it was cut. A cable is whole again at once.
    pub fn cuts(&self) -> u32 {
        *self.shared.cuts.borrow()
    }

    /// Waits for the cut, in bounds.
    pub async fn until_cut(&self) {
        let mut cuts = self.shared.cuts.subscribe();
        tokio::time::timeout(PATIENCE, cuts.wait_for(|cuts| *cuts > 0))
            .await
            .unwrap()
            .unwrap();
    }
}

/// Passes everything on until one side ends or the cable is cut.
async fn pass(near: impl AsyncRead + AsyncWrite, far: impl AsyncRead + AsyncWrite, shared: &Shared) {
    let mut cut = shared.cuts.subscribe();
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (tokio::io::split(near), tokio::io::split(far));
    let forth = async {
        let _ended = tokio::io::copy(&mut from_near, &mut to_far).await;
        let _ended = to_far.shutdown().await;
    };
    let back = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_far.read(&mut bytes).await {
            if shared.cuts_now().await || to_near.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
        let _ended = to_near.shutdown().await;
    };
    tokio::select! {
        () = async { tokio::join!(forth, back); } => {}
        _ = cut.changed() => {}
    }
}

impl Shared {
    /// Whether what is looked for is there; then the cable is cut.
    async fn cuts_now(&self) -> bool {
        let mut armed = self.armed.lock().await;
        let Some(sees) = armed.as_deref() else { return false };
        let seen: bool = self.superuser.query_one(sees, &[]).await.unwrap().get(0);
        if seen {
            *armed = None;
            self.cuts.send_modify(|cuts| *cuts += 1);
        }
        seen
    }
}
