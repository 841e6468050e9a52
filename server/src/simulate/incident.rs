//! Incidents on demand: what somebody asks the simulated city to suffer, and whom it concerns.
//!
//! A request names a kind, a place and a length; here it becomes assets, wards and a stretch of time. What an incident
//! does is each model's own business.

use super::local::LocalTime;
use super::random::Seed;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::{collections::BTreeSet, fmt, str::FromStr, sync::Arc};
use taydo_model::source::{Source, Way};
use taydo_model::{AreaId, Asset, AssetId, Definitions, SourceId, id::slug};

/// How long an incident lasts where the request doesn't say.
const MINUTES: u32 = 30;
/// The longest: a day.
const MOST_MINUTES: u32 = 1_440;
/// Between these one lasts that is drawn by chance, in minutes.
const DRAWN_MINUTES: (f64, f64) = (60.0, 150.0);
/// A feed that is drawn to be silent says something at least so often, in seconds: others would not be missed.
const LONGEST_RHYTHM_S: u32 = 900;

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Traffic hardly moves.
    Congestion,
    /// Water stands in the streets.
    Flood,
    /// Power fails.
    Outage,
    /// A road accident with injured people.
    Accident,
    /// Smoke: fine dust rises.
    Air,
    /// Nothing more comes from a feed.
    Silence,
}

const KINDS: &[(&str, Kind)] = &[
    ("congestion", Kind::Congestion),
    ("flood", Kind::Flood),
    ("outage", Kind::Outage),
    ("accident", Kind::Accident),
    ("air", Kind::Air),
    ("silence", Kind::Silence),
];

impl Kind {
    /// All of them.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        KINDS.iter().map(|(_, kind)| *kind)
    }

    /// Whether it shows in what the asset measures.
    fn concerns(self, asset: &Asset) -> bool {
        let prefixes: &[&str] = match self {
            Self::Congestion => &["traffic.", "bus.", "freight."],
            Self::Flood => &["flood."],
            Self::Outage => &["energy.", "building.", "lighting."],
            Self::Accident => &["traffic."],
            Self::Air => &["air."],
            Self::Silence => &[""],
        };
        asset.metrics.iter().any(|metric| prefixes.iter().any(|prefix| metric.as_str().starts_with(prefix)))
    }

    /// Whether a rule could see it there: a jam of buses alone is none of traffic.
    fn shows_at(self, asset: &Asset) -> bool {
        let prefix = match self {
            Self::Congestion | Self::Accident => "traffic.",
            Self::Outage => "energy.",
            Self::Flood | Self::Air | Self::Silence => "",
        };
        self.concerns(asset) && asset.metrics.iter().any(|metric| metric.as_str().starts_with(prefix))
    }

    /// Whether it is told of as a case too, so that a ward without any asset can suffer it.
    fn is_a_case(self) -> bool {
        matches!(self, Self::Accident | Self::Outage)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = KINDS.iter().find(|(_, kind)| kind == self).map_or("?", |(name, _)| name);
        f.write_str(name)
    }
}

/// `kind:place[:minutes]`, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    kind: Kind,
    /// A ward's code or name, a road's or site's name, an asset's id, or a source's.
    place: String,
    minutes: u32,
}

impl FromStr for Request {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let kinds = || KINDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let (Some(kind), Some(place), minutes, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(format!("{text:?} is no incident: write kind:place[:minutes], the kind one of {}", kinds()));
        };
        let found = KINDS.iter().find(|(name, _)| *name == kind);
        let (_, kind) = found.ok_or_else(|| format!("there is no kind of incident {kind:?}; there are {}", kinds()))?;
        let minutes = match minutes {
            None => MINUTES,
            Some(minutes) => {
                let parsed = minutes.parse().ok().filter(|minutes| (1..=MOST_MINUTES).contains(minutes));
                parsed.ok_or_else(|| format!("{minutes:?} is not a number of minutes from 1 to {MOST_MINUTES}"))?
            }
        };
        Ok(Self { kind: *kind, place: slug(place).unwrap_or_else(|| place.to_owned()), minutes })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.kind, self.place, self.minutes)
    }
}

