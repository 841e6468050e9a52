//! The shell around the engine: configuration, ingest, store, pipeline, hub, HTTP, and the commands.
//!
//! A module uses only what is to its right:
//! `command → {app, dry_run} → http → {absence, baseline, replay} → {pipeline, wording} → {hub, store, ingest} → {definitions, config, days, telemetry, clock}`.

pub mod absence;
pub mod app;
pub mod backup;
pub mod bands;
pub mod baseline;
pub mod broker;
pub mod clock;
pub mod command;
pub mod config;
pub mod days;
pub mod definitions;
pub mod disk;
pub mod doctor;
pub mod door;
pub mod dry_run;
pub mod duty;
pub mod http;
pub mod hub;
pub mod ingest;
pub mod leader;
pub mod paging;
pub mod pipeline;
pub mod replay;
mod rollups;
pub mod self_watch;
pub mod simulate;
pub mod stage;
pub mod store;
pub mod telemetry;
pub mod upkeep;
pub mod walls;
mod wording;
