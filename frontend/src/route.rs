//! The pages' addresses, to and fro.
//!
//! Must never guess: an address that isn't one of ours is nowhere.

use taydo_model::{BoardId, KpiId, PersonId, RotaId, Scope, WallId, incident::IncidentId, shift_log::ShiftLogId, task::TaskId};

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// What there is: `/`.
    Index,
    /// A wall, without any controls: `/wall/{id}`.
    Wall(WallId),
    /// The walls' control: `/walls`.
    Walls,
    /// A board: `/board/{id}`.
    Board(BoardId),
    /// A KPI for a scope: `/kpi/{id}` for the city, `/kpi/{id}/{scope}` for any other.
    Kpi(KpiId, Scope),
    /// The feeds' health: `/sources`.
    Sources,
    /// What departments enter: `/forms`.
    Forms,
    /// The open incidents: `/console`.
    Console,
    /// An incident: `/incidents/{id}`.
    Incident(IncidentId),
    /// The shift log that is open: `/log`; one of them: `/log/{id}`.
    Log(Option<ShiftLogId>),
    /// What was given to units: `/tasks`; one of it: `/tasks/{id}`.
    Tasks(Option<TaskId>),
    /// Who is on call now: `/on-call`.
    OnCall,
    /// A rota's calendar: `/on-call/{rota}`.
    Rota(RotaId),
    /// A person's own shifts: `/persons/{id}`.
    Shifts(PersonId),
    /// Every component in every state: `/design`.
    Design,
    /// Anything else.
    Nowhere,
}

impl Route {
    /// The page at a path; a slash at its end changes nothing.
    #[must_use]
    pub fn parse(path: &str) -> Self {
        let mut parts = path.trim_matches('/').splitn(2, '/');
        let found = match (parts.next().unwrap_or_default(), parts.next()) {
            ("", None) => Some(Self::Index),
            ("sources", None) => Some(Self::Sources),
            ("walls", None) => Some(Self::Walls),
            ("forms", None) => Some(Self::Forms),
            ("design", None) => Some(Self::Design),
            ("console", None) => Some(Self::Console),
            ("incidents", Some(id)) => id.parse().ok().filter(|id| *id > 0).map(|id| Self::Incident(IncidentId(id))),
            ("log", None) => Some(Self::Log(None)),
            ("log", Some(id)) => id.parse().ok().filter(|id| *id > 0).map(|id| Self::Log(Some(ShiftLogId(id)))),
            ("tasks", None) => Some(Self::Tasks(None)),
            ("tasks", Some(id)) => id.parse().ok().filter(|id| *id > 0).map(|id| Self::Tasks(Some(TaskId(id)))),
            ("on-call", None) => Some(Self::OnCall),
            ("on-call", Some(id)) => RotaId::new(id).ok().map(Self::Rota),
            ("persons", Some(id)) => PersonId::new(id).ok().map(Self::Shifts),
            ("wall", Some(id)) => WallId::new(id).ok().map(Self::Wall),
            ("board", Some(id)) => BoardId::new(id).ok().map(Self::Board),
            ("kpi", Some(rest)) => {
                let (id, scope) = rest.split_once('/').unwrap_or((rest, "city"));
                KpiId::new(id).ok().zip(scope.parse().ok()).map(|(id, scope)| Self::Kpi(id, scope))
            }
            _ => None,
        };
        found.unwrap_or(Self::Nowhere)
    }

    /// The page's path.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Index | Self::Nowhere => "/".to_owned(),
            Self::Wall(id) => format!("/wall/{id}"),
            Self::Board(id) => format!("/board/{id}"),
            Self::Kpi(id, Scope::City) => format!("/kpi/{id}"),
            Self::Kpi(id, scope) => format!("/kpi/{id}/{scope}"),
            Self::Sources => "/sources".to_owned(),
            Self::Walls => "/walls".to_owned(),
            Self::Forms => "/forms".to_owned(),
            Self::Design => "/design".to_owned(),
            Self::Console => "/console".to_owned(),
            Self::Incident(id) => format!("/incidents/{}", id.0),
            Self::Log(None) => "/log".to_owned(),
            Self::Log(Some(id)) => format!("/log/{}", id.0),
            Self::Tasks(None) => "/tasks".to_owned(),
            Self::Tasks(Some(id)) => format!("/tasks/{}", id.0),
            Self::OnCall => "/on-call".to_owned(),
            Self::Rota(id) => format!("/on-call/{id}"),
            Self::Shifts(id) => format!("/persons/{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_address_and_nothing_else_has_one() {
        for path in [
            "/",
            "/sources",
            "/forms",
            "/wall/main",
            "/walls",
            "/board/traffic.v2",
            "/kpi/traffic.speed",
            "/kpi/traffic.speed/area:31135",
            "/console",
            "/incidents/12",
            "/log",
            "/log/3",
            "/tasks",
            "/tasks/12",
            "/on-call",
            "/design",
            "/on-call/night",
            "/persons/an",
        ] {
            assert_eq!(Route::parse(path).path(), path);
            assert_ne!(Route::parse(path), Route::Nowhere);
        }
        assert_eq!(Route::parse("/sources/"), Route::Sources);
        for path in [
            "/wall",
            "/wall/A B",
            "/board/a/b",
            "/404",
            "/sources/x",
            "/kpi",
            "/kpi/traffic.speed/road:1",
            "/incidents",
            "/incidents/-1",
            "/incidents/x",
            "/log/0",
            "/tasks/x",
            "/persons",
        ] {
            assert_eq!(Route::parse(path), Route::Nowhere, "{path}");
        }
    }
}
