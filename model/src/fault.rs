//! What the HTTP and WebSocket faces answer when they refuse: stable codes, a sentence, and the request's id.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why something was refused. Codes are stable: clients may rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The body or message can't be read at all.
    Malformed,
    /// A parameter or a field has a value that it may not have.
    Invalid,
    /// Somebody was quicker, or it overlaps with what is there.
    Conflict,
    /// There is no such thing.
    NotFound,
    /// The method is not one that this address answers to.
    MethodNotAllowed,
    /// The body or message is larger than the limit that the message names.
    TooLarge,
    /// The content type or encoding is not one that is understood here.
    UnsupportedMedia,
    /// The caller may not do this.
    Forbidden,
    /// The page that asks is not one of ours.
    ForeignOrigin,
    /// Too much at once; try again later.
    Busy,
    /// What is needed to answer is not there now; try again later.
    Unavailable,
    /// The body did not arrive in time.
    Timeout,
    /// A fault of the server's own; its log has more under the request's id.
    Internal,
    /// An item names a metric that is not defined.
    UnknownMetric,
    /// An item's unit measures something else than the metric's.
    WrongUnit,
    /// An item's value is not a number that the metric can have.
    InvalidValue,
    /// An item's time is in the future or before what is kept.
    InvalidTime,
    /// A label is too long, too many, or has a name that labels can't have.
    InvalidLabel,
    /// The source may not create any more series.
    TooManySeries,
}

/// The body of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// What kind of refusal.
    pub code: ErrorCode,
    /// What is wrong, where, and what to do about it.
    pub message: String,
    /// Names this request in the server's log.
    pub request_id: String,
}

/// One item of a batch that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemError {
    /// Its place: the index in an array, or the line of a text, from 0.
    pub item: usize,
    /// What kind of refusal.
    pub code: ErrorCode,
    /// What is wrong with it.
    pub message: String,
}

/// The answer to a batch: the good items are stored, the bad ones are in `reject` with their reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchAnswer {
    /// How many items were stored, repeats included.
    pub accepted: usize,
    /// How many were not.
    pub rejected: usize,
    /// The first of them.
    pub errors: Vec<ItemError>,
}
