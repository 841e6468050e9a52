//! A text in the centre's languages: Vietnamese first, English second. Always in Unicode NFC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The languages that the product itself speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// Of a text in both languages the one in this.
    #[must_use]
    pub fn pick<'t>(self, vi: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}

/// A title or another short text, in each language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

impl Text {
    /// Both languages, normalised to NFC.
    #[must_use]
    pub fn new(vi: &str, en: &str) -> Self {
        Self { vi: nfc(vi), en: nfc(en) }
    }

    /// The text in one language.
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        language.pick(&self.vi, &self.en)
    }
}

/// The text in Unicode's composed form, without surrounding blanks.
#[must_use]
pub fn nfc(text: &str) -> String {
    text.trim().nfc().collect()
}
