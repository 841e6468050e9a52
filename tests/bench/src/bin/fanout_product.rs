//! The product in the fan-out bench: the real hub behind the real routes, with a publisher that the bench drives.
//!
//! Only the engine is missing: each line of the control connection is published as a tick's one reading would be. The
//! database is there because the routes' state has it; nothing asks it anything.

use anyhow::Context;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use taydo_bench::{message, process};
use taydo_server::clock::Clock;
use taydo_server::definitions::InForce;
use taydo_server::door::Door;
use taydo_server::duty::{Links, LookedAt, Overdue};
use taydo_server::http::{self, Readiness, State};
use taydo_server::hub::{Hub, Limits};
use taydo_server::ingest::{Health, Intake};
use taydo_server::pipeline::RecomputeDesk;
use taydo_server::replay::{Replays, Sets};
use taydo_server::stage::Stage;
use taydo_server::store::{EmbeddedDatabase, Store};
use taydo_server::telemetry::Metrics;
use taydo_server::walls::Walls;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

fn main() -> anyhow::Result<()> {
    process::pin(0)?;
    process::open_files(12_000)?;
    let data = PathBuf::from(std::env::args().nth(1).context("the first argument is the data folder")?);
    // As `taydo serve` does, with its own threads for connections.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    actix_web::rt::System::with_tokio_rt(|| runtime).block_on(serve(data))
}

async fn serve(data: PathBuf) -> anyhow::Result<()> {
    let clock = Clock::real();
    let (database, address) = EmbeddedDatabase::start(&data, clock.clone()).await?;
    let definitions = Arc::new(message::definitions()?);
    let store = Store::open(address, clock.clone()).await?;
    let health = Arc::new(Health::new(store.series_counts().await?));
    let in_force = InForce::new(definitions.clone(), clock.now());
    let (batches, _committed) = mpsc::channel(1);
    let (intake, lanes) = Intake::start(in_force.clone(), store.clone(), clock.clone(), health.clone(), 1, batches).await?;
    let hub = Hub::new(Limits::default(), "bench");
    hub.open(clock.now(), 1, &definitions, &[message::reading(0, 0)?]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let control = TcpListener::bind("127.0.0.1:0").await?;
    println!("{} {}", listener.local_addr()?, control.local_addr()?);
    let metrics = Arc::new(Metrics::default());
    let overdue =
        Overdue { store: store.clone(), definitions: in_force.clone(), saving: metrics.pipeline.clone(), looked_at: LookedAt::default() };
    let past = store.past()?;
    let sets = Sets::new(past.clone(), in_force.clone());
    let replays = Replays::new(store.clone(), past, sets, clock.clone(), tokio::runtime::Handle::current());
    let stage = Stage::load(store.clone(), store.past()?, clock.clone(), in_force.clone()).await?;
    let walls = Walls::load(store.clone(), clock.clone(), in_force.clone(), stage.clone()).await?;
    let state = http::shared(State {
        paging: None,
        stage,
        walls,
        replays,
        overdue,
        links: Links::new(None, b""),
        desk: RecomputeDesk::unattended(),
        door: Door::new(store.clone(), intake.clone(), clock.clone()),
        definitions: in_force,
        build: "bench".to_owned(),
        clock: clock.clone(),
        store,
        intake,
        health,
        hub: hub.clone(),
        published: http::Published::default(),
        keeping: taydo_server::upkeep::Keeping::default(),
        readiness: Arc::new(Readiness::default()),
        metrics,
    });
    let server = http::server(listener, state, 1)?;
    let mut stop = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = server => ended?,
        ended = tokio::spawn(publish(control, hub.clone(), clock.clone())) => ended??,
        ended = tokio::spawn(keep(hub, clock)) => ended?,
        _ = stop.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    lanes.stop().await;
    database.stop().await?;
    Ok(())
}

/// The hub's housekeeping, as the server does it.
async fn keep(hub: Hub, clock: Clock) {
    loop {
        clock.sleep(Duration::from_secs(1)).await;
        hub.keep(clock.now());
    }
}

async fn publish(control: TcpListener, hub: Hub, clock: Clock) -> anyhow::Result<()> {
    loop {
        let mut lines = BufReader::new(control.accept().await?.0).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let (count, micros) = line.split_once(' ').context("a line is COUNT MICROS")?;
            hub.publish(clock.now(), &[message::reading(count.parse()?, micros.parse()?)?], &[]);
        }
    }
}
