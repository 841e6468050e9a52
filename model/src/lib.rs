//! The vocabulary of Tây Đô: what the server, the engine and the browser say to each other.
//!
//! Each noun has one file and one meaning (see `docs/` and ARCHITECTURE.md). Nothing here reads a clock, does
//! input or output, or knows that a database or a browser exists. With the feature `files`, definition files
//! are read too: text in, a checked set and every problem out.

pub mod alert;
pub mod api;
pub mod asset;
pub mod baseline;
pub mod board;
pub mod calendar;
pub mod case;
pub mod city;
pub mod compare;
pub mod console;
pub mod course;
pub mod duty;
pub mod event;
pub mod fault;
pub mod figures;
#[cfg(feature = "files")]
pub mod files;
pub mod form;
pub mod formula;
pub mod frozen;
pub mod gap;
pub mod goal;
pub mod headline;
pub mod heartbeat;
pub mod history;
pub mod id;
pub mod incident;
pub mod kpi;
pub mod letter;
pub mod limit;
pub mod map;
pub mod median;
pub mod number;
pub mod observation;
pub mod oncall;
pub mod page;
pub mod passport;
pub mod public;
pub mod ranking;
pub mod reading;
pub mod recompute;
pub mod record;
pub mod retention;
pub mod rota;
pub mod rule;
pub mod scenario;
pub mod shift_log;
pub mod silence;
pub mod source;
pub mod stage;
pub mod task;
pub mod text;
pub mod unit;
pub mod wall;
pub mod why;
pub mod wire;

pub use asset::Asset;
pub use calendar::{Allowance, WorkingCalendar};
pub use case::{Case, CaseKey};
pub use city::{Area, City, Constant, Department};
pub use fault::{ErrorBody, ErrorCode};
pub use id::{
    AreaId, AssetId, BoardId, CaseId, DepartmentId, GoalId, KindId, KpiId, LabelName, MetricId, PersonId, PolicyId, RotaId, RuleId,
    SourceId, TeamId, WallId,
};
pub use kpi::Kpi;
pub use observation::{Labels, Metric, Observation, SampleState};
pub use reading::{Flags, Quality, Reading, Scope, Status};
pub use text::Text;
pub use unit::Unit;

use std::sync::Arc;

/// Everything that a city's folder defines, checked: ids resolve, units fit, nothing is defined twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Definitions {
    /// SHA-256 over the files' names and contents, as hexadecimal; names this set in frames and in the store.
    pub hash: String,
    /// The city itself: name, zone, population, areas, departments.
    pub city: City,
    /// Which days are worked and how long cases may take, where the city says.
    pub calendar: Option<Arc<WorkingCalendar>>,
    /// The metrics, by id.
    pub metrics: Vec<Arc<Metric>>,
    /// The register of assets, by id.
    pub assets: Vec<Arc<Asset>>,
    /// The configured ways in, by id.
    pub sources: Vec<Arc<source::Source>>,
    /// The KPIs, by id.
    pub kpis: Vec<Arc<Kpi>>,
    /// The boards, by id.
    pub boards: Vec<Arc<board::Board>>,
    /// The walls, by id.
    pub walls: Vec<Arc<wall::Wall>>,
    /// The maps that panels show areas on, by name.
    pub maps: Vec<Arc<map::ShapeMap>>,
    /// The alert rules, by id.
    pub rules: Vec<Arc<rule::Rule>>,
    /// How long messages wait for each other, and who looks after feeds.
    pub duty: Arc<duty::Duty>,
    /// The kinds of incidents that people open by hand, by id.
    pub kinds: Vec<Arc<incident::kind::Kind>>,
    /// The city's plan, in its own order.
    pub goals: Vec<goal::Part>,
    /// What everybody may see, where the city publishes anything.
    pub public: Option<Arc<public::Publication>>,
    /// The city's operating stages, where it has them.
    pub stages: Option<Arc<stage::Stages>>,
}

impl Definitions {
    /// The KPIs from observations, cases or forms that this one rests on: itself, unless it is a formula.
    #[must_use]
    pub fn leaves<'d>(&'d self, kpi: &'d Arc<Kpi>) -> Vec<&'d Arc<Kpi>> {
        let mut all = vec![kpi];
        let mut next = 0;
        while let Some(kpi) = all.get(next).copied() {
            for operand in kpi.operands().iter().filter_map(|operand| self.kpi(&operand.kpi)) {
                if !all.iter().any(|known| known.id == operand.id) {
                    all.push(operand);
                }
            }
            next += 1;
        }
        all.retain(|kpi| kpi.operands().is_empty());
        all
    }
}

macro_rules! lookups {
    ($($name:ident: $id:ty => $list:ident: $noun:ty),+ $(,)?) => { impl Definitions { $(
        #[doc = concat!("The one with this id, if `", stringify!($list), "` has it.")]
        #[must_use]
        pub fn $name(&self, id: &$id) -> Option<&Arc<$noun>> {
            self.$list.binary_search_by(|one| one.id.cmp(id)).ok().and_then(|at| self.$list.get(at))
        }
    )+ } };
}

lookups! {
    metric: MetricId => metrics: Metric,
    asset: AssetId => assets: Asset,
    source: SourceId => sources: source::Source,
    kpi: KpiId => kpis: Kpi,
    board: BoardId => boards: board::Board,
    wall: WallId => walls: wall::Wall,
    rule: RuleId => rules: rule::Rule,
    kind: KindId => kinds: incident::kind::Kind,
}
