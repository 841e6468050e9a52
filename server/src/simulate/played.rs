//! What the simulated city says, one voice after the other, for whoever plays it without the ways in.
//!
//! It must say exactly what the feeds of [`super::run`] would, and never how it travels or how long that takes.

use super::clerks::Figures;
use super::device::Device;
use super::incident::{Incident, Kind, Request};
use super::life::Desk;
use super::local::DAY_S;
use super::random::Seed;
use super::route::Routes;
use super::world::World;
use super::{desks, device};
use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use taydo_model::{Asset, Case, Definitions, Metric, MetricId, SampleState, Scope, SourceId, form::SOURCE};

/// Within so many hours of a day something drawn by chance begins: it is over, and told of, before the next.
const DRAWN_HOURS: f64 = 20.0;

/// How much of a desk's life is worked out at once: each time costs all lives that may still go on.
const AT_ONCE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What is to happen besides an ordinary life, and when.
#[derive(Debug, Clone)]
pub struct Happening {
    /// What and where.
    pub request: Request,
    /// From when on.
    pub from: Timestamp,
}

impl Happening {
    /// One a day from a moment on, the kinds in turn, each at an hour and a place that the seed draws; none so late that
    /// it would not be over by `until`.
    #[must_use]
    pub fn draw(definitions: &Definitions, seed: u64, from: Timestamp, until: Timestamp) -> Vec<Self> {
        let seed = Seed::new(seed).of("happenings");
        let kinds: Vec<Kind> = Kind::all().collect();
        let day = |number: i64| {
            let seed = seed.day(number);
            let kind = *kinds.get(usize::try_from(number).ok()? % kinds.len())?;
            let second = number * DAY_S + (seed.of("hour").between(0.0, DRAWN_HOURS) * 3_600.0) as i64;
            let begins = from.checked_add(SignedDuration::from_secs(second)).ok()?;
            Some(Self { request: Request::draw(definitions, kind, seed), from: begins })
        };
        let days = until.duration_since(from).as_secs().div_euclid(DAY_S);
        (0..days).filter_map(day).collect()
    }
}

/// What a happening concerns, and how long it lasts.
#[derive(Debug, Clone)]
pub struct Happened {
    /// Its kind, place and length, as they were asked for.
    pub request: Request,
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub to: Timestamp,
    /// Whom it concerns: assets and areas, and the city always.
    pub scopes: BTreeSet<Scope>,
}

/// Something that is said.
#[derive(Debug)]
pub struct Said<'c> {
    /// When.
    pub time: Timestamp,
    /// By which source.
    pub source: &'c SourceId,
    /// What.
    pub what: What<'c>,
}

/// What a source says.
#[derive(Debug)]
pub enum What<'c> {
    /// What an asset measures, in the metrics' units.
    Values(&'c Arc<Asset>, Vec<(&'c Metric, f64)>, SampleState),
    /// The state of a case.
    Case(Box<Case>),
    /// An entered figure of the city, and the end of the time that it is of.
    Figure(MetricId, Timestamp, f64),
}

/// A simulated city that is played.
#[derive(Debug)]
pub struct Played {
    /// Each with the source that it reports to.
    devices: Vec<(Device, SourceId)>,
    desks: Vec<PlayedDesk>,
    figures: Figures,
    forms: SourceId,
    /// What was asked for besides.
    happened: Vec<Happened>,
    has_begun: bool,
}

#[derive(Debug)]
struct PlayedDesk {
    source: SourceId,
    desk: Desk,
    silences: Vec<(Timestamp, Timestamp)>,
    /// Worked out up to here; the changes of one `AT_ONCE` at most wait in `coming`.
    worked_out: Option<Timestamp>,
    coming: VecDeque<(Timestamp, Case)>,
}

