//! Values that are stored as the word that they are on the wire.
//!
//! It must never give a value two names: serde's is the only one.

use super::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The word of a value; empty for one that is more than a word.
pub(crate) fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The value of a word.
pub(super) fn from_word<T: DeserializeOwned>(word: &str) -> Result<T, StoreError> {
    serde_json::from_value(word.into()).map_err(|error| StoreError::Internal(error.into()))
}
