//! A KPI from KPIs: which scopes it has, what it reads of which operand, and what comes of that.
//!
//! It keeps no data: a figure is made from the operands' figures when it is asked for. Quality is the worst of the parts'
//! that have a value; a part that is missing makes the value missing, unless the formula does without it. It must never
//! ask a KPI that stands behind its own in the engine.

use crate::figure::Figure;
use crate::moment::{HOUR, step_floor};
use crate::tally::{Data, Tally};
use crate::window::number;
use std::collections::HashMap;
use taydo_model::formula::Formula;
use taydo_model::kpi::{Dimension, Extreme, From};
use taydo_model::{AreaId, AssetId, Definitions, Flags, Kpi, Quality, Scope};

/// A KPI that other KPIs make.
#[derive(Debug)]
pub(crate) struct Derived {
    formula: Formula,
    across: Option<Extreme>,
    by: Vec<Dimension>,
    parts: Vec<Part>,
    cells: Vec<Cell>,
    /// By the scope's number in the tally.
    places: Vec<Place>,
    /// With `across`: where each registered asset is, and its cell.
    areas: HashMap<AssetId, AreaId>,
    of_asset: HashMap<AssetId, u32>,
    /// The KPIs from observations or cases that it rests on, and how far before its instants it reads each.
    pub(crate) leaves: Vec<(usize, i64)>,
}

/// An operand.
#[derive(Debug)]
struct Part {
    /// Its number in the engine, which is before this KPI's own.
    tally: usize,
    hours_back: u8,
    /// How many of its scopes are known here.
    seen: usize,
    /// The cells that its scopes are read for, by their numbers there.
    cells: Vec<Option<u32>>,
}

/// Where the formula is computed: a scope, or with `across` an asset.
#[derive(Debug, Default)]
struct Cell {
    /// The operands' scopes, by the operands' numbers.
    operands: Vec<Option<u32>>,
    /// The scopes whose readings it makes.
    places: Vec<u32>,
}

/// A scope: without `across` it has one cell.
#[derive(Debug, Default)]
struct Place {
    cells: Vec<u32>,
}

impl Derived {
    /// `None` when the KPI is not a formula, or when the engine has not all of its operands, by their numbers.
    pub(crate) fn new(kpi: &Kpi, definitions: &Definitions, before: &[Tally]) -> Option<Self> {
        let From::Formula { operands, formula, across, .. } = &kpi.from else { return None };
        let mut derived = Self {
            formula: formula.clone(),
            across: *across,
            by: kpi.by.clone(),
            parts: Vec::new(),
            cells: Vec::new(),
            places: Vec::new(),
            areas: HashMap::new(),
            of_asset: HashMap::new(),
            leaves: Vec::new(),
        };
        for operand in operands {
            let tally = before.iter().position(|tally| tally.kpi.id == operand.kpi)?;
            let back = i64::from(operand.hours_back) * HOUR;
            let leaves = before.get(tally)?.leaves(tally);
            derived.leaves.extend(leaves.into_iter().map(|(leaf, further)| (leaf, further + back)));
            derived.parts.push(Part { tally, hours_back: operand.hours_back, seen: 0, cells: Vec::new() });
        }
        if across.is_some() {
            derived.areas = definitions.assets.iter().map(|asset| (asset.id.clone(), asset.area.clone())).collect();
        }
        Some(derived)
    }

    /// Refers to the operands by other numbers.
    pub(crate) fn renumber(&mut self, places: &[Option<usize>]) {
        let new = |tally: usize| places.get(tally).copied().flatten().unwrap_or(usize::MAX);
        self.parts.iter_mut().for_each(|part| part.tally = new(part.tally));
        self.leaves.iter_mut().for_each(|(leaf, _)| *leaf = new(*leaf));
    }

    /// Makes room for the tally's next scope.
    pub(crate) fn add_place(&mut self) {
        let mut place = Place::default();
        if self.across.is_none() {
            let cell = Cell { operands: vec![None; self.parts.len()], places: vec![number(self.places.len())] };
            place.cells.push(number(self.cells.len()));
            self.cells.push(cell);
        }
        self.places.push(place);
    }

    /// The operands' scopes that are not known here yet: the operand's number, the scope's number there, and the scope.
    pub(crate) fn unseen(&mut self, before: &[Tally]) -> Vec<(usize, Scope)> {
        let mut unseen = Vec::new();
        for (at, part) in self.parts.iter_mut().enumerate() {
            let scopes = before.get(part.tally).map(Tally::scopes).unwrap_or_default();
            unseen.extend(scopes.iter().skip(part.seen).map(|scope| (at, scope.clone())));
            part.seen = scopes.len();
        }
        unseen
    }

