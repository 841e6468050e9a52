//! The form of a page's texts: each field with both its languages side by side.
//!
//! Must never let a text stand in one language only: that does not compile.

/// Makes a structure of texts, its two languages, the function that picks one, and what checks go through.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident, $pick:ident { $($field:ident: $vi:literal, $en:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[allow(missing_docs, reason = "each is named by what it says")]
        pub struct $name { $(pub $field: &'static str,)+ }

        /// The texts in `language`.
        #[must_use]
        pub fn $pick(language: super::Language) -> &'static $name {
            static VI: $name = $name { $($field: $vi,)+ };
            static EN: $name = $name { $($field: $en,)+ };
            match language {
                super::Language::Vi => &VI,
                super::Language::En => &EN,
            }
        }

        #[cfg(test)]
        impl $name {
            /// Every text, for checks that hold for all of them.
            pub(super) fn all(&self) -> Vec<&'static str> {
                vec![$(self.$field,)+]
            }
        }
    };
}

pub(super) use texts;