/// An incident that will happen, or does.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Incident {
    pub(super) kind: Kind,
    pub(super) assets: BTreeSet<AssetId>,
    pub(super) areas: BTreeSet<AreaId>,
    pub(super) sources: BTreeSet<SourceId>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Request {
    /// One of a kind at one of the places where it can happen, which and for how long by chance.
    pub(super) fn draw(definitions: &Definitions, kind: Kind, seed: Seed) -> Self {
        let place = match kind {
            // One asset's silence is ordinary; a feed's isn't.
            Kind::Silence => {
                let devices = |source: &&Arc<Source>| matches!(source.way, Way::Mqtt { .. } | Way::Line { .. });
                let with_rhythm: Vec<&str> = definitions
                    .sources
                    .iter()
                    .filter(devices)
                    .filter(|source| source.silent_s.is_some_and(|silent_s| silent_s <= LONGEST_RHYTHM_S))
                    .map(|source| source.id.as_str())
                    .collect();
                with_rhythm.get(seed.of("place").below(with_rhythm.len())).copied().unwrap_or_default().to_owned()
            }
            _ => {
                let concerned = definitions.assets.iter().filter(|asset| kind.shows_at(asset));
                let areas: Vec<&AreaId> = concerned.map(|asset| &asset.area).collect::<BTreeSet<_>>().into_iter().collect();
                areas.get(seed.of("place").below(areas.len())).map(ToString::to_string).unwrap_or_default()
            }
        };
        let minutes = seed.of("minutes").between(DRAWN_MINUTES.0, DRAWN_MINUTES.1) as u32;
        Self { kind, place, minutes }
    }

    /// What is to happen.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The incident that it asks for, beginning at `from`; `source_of` says which source tells of an asset.
    ///
    /// # Errors
    /// When there is no such place, or nothing of this kind can happen there; the message lists where it can.
    pub(super) fn resolve(
        &self,
        definitions: &Definitions,
        source_of: impl Fn(&Asset) -> Option<SourceId>,
        from: Timestamp,
    ) -> Result<Incident, String> {
        let is_source = |id: &SourceId| self.kind == Kind::Silence && id.as_str() == self.place;
        let wards: BTreeSet<AreaId> = definitions
            .city
            .areas
            .iter()
            .filter(|area| names_area(&self.place, &area.id, &area.name))
            .map(|area| area.id.clone())
            .collect();
        let is_here = |asset: &Asset| {
            asset.id.as_str() == self.place
                || wards.contains(&asset.area)
                || slug(&asset.site).as_deref() == Some(self.place.as_str())
                || source_of(asset).is_some_and(|id| is_source(&id))
        };
        let concerned = definitions.assets.iter().filter(|asset| self.kind.concerns(asset) && is_here(asset));
        let assets: BTreeSet<AssetId> = concerned.clone().map(|asset| asset.id.clone()).collect();
        let sources: BTreeSet<SourceId> = definitions.sources.iter().map(|source| source.id.clone()).filter(is_source).collect();
        let areas: BTreeSet<AreaId> = if wards.is_empty() { concerned.map(|asset| asset.area.clone()).collect() } else { wards };
        let is_told_as_a_case = self.kind.is_a_case() && !areas.is_empty();
        if assets.is_empty() && sources.is_empty() && !is_told_as_a_case {
            return Err(self.refusal(definitions));
        }
        let to = from.checked_add(SignedDuration::from_mins(self.minutes.into())).unwrap_or(Timestamp::MAX);
        Ok(Incident { kind: self.kind, assets, areas, sources, from, to })
    }

    /// Says where such an incident can happen.
    fn refusal(&self, definitions: &Definitions) -> String {
        let concerned = || definitions.assets.iter().filter(|asset| self.kind.concerns(asset));
        let mut places: BTreeSet<String> = BTreeSet::new();
        for area in &definitions.city.areas {
            if self.kind.is_a_case() || concerned().any(|asset| asset.area == area.id) {
                places.insert(bare_slug(&area.name).unwrap_or_else(|| area.id.to_string()));
            }
        }
        places.extend(concerned().filter_map(|asset| slug(&asset.site)));
        if self.kind == Kind::Silence {
            places.extend(definitions.sources.iter().map(|source| source.id.to_string()));
        }
        let list = places.into_iter().collect::<Vec<_>>().join(", ");
        format!(
            "{} can't happen at {:?}: no such place, or nothing there would show it; it can at an asset, by its id, and at {list}",
            self.kind, self.place
        )
    }
}