impl Played {
    /// The city of a seed. `wants` says of a metric whether anybody listens to it: devices without such a metric are left
    /// out, unless their source has no others. Without it only desks and clerks speak.
    ///
    /// # Errors
    /// When something is to happen where it can't, or the city's zone is unknown.
    pub fn new(
        definitions: &Definitions,
        seed: u64,
        happenings: &[Happening],
        wants: Option<&dyn Fn(&MetricId) -> bool>,
    ) -> anyhow::Result<Self> {
        let zone = TimeZone::get(&definitions.city.zone).with_context(|| format!("no time zone {:?}", definitions.city.zone))?;
        let routes = Routes::of(definitions);
        let resolve = |happening: &Happening| {
            let source_of = |asset: &Asset| routes.source(asset).cloned();
            happening.request.resolve(definitions, source_of, happening.from).map_err(anyhow::Error::msg)
        };
        let incidents = happenings.iter().map(resolve).collect::<anyhow::Result<Vec<Incident>>>()?;
        let happened = happenings.iter().zip(&incidents).map(|(asked, incident)| happened(asked, incident)).collect();
        let world = Arc::new(World::new(definitions, Seed::new(seed), zone, incidents));
        let routed = |device: Device| Some((routes.source(&device.asset)?.clone(), device));
        let all: Vec<(SourceId, Device)> = Device::all(definitions, &world).into_iter().filter_map(routed).collect();
        let is_heard = |device: &Device| wants.is_some_and(|wants| device.asset.metrics.iter().any(wants));
        let heard: BTreeSet<SourceId> = all.iter().filter(|(_, device)| is_heard(device)).map(|(source, _)| source.clone()).collect();
        let devices = all.into_iter().filter(|(source, device)| wants.is_some() && (is_heard(device) || !heard.contains(source)));
        let desks = desks::desks(definitions, &world).into_iter().filter_map(|(id, populations)| {
            let source = definitions.sources.iter().find(|source| source.id.as_str() == id)?.id.clone();
            let (silences, desk) = (desks::silences(&world, &source), Desk::new(populations, world.zone.clone()));
            Some(PlayedDesk { source, desk, silences, worked_out: None, coming: VecDeque::new() })
        });
        Ok(Self {
            devices: devices.map(|(source, device)| (device, source)).collect(),
            desks: desks.collect(),
            figures: Figures::new(definitions, world.seed, world.zone.clone()),
            forms: SourceId::new(SOURCE)?,
            happened,
            has_begun: false,
        })
    }

    /// What happens besides.
    #[must_use]
    pub fn happened(&self) -> &[Happened] {
        &self.happened
    }

    /// What is said after `after` and up to `until`, in order of time: call it stretch by stretch. In the first one every
    /// desk tells first what stands, and the clerks what they have entered.
    pub fn hear(&mut self, after: Timestamp, until: Timestamp) -> Vec<Said<'_>> {
        let mut said: Vec<Said<'_>> = Vec::new();
        for (device, source) in &self.devices {
            let samples = device::samples([device], after, until).into_iter();
            said.extend(samples.map(|sample| Said {
                time: sample.time,
                source,
                what: What::Values(&device.asset, sample.values, sample.state),
            }));
        }
        for desk in &mut self.desks {
            let told = desk.tell(after, until);
            let source = &desk.source;
            said.extend(told.into_iter().map(|(time, case)| Said { time, source, what: What::Case(Box::new(case)) }));
        }
        let forms = &self.forms;
        let entered_after = if std::mem::replace(&mut self.has_begun, true) { after } else { Timestamp::MIN };
        said.extend(self.figures.entered(entered_after, until).into_iter().filter_map(|entered| {
            let metric = MetricId::new(entered.kpi.id.as_str()).ok()?;
            Some(Said { time: entered.moment.max(after), source: forms, what: What::Figure(metric, entered.end, entered.value) })
        }));
        said.sort_by_key(|one| one.time);
        said
    }
}

impl PlayedDesk {
    fn tell(&mut self, after: Timestamp, until: Timestamp) -> Vec<(Timestamp, Case)> {
        let mut told = Vec::new();
        if self.worked_out.is_none() {
            told.extend(self.desk.standing(after).into_iter().map(|case| (after, case)));
        }
        let mut worked_out = self.worked_out.unwrap_or(after);
        while worked_out < until {
            let next = worked_out.checked_add(AT_ONCE).unwrap_or(Timestamp::MAX);
            self.coming.extend(self.desk.told_in(worked_out, next));
            worked_out = next;
        }
        self.worked_out = Some(worked_out);
        // What happens in a silence is told after it.
        let heard = self.silences.iter().filter(|(from, to)| *from <= until && until < *to).map(|(from, _)| *from).min().unwrap_or(until);
        let due = self.coming.partition_point(|(time, _)| *time <= heard);
        told.extend(self.coming.drain(..due).map(|(time, case)| (time.max(after), case)));
        told
    }
}

fn happened(asked: &Happening, incident: &Incident) -> Happened {
    let assets = incident.assets.iter().cloned().map(Scope::Asset);
    let areas = incident.areas.iter().cloned().map(Scope::Area);
    let scopes = assets.chain(areas).chain([Scope::City]).collect();
    Happened { request: asked.request.clone(), from: incident.from, to: incident.to, scopes }
}
