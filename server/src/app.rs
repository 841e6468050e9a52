//! The only wiring: from a checked configuration to a running centre, and back down without losing anything.

use crate::absence::Watch;
use crate::backup;
use crate::bands;
use crate::baseline;
use crate::clock::Clock;
use crate::config::Config;
use crate::definitions::{self, InForce};
use crate::door::{Door, Inbox};
use crate::duty::{Briefs, Heart, LetterDesk, LetterWriter, Links, LookedAt, Overdue, ShiftRecorder, Steward, Waker};
use crate::http::{self, Readiness, State};
use crate::hub::{Hub, Limits};
use crate::ingest::{Health, Intake, LANES, Lanes, Mqtt};
use crate::leader::{self, Candidate};
use crate::paging::{self, Paging};
use crate::pipeline::{self, Parts, Pipeline};
use crate::replay::{Replays, Sets};
use crate::rollups;
use crate::self_watch::{self, SelfWatch};
use crate::stage::Stage;
use crate::store::{EmbeddedDatabase, Fence, Store, StoreError};
use crate::telemetry::Metrics;
use crate::upkeep::{BackupKeeper, DiskWatch, Keeping, Retention};
use crate::walls::Walls;
use anyhow::{Context as _, anyhow};
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

/// How often the departments' door is looked after.
const ERRANDS_EVERY: Duration = Duration::from_secs(300);

/// A running centre.
pub struct Application {
    port: u16,
    clock: Clock,
    database: Option<EmbeddedDatabase>,
    hub: Hub,
    lanes: Lanes,
    mqtt: Option<Mqtt>,
    pipeline: JoinHandle<Result<(), StoreError>>,
    /// Ends when another server has taken the lead.
    leading: JoinHandle<StoreError>,
    fence: Fence,
    server: http::Server,
    store: Store,
    /// What goes on beside all that, and may end at any moment; but a panic in it ends the server.
    chores: JoinSet<()>,
    errands: JoinHandle<()>,
    inbox: Option<JoinHandle<()>>,
    paging: Option<Paging>,
    answers: Option<http::Server>,
}

/// The runtime that an application lives in. The engine, the lanes and recomputes must not wait for one another; the HTTP
/// workers have threads of their own.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

impl Application {
    /// Starts everything, in the order of need: the port, the database, the lead, the definitions, the engine, the ways in. While
    /// another server leads it stands by; `announce` is told the port once something answers there.
    ///
    /// # Errors
    /// When something that is needed can't be had; the message says what to do.
    pub async fn build(config: Config, announce: impl FnOnce(u16)) -> anyhow::Result<Self> {
        // The port first: a second server on this machine is noticed before anything is touched.
        let listener = listen(&config)?;
        let port = listener.local_addr()?.port();
        let clock = clock(&config).await?;
        std::fs::create_dir_all(&config.data).with_context(|| format!("can't make the data folder {}", config.data.display()))?;
        let (database, address) = match &config.database {
            Some(address) => (None, address.config().clone()),
            None => {
                tracing::info!(data = %config.data.display(), "starting the embedded database");
                let (database, address) = EmbeddedDatabase::start(&config.data, clock.clone()).await?;
                if config.migration_backup
                    && let Err(error) = backup::before_migration(&address, &config.data, &clock).await
                {
                    database.stop().await?;
                    return Err(error);
                }
                (Some(database), address)
            }
        };
        let mut announce = Some(|| announce(port));
        match Self::start(config, listener, clock, address, &mut announce).await {
            Ok(mut application) => {
                application.database = database;
                application.port = port;
                if let Some(announce) = announce {
                    announce();
                }
                Ok(application)
            }
            Err(error) => {
                if let Some(database) = database {
                    database.stop().await?;
                }
                Err(error)
            }
        }
    }