    /// The scopes whose readings an operand's scope makes.
    pub(crate) fn scopes(&self, of: &Scope) -> Vec<Scope> {
        if self.across.is_none() {
            return if of.dimension().is_none_or(|dimension| self.by.contains(&dimension)) { vec![of.clone()] } else { Vec::new() };
        }
        let Scope::Asset(asset) = of else { return Vec::new() };
        let mut scopes = vec![Scope::City];
        scopes.extend(self.by.iter().filter_map(|dimension| match dimension {
            Dimension::Area => self.areas.get(asset).cloned().map(Scope::Area),
            Dimension::Asset => Some(of.clone()),
            Dimension::Department => None,
        }));
        scopes
    }

    /// Links an operand's next scope to the places of [`Derived::scopes`].
    pub(crate) fn link(&mut self, part: usize, scope: &Scope, places: &[u32]) {
        let cell = match (scope, self.across) {
            _ if places.is_empty() => None,
            (Scope::Asset(asset), Some(_)) => Some(self.cell_of(asset, places)),
            _ => places.first().and_then(|place| self.places.get(*place as usize)?.cells.first().copied()),
        };
        let Some(part_here) = self.parts.get_mut(part) else { return };
        let there = number(part_here.cells.len());
        part_here.cells.push(cell);
        let operand = cell.and_then(|cell| self.cells.get_mut(cell as usize)?.operands.get_mut(part));
        if let Some(operand) = operand {
            *operand = Some(there);
        }
    }

    fn cell_of(&mut self, asset: &AssetId, places: &[u32]) -> u32 {
        if let Some(cell) = self.of_asset.get(asset) {
            return *cell;
        }
        let cell = number(self.cells.len());
        self.cells.push(Cell { operands: vec![None; self.parts.len()], places: places.to_vec() });
        self.of_asset.insert(asset.clone(), cell);
        for place in places {
            if let Some(place) = self.places.get_mut(*place as usize) {
                place.cells.push(cell);
            }
        }
        cell
    }

    /// Each operand's number in the engine, with how far before an instant it is read.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (usize, usize, i64)> {
        self.parts.iter().enumerate().map(|(at, part)| (at, part.tally, i64::from(part.hours_back) * HOUR))
    }

    /// The scopes whose readings rest on an operand's scope.
    pub(crate) fn places_of(&self, part: usize, there: u32) -> &[u32] {
        let cell = self.parts.get(part).and_then(|part| part.cells.get(there as usize).copied().flatten());
        cell.and_then(|cell| self.cells.get(cell as usize)).map_or(&[], |cell| &cell.places)
    }

    /// Whether past hours are read. Then live readings are those of the last instant: hours are whole.
    pub(crate) fn looks_back(&self) -> bool {
        self.parts.iter().any(|part| part.hours_back > 0)
    }

    /// A recorded reading's content. `None` when there is no such scope then.
    pub(crate) fn recorded(&self, kpi: &Kpi, place: usize, at: i64, data: &Data<'_>) -> Option<Figure> {
        self.figure(kpi, place, at, &|part, there, back| data.tallies.get(part.tally)?.figure(there, at - i64::from(back) * HOUR, data))
    }

    /// Whether a reading of an operand that it rests on is doubtful.
    pub(crate) fn is_doubtful(&self, place: usize, at: i64, data: &Data<'_>) -> bool {
        let cells = self.places.get(place).map(|place| place.cells.as_slice()).unwrap_or_default();
        let cells = cells.iter().filter_map(|cell| self.cells.get(*cell as usize));
        let mut read = cells.flat_map(|cell| self.parts.iter().zip(&cell.operands));
        read.any(|(part, there)| {
            let (Some(operand), Some(there)) = (data.tallies.get(part.tally), *there) else { return false };
            (0..=part.hours_back).any(|back| operand.is_doubtful(there, at - i64::from(back) * HOUR, data))
        })
    }

    /// A live reading's content.
    pub(crate) fn live(&self, kpi: &Kpi, place: usize, now: i64, every: i64, data: &Data<'_>) -> Option<Figure> {
        let instant = step_floor(now, every) * every;
        self.figure(kpi, place, now, &|part, there, back| {
            let operand = data.tallies.get(part.tally)?;
            match self.looks_back() {
                true => operand.figure(there, instant - i64::from(back) * HOUR, data),
                false => operand.live(there, now, data),
            }
        })
    }

    fn figure(&self, kpi: &Kpi, place: usize, at: i64, read: &Read<'_>) -> Option<Figure> {
        let cells = self.places.get(place)?.cells.iter().filter_map(|cell| self.cells.get(*cell as usize));
        let mut figures: Vec<Figure> = cells.filter_map(|cell| self.compute(cell, read)).map(|figure| figure.of_parts(kpi, at)).collect();
        match self.across {
            None => figures.pop(),
            Some(extreme) => {
                let figure = together(extreme, figures).or_else(|| (place == 0).then(Figure::default))?;
                // Its parts are judged; what is left is whether there are enough of them.
                let worst = figure.quality;
                Some(Figure { quality: worst, ..figure }.of_parts(kpi, at))
            }
        }
    }

    /// The formula at one place; `None` when no operand knows it. The quality is the parts'.
    fn compute(&self, cell: &Cell, read: &Read<'_>) -> Option<Figure> {
        let hours = |(part, there): (&Part, &Option<u32>)| -> Vec<Option<Figure>> {
            (0..=part.hours_back).map(|back| read(part, (*there)?, back)).collect()
        };
        let operands: Vec<Vec<Option<Figure>>> = self.parts.iter().zip(&cell.operands).map(hours).collect();
        if operands.iter().flatten().all(Option::is_none) {
            return None;
        }
        let value = |operand: u16, back: u8| operands.get(usize::from(operand))?.get(usize::from(back))?.as_ref()?.value;
        let outcome = self.formula.evaluate(&value);
        let mut figure = Figure { value: outcome.value, parts: outcome.parts, quality: Quality::Good, ..Figure::default() };
        for hours in &operands {
            figure.rest_on(hours);
        }
        Some(figure)
    }
}

