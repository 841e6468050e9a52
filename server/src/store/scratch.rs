//! Databases of an outside server that are made for a time, beside the one that is in use.
//!
//! It must never drop a database that it didn't make.

use super::{StoreError, micros::Micros, session::Session};
use jiff::Timestamp;

/// A database that was made for a time.
#[derive(Debug)]
pub struct ScratchDatabase {
    name: String,
    config: tokio_postgres::Config,
    /// A connection to another database of the server: nobody can drop or rename the one that they are in.
    maintenance: Session,
}

impl ScratchDatabase {
    /// Makes an empty one on the server of `beside`.
    ///
    /// # Errors
    /// See [`StoreError`]; `Internal` where the account may not make databases.
    pub async fn make(beside: &tokio_postgres::Config, name: &str) -> Result<Self, StoreError> {
        let mut maintenance = beside.clone();
        maintenance.dbname("postgres");
        let maintenance = Session::connect(&maintenance, "taydo scratch", None).await?;
        maintenance.client.batch_execute(&format!("CREATE DATABASE {} TEMPLATE template0", quoted(name))).await?;
        let mut config = beside.clone();
        config.dbname(name);
        Ok(Self { name: name.to_owned(), config, maintenance })
    }

    /// How to connect to it.
    #[must_use]
    pub fn config(&self) -> &tokio_postgres::Config {
        &self.config
    }

    /// Drops it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove(self) -> Result<(), StoreError> {
        Ok(self.maintenance.client.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", quoted(&self.name))).await?)
    }

    /// Gives it the name of another one, which gets a name that says when, and is returned. Both or neither.
    ///
    /// # Errors
    /// See [`StoreError`]; `Internal` while somebody is connected to the other one.
    pub async fn take_place(self, of: &tokio_postgres::Config, now: Timestamp) -> Result<String, StoreError> {
        let place = of.get_dbname().unwrap_or_default();
        let aside = format!("{place}_replaced_{}", Micros::from(now).timestamp().strftime("%Y%m%dt%H%M%Sz"));
        let rename = |from: &str, to: &str| format!("ALTER DATABASE {} RENAME TO {}", quoted(from), quoted(to));
        self.maintenance.client.batch_execute(&rename(place, &aside)).await?;
        if let Err(error) = self.maintenance.client.batch_execute(&rename(&self.name, place)).await {
            self.maintenance.client.batch_execute(&rename(&aside, place)).await?;
            return Err(error.into());
        }
        Ok(aside)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
