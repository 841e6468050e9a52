//! A ranking as its panel shows it: the worst areas, departments or assets first, each with its bar.
//!
//! Must never leave out silently: what is not shown is counted.

use crate::{figure, locale};
use jiff::Timestamp;
use std::cmp::Ordering;
use std::rc::Rc;
use taydo_model::{
    Area, Kpi, Quality, Reading, Scope, Status,
    api::{BoardPage, CityPage},
    kpi::Better,
    map::ShapeMap,
    text::Language,
};

/// What people call the things that values are for, as the city and a board name them.
#[derive(Debug, PartialEq)]
pub struct Names {
    city: Rc<CityPage>,
    board: Rc<BoardPage>,
}

impl Names {
    /// The names of a city's areas and departments, and of the assets that a board's panels name.
    #[must_use]
    pub fn new(city: Rc<CityPage>, board: Rc<BoardPage>) -> Self {
        Self { city, board }
    }

    /// What a scope is called; its id where nobody has named it.
    #[must_use]
    pub fn of(&self, scope: &Scope, language: Language) -> String {
        let city = &self.city.city;
        let name = match scope {
            Scope::City => Some(locale::words(language).city),
            Scope::Area(id) => Some(city.area_name(id)),
            Scope::Department(id) => city.departments.iter().find(|one| one.id == *id).map(|one| one.name.get(language)),
            Scope::Asset(id) => self.board.assets.iter().find(|one| one.id == *id).map(|one| one.name.as_str()),
        };
        let id = || match scope {
            Scope::City => String::new(),
            Scope::Area(id) => id.to_string(),
            Scope::Department(id) => id.to_string(),
            Scope::Asset(id) => id.to_string(),
        };
        name.filter(|name| !name.is_empty()).map_or_else(id, str::to_owned)
    }

    /// The city's areas.
    #[must_use]
    pub fn areas(&self) -> &[Area] {
        &self.city.city.areas
    }

    /// One of the maps that the board's panels show.
    #[must_use]
    pub fn map(&self, id: &str) -> Option<&ShapeMap> {
        self.board.maps.iter().find(|map| map.id == id)
    }

    /// Where it stands, for assets; empty where that says nothing beyond its name.
    #[must_use]
    pub fn site(&self, scope: &Scope) -> &str {
        let Scope::Asset(id) = scope else { return "" };
        self.board.assets.iter().find(|one| one.id == *id && !names_site(&one.name, &one.site)).map_or("", |one| one.site.as_str())
    }
}

/// Whether a name begins with its site, or ends with it, where its first letter is small.
fn names_site(name: &str, site: &str) -> bool {
    let mut letters = site.chars();
    letters.next();
    name.starts_with(site) || name.ends_with(letters.as_str())
}

/// One line of a ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// For whom.
    pub scope: Scope,
    /// What people call it.
    pub name: String,
    /// Where it stands, for assets.
    pub site: String,
    /// The number.
    pub value: String,
    /// The bar's length, of 100.
    pub length: f64,
    /// How much it can be relied on.
    pub quality: Quality,
    /// How far it lies towards the bad side.
    pub status: Status,
}

/// What a ranking's panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// The first lines.
    pub rows: Vec<Row>,
    /// How many more have a value.
    pub more: usize,
    /// How many have none.
    pub without: usize,
    /// Where the target stands on the bars, of 100; `None` where there is none or it lies outside.
    pub target: Option<f64>,
}

/// A reading with what it is worth now.
pub type Valued<'a> = (Option<f64>, Quality, &'a Reading);

/// The readings, the worst first: the lowest where higher is better, else the highest; those without a value at the end.
/// Equal values keep their order from one frame to the next. One sort for all panels: each of its own would weigh much.
#[must_use]
pub fn worst_first<'a>(kpi: &Kpi, readings: impl Iterator<Item = &'a Reading>, now: Timestamp) -> Vec<Valued<'a>> {
    let mut all: Vec<Valued<'a>> = Vec::new();
    for reading in readings {
        let quality = kpi.quality_at(reading, now);
        all.push((reading.value.filter(|_| quality != Quality::Missing), quality, reading));
    }
    let badness = |value: Option<f64>| match (value, kpi.better) {
        (None, _) => f64::INFINITY,
        (Some(value), Better::Higher) => value,
        (Some(value), Better::Lower | Better::Neither) => -value,
    };
    all.sort_by(|a, b| badness(a.0).total_cmp(&badness(b.0)).then_with(|| a.2.scope.cmp(&b.2.scope)));
    all
}

