//! Moments as the database keeps them: whole microseconds.
//!
//! It must never round: a time is cut, and cut everywhere in the same way, so that a key is found again.

use bytes::BytesMut;
use jiff::Timestamp;
use std::error::Error;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// Microseconds since the Unix epoch. The driver's own conversion of `jiff` types goes by way of calendar spans,
/// which for hundreds of thousands of rows a second is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Micros(pub(super) i64);

/// 2000-01-01, from which PostgreSQL counts.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl Micros {
    /// What goes over the wire.
    pub(super) fn wire(self) -> i64 {
        self.0.saturating_sub(POSTGRES_EPOCH)
    }

    /// The moment; the database only holds what came from one.
    pub(super) fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::MIN)
    }
}

impl From<Timestamp> for Micros {
    fn from(time: Timestamp) -> Self {
        Self(time.as_microsecond())
    }
}

/// The moment without what the database wouldn't keep.
pub(super) fn cut(time: Timestamp) -> Timestamp {
    Micros::from(time).timestamp()
}

impl ToSql for Micros {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.wire().to_be_bytes());
        Ok(IsNull::No)
    }
    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Micros {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(i64::from_be_bytes(raw.try_into()?).saturating_add(POSTGRES_EPOCH)))
    }
    accepts!(TIMESTAMPTZ);
}
