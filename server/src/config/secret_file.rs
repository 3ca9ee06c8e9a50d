//! A secret in a file of its own (of tokens, of receipts): made once, read ever after, by as many processes as share it.

use std::fs::{DirBuilder, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::SecretSlice;

use super::ConfigError;

/// HS256 asks for a key as long as its hash (RFC 7518, 3.2); an Ed25519 seed is as long too.
const SHORTEST: usize = 32;

/// The secret of a file, which is made if it is missing.
pub(super) fn read_or_make(path: &Path) -> Result<SecretSlice<u8>, ConfigError> {
    match std::fs::read(path) {
        Ok(bytes) => checked(path, bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(path)?;
            let bytes = std::fs::read(path).map_err(|error| unusable(path, error))?;
            checked(path, bytes)
        }
        Err(error) => Err(unusable(path, error)),
    }
}

fn checked(path: &Path, bytes: Vec<u8>) -> Result<SecretSlice<u8>, ConfigError> {
    let secret = bytes.trim_ascii();
    if secret.len() < SHORTEST {
        return Err(unusable(
            path,
            format!("{SHORTEST}バイト以上が必要です。ファイルを削除すると、次の起動で新しい鍵を作ります"),
        ));
    }
    let mode = std::fs::metadata(path).map_err(|error| unusable(path, error))?.permissions().mode();
    if mode & 0o077 != 0 {
        // Not refused: containers mount secrets with modes that the operator cannot change.
        tracing::warn!(path = %path.display(), mode = format!("{:o}", mode & 0o777), "the secret can be read by others; chmod 600 it");
    }
    Ok(SecretSlice::from(secret.to_vec()))
}

/// Whole or not at all, and never over one that another process made meanwhile.
fn make(path: &Path) -> Result<(), ConfigError> {
    let failed = |error: std::io::Error| unusable(path, error);
    let folder = path.parent().unwrap_or(path);
    // Others may pass through, as the unprivileged user of the private Postgres must, and not look around.
    DirBuilder::new().recursive(true).mode(0o711).create(folder).map_err(failed)?;
    let mut bytes = [0_u8; SHORTEST];
    SysRng.try_fill_bytes(&mut bytes).map_err(|error| unusable(path, error))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.as_file().set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    writeln!(file, "{}", hex::encode(bytes))
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(failed(error.error)),
        _ => Ok(()),
    }
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> ConfigError {
    ConfigError::SecretFile {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn it_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/token.secret");
        let first = read_or_make(&path).unwrap();
        assert_eq!(first.expose_secret().len(), 64);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_or_make(&path).unwrap().expose_secret(), first.expose_secret());
        std::fs::remove_file(&path).unwrap();
        assert_ne!(read_or_make(&path).unwrap().expose_secret(), first.expose_secret());
    }

    #[test]
    fn many_processes_that_start_together_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.secret");
        let secrets: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let started: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| read_or_make(&path).unwrap().expose_secret().to_vec()))
                .collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_short_one_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.secret");
        std::fs::write(&path, "short\n").unwrap();
        let message = read_or_make(&path).unwrap_err().to_string();
        assert!(message.contains("32バイト") && !message.contains("short"), "{message}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short\n");
    }
}
