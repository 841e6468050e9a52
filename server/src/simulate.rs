//! simulate: see ARCHITECTURE.md.
