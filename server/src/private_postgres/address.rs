//! Where a private Postgres answers: its URLs, and the making and dropping of databases there. Holds no lock and no process.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tokio_postgres::{Client, NoTls};

use super::error::PrivatePostgresError;
use super::roles;

/// The database that the server uses.
pub const DATABASE: &str = "chosa";
/// The role that owns the database and migrates; nothing else runs as it.
pub const OWNER_ROLE: &str = "chosa_owner";
/// The role of the running server: owns nothing, no superuser, bound by row-level security.
pub const APPLICATION_ROLE: &str = "chosa_app";
/// The cluster's superuser. For making the roles, for tests and for restore.
pub const SUPERUSER_ROLE: &str = "postgres";

/// The database that always exists, for statements about roles and databases.
pub(super) const MAINTENANCE_DATABASE: &str = "postgres";

/// Where a private Postgres answers. Good for as long as the postmaster runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    socket_folder: PathBuf,
}

impl Address {
    pub(super) fn new(socket_folder: PathBuf) -> Self {
        Self { socket_folder }
    }

    /// The folder of the socket.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.socket_folder
    }

    /// URL of a database as [`OWNER_ROLE`].
    #[must_use]
    pub fn owner_url(&self, database: &str) -> String {
        self.url(database, OWNER_ROLE)
    }

    /// URL of a database as [`APPLICATION_ROLE`].
    #[must_use]
    pub fn application_url(&self, database: &str) -> String {
        self.url(database, APPLICATION_ROLE)
    }

    /// URL of a database as [`SUPERUSER_ROLE`]. For tests and restore only.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> String {
        self.url(database, SUPERUSER_ROLE)
    }

    /// Makes an empty database that [`OWNER_ROLE`] owns and in which [`APPLICATION_ROLE`] may connect and make temporary tables.
    ///
    /// # Errors
    /// [`PrivatePostgresError::Query`], for instance when it exists.
    pub async fn create_database(&self, name: &str) -> Result<(), PrivatePostgresError> {
        let client = self.superuser().await?;
        roles::create_database(&client, name, "template0").await
    }

    /// Makes a database as a copy of another one, which must have no sessions; rights as [`Address::create_database`].
    ///
    /// # Errors
    /// [`PrivatePostgresError::Query`], for instance when the template is in use.
    pub async fn clone_database(&self, name: &str, template: &str) -> Result<(), PrivatePostgresError> {
        let client = self.superuser().await?;
        roles::create_database(&client, name, template).await
    }

    /// Drops a database and ends the sessions in it; nothing happens if there is none.
    ///
    /// # Errors
    /// [`PrivatePostgresError::Query`].
    pub async fn drop_database(&self, name: &str) -> Result<(), PrivatePostgresError> {
        let client = self.superuser().await?;
        roles::drop_database(&client, name).await
    }

    /// A session as the superuser in the maintenance database.
    pub(super) async fn superuser(&self) -> Result<Client, PrivatePostgresError> {
        self.connect()
            .await
            .map_err(PrivatePostgresError::query("connect to the private Postgres as its superuser"))
    }

    pub(super) async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.superuser_url(MAINTENANCE_DATABASE), NoTls).await?;
        // Ends when the client is dropped; an error shows at the client's next statement.
        tokio::spawn(connection);
        Ok(client)
    }

    fn url(&self, database: &str, role: &str) -> String {
        format!(
            "postgresql:///{}?host={}&user={}",
            percent_encoded(database.as_bytes()),
            percent_encoded(self.socket_folder.as_os_str().as_bytes()),
            percent_encoded(role.as_bytes())
        )
    }
}

/// RFC 3986: everything but unreserved characters is encoded; `/` may stand in a query, and the database name has none.
fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(char::from(*byte)),
            // Writing to a String cannot fail.
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_names_the_socket_folder_and_the_role() {
        let address = Address::new(PathBuf::from("/run/chosa-1"));
        assert_eq!(
            address.application_url("chosa"),
            "postgresql:///chosa?host=/run/chosa-1&user=chosa_app"
        );
    }

    #[test]
    fn url_survives_odd_characters() {
        let address = Address::new(PathBuf::from("/tmp/調 査&x=1"));
        let config: tokio_postgres::Config = address.owner_url("test_%20").parse().unwrap();
        assert_eq!(config.get_dbname(), Some("test_%20"));
        assert_eq!(
            config.get_hosts(),
            [tokio_postgres::config::Host::Unix(PathBuf::from("/tmp/調 査&x=1"))]
        );
        assert_eq!(config.get_user(), Some("chosa_owner"));
    }
}
