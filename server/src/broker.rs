//! broker: see ARCHITECTURE.md.