/// What a part's scope is at an instant, so many hours back.
type Read<'a> = dyn Fn(&Part, u32, u8) -> Option<Figure> + 'a;

impl Figure {
    /// Takes in what an operand says of itself, hour by hour, newest first. The newest hour with a value speaks for it;
    /// where that is not the present one, something is lacking.
    fn rest_on(&mut self, hours: &[Option<Figure>]) {
        let with_value =
            hours.iter().enumerate().find_map(|(back, hour)| hour.as_ref().filter(|hour| hour.value.is_some()).map(|hour| (back, hour)));
        let Some((back, part)) = with_value.or_else(|| hours.first()?.as_ref().map(|hour| (0, hour))) else { return };
        self.flags = self.flags.union(part.flags);
        self.samples += part.samples;
        self.coverage = least(self.coverage, part.coverage);
        if part.value.is_some() {
            self.data_time = least(self.data_time, part.data_time);
            self.quality = self.quality.max(part.quality).max(if back > 0 { Quality::Partial } else { Quality::Good });
        }
    }

    /// Judges what is made of parts: by its own terms, and never better than they are.
    fn of_parts(self, kpi: &Kpi, at: i64) -> Self {
        let worst = self.quality;
        let judged = self.judge(kpi, at);
        Self { quality: judged.quality.max(worst), ..judged }
    }
}

fn least<T: PartialOrd>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b < a { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// The figure that stands for all: value, age and quality are those of the one that gives the value, and coverage says how
/// many have one that isn't old. `None` of none.
fn together(extreme: Extreme, figures: Vec<Figure>) -> Option<Figure> {
    let count = figures.len();
    let fresh = figures.iter().filter(|figure| figure.quality < Quality::Stale).count();
    let samples = figures.iter().map(|figure| figure.samples).sum();
    let flags = figures.iter().fold(Flags::default(), |flags, figure| flags.union(figure.flags));
    // Of equal values the better, then the newer one.
    let rank = |figure: &Figure| (std::cmp::Reverse(figure.quality), figure.data_time);
    let of_two = |a: Figure, b: Figure| {
        let by_value = a.value.partial_cmp(&b.value).unwrap_or(std::cmp::Ordering::Equal);
        let by_value = if extreme == Extreme::Max { by_value } else { by_value.reverse() };
        if by_value.then_with(|| rank(&a).cmp(&rank(&b))).is_lt() { b } else { a }
    };
    let (valued, missing): (Vec<Figure>, Vec<Figure>) = figures.into_iter().partition(|figure| figure.value.is_some());
    let first = valued.into_iter().reduce(of_two).or_else(|| missing.into_iter().next())?;
    #[allow(clippy::cast_precision_loss)]
    let coverage = Some(fresh as f64 / count as f64);
    Some(Figure { samples, flags, coverage, ..first })
}
