//! The shell around the engine: configuration, ingest, store, pipeline, hub, HTTP, and the commands.
//!
//! A module uses only what is to its right:
//! `command → app → http → pipeline → {hub, store, ingest} → {definitions, config, telemetry, clock}`.

pub mod app;
pub mod broker;
pub mod clock;
pub mod command;
pub mod config;
pub mod definitions;
pub mod http;
pub mod hub;
pub mod ingest;
pub mod pipeline;
pub mod simulate;
pub mod store;
pub mod telemetry;
