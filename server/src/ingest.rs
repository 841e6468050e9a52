//! Ingest: what arrives, decoded, checked, and committed before it is acknowledged.

pub mod decode;