/// The first `limit` of the readings: the lowest where higher is better, else the highest.
#[must_use]
pub fn ranking<'a>(
    kpi: &Kpi,
    readings: impl Iterator<Item = &'a Reading>,
    names: &Names,
    limit: usize,
    now: Timestamp,
    language: Language,
) -> Ranking {
    let mut valued = worst_first(kpi, readings, now);
    let all = valued.len();
    valued.retain(|(value, ..)| value.is_some());
    let without = all - valued.len();
    let mut valued: Vec<(f64, Quality, &Reading)> =
        valued.into_iter().filter_map(|(value, quality, reading)| Some((value?, quality, reading))).collect();
    let more = valued.len().saturating_sub(limit);
    valued.truncate(limit);
    let largest = valued.iter().map(|(value, ..)| *value).max_by(f64::total_cmp).unwrap_or_default();
    // All rows are of one dimension, so the target holds for all of them or for none.
    let target = valued.first().and_then(|(.., reading)| kpi.target_of(&reading.scope)).filter(|target| *target > 0.0);
    let full = target.map_or(largest, |target| largest.max(target));
    let length =
        |value: f64| if full.partial_cmp(&0.0) == Some(Ordering::Greater) { (value / full * 100.0).clamp(0.0, 100.0) } else { 0.0 };
    let row = |(value, quality, reading): (f64, Quality, &Reading)| Row {
        scope: reading.scope.clone(),
        name: names.of(&reading.scope, language),
        site: names.site(&reading.scope).to_owned(),
        value: figure::with_unit(kpi, value, language),
        length: length(value),
        quality,
        status: kpi.status(&reading.scope, value),
    };
    let target = target.filter(|target| *target <= full).map(length);
    Ranking { rows: valued.into_iter().map(row).collect(), more, without, target }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::figure::tests::{reading, speed};
    use taydo_model::{AreaId, BoardId, City, board::Board};

    /// A city with areas of these ids.
    pub(crate) fn with_areas(areas: &[&str]) -> Names {
        let area = |id: &&str| Area { id: AreaId::new(id).unwrap(), name: String::new(), hex: None };
        let mut names = nameless();
        Rc::get_mut(&mut names.city).unwrap().city.areas = areas.iter().map(area).collect();
        names
    }

    fn nameless() -> Names {
        let board = Board { id: BoardId::new("b").unwrap(), title: Default::default(), columns: 1, rows: 1, panels: vec![] };
        let (definitions, build, time) = (String::new(), String::new(), Timestamp::UNIX_EPOCH);
        let city = CityPage { definitions: definitions.clone(), build, time, city: City::default(), boards: vec![], walls: vec![] };
        Names::new(Rc::new(city), Rc::new(BoardPage { definitions, board, kpis: vec![], assets: vec![], maps: vec![] }))
    }

    fn shown(better: Better) -> (Vec<(String, f64)>, usize, usize, Option<f64>) {
        let kpi = Kpi { better, ..speed() };
        let readings: Vec<Reading> = [("1", Some(20.0)), ("2", None), ("3", Some(40.0)), ("4", Some(20.0)), ("5", Some(10.0))]
            .into_iter()
            .map(|(area, value)| reading(format!("area:{area}").parse().unwrap(), value))
            .collect();
        let now = Timestamp::from_second(10_000).unwrap();
        let ranking = ranking(&kpi, readings.iter(), &nameless(), 3, now, Language::Vi);
        let rows = ranking.rows.iter().map(|row| (format!("{} {}", row.name, row.value), row.length)).collect();
        (rows, ranking.more, ranking.without, ranking.target)
    }

    #[test]
    fn a_site_that_the_name_says_is_not_said_again() {
        assert!(names_site("Đường 3 Tháng 2 – nút Mậu Thân", "Đường 3 Tháng 2"));
        assert!(names_site("Xuất tuyến 471 trạm 110 kV Trà Nóc", "Trạm 110 kV Trà Nóc"));
        assert!(!names_site("Đầu đo 1", "Phòng thử"));
    }

    #[test]
    fn the_worst_come_first_and_the_rest_is_counted() {
        let line = |text: &str, length| (text.to_owned(), length);
        let (rows, more, without, target) = shown(Better::Higher);
        // Bars are relative to the target, which is the largest number on the panel.
        let third = 20.0 / 30.0 * 100.0;
        assert_eq!(rows, [line("5 10,0\u{a0}km/h", 10.0 / 30.0 * 100.0), line("1 20,0\u{a0}km/h", third), line("4 20,0\u{a0}km/h", third)]);
        assert_eq!((more, without, target), (1, 1, Some(100.0)));
        let (rows, ..) = shown(Better::Lower);
        assert_eq!(rows.first(), Some(&line("3 40,0\u{a0}km/h", 100.0)));
    }
}
