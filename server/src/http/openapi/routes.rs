//! What each route takes and gives, by the types that it reads and writes itself.
//!
//! It must never name a type that its route doesn't use.

use super::{Content, Operation};
use crate::http::health::Ready;
use crate::http::hook::ReplyTaken;
use crate::http::{
    baseline, compare, event, figures, forms, frozen, history, incidents, intake, letter, on_call, passport, ranking, record, shift_log,
    tasks, walls, why,
};
use crate::ingest::decode::{cases, json};
use crate::ingest::import::ImportAnswer;
use schemars::JsonSchema;
use taydo_model::api::{BoardPage, CityPage, SourcesPage, WallPage};
use taydo_model::baseline::{BaselineMade, BaselinePage};
use taydo_model::compare::ComparePage;
use taydo_model::console::{Act, IncidentPage, IncidentsPage, KindsPage, OpenByHand, OpenedByHand, PeoplePage};
use taydo_model::course::CoursePage;
use taydo_model::event::{Event, EventsPage, Saying};
use taydo_model::fault::BatchAnswer;
use taydo_model::figures::FiguresPage;
use taydo_model::form::{Draft, EntriesPage, FormsPage, Verdict};
use taydo_model::frozen::{Freeze, FrozenMade, FrozenPages};
use taydo_model::gap::GapsPage;
use taydo_model::headline::HeadlinePage;
use taydo_model::heartbeat::{Heartbeat, HeartbeatRow};
use taydo_model::history::RevisionsPage;
use taydo_model::letter::LetterOrder;
use taydo_model::limit::{ChangeLimit, LimitsPage};
use taydo_model::oncall::request::{Code, Keeper, Made, NewContact, NewSilence, RosterPage};
use taydo_model::oncall::{Person, Policy, Team};
use taydo_model::passport::PassportPage;
use taydo_model::public::PublicPage;
use taydo_model::ranking::RankingPage;
use taydo_model::recompute::{RecomputeJob, RecomputeRequest, RecomputesPage};
use taydo_model::record::{CaseRecordsPage, ObservationsPage};
use taydo_model::rota::page::{MyShiftsPage, OnCallPage, RotaPage};
use taydo_model::rota::{Override, RotaParts, TemporarySchedule};
use taydo_model::shift_log::page::{LogPage, LogsPage};
use taydo_model::shift_log::request::{OpenLog, Sign, WriteEntry};
use taydo_model::shift_log::sheet::Sheet;
use taydo_model::silence::Silence;
use taydo_model::stage::{ConfirmStage, StagePage};
use taydo_model::task::page::{TaskPage, TasksPage};
use taydo_model::task::request::{GiveTask, TaskAct};
use taydo_model::wall::page::{EnrolScreen, ScreenCode, ScreenPlace, ScreenToken, WallsPage};
use taydo_model::wall::plan::WallOrder;
use taydo_model::why::{CasesPage, WhyPage};

const JSON: &str = "application/json";
const CSV: &str = "text/csv";
const TEXT: &str = "text/plain";

fn op(method: &'static str, path: &'static str, summary: &'static str, answer: Content) -> Operation {
    let status = if answer.kinds.is_empty() { 204 } else { 200 };
    Operation { method, path, summary, query: None, body: None, answers: vec![(status, answer)] }
}

fn get<T: JsonSchema>(path: &'static str, summary: &'static str) -> Operation {
    op("GET", path, summary, Content::json::<T>())
}

/// What is asked for with a body.
fn post<T: JsonSchema>(path: &'static str, summary: &'static str) -> Operation {
    op("POST", path, summary, Content::json::<T>())
}

/// Something new, with what is answered of it.
fn made<T: JsonSchema>(path: &'static str, summary: &'static str) -> Operation {
    Operation { answers: vec![(201, Content::json::<T>())], ..post::<T>(path, summary) }
}

/// A change that answers nothing.
fn act(method: &'static str, path: &'static str, summary: &'static str) -> Operation {
    op(method, path, summary, Content::nothing())
}

impl Operation {
    fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(T::json_schema), ..self }
    }

    fn takes<T: JsonSchema>(self) -> Self {
        Self { body: Some(Content::json::<T>()), ..self }
    }

    fn takes_any(self, kinds: &[&'static str]) -> Self {
        Self { body: Some(Content { kinds: kinds.to_vec(), json: None }), ..self }
    }

    /// It answers in lines too.
    fn or_csv(mut self) -> Self {
        self.answers.iter_mut().for_each(|(_, answer)| answer.kinds.push(CSV));
        self
    }

    /// It answers with another status too.
    fn or<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answers.push((status, Content::json::<T>()));
        self
    }
}

