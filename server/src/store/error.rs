//! What can go wrong with the store, named by what the caller does about it.
//!
//! It must never show a statement's values or a connection's address to a client: the cause is for the log.

use tokio_postgres::error::SqlState;

/// The cause behind a [`StoreError`], for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the store did not do what it was asked. Nothing of what was asked has been done, except that with
/// `Unavailable` a commit's outcome may be unknown; everything may be asked again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can't be reached, or didn't answer in time. Keep what you have, and try again later.
    #[error("the database can't be reached now; try again later")]
    Unavailable(#[source] Cause),
    /// Somebody else changed the same rows at the same time. Try again at once.
    #[error("the same rows were changed at the same time; try again")]
    Conflict(#[source] Cause),
    /// Another process has taken the lease. Stop writing; this process is no longer the one that may.
    #[error("the lease {0:?} was taken by another process; this one must stop writing")]
    FenceLost(String),
    /// The database's disk is full. Take nothing in until there is room.
    #[error("the database's disk is full; make room on it")]
    Full(#[source] Cause),
    /// A fault of ours or of the database's: trying again won't help.
    #[error("the database refused a statement; the log has the cause")]
    Internal(#[source] Cause),
}

impl StoreError {
    /// An internal error with a sentence as its cause.
    pub(super) fn internal(reason: impl Into<String>) -> Self {
        Self::Internal(reason.into().into())
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(state) = error.code() else {
            // Without a code it didn't come from the server: the connection broke, or a value couldn't be converted.
            let broken = error.is_closed() || std::error::Error::source(&error).is_some_and(|source| source.is::<std::io::Error>());
            return if broken || error.to_string().starts_with("error connecting") {
                Self::Unavailable(error.into())
            } else {
                Self::Internal(error.into())
            };
        };
        let class = state.code().get(..2).unwrap_or_default();
        if *state == SqlState::DISK_FULL {
            Self::Full(error.into())
        } else if class == "40" || *state == SqlState::LOCK_NOT_AVAILABLE || *state == SqlState::UNIQUE_VIOLATION {
            Self::Conflict(error.into())
        } else if matches!(class, "08" | "53" | "57" | "58") {
            Self::Unavailable(error.into())
        } else {
            Self::Internal(error.into())
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => Self::Unavailable(other.into()),
        }
    }
}