    async fn start(
        config: Config,
        listener: TcpListener,
        clock: Clock,
        address: tokio_postgres::Config,
        announce: &mut Option<impl FnOnce()>,
    ) -> anyhow::Result<Self> {
        // What can't be used is said now, and not when a takeover needs it.
        let answer = config.answer.as_ref().map(|answer| bind(answer.listen, "--answer-port")).transpose()?;
        let settings = config.paging.as_deref().map(paging::Settings::load).transpose()?;
        let backups = config.backups.as_deref().map(backup::Settings::load).transpose()?;
        let store = Store::open(address.clone(), clock.clone()).await?;
        let fence = lead(&config, &listener, &store, &clock, announce).await?;
        // From here on others must see that this server lives, however long it takes until it works.
        let leading = tokio::spawn(leader::beat(store.clone(), clock.clone(), fence.clone()));
        let taken = definitions::first(&config.city, &store, clock.now()).await?;
        let in_force = InForce::new(taken.definitions.clone(), clock.now());
        let folder = definitions::Watch::new(config.city.clone(), store.clone(), clock.clone(), in_force.clone(), taken);
        let mut roller = store.roller();
        roller.settle(&in_force.get().city.zone).await?;
        let last_here = store.last_beat().await?;
        let readiness = Arc::new(Readiness::default());
        readiness.lacks("engine", "being rebuilt from the store");
        let metrics = Arc::new(Metrics::default());
        let build = config.test_build.clone().unwrap_or_else(build_name);
        let hub = Hub::new(Limits::default(), build.clone());
        let (newest_bands, bands) = bands::open(&in_force.get());
        let parts = Parts {
            bands,
            definitions: in_force.get(),
            in_force: in_force.clone(),
            store: store.clone(),
            hub: hub.clone(),
            clock: clock.clone(),
            tick: config.tick,
            counters: metrics.pipeline.clone(),
        };
        let pipeline = Pipeline::start(parts, fence.clone()).await?;
        readiness.has("engine");
        let desk = pipeline.desk();
        let (batches, committed) = mpsc::channel(pipeline::QUEUE);
        let pipeline = tokio::spawn(pipeline.run(committed));

        let health = Arc::new(Health::new(store.series_counts().await?));
        let (intake, lanes) = Intake::start(in_force.clone(), store.clone(), clock.clone(), health.clone(), LANES, batches).await?;
        let mqtt = config.mqtt.map(|broker| Mqtt::start(broker, &in_force, intake.clone(), health.clone(), clock.clone()));
        let watch =
            Watch { definitions: in_force.clone(), store: store.clone(), clock: clock.clone(), health: health.clone(), desk: desk.clone() };
        let stage = Stage::load(store.clone(), store.past()?, clock.clone(), in_force.clone()).await?;
        let walls = Walls::load(store.clone(), clock.clone(), in_force.clone(), stage.clone()).await?;
        let own = self_watch::Parts {
            walls: walls.clone(),
            intake: intake.clone(),
            health: health.clone(),
            store: store.clone(),
            clock: clock.clone(),
            data: config.data.clone(),
        };
        let keeping = Keeping::default();
        let disk = DiskWatch {
            intake: intake.clone(),
            store: store.clone(),
            clock: clock.clone(),
            definitions: in_force.clone(),
            data: config.data.clone(),
            keeping: keeping.clone(),
        };
        let keeper = backups.map(|settings| BackupKeeper {
            settings,
            store: store.clone(),
            address,
            is_embedded: config.database.is_none(),
            clock: clock.clone(),
            definitions: in_force.clone(),
            data: config.data.clone(),
            keeping: keeping.clone(),
        });
        let letters = LetterDesk { store: store.clone(), definitions: in_force.clone(), health: health.clone() };
        let looked_at = LookedAt::default();
        let mut beside = JoinSet::new();
        beside.spawn(chores(clock.clone(), hub.clone()));
        beside.spawn(watch.run(last_here));
        beside.spawn(stage.clone().keep());
        beside.spawn(walls.clone().keep());
        beside.spawn(folder.run());
        beside.spawn(bands::keep(in_force.clone(), store.clone(), clock.clone(), newest_bands));
        beside.spawn(baseline::run(in_force.clone(), store.clone(), clock.clone()));
        beside.spawn(Steward::new(store.clone(), clock.clone(), in_force.clone(), health.clone(), looked_at.clone()).run());
        beside.spawn(ShiftRecorder { store: store.clone(), clock: clock.clone() }.run());
        beside.spawn(LetterWriter { desk: letters, clock: clock.clone() }.run());
        beside.spawn(Retention { store: store.clone(), clock: clock.clone(), definitions: in_force.clone() }.run());
        beside.spawn(Waker { store: store.clone(), clock: clock.clone(), definitions: in_force.clone() }.run());
        beside.spawn(rollups::run(roller, in_force.clone(), clock.clone()));
        beside.spawn(rollups::run(store.reading_roller(), in_force.clone(), clock.clone()));
        // The rule is about the disk that the database is on; another server's is looked after there.
        if config.database.is_none() {
            beside.spawn(disk.run());
        }
        if let Some(keeper) = keeper {
            beside.spawn(keeper.run());
        }
        if let Some(watch) = SelfWatch::new(own) {
            beside.spawn(watch.run());
        }
        let door = Door::new(store.clone(), intake.clone(), clock.clone());
        let errands = tokio::spawn(errands(clock.clone(), door.clone(), intake.clone()));
        let inbox = match config.inbox {
            Some(folder) => {
                let what = format!("can't make the inbox {}", folder.display());
                let inbox = Inbox::new(folder, door.clone(), intake.clone(), clock.clone()).context(what)?;
                Some(tokio::spawn(inbox.watch()))
            }
            None => None,
        };
        let links = Links::new(config.answer.as_ref().map(|answer| answer.url.as_str()), &store.secret("links").await?);
        let briefs = Briefs { store: store.clone(), definitions: in_force.clone(), links: links.clone() };
        let mut paging = settings.map(|settings| start_paging(settings, &store, &clock, briefs)).transpose()?;
        let overdue = Overdue { store: store.clone(), definitions: in_force.clone(), saving: metrics.pipeline.clone(), looked_at };
        if let Some(dead_man) = paging.as_mut().and_then(Paging::take_dead_man) {
            beside.spawn(Heart { clock: clock.clone(), overdue: overdue.clone(), dead_man }.run());
        }
        let past = store.past()?;
        let sets = Sets::new(past.clone(), in_force.clone());
        let replays = Replays::new(store.clone(), past, sets, clock.clone(), tokio::runtime::Handle::current());
        let state = http::shared(State {
            door,
            replays,
            stage,
            walls,
            links,
            paging: paging.as_ref().map(|paging| paging.face().clone()),
            overdue,
            definitions: in_force,
            build,
            clock: clock.clone(),
            store: store.clone(),
            intake,
            health,
            hub: hub.clone(),
            desk,
            readiness,
            metrics,
            published: http::Published::default(),
            keeping,
        });
        let answers = answer.map(|listener| http::answer::server(listener, state.clone())).transpose()?;
        let server = http::server(listener, state, config.workers)?;
        Ok(Self {
            port: 0,
            clock,
            database: None,
            hub,
            lanes,
            mqtt,
            pipeline,
            leading,
            fence,
            server,
            store,
            chores: beside,
            errands,
            inbox,
            paging,
            answers,
        })
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs until `stop` resolves or a part fails, then takes everything down in the order of the data's way: no new
    /// requests, the ways in, the lanes, the engine, the database.
    ///
    /// # Errors
    /// When a part failed, which is what ended it.
    pub async fn run_until_stopped(mut self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let server = self.server.handle();
        let mut serving = tokio::spawn(self.server);
        let answers = self.answers.map(|answers| (answers.handle(), tokio::spawn(answers)));
        let failure = tokio::select! {
            () = stop => None,
            ended = &mut serving => Some(reason("the HTTP server", ended)),
            ended = &mut self.pipeline => Some(reason("the pipeline", ended)),
            ended = &mut self.leading => Some(reason("leading", ended.map(Err::<(), StoreError>))),
            panicked = panicked(&mut self.chores) => Some(panicked),
        };
        tracing::info!("stopping");
        self.hub.close_all("the server is stopping");
        server.stop(true).await;
        if let Some((answers, _)) = answers {
            answers.stop(true).await;
        }
        if let Some(mqtt) = self.mqtt {
            mqtt.stop().await;
        }
        self.errands.abort();
        if let Some(inbox) = self.inbox {
            // A file that is being taken is either kept with its receipt or found again at the next start.
            inbox.abort();
        }
        self.lanes.stop().await;
        self.chores.abort_all();
        if failure.is_none() {
            self.pipeline.await??;
        }
        // Last of those who write: what was decided until now may still go out.
        if let Some(paging) = self.paging {
            paging.stop().await;
        }
        // The next start counts an absence from here; without it from the last heartbeat, seconds ago.
        if let Err(error) = self.store.beat(self.clock.now()).await {
            tracing::debug!(error = %http::refusal::chain(&error), "the last heartbeat can't be stored");
        }
        self.leading.abort();
        if let Err(error) = self.store.give_lease_back(&self.fence).await {
            tracing::debug!(error = %http::refusal::chain(&error), "the lead can't be given back; another server waits three seconds");
        }
        if let Some(database) = self.database {
            database.stop().await?;
        }
        tracing::info!(time = %self.clock.now(), "stopped; everything that was acknowledged is stored");
        failure.map_or(Ok(()), Err)
    }
}

/// The first panic of a chore. What a chore does nobody else does: without it the server would look alive and not be.
async fn panicked(chores: &mut JoinSet<()>) -> anyhow::Error {
    while let Some(ended) = chores.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            return anyhow!("a chore has panicked, which is a mistake in this program: {error}");
        }
    }
    std::future::pending().await
}

