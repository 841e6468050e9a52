//! config: see ARCHITECTURE.md.

pub mod folder;
