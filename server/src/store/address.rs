//! Where a database server is: the URL of `--database`, and the password from its own file.
//!
//! A secret must never come from the command line, and never reach a log: the password is in no `Debug` output,
//! and a URL that holds one is refused.

use std::{fmt, path::Path, str::FromStr};
use tokio_postgres::config::{Host, SslMode};

/// A database server's address, checked.
#[derive(Clone)]
pub struct DatabaseAddress(tokio_postgres::Config);

/// Why an address can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// The text is not a PostgreSQL address.
    #[error("--database is not a PostgreSQL address; write postgresql://USER@HOST:PORT/DATABASE")]
    Malformed(#[source] tokio_postgres::Error),
    /// The URL has a password in it, where every user of this machine could read it.
    #[error(
        "--database has a password in it, which other users of this machine could read; put it in a file and name that with --database-password-file"
    )]
    Password,
    /// The URL leaves something out.
    #[error("--database names no {0}; write postgresql://USER@HOST:PORT/DATABASE")]
    Missing(&'static str),
    /// The URL asks for TLS.
    #[error("--database asks for TLS, which this version can't do; use a Unix socket, loopback, or a tunnel, with sslmode=disable")]
    Tls,
    /// The password's file can't be read.
    #[error("can't read the database's password from {file}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The password's file has nothing in it.
    #[error("the database's password file {0} is empty")]
    Empty(String),
}

impl DatabaseAddress {
    /// Reads the address, and the password from its file: the file's text without a line end.
    ///
    /// # Errors
    /// When the URL can't be read, names no host, user or database, holds a password, or asks for TLS; when the file can't be read or is empty.
    pub fn parse(url: &str, password_file: Option<&Path>) -> Result<Self, AddressError> {
        // The parser's own message may repeat what it was given, so a password is looked for first.
        if url_has_password(url) {
            return Err(AddressError::Password);
        }
        let mut config = tokio_postgres::Config::from_str(url).map_err(AddressError::Malformed)?;
        if config.get_password().is_some() {
            return Err(AddressError::Password);
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(AddressError::Missing("host"));
        }
        if config.get_user().is_none() {
            return Err(AddressError::Missing("user"));
        }
        if config.get_dbname().is_none() {
            return Err(AddressError::Missing("database"));
        }
        if config.get_ssl_mode() == SslMode::Require {
            return Err(AddressError::Tls);
        }
        if let Some(file) = password_file {
            let name = || file.display().to_string();
            let text = std::fs::read_to_string(file).map_err(|cause| AddressError::Unreadable { file: name(), cause })?;
            let password = text.trim_end_matches(['\r', '\n']);
            if password.is_empty() {
                return Err(AddressError::Empty(name()));
            }
            config.password(password);
        }
        Ok(Self(config))
    }

    /// How the driver connects.
    #[must_use]
    pub fn config(&self) -> tokio_postgres::Config {
        self.0.clone()
    }
}

/// Whether a URL's user part (`scheme://user:password@…`) has a password.
fn url_has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database {:?} as {:?}", self.0.get_dbname().unwrap_or_default(), self.0.get_user().unwrap_or_default())?;
        for host in self.0.get_hosts() {
            match host {
                Host::Tcp(name) => write!(f, " at {name}")?,
                Host::Unix(path) => write!(f, " at {}", path.display())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_url_is_refused_and_none_is_ever_shown() {
        for url in [
            "postgresql://taydo:hunter2@db.example/taydo",
            "postgresql://taydo@db.example/taydo?password=hunter2",
            "host=db user=taydo dbname=taydo password=hunter2",
        ] {
            assert!(matches!(DatabaseAddress::parse(url, None), Err(AddressError::Password)), "{url}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hunter2\n").unwrap();
        let address = DatabaseAddress::parse("postgresql://taydo@db.example:5433/city", Some(file.path())).unwrap();
        assert_eq!(address.config().get_password(), Some(b"hunter2".as_slice()));
        assert!(!format!("{address:?} {address}").contains("hunter2"));
        assert_eq!(address.to_string(), r#"database "city" as "taydo" at db.example"#);
    }

    #[test]
    fn an_address_that_leaves_something_out_says_what() {
        let refused = |url| DatabaseAddress::parse(url, None).unwrap_err().to_string();
        assert!(refused("postgresql://db.example/taydo").contains("names no user"));
        assert!(refused("postgresql://taydo@db.example").contains("names no database"));
        assert!(refused("postgresql://taydo@db.example/taydo?sslmode=require").contains("TLS"));
        assert!(refused("nonsense").contains("not a PostgreSQL address"));
    }
}
