//! Text as the database can keep it: without the one character, U+0000, that PostgreSQL refuses.
//!
//! It must never be the reason that a batch is lost for one odd character.

use std::borrow::Cow;
use taydo_model::Labels;

/// The text with U+0000 replaced by U+FFFD.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// The labels with U+0000 in their values replaced by U+FFFD.
pub(super) fn storable_labels(labels: &Labels) -> Cow<'_, Labels> {
    if labels.iter().all(|(_, value)| !value.contains('\0')) {
        return Cow::Borrowed(labels);
    }
    Cow::Owned(labels.iter().map(|(name, value)| (name.clone(), storable(value).into_owned())).collect())
}

/// The beginning of a text, at most so many bytes.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}
