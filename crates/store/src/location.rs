//! Database addresses: `sqlite:PATH`, a bare path, `postgres://…`.

use std::path::PathBuf;

use tokio_postgres::config::{Config, Host, SslMode};

use crate::error::{Result, StoreError};

#[derive(Debug)]
pub(crate) enum Location {
    Sqlite(PathBuf),
    Postgres(Box<PostgresLocation>),
}

#[derive(Debug)]
pub(crate) struct PostgresLocation {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    /// Host, port and name, never the password.
    pub(crate) place: String,
}

/// How much the server's certificate must prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// No TLS at all.
    Plain,
    /// TLS, whoever answers (`prefer` and `require`, as PostgreSQL's own clients understand them).
    Anyone,
    /// The name in the certificate must be the host's, signed by the system's authorities or those of this file.
    Verified { roots: Option<PathBuf> },
}

impl Location {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return postgres(url).map(|l| Self::Postgres(Box::new(l)));
        }
        let path = url.strip_prefix("sqlite:").map_or(url, |rest| rest.strip_prefix("//").unwrap_or(rest));
        let why = match path {
            "" => "it names no file",
            ":memory:" => "an inventory in memory would be lost at once",
            _ if path.contains("://") => "its kind of database is not known",
            _ => return Ok(Self::Sqlite(PathBuf::from(path))),
        };
        Err(StoreError::Address { url: without_password(url), why: why.to_owned() })
    }
}

fn postgres(url: &str) -> Result<PostgresLocation> {
    let bad = |why: String| StoreError::Address { url: without_password(url), why };
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut roots, mut rest) = ("prefer", None, Vec::new());
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", value)) => roots = Some(PathBuf::from(value)),
            _ => rest.push(pair),
        }
    }
    let mut config: Config = format!("{base}?{}", rest.join("&")).parse().map_err(|e| bad(cause(&e)))?;
    let local = config.get_hosts().iter().all(|h| !matches!(h, Host::Tcp(_)));
    let (ssl, trust) = match mode {
        "disable" => (SslMode::Disable, Trust::Plain),
        _ if local => (SslMode::Disable, Trust::Plain),
        "allow" | "prefer" => (SslMode::Prefer, Trust::Anyone),
        "require" if roots.is_none() => (SslMode::Require, Trust::Anyone),
        "require" | "verify-ca" | "verify-full" => (SslMode::Require, Trust::Verified { roots }),
        other => {
            return Err(bad(format!("sslmode={other} is none of disable, prefer, require, verify-full")));
        }
    };
    config.ssl_mode(ssl);
    if config.get_application_name().is_none() {
        config.application_name("stocktake");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(std::time::Duration::from_secs(10));
    }
    // A server whose host lost its power says nothing: without these a statement would wait for it a quarter of an hour.
    config.keepalives_idle(std::time::Duration::from_secs(10));
    config.keepalives_interval(std::time::Duration::from_secs(5));
    config.keepalives_retries(3);
    config.tcp_user_timeout(std::time::Duration::from_secs(20));
    let place = place(&config);
    Ok(PostgresLocation { config, trust, place })
}

fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let name = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
    format!("postgres://{host}:{port}/{name}")
}

fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// The address as it may be shown.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let shown = match authority.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or("")),
        None => authority.to_owned(),
    };
    let tail = tail.split('&').filter(|p| !p.trim_start_matches(['/', '?']).starts_with("password=")).collect::<Vec<_>>();
    format!("{scheme}://{shown}{}", tail.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pg(url: &str) -> PostgresLocation {
        match Location::parse(url).expect(url) {
            Location::Postgres(l) => *l,
            Location::Sqlite(_) => panic!("{url} is postgres"),
        }
    }

    #[test]
    fn files_may_be_named_plainly() {
        for url in ["inventory.db", "sqlite:inventory.db", "sqlite://inventory.db"] {
            let Ok(Location::Sqlite(path)) = Location::parse(url) else { panic!("{url}") };
            assert_eq!(path, PathBuf::from("inventory.db"));
        }
    }

    #[test]
    fn ssl_modes_mean_what_they_mean_elsewhere() {
        assert_eq!(pg("postgres://u:p@db/x").trust, Trust::Anyone);
        assert_eq!(pg("postgres://db/x?sslmode=disable").trust, Trust::Plain);
        assert_eq!(pg("postgres:///x?host=/run/postgresql").trust, Trust::Plain);
        assert_eq!(pg("postgres://db/x?sslmode=verify-full").trust, Trust::Verified { roots: None });
        let with_roots = pg("postgres://db/x?sslmode=require&sslrootcert=/ca.pem");
        assert_eq!(with_roots.trust, Trust::Verified { roots: Some("/ca.pem".into()) });
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(pg("postgres://u:secret@db:6000/x").place, "postgres://db:6000/x");
        let error = Location::parse("postgres://u:secret@db/x?sslmode=odd").expect_err("odd").to_string();
        assert!(error.contains("postgres://u@db/x") && error.contains("odd") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn what_cannot_be_opened_is_refused() {
        for url in ["", "sqlite:", ":memory:", "mysql://x/y"] {
            assert!(Location::parse(url).is_err(), "{url}");
        }
    }
}
