//! Precedence, defaults and refusals of settings; each test brings its own environment.

use super::layer::VARIABLES;
use super::*;

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)))
        .collect()
}

fn of(flags: Flags, pairs: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    Settings::of(flags, variables(pairs))
}

/// A settings file; with its folder, which goes when the test ends.
fn file(text: &str) -> (tempfile::TempDir, Flags) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chosa.toml");
    std::fs::write(&path, text).unwrap();
    (
        folder,
        Flags {
            config: Some(path),
            ..Flags::default()
        },
    )
}

#[test]
fn without_anything_the_defaults_hold() {
    let settings = of(Flags::default(), &[("PATH", "/bin"), ("HOME", "/home/a")]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!((settings.workers, settings.pool_size), (2, 8));
    assert_eq!(settings.parser, this_program());
    assert!(settings.data_folder.is_absolute());
    assert_eq!(settings.token_secret_file, settings.data_folder.join("token.secret"));
    assert!(settings.database_url.is_none());
    assert_eq!(
        (settings.log_format, settings.log_filter.as_str()),
        (LogFormat::Text, "info,tokio_postgres=warn")
    );
}

#[test]
fn flag_is_over_environment_over_file_over_default() {
    let text = "workers = 3\npool_size = 4\nlisten = \"0.0.0.0:80\"\nlog_format = \"json\"\n";
    let environment = [("CHOSA_WORKERS", "5"), ("CHOSA_LISTEN", "[::1]:81")];
    let (_folder, mut flags) = file(text);
    flags.layer.workers = NonZeroU16::new(7);
    let settings = of(flags, &environment).unwrap();
    assert_eq!(
        (settings.workers, settings.listen.to_string().as_str(), settings.pool_size),
        (7, "[::1]:81", 4)
    );
    assert_eq!(
        (settings.log_format, settings.log_filter.as_str()),
        (LogFormat::Json, "info,tokio_postgres=warn")
    );
}

#[test]
fn the_environment_can_name_the_file_and_a_flag_another() {
    let (folder, flags) = file("workers = 3\n");
    let named = folder.path().join("other.toml");
    std::fs::write(&named, "workers = 4\n").unwrap();
    let environment = [("CHOSA_CONFIG", named.to_str().unwrap())];
    assert_eq!(of(Flags::default(), &environment).unwrap().workers, 4);
    assert_eq!(of(flags, &environment).unwrap().workers, 3);
}

#[test]
fn paths_in_a_file_are_relative_to_it() {
    let (folder, flags) = file("data_folder = \"data\"\nparser = \"/usr/bin/chosa\"\n");
    let settings = of(flags, &[]).unwrap();
    assert_eq!(settings.data_folder, folder.path().join("data"));
    assert_eq!(settings.token_secret_file, folder.path().join("data/token.secret"));
    assert_eq!(settings.parser, Path::new("/usr/bin/chosa"));
}

#[test]
fn the_url_of_the_database_has_its_usual_name_too() {
    let exposed = |pairs: &[(&str, &str)]| {
        of(Flags::default(), pairs)
            .unwrap()
            .database_url
            .unwrap()
            .expose_secret()
            .to_owned()
    };
    assert_eq!(exposed(&[("DATABASE_URL", "postgres://a@h/d")]), "postgres://a@h/d");
    assert_eq!(
        exposed(&[("CHOSA_DATABASE_URL", "postgres://b@h/d"), ("DATABASE_URL", "postgres://a@h/d")]),
        "postgres://b@h/d"
    );
    let (_folder, flags) = file("database_url = \"postgresql://c@h/d\"\nmigrate_url = \"postgresql://o@h/d\"\n");
    let settings = of(flags, &[]).unwrap();
    assert_eq!(settings.migrate_url.unwrap().expose_secret(), "postgresql://o@h/d");
}

#[test]
fn every_variable_is_known_and_an_empty_one_is_none() {
    for name in VARIABLES {
        assert!(of(Flags::default(), &[(&format!("CHOSA_{name}"), "")]).is_ok(), "{name}");
    }
    for name in ["CHOSA_WORKER", "CHOSA_", "CHOSA_workers"] {
        let message = of(Flags::default(), &[(name, "")]).unwrap_err().to_string();
        assert!(message.contains(name) && message.contains("CHOSA_WORKERS"), "{message}");
    }
}

#[test]
fn an_unknown_key_of_the_file_is_named_with_its_line() {
    let (_folder, flags) = file("workers = 3\n\nworkrs = 4\n");
    let message = of(flags, &[]).unwrap_err().to_string();
    assert!(
        message.contains("workrs") && message.contains("3行目") && message.contains("chosa.toml"),
        "{message}"
    );
}

#[test]
fn a_missing_file_is_named() {
    let flags = Flags {
        config: Some("/nonexistent/chosa.toml".into()),
        ..Flags::default()
    };
    assert!(of(flags, &[]).unwrap_err().to_string().contains("/nonexistent/chosa.toml"));
}

#[test]
fn a_value_that_cannot_be_used_is_named() {
    for (name, value) in [
        ("WORKERS", "0"),
        ("POOL_SIZE", "many"),
        ("LISTEN", "localhost"),
        ("LOG_FORMAT", "xml"),
        ("SECOND_FACTOR", "perhaps"),
        ("PROXIES", "here"),
        ("WORKERS", "70000"),
    ] {
        let message = of(Flags::default(), &[(&format!("CHOSA_{name}"), value)]).unwrap_err().to_string();
        assert!(message.contains(&name.to_lowercase()) && message.contains(value), "{message}");
    }
}

#[test]
fn no_message_and_no_debug_output_shows_a_password() {
    let mut shown = Vec::new();
    for pairs in [
        &[("DATABASE_URL", "mysql://u:hidden@h/d")][..],
        &[("CHOSA_MIGRATE_URL", "postgres://u:hidden@h/d")],
        &[("DATABASE_URL", "postgres://u:hidden@h:port/d")],
    ] {
        shown.push(of(Flags::default(), pairs).unwrap_err().to_string());
    }
    for text in [
        "database_url = postgres://u:hidden@h/d\n",
        "database_url = [\"postgres://u:hidden@h/d\"]\n",
        "database_ur = \"postgres://u:hidden@h/d\"\n",
    ] {
        let (_folder, flags) = file(text);
        shown.push(of(flags, &[]).unwrap_err().to_string());
    }
    shown.push(format!(
        "{:?}",
        of(Flags::default(), &[("DATABASE_URL", "postgres://u:hidden@h/d")]).unwrap()
    ));
    assert!(shown.iter().all(|text| !text.contains("hidden")), "{shown:#?}");
}

#[test]
fn mail_settings_are_whole_or_not_there() {
    assert!(of(Flags::default(), &[]).unwrap().mail.is_none());
    let (host, from) = (("CHOSA_SMTP_HOST", "127.0.0.1"), ("CHOSA_SMTP_FROM", "調査 <survey@example.jp>"));
    let settings = of(Flags::default(), &[host, from, ("CHOSA_SMTP_PORT", "2525")])
        .unwrap()
        .mail
        .unwrap();
    assert_eq!((settings.host.as_str(), settings.port), ("127.0.0.1", 2525));
    for (pairs, named) in [
        (vec![host], "smtp_from"),
        (vec![host, ("CHOSA_SMTP_FROM", "survey")], "smtp_from"),
        (vec![host, from, ("CHOSA_SMTP_USER", "u")], "smtp_password_file"),
        (vec![host, from, ("CHOSA_SMTP_TLS", "ssl")], "smtp_tls"),
        (vec![("CHOSA_PUBLIC_URL", "chosa.example.jp")], "public_url"),
    ] {
        let message = of(Flags::default(), &pairs).unwrap_err().to_string();
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn the_password_of_mails_is_read_from_its_file_and_never_shown() {
    let (folder, flags) =
        file("smtp_host = \"mail.example.jp\"\nsmtp_from = \"a@example.jp\"\nsmtp_user = \"u\"\nsmtp_password_file = \"mail.secret\"\n");
    let again = || Flags {
        config: flags.config.clone(),
        ..Flags::default()
    };
    assert!(of(again(), &[]).unwrap_err().to_string().contains("mail.secret"));
    std::fs::write(folder.path().join("mail.secret"), "hidden\n").unwrap();
    let settings = of(again(), &[]).unwrap();
    assert!(!format!("{settings:?}").contains("hidden"));
    assert_eq!(settings.mail.unwrap().credentials.unwrap().1.expose_secret(), "hidden");
    // In plain text it would leave the machine for all to read.
    assert!(of(again(), &[("CHOSA_SMTP_TLS", "none")]).is_err());
}
