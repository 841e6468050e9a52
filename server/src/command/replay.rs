//! `taydo replay`: plays a recording over MQTT as if it were live.
//!
//! It is a device among others: it must never reach the server but through the broker.

use crate::{
    clock::Clock,
    config::folder,
    ingest::{
        mqtt::Broker,
        replay::{Recording, Schedule},
    },
};
use anyhow::{Context as _, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use rumqttc::v5::{
    AsyncClient, Event, EventLoop, Incoming,
    mqttbytes::{QoS, v5::PubAckReason},
};
use std::{fs::File, io::BufReader, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};
use taydo_model::SourceId;
use tokio::sync::mpsc;

/// The most messages that are sent and not yet acknowledged; sending waits beyond that.
const IN_FLIGHT: u16 = 1000;
/// After so many failures in a row the broker is given up.
const ATTEMPTS: u32 = 30;
const RETRY: Duration = Duration::from_secs(1);

/// Plays a recording over MQTT as if it were live
///
/// Each observation is sent when it is due: at start + (t − t0) / speed, which is also the time that it carries. The
/// command ends when the broker has acknowledged every message.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The recording, a CSV file
    file: PathBuf,
    /// The CSV source whose mapping reads it; its `replay` names the MQTT source that it is played through
    #[arg(long, value_name = "NAME")]
    source: String,
    /// How many times faster than it was recorded
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// The broker
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4391")]
    mqtt: SocketAddr,
    /// The city's folder
    #[arg(long, value_name = "DIR")]
    city: PathBuf,
    /// The first observation's new time [default: now]
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
    /// Leaves out what was recorded before
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Leaves out what was recorded from then on
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        ensure!(self.speed.is_finite() && self.speed > 0.0, "--speed {} is not a factor above zero", self.speed);
        let definitions = folder::load(&self.city)?;
        let source = SourceId::new(&self.source).ok().and_then(|id| definitions.source(&id));
        let source = source.with_context(|| format!("there is no source {:?} in {}", self.source, self.city.display()))?;
        let file = File::open(&self.file).with_context(|| format!("can't open {}", self.file.display()))?;
        let recording = Recording::read(&definitions, source, BufReader::new(file), self.from, self.to)?;
        for problem in &recording.problems {
            eprintln!("left out: {problem}");
        }
        ensure!(!recording.is_empty(), "there is nothing to play: the file has no observation in that time");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.play(&recording))
    }

    async fn play(&self, recording: &Recording<'_>) -> anyhow::Result<ExitCode> {
        let clock = Clock::real();
        let client_id = format!("taydo-replay-{}", std::process::id());
        let broker = Broker { host: self.mqtt.ip().to_string(), port: self.mqtt.port(), client_id, login: None };
        let mut options = broker.options(false);
        options.set_session_expiry_interval(Some(3600)).set_outgoing_inflight_upper_limit(IN_FLIGHT);
        let (client, events) = AsyncClient::new(options, usize::from(IN_FLIGHT));
        let (told, mut acknowledged) = mpsc::channel(usize::from(IN_FLIGHT));
        let polling = tokio::spawn(poll(events, clock.clone(), told));
        let schedule = Schedule { start: self.start.unwrap_or_else(|| clock.now()), speed: self.speed };
        let bar = bar(recording.len() as u64);
        let mut answers = Answers::default();
        for message in recording.messages(schedule) {
            let message = message?;
            tokio::select! {
                () = clock.sleep_until(message.due) => {}
                failure = answers.watch(&mut acknowledged, &bar) => return Err(failure),
            }
            tokio::select! {
                sent = client.publish(&message.topic, QoS::AtLeastOnce, false, message.body) => sent?,
                failure = answers.watch(&mut acknowledged, &bar) => return Err(failure),
            }
            bar.set_message(message.due.to_string());
        }
        while answers.total < recording.len() as u64 {
            answers.next(&mut acknowledged, &bar).await?;
        }
        client.disconnect().await?;
        polling.await?;
        bar.finish_and_clear();
        println!("sent {}, all acknowledged; left out {}", recording.len(), recording.refused);
        if answers.unheard > 0 {
            println!("{} had no subscriber: no server reads this topic at {broker}", answers.unheard);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What the broker says to a message.
enum Answer {
    Acknowledged,
    NoSubscriber,
    GaveUp(String),
}

#[derive(Default)]
struct Answers {
    total: u64,
    unheard: u64,
}

impl Answers {
    /// Counts answers for ever; ends only with a failure.
    async fn watch(&mut self, answers: &mut mpsc::Receiver<Answer>, bar: &ProgressBar) -> anyhow::Error {
        loop {
            if let Err(error) = self.next(answers, bar).await {
                return error;
            }
        }
    }

    async fn next(&mut self, answers: &mut mpsc::Receiver<Answer>, bar: &ProgressBar) -> anyhow::Result<()> {
        match answers.recv().await {
            Some(Answer::Acknowledged) => {}
            Some(Answer::NoSubscriber) => self.unheard += 1,
            Some(Answer::GaveUp(error)) => bail!("the broker can't be reached: {error}; start it, or name it with --mqtt"),
            None => bail!("the connection to the broker has ended"),
        }
        self.total += 1;
        bar.inc(1);
        Ok(())
    }
}

/// Keeps the connection until it is ended from our side, or the broker can't be reached for long.
async fn poll(mut events: EventLoop, clock: Clock, told: mpsc::Sender<Answer>) {
    let mut failures = 0;
    loop {
        let answer = match events.poll().await {
            Ok(Event::Incoming(Incoming::PubAck(ack))) if ack.reason == PubAckReason::NoMatchingSubscribers => Answer::NoSubscriber,
            Ok(Event::Incoming(Incoming::PubAck(_))) => Answer::Acknowledged,
            Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                failures = 0;
                continue;
            }
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
            Ok(_) => continue,
            Err(_) if failures < ATTEMPTS => {
                failures += 1;
                clock.pause(RETRY).await;
                continue;
            }
            Err(error) => Answer::GaveUp(error.to_string()),
        };
        if told.send(answer).await.is_err() {
            return;
        }
    }
}

fn bar(messages: u64) -> ProgressBar {
    let bar = ProgressBar::new(messages);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {pos} of {len} acknowledged  {msg}  {eta} left") {
        bar.set_style(style);
    }
    bar
}
