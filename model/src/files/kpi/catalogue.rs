//! The KPIs of a folder, each read when it is first needed: by its turn, or because a formula names it.
//!
//! So operands are read before what is made from them, and a formula that leads back to itself is found on the way.
//! Must never recurse deeper than [`MAX_DEPTH`].

use super::{Context, KEYS, kpi};
use crate::Kpi;
use crate::files::{document::Document, section::definitions, value::Value};
use crate::kpi::From;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many KPIs may be made from one another in a row, the first one's observations or cases apart.
const MAX_DEPTH: usize = 8;

/// What a name leads to.
pub(super) enum Found {
    Sound(Arc<Kpi>),
    /// It has a problem of its own.
    Faulty,
    /// Back to where it was asked for: the names on the way, the first one again at the end.
    Circle(Vec<String>),
    /// To more KPIs in a row than there may be.
    TooDeep,
}

/// A sound KPI with how many in a row it is made from; `None`: it has a problem.
type Read = Option<(Arc<Kpi>, usize)>;

/// Every definition, by id.
pub(super) struct Catalogue<'d> {
    entries: BTreeMap<String, Value<'d>>,
    /// A later definition of an id that is there already, which is a problem and read for its own ones.
    second: Vec<Value<'d>>,
    /// What has been read.
    read: RefCell<BTreeMap<String, Read>>,
    /// What is being read, each for the one before.
    path: RefCell<Vec<String>>,
}

impl<'d> Catalogue<'d> {
    pub(super) fn new(documents: impl Iterator<Item = &'d Document<'d>>) -> Self {
        let (mut entries, mut second) = (BTreeMap::new(), Vec::new());
        for entry in documents.flat_map(|document| definitions(document, &document.table, KEYS)) {
            if entries.contains_key(&entry.key) {
                second.push(entry);
            } else {
                entries.insert(entry.key.clone(), entry);
            }
        }
        Self { entries, second, read: RefCell::default(), path: RefCell::default() }
    }

    /// All that are sound.
    pub(super) fn read(&self, context: &Context<'_>) -> Vec<Arc<Kpi>> {
        for entry in &self.second {
            kpi(entry, context);
        }
        let found = self.entries.keys().map(|name| self.find(name, context));
        found.filter_map(|found| if let Found::Sound(kpi) = found { Some(kpi) } else { None }).collect()
    }

    /// The KPI of this name; one that isn't defined is faulty, as its name is a problem elsewhere.
    pub(super) fn find(&self, name: &str, context: &Context<'_>) -> Found {
        if let Some(read) = self.read.borrow().get(name) {
            return match read {
                Some((_, depth)) if self.path.borrow().len() + depth > MAX_DEPTH => Found::TooDeep,
                Some((kpi, _)) => Found::Sound(Arc::clone(kpi)),
                None => Found::Faulty,
            };
        }
        let Some(entry) = self.entries.get(name) else { return Found::Faulty };
        let path = self.path.borrow().clone();
        if let Some(first) = path.iter().position(|on_the_way| on_the_way == name) {
            let circle = path.iter().skip(first).chain(path.get(first));
            return Found::Circle(circle.cloned().collect());
        }
        if path.len() >= MAX_DEPTH {
            return Found::TooDeep;
        }
        self.path.borrow_mut().push(name.to_owned());
        let kpi = kpi(entry, context).map(Arc::new);
        self.path.borrow_mut().pop();
        let read = kpi.clone().map(|kpi| {
            let depth = self.depth(&kpi);
            (kpi, depth)
        });
        self.read.borrow_mut().insert(name.to_owned(), read);
        kpi.map_or(Found::Faulty, Found::Sound)
    }

    /// How many KPIs in a row it is made from, itself included.
    fn depth(&self, kpi: &Kpi) -> usize {
        let From::Formula { operands, .. } = &kpi.from else { return 1 };
        let read = self.read.borrow();
        let depths = operands.iter().filter_map(|operand| read.get(operand.kpi.as_str())?.as_ref().map(|(_, depth)| *depth));
        1 + depths.max().unwrap_or(0)
    }
}