pub(super) fn operations() -> Vec<Operation> {
    [server(), kpis(), records(), entered(), incidents(), shift_logs(), leaders(), roster()].into_iter().flatten().collect()
}

fn server() -> Vec<Operation> {
    vec![
        op("GET", "/healthz", "Whether the process lives", Content::of(TEXT)),
        get::<Ready>("/readyz", "Whether the centre works, what it lacks, and what to look after").or::<Ready>(503),
        op("GET", "/metrics", "The server's own figures, OpenMetrics", Content::of("application/openmetrics-text")),
        op("GET", "/api/v1/openapi.json", "This description", Content::of(JSON)),
        op("GET", "/api/v1/live", "The WebSocket of live readings (docs/protocol.md)", Content::of(JSON)),
        get::<CityPage>("/api/v1/city", "The city, its boards and walls"),
        get::<BoardPage>("/api/v1/boards/{id}", "A board and what its panels need"),
        get::<HeadlinePage>("/api/v1/boards/{id}/headline", "A board in one sentence, and the exceptions behind it"),
        get::<WallPage>("/api/v1/walls/{id}", "A wall and the boards of its scenes"),
        get::<StagePage>("/api/v1/stage", "The city's operating stage: what holds, what is proposed and why, what was confirmed"),
        act("POST", "/api/v1/stage", "Confirms a stage").takes::<ConfirmStage>(),
        get::<WallsPage>("/api/v1/walls", "What every wall shows, and how its screens are"),
        act("POST", "/api/v1/walls/{id}/acts", "Does something with what a wall shows").takes::<WallOrder>(),
        post::<ScreenCode>("/api/v1/screens/codes", "A code for a screen that is not enrolled"),
        post::<ScreenPlace>("/api/v1/screens/self", "Where a screen belongs").takes::<ScreenToken>(),
        made::<Made>("/api/v1/screens", "Enrols the screen that shows a code").takes::<EnrolScreen>(),
        act("DELETE", "/api/v1/screens/{id}", "Revokes a screen's token").query::<walls::By>(),
        get::<SourcesPage>("/api/v1/sources", "The health of each feed"),
        get::<GapsPage>("/api/v1/gaps", "The centre's own absences"),
    ]
}

fn kpis() -> Vec<Operation> {
    vec![
        get::<PassportPage>("/api/v1/kpis/{id}", "A KPI's passport: what it is, from what, and how its feeds are").query::<passport::For>(),
        get::<CoursePage>("/api/v1/kpis/{id}/readings", "The course of a KPI: single readings, or buckets of them")
            .query::<history::Range>()
            .or_csv(),
        get::<RevisionsPage>("/api/v1/kpis/{id}/revisions", "Every revision of one reading").query::<history::Instant>(),
        get::<ComparePage>("/api/v1/kpis/{id}/compare", "A figure beside what it was and should be").query::<compare::Moment>(),
        get::<Option<BaselinePage>>("/api/v1/kpis/{id}/baseline", "Where a figure usually lies").query::<baseline::Range>(),
        post::<BaselineMade>("/api/v1/kpis/{id}/baseline", "Learns anew where a figure usually lies").query::<baseline::Of>(),
        get::<WhyPage>("/api/v1/kpis/{id}/why", "Why a KPI changed between two moments").query::<why::Change>(),
        get::<LimitsPage>("/api/v1/kpis/{id}/limits", "A KPI's target and thresholds, and who changed them why"),
        Operation {
            answers: vec![(202, Content::json::<LimitsPage>())],
            ..post::<LimitsPage>("/api/v1/kpis/{id}/limits", "Changes a target or a threshold")
        }
        .takes::<ChangeLimit>(),
        get::<RankingPage>("/api/v1/kpis/{id}/ranking", "A KPI's wards, departments or assets, the worst first").query::<ranking::Of>(),
        get::<CasesPage>("/api/v1/kpis/{id}/cases", "The cases that a level counts at a moment").query::<why::Moment>(),
        get::<RecomputesPage>("/api/v1/recomputes", "Recomputes that somebody asked for"),
        post::<RecomputeJob>("/api/v1/recomputes", "Computes a range of the past again").takes::<RecomputeRequest>(),
        get::<RecomputeJob>("/api/v1/recomputes/{id}", "How a recompute stands"),
        get::<EventsPage>("/api/v1/events", "What happened in the city in a time").query::<event::Range>(),
        post::<Event>("/api/v1/events", "Says that something happens").takes::<Saying>(),
        get::<EventsPage>("/api/v1/events/{id}", "All that was ever said of an event"),
        op("PUT", "/api/v1/events/{id}", "Says something else of an event", Content::json::<Event>()).takes::<Saying>(),
    ]
}