impl Incident {
    /// Whom it concerns, in words.
    pub(super) fn extent(&self) -> String {
        let sources: Vec<&str> = self.sources.iter().map(SourceId::as_str).collect();
        let wards: Vec<&str> = self.areas.iter().map(AreaId::as_str).collect();
        format!(
            "{} assets, wards {}{}",
            self.assets.len(),
            wards.join(", "),
            sources.iter().map(|id| format!(", source {id}")).collect::<String>()
        )
    }
}

/// A ward is called by its code, or by its name with or without its kind.
fn names_area(place: &str, id: &AreaId, name: &str) -> bool {
    id.as_str() == place || slug(name).as_deref() == Some(place) || bare_slug(name).as_deref() == Some(place)
}

fn bare_slug(name: &str) -> Option<String> {
    let bare = ["Phường ", "Xã ", "Đặc khu "].iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name);
    slug(bare)
}

/// The incidents that one asset suffers, in the city's local time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Troubles(Vec<(Kind, i64, i64)>);

impl Troubles {
    pub(super) fn of(incidents: &[Incident], asset: &AssetId, zone: &TimeZone) -> Self {
        let local = |time| LocalTime::at(time, zone).seconds();
        let own = incidents.iter().filter(|incident| incident.assets.contains(asset));
        Self(own.map(|incident| (incident.kind, local(incident.from), local(incident.to))).collect())
    }

    /// From the first second to before the last, in the city's local time.
    #[cfg(test)]
    pub(super) fn one(kind: Kind, from_s: i64, to_s: i64) -> Self {
        Self(vec![(kind, from_s, to_s)])
    }

    /// Whether one of this kind lasts at `local`.
    pub(super) fn are(&self, kind: Kind, local: LocalTime) -> bool {
        self.0.iter().any(|(one, from, to)| *one == kind && (*from..*to).contains(&local.seconds()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::tests::city;
    use super::*;
    use taydo_model::Area;

    fn resolve(text: &str) -> Result<Incident, String> {
        let mut definitions = city();
        let area = |id: &str, name: &str| Area { id: AreaId::new(id).unwrap(), name: name.to_owned(), hex: None };
        definitions.city.areas = vec![area("31135", "Phường Ninh Kiều"), area("31732", "Phường Ngã Năm")];
        let source_of = |asset: &Asset| asset.id.as_str().starts_with("road").then(|| SourceId::new("road-sensors").unwrap());
        text.parse::<Request>()?.resolve(&definitions, source_of, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_place_is_a_ward_a_road_an_asset_or_a_feed() {
        for place in ["31135", "ninh-kieu", "phuong-ninh-kieu", "Ninh Kiều", "quoc-lo-91"] {
            assert_eq!(resolve(&format!("congestion:{place}")).unwrap().assets.len(), 4, "{place}");
        }
        let one = resolve("congestion:road-2:45").unwrap();
        assert_eq!((one.assets.len(), one.areas.len(), one.to.as_second()), (1, 1, 45 * 60));
        assert_eq!(resolve("silence:road-sensors").unwrap().assets.len(), 4);
        assert!(resolve("accident:nga-nam").unwrap().assets.is_empty(), "a case needs no sensor");
    }

    #[test]
    fn what_cannot_happen_is_refused_with_what_can() {
        for (text, wanted) in [
            ("storm:ninh-kieu", "there are congestion, flood, outage, accident, air, silence"),
            ("congestion", "write kind:place[:minutes]"),
            ("congestion:ninh-kieu:0", "not a number of minutes"),
            ("congestion:ninh-kieu:10:x", "write kind:place[:minutes]"),
            ("congestion:nowhere", "ninh-kieu, quoc-lo-91"),
            ("congestion:nga-nam", "nothing there would show it"),
            ("air:ninh-kieu", "air can't happen"),
        ] {
            let error = resolve(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn troubles_have_a_beginning_and_an_end() {
        let incident = resolve("outage:ninh-kieu:10").unwrap();
        let troubles = Troubles::of(&[incident], &AssetId::new("feeder-1").unwrap(), &TimeZone::UTC);
        let are = |second| troubles.are(Kind::Outage, LocalTime::from_seconds(second));
        assert_eq!((are(-1), are(0), are(599), are(600)), (false, true, true, false));
        assert!(!troubles.are(Kind::Air, LocalTime::from_seconds(5)));
    }
}
