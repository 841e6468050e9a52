//! `taydo source`: tools for whoever connects a source.
//!
//! Nothing here stores anything, needs a server, or leaves a session with a broker.

use crate::{
    clock::Clock,
    config::folder,
    ingest::{
        decode::{self, Item, line::Precision},
        mqtt::Broker,
        trial::{self, Outcome},
    },
};
use anyhow::{Context as _, bail};
use jiff::Timestamp;
use rumqttc::v5::{
    AsyncClient, Event, Incoming,
    mqttbytes::{QoS, v5::Publish},
};
use std::{fs, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};
use taydo_model::{
    Definitions, SourceId,
    source::{Source, Way},
};

/// Tries a source's mapping, and stores nothing
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Debug, clap::Subcommand)]
enum Tool {
    Try(Try),
}

/// Prints what a file or a topic's messages would become, and what would be rejected
///
/// The exit code is 1 when nothing would be stored.
#[derive(Debug, clap::Args)]
struct Try {
    /// The source
    name: String,
    /// For an MQTT source a topic or a filter such as ct/+/telemetry; else a file
    what: String,
    /// The city's folder
    #[arg(long, value_name = "DIR")]
    city: PathBuf,
    /// The broker, for a topic
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4391")]
    mqtt: SocketAddr,
    /// The most lines that are printed, and messages that are waited for
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// How long messages are waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    seconds: u64,
    /// What the timestamps of line protocol count: ns, us, ms or s
    #[arg(long, default_value = "ns")]
    precision: String,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Tool::Try(this) = self.tool;
        this.run()
    }
}

impl Try {
    fn run(self) -> anyhow::Result<ExitCode> {
        let definitions = folder::load(&self.city)?;
        let source = SourceId::new(&self.name).ok().and_then(|id| definitions.source(&id));
        let source = source.with_context(|| format!("there is no source {:?} in {}", self.name, self.city.display()))?;
        let clock = Clock::real();
        let mut table = Table { definitions: &definitions, source, limit: self.limit, now: clock.now(), taken: 0, refused: 0 };
        let [time, what, value, labels] = trial::COLUMNS;
        println!("{time:<30}  {what:<24}  {value:<20}  {labels}");
        match &source.way {
            Way::Mqtt { .. } => {
                tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(self.listen(&mut table, &clock))?;
            }
            _ => self.read(&mut table)?,
        }
        println!("\n{} would be stored, {} rejected; nothing was stored", table.taken, table.refused);
        Ok(if table.taken > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn read(&self, table: &mut Table<'_>) -> anyhow::Result<()> {
        let open = || format!("can't read {}", self.what);
        let source = table.source;
        match &source.way {
            Way::Csv(csv) => {
                let file = fs::File::open(&self.what).with_context(open)?;
                decode::csv::decode(file, csv, Some(table.now), &mut |item| table.print(item))?;
            }
            Way::Line { fields } => {
                let precision = Precision::parse(&self.precision);
                let precision = precision.with_context(|| format!("--precision {:?} is none of ns, us, ms and s", self.precision))?;
                decode::line::decode(&fs::read(&self.what).with_context(open)?, precision, fields, &mut |item| table.print(item))?;
            }
            Way::Http => {
                // A body of cases says so by its items' fields; only one of the two readings can succeed.
                let body = fs::read(&self.what).with_context(open)?;
                let mut observations = false;
                decode::json::decode(&body, &mut |item| observations |= item.content.is_ok())
                    .or_else(|_| decode::cases::decode(&body, &mut |_| {}))?;
                if observations {
                    decode::json::decode(&body, &mut |item| table.print(item))?;
                } else {
                    decode::cases::decode(&body, &mut |item| table.print(item))?;
                }
            }
            Way::Mqtt { .. } => bail!("an MQTT source is tried with a topic"),
            Way::Own => bail!("the centre feeds this source by itself; there is nothing to try"),
            Way::Form => bail!("what departments enter is tried on the page /forms, or by an upload with dry_run=true"),
        }
        Ok(())
    }

    /// Prints what is published until there was enough of it or time is over.
    async fn listen(&self, table: &mut Table<'_>, clock: &Clock) -> anyhow::Result<()> {
        let client_id = format!("taydo-try-{}", std::process::id());
        let broker = Broker { host: self.mqtt.ip().to_string(), port: self.mqtt.port(), client_id, login: None };
        let (client, mut events) = AsyncClient::new(broker.options(true), 16);
        client.subscribe(&self.what, QoS::AtMostOnce).await?;
        let listening = async {
            let mut messages = 0;
            while messages < self.limit {
                let event = events.poll().await.with_context(|| format!("no connection to the broker at {broker}; name it with --mqtt"))?;
                if let Event::Incoming(Incoming::Publish(publish)) = event {
                    messages += 1;
                    table.now = clock.now();
                    message(table, &publish);
                }
            }
            anyhow::Ok(())
        };
        match clock.timeout(Duration::from_secs(self.seconds), listening).await {
            Ok(outcome) => outcome,
            Err(_) => Ok(()),
        }
    }
}

fn message(table: &mut Table<'_>, publish: &Publish) {
    let source = table.source;
    if let Way::Mqtt { topic, body } = &source.way {
        let name = String::from_utf8_lossy(&publish.topic);
        decode::message::decode(&name, &publish.payload, topic, body, &mut |item| table.print(item));
    }
}

/// The lines that have been printed.
struct Table<'d> {
    definitions: &'d Definitions,
    source: &'d Source,
    limit: usize,
    now: Timestamp,
    taken: usize,
    refused: usize,
}

impl Table<'_> {
    fn print(&mut self, item: Item<'_>) {
        match trial::item(self.definitions, self.source, item, self.now) {
            Outcome::Taken([time, what, value, labels]) => {
                self.taken += 1;
                if self.taken <= self.limit {
                    println!("{time:<30}  {what:<24}  {value:<20}  {labels}");
                }
            }
            Outcome::Refused(why, payload) => {
                self.refused += 1;
                if self.refused <= self.limit {
                    println!("rejected: {why}\n          {}", payload.trim_end());
                }
            }
        }
    }
}