fn records() -> Vec<Operation> {
    vec![
        get::<ObservationsPage>("/api/v1/observations", "Observations, page by page").query::<record::OfMetric>().or_csv(),
        post::<BatchAnswer>("/api/v1/observations", "Sends observations").query::<intake::Of>().takes::<json::Body<'_>>(),
        get::<CaseRecordsPage>("/api/v1/cases", "Cases, page by page").query::<record::OfCases>().or_csv(),
        post::<BatchAnswer>("/api/v1/cases", "Sends cases").query::<intake::Of>().takes::<cases::Body>(),
        post::<ImportAnswer>("/api/v1/imports", "Imports a file").query::<intake::Import>().takes_any(&[CSV]),
        act("POST", "/api/v2/write", "Sends observations in line protocol")
            .or::<BatchAnswer>(200)
            .query::<intake::Write>()
            .takes_any(&[TEXT]),
    ]
}

fn entered() -> Vec<Operation> {
    vec![
        get::<FormsPage>("/api/v1/forms", "What departments have to enter").query::<forms::Of>(),
        get::<EntriesPage>("/api/v1/forms/entries", "What was entered for a figure").query::<forms::Figure>(),
        post::<Verdict>("/api/v1/forms/entries", "Enters a figure").or::<Verdict>(422).takes::<Draft>(),
        post::<Verdict>("/api/v1/forms/uploads", "Enters figures by a file")
            .or::<Verdict>(422)
            .query::<forms::Sent>()
            .takes_any(&[CSV, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]),
        op("GET", "/api/v1/forms/template.csv", "A file to fill in", Content::of(CSV)).query::<forms::Of>(),
        op(
            "GET",
            "/api/v1/forms/template.xlsx",
            "A workbook to fill in",
            Content::of("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        )
        .query::<forms::Of>(),
    ]
}

fn incidents() -> Vec<Operation> {
    vec![
        get::<IncidentsPage>("/api/v1/incidents", "Open incidents, and those closed since a moment").query::<incidents::Range>(),
        post::<OpenedByHand>("/api/v1/incidents", "Opens an incident by hand").takes::<OpenByHand>(),
        get::<KindsPage>("/api/v1/incident-kinds", "The kinds of incidents that people open"),
        get::<IncidentPage>("/api/v1/incidents/{id}", "An incident with all that happened"),
        post::<IncidentPage>("/api/v1/incidents/{id}/acts", "Does something about an incident").takes::<Act>(),
        get::<FiguresPage>("/api/v1/alerts/figures", "How soon alerts are answered, and how many there are").query::<figures::Asked>(),
        op("GET", "/api/v1/alerts/figures.csv", "The same as lines", Content::of(CSV)).query::<figures::Asked>(),
        get::<LetterOrder>("/api/v1/letter", "To whom the morning letter goes"),
        act("PUT", "/api/v1/letter", "Says to whom the morning letter goes").takes::<LetterOrder>(),
        op("GET", "/api/v1/letter/preview", "The letter as it would be written now", Content::of("text/html")).query::<letter::Wanted>(),
        act("POST", "/api/v1/providers/{name}/reports", "A provider says what became of a message").takes_any(&[JSON]),
        post::<ReplyTaken>("/api/v1/providers/{name}/replies", "A provider hands over a reply").takes_any(&[JSON]),
    ]
}

fn shift_logs() -> Vec<Operation> {
    vec![
        get::<LogsPage>("/api/v1/shift-logs", "Shift logs, the newest first").query::<shift_log::Before>(),
        made::<LogPage>("/api/v1/shift-logs", "Opens a shift log").takes::<OpenLog>(),
        get::<LogPage>("/api/v1/shift-logs/{id}", "A shift log"),
        post::<LogPage>("/api/v1/shift-logs/{id}/entries", "Writes into a shift log").takes::<WriteEntry>(),
        post::<LogPage>("/api/v1/shift-logs/{id}/signatures", "Signs a shift log").takes::<Sign>(),
        get::<Sheet>("/api/v1/shift-logs/{id}/sheet", "The hand-over sheet"),
        op("GET", "/shift-logs/{id}/sheet", "The hand-over sheet, to print", Content::of("text/html")),
        op("GET", "/shift-logs/sheet.css", "The printed sheet's style", Content::of("text/css")),
    ]
}

fn leaders() -> Vec<Operation> {
    vec![
        get::<TasksPage>("/api/v1/tasks", "What was given to units: open, overdue first, then the newest closed").query::<tasks::Wanted>(),
        made::<TaskPage>("/api/v1/tasks", "Gives a task to a unit").takes::<GiveTask>(),
        get::<TaskPage>("/api/v1/tasks/{id}", "A task with all that happened, and the figure since"),
        get::<FrozenPages>("/api/v1/frozen", "Frozen copies of pages, without their links").query::<frozen::Of>(),
        made::<FrozenMade>("/api/v1/frozen", "Freezes a page, and tells its link once").takes::<Freeze>(),
        act("DELETE", "/api/v1/frozen/{id}", "Revokes a frozen copy").query::<frozen::By>(),
        op("GET", "/frozen/{token}", "A frozen copy, for whoever has its link", Content::of("text/html")),
        op("GET", "/paper.css", "The style of pages without a program", Content::of("text/css")),
        op("GET", "/public", "What the city publishes", Content::of("text/html")),
        op("GET", "/public/data.csv", "The same as lines", Content::of(CSV)),
        get::<PublicPage>("/public/data.json", "The same as JSON"),
        post::<TaskPage>("/api/v1/tasks/{id}/acts", "Answers a task, sends it back, or closes it").takes::<TaskAct>(),
    ]
}

fn roster() -> Vec<Operation> {
    vec![
        get::<PeoplePage>("/api/v1/people", "Names of people and teams"),
        get::<OnCallPage>("/api/v1/on-call", "Who is on call now"),
        get::<RotaPage>("/api/v1/rotas/{id}", "A rota's calendar").query::<on_call::Range>(),
        get::<MyShiftsPage>("/api/v1/persons/{id}/shifts", "A person's shifts").query::<on_call::Range>(),
        op("GET", "/api/v1/persons/{id}/shifts.ics", "The same as a calendar feed", Content::of("text/calendar")),
        get::<RosterPage>("/api/v1/roster", "The whole roster, with addresses"),
        act("PUT", "/api/v1/keeper", "Says who keeps the server").takes::<Keeper>(),
        act("PUT", "/api/v1/persons/{id}", "Puts a person").takes::<Person>(),
        act("DELETE", "/api/v1/persons/{id}", "Removes a person"),
        made::<Made>("/api/v1/persons/{id}/contacts", "Adds a contact").takes::<NewContact>(),
        act("DELETE", "/api/v1/contacts/{id}", "Removes a contact"),
        act("POST", "/api/v1/contacts/{id}/code", "Sends a contact its code"),
        act("POST", "/api/v1/contacts/{id}/verify", "Proves a contact by its code").takes::<Code>(),
        act("POST", "/api/v1/contacts/{id}/enable", "Lets a stopped contact be used again"),
        act("PUT", "/api/v1/teams/{id}", "Puts a team").takes::<Team>(),
        act("DELETE", "/api/v1/teams/{id}", "Removes a team"),
        act("PUT", "/api/v1/policies/{id}", "Puts an escalation policy").takes::<Policy>(),
        act("DELETE", "/api/v1/policies/{id}", "Removes an escalation policy"),
        act("PUT", "/api/v1/rotas/{id}", "Puts a rota").takes::<RotaParts>(),
        act("DELETE", "/api/v1/rotas/{id}", "Removes a rota"),
        made::<Made>("/api/v1/rotas/{id}/overrides", "Puts somebody else on call for a time").takes::<Override>(),
        act("DELETE", "/api/v1/overrides/{id}", "Takes an override back"),
        made::<Made>("/api/v1/rotas/{id}/temporary", "Puts another schedule for a time").takes::<TemporarySchedule>(),
        act("DELETE", "/api/v1/temporary/{id}", "Takes a temporary schedule back"),
        get::<Vec<Silence>>("/api/v1/silences", "Silences"),
        made::<Made>("/api/v1/silences", "Silences alerts for a time").takes::<NewSilence>(),
        act("DELETE", "/api/v1/silences/{id}", "Ends a silence"),
        get::<Vec<HeartbeatRow>>("/api/v1/heartbeats", "Outside systems that are watched"),
        act("PUT", "/api/v1/heartbeats/{name}", "Watches an outside system").takes::<Heartbeat>(),
        act("DELETE", "/api/v1/heartbeats/{name}", "Watches it no longer"),
        act("POST", "/api/v1/heartbeats/{name}", "An outside system says that it lives"),
    ]
}