/// Waits until this server may lead, and says meanwhile that it stands by.
async fn lead(
    config: &Config,
    listener: &TcpListener,
    store: &Store,
    clock: &Clock,
    announce: &mut Option<impl FnOnce()>,
) -> anyhow::Result<Fence> {
    let name = leader::own_name(&config.data)?;
    let candidate = Candidate { store: store.clone(), clock: clock.clone(), name };
    if let Some(fence) = candidate.try_now().await? {
        return Ok(fence);
    }
    let standby = http::standby::server(listener.try_clone()?)?;
    let handle = standby.handle();
    let standby = tokio::spawn(standby);
    if let Some(announce) = announce.take() {
        announce();
    }
    tracing::info!("another server leads; standing by");
    let fence = candidate.until_leading().await;
    tracing::info!(fence = fence.number(), "the leader is gone; taking over");
    handle.stop(false).await;
    let _ = standby.await;
    Ok(fence)
}

/// Why a task has ended that should not have.
fn reason<E: std::error::Error + Send + Sync + 'static>(part: &str, ended: Result<Result<(), E>, tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok(Ok(())) => anyhow::anyhow!("{part} ended by itself"),
        Ok(Err(error)) => anyhow::Error::new(error).context(format!("{part} failed")),
        Err(error) => anyhow::Error::new(error).context(format!("{part} broke")),
    }
}

fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    anyhow::ensure!(config.listen.ip().is_loopback(), "this version listens on loopback only, since it has no accounts yet");
    bind(config.listen, "--port")
}

fn bind(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| {
        format!("can't listen on {address}; another program may use the port: stop it, or choose another one with {option}")
    })
}

/// Begins to deliver pages over the providers that a file names.
fn start_paging(settings: paging::Settings, store: &Store, clock: &Clock, briefs: Briefs) -> anyhow::Result<Paging> {
    Paging::start(paging::Parts { store: store.clone(), clock: clock.clone(), desk: Arc::new(briefs), settings })
}

#[cfg(feature = "test-clock")]
async fn clock(config: &Config) -> anyhow::Result<Clock> {
    match &config.test_clock {
        Some(socket) => Clock::from_socket(socket).await.context("can't reach the test's clock"),
        None => Ok(Clock::real()),
    }
}

#[cfg(not(feature = "test-clock"))]
#[allow(clippy::unused_async, reason = "with the feature test-clock the clock is waited for")]
async fn clock(_config: &Config) -> anyhow::Result<Clock> {
    Ok(Clock::real())
}

/// Names this build: its version and the front end that it carries.
fn build_name() -> String {
    format!("{}-{}", env!("CARGO_PKG_VERSION"), http::front_end())
}

/// What the departments' door asks for now and then: reminders, and observations that entries still lack.
async fn errands(clock: Clock, door: Door, intake: Intake) {
    loop {
        let definitions = intake.definitions();
        if let Err(error) = door.keep(&definitions).await {
            tracing::warn!(error = %http::refusal::chain(&error), "departments can't be reminded now");
        }
        clock.sleep(ERRANDS_EVERY).await;
    }
}

/// The hub's housekeeping, each second.
async fn chores(clock: Clock, hub: Hub) {
    loop {
        clock.sleep(Duration::from_secs(1)).await;
        hub.keep(clock.now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_but_loopback_is_bound() {
        let config = |listen: &str| Config {
            city: "x".into(),
            data: "x".into(),
            listen: listen.parse().unwrap(),
            mqtt: None,
            database: None,
            inbox: None,
            paging: None,
            backups: None,
            migration_backup: true,
            answer: None,
            tick: Duration::from_millis(250),
            workers: 1,
            test_clock: None,
            test_build: None,
        };
        assert!(listen(&config("127.0.0.1:0")).is_ok());
        for other in ["0.0.0.0:0", "[::]:0", "192.168.1.1:0"] {
            assert!(listen(&config(other)).unwrap_err().to_string().contains("loopback"), "{other}");
        }
    }
}
