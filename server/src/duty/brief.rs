//! Briefs: what paging is told of each message just before it is sent.
//!
//! It must never word a message: it names things, and paging's texts say them.

use super::Links;
use crate::definitions::InForce;
use crate::paging::chart::{self, Chart};
use crate::paging::text::{Content, Item};
use crate::paging::{Brief, Desk, Verdict};
use crate::store::incident::IncidentRow;
use crate::store::outbox::Claimed;
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::alert::{Severity, Transition};
use taydo_model::incident::{GroupId, IncidentId, Origin, Standing};
use taydo_model::oncall::{Channel, Contact, Person};
use taydo_model::page::{About, Page, PageKind, ReplyOutcome, TaskNews};
use taydo_model::text::Language;
use taydo_model::{AreaId, Definitions, PersonId, RotaId, Scope, TeamId, Text, number};

/// A digest that could not be sent for so long tells nobody anything.
const DIGEST_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Answers paging from the store.
#[derive(Debug, Clone)]
pub struct Briefs {
    /// Incidents, groups and persons.
    pub store: Store,
    /// The definition set in force.
    pub definitions: InForce,
    /// What is written into messages to be answered by.
    pub links: Links,
}

impl Desk for Briefs {
    async fn brief(&self, messages: &[Claimed], now: Timestamp) -> Result<Vec<Brief>, StoreError> {
        let definitions = self.definitions.get();
        let roster = self.store.roster(now).await?;
        let pages: Vec<Page> = messages.iter().flat_map(|message| message.pages.iter().map(|page| page.page.clone())).collect();
        let mut wanted = self.store.still_wanted(&pages, &definitions, now).await?.into_iter();
        let ids: Vec<IncidentId> = pages.iter().flat_map(|page| page.incidents.iter().chain(&page.resolved).copied()).collect();
        let incidents: BTreeMap<IncidentId, IncidentRow> =
            self.store.incidents_by_id(&ids).await?.into_iter().map(|row| (row.incident.id, row)).collect();
        let escalations = self.escalations(messages, &incidents).await?;
        let view =
            View { definitions: &definitions, roster: &roster, incidents: &incidents, escalations: &escalations, links: &self.links, now };
        let mut briefs: Vec<Brief> =
            messages.iter().map(|message| view.brief(message, wanted.by_ref().take(message.pages.len()).collect())).collect();
        for (brief, message) in briefs.iter_mut().zip(messages) {
            let by_mail = brief.contact.as_ref().is_some_and(|contact| contact.channel == Channel::Email);
            if by_mail && brief.verdicts.contains(&Verdict::Wanted) {
                brief.picture = self.picture(&view, message, brief).await;
            }
            if message.kind == PageKind::Letter {
                let said = super::letter::said(&self.store, message, brief.language).await?;
                brief.content.said = said.map(Box::new);
            }
        }
        Ok(briefs)
    }
}

/// Areas that a message names; it counts all.
const MOST_AREAS: usize = 12;
/// Readings of a chart: an hour's, also of a grid of one second.
const MOST_POINTS: u32 = 3_700;
/// A code, or an answer to a reply, that could not be sent for so long no longer counts.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(15);

impl Briefs {
    /// Where the groups stand that messages about shifts tell of.
    async fn escalations(
        &self,
        messages: &[Claimed],
        incidents: &BTreeMap<IncidentId, IncidentRow>,
    ) -> Result<BTreeMap<GroupId, i64>, StoreError> {
        let told = messages.iter().filter(|message| message.kind == PageKind::Shift).flat_map(|message| &message.pages);
        let groups = told.flat_map(|page| &page.page.incidents).filter_map(|id| incidents.get(id)).map(|row| row.incident.group);
        let groups: BTreeSet<GroupId> = groups.collect();
        if groups.is_empty() {
            return Ok(BTreeMap::new());
        }
        let groups: Vec<GroupId> = groups.into_iter().collect();
        let rows = self.store.groups(&groups).await?;
        Ok(rows.into_iter().map(|view| (view.group.id, view.group.escalation().number)).collect())
    }

    /// The course of the worst incident's figure around its beginning; none where there is nothing to draw.
    async fn picture(&self, view: &View<'_>, message: &Claimed, brief: &Brief) -> Option<Vec<u8>> {
        let first = IncidentId(brief.content.incidents.first()?.number);
        let incident = &view.incidents.get(&first)?.incident;
        let Origin::Alert { rule, scope, no_data: false } = &incident.origin else { return None };
        let kpi = view.definitions.kpi(&view.definitions.rule(rule)?.kpi)?;
        let event = incident.opened_at;
        let around = (event.checked_sub(chart::HALF_WIDTH).ok()?, event.checked_add(chart::HALF_WIDTH).ok()?);
        // A message goes without its picture rather than late.
        let readings = self.store.readings(&kpi.id, scope, around, None, MOST_POINTS).await.ok()?;
        let limit = |value: Option<f64>, severity| value.filter(|_| kpi.judges(scope)).map(|value| (value, severity));
        let chart = Chart {
            points: readings.into_iter().map(|point| (point.time, point.value)).collect(),
            limits: [limit(kpi.attention, Severity::Medium), limit(kpi.critical, Severity::Critical)].into_iter().flatten().collect(),
            event,
            until: view.now,
            unit: kpi.unit.symbol().get(brief.language).to_owned(),
            zone: brief.content.zone.clone(),
            language: brief.language,
        };
        chart.png().inspect_err(|error| tracing::warn!(message = message.id, %error, "a letter goes without its chart")).ok()
    }
}

struct View<'a> {
    definitions: &'a Definitions,
    roster: &'a Roster,
    incidents: &'a BTreeMap<IncidentId, IncidentRow>,
    /// The number of the escalation of each group that somebody who comes on duty is told of.
    escalations: &'a BTreeMap<GroupId, i64>,
    links: &'a Links,
    now: Timestamp,
}

impl View<'_> {
    fn brief(&self, message: &Claimed, wanted: Vec<bool>) -> Brief {
        let person = self.roster.persons.get(&message.person);
        let contact = person.and_then(|person| person.contacts.iter().find(|contact| contact.id == message.contact));
        let is_code = message.kind == PageKind::Code;
        let is_usable = |contact: &Contact| is_code || contact.is_usable_in(message.exercise);
        let is_reached = contact.is_some_and(is_usable);
        let age = self.now.duration_since(message.created_at);
        let is_old = match message.kind {
            PageKind::Digest => age > DIGEST_LIFE,
            // An answer to what somebody wrote an hour ago would only puzzle them.
            PageKind::Code | PageKind::Reply => age > CODE_LIFE,
            PageKind::Letter => age > super::letter::LATEST,
            _ => false,
        };
        let verdict = |is_wanted: &bool| match *is_wanted {
            false => Verdict::Suppressed,
            true if !is_reached => Verdict::Unreachable,
            true if is_old => Verdict::Expired,
            true => Verdict::Wanted,
        };
        let language = if person.is_some_and(|person| person.language == "en") { Language::En } else { Language::Vi };
        let told: Vec<&Page> = message.pages.iter().zip(&wanted).filter(|(_, wanted)| **wanted).map(|(page, _)| &page.page).collect();
        Brief {
            verdicts: wanted.iter().map(verdict).collect(),
            contact: contact.cloned(),
            language,
            content: self.content(message, person, &told, language),
            picture: None,
        }
    }

    fn content(&self, message: &Claimed, person: Option<&Person>, pages: &[&Page], language: Language) -> Content {
        let mut ids: Vec<IncidentId> = pages.iter().flat_map(|page| page.incidents.iter().chain(&page.resolved).copied()).collect();
        ids.sort();
        ids.dedup();
        let mut rows: Vec<&IncidentRow> = ids.iter().filter_map(|id| self.incidents.get(id)).collect();
        rows.sort_by_key(|row| (row.incident.standing == Standing::Resolved, std::cmp::Reverse(row.incident.severity), row.incident.id));
        let first = rows.first().map(|row| row.incident.id);
        let current = || first.and_then(|first| self.escalations.get(&self.incidents.get(&first)?.incident.group)).copied();
        // Of its own group: the message may tell of others too, which have been escalated more often.
        let group = first.and_then(|first| self.incidents.get(&first)).map(|row| row.incident.group);
        let told_in = pages.iter().filter(|page| page.group == group).map(|page| page.escalation).max().unwrap_or_default();
        // Whoever comes on duty answers for the escalation as it is then.
        let escalation = current().filter(|_| message.kind == PageKind::Shift).unwrap_or(told_in);
        let answers = !matches!(message.kind, PageKind::Resolved | PageKind::Notice | PageKind::Letter | PageKind::Reply);
        let link = first.filter(|_| answers).and_then(|incident| self.links.write(incident, &message.person, escalation, self.now));
        let zone = person.and_then(|person| TimeZone::get(&person.zone).ok()).unwrap_or_else(|| self.definitions.city.time_zone());
        Content {
            note: self.note(message, pages, &zone, language),
            team: message.team.as_ref().map(|team| self.team(team, language)),
            incidents: rows.into_iter().map(|row| self.item(row, language)).collect(),
            link,
            zone,
            ..Content::default()
        }
    }

    /// What a team is called; the one that stands for a steward by its department's name.
    fn team(&self, team: &TeamId, language: Language) -> String {
        let steward = self.definitions.duty.steward(team);
        let department = steward.and_then(|steward| self.definitions.city.departments.iter().find(|one| one.id == steward.department));
        let known = || self.roster.teams.get(team).map_or_else(|| team.to_string(), |team| team.name.clone());
        department.map_or_else(known, |department| department.name.get(language).to_owned())
    }

    /// What a message without incidents says.
    fn note(&self, message: &Claimed, pages: &[&Page], zone: &TimeZone, language: Language) -> Option<String> {
        let page = pages.first()?;
        if message.kind == PageKind::Code {
            let sent_at = Timestamp::from_microsecond(page.turn).ok()?;
            return Some(format!("Tây Đô: {}", self.links.code(message.contact, sent_at)));
        }
        let notes: Vec<String> = pages.iter().filter_map(|page| Some(self.about(page.about.as_ref()?, zone, language))).collect();
        let notes = if notes.is_empty() { self.areas(pages, language).into_iter().collect() } else { notes };
        (!notes.is_empty()).then(|| notes.join("; "))
    }

    /// How much is open in each area, where it is many.
    fn areas(&self, pages: &[&Page], language: Language) -> Option<String> {
        let mut open: BTreeMap<&AreaId, u32> = BTreeMap::new();
        for count in pages.iter().flat_map(|page| &page.areas) {
            *open.entry(&count.area).or_default() += count.open;
        }
        let mut open: Vec<(&AreaId, u32)> = open.into_iter().collect();
        open.sort_by_key(|(area, open)| (std::cmp::Reverse(*open), *area));
        let named: Vec<String> =
            open.iter().take(MOST_AREAS).map(|(area, open)| format!("{} {open}", self.definitions.city.area_name(area))).collect();
        let more = if open.len() > named.len() { ", …" } else { "" };
        let areas = language.pick("khu vực", "areas");
        (!open.is_empty()).then(|| format!("{} {areas}: {}{more}", open.len(), named.join(", ")))
    }

    /// A notice about the duty, in one sentence.
    fn about(&self, about: &About, zone: &TimeZone, language: Language) -> String {
        let moment = |time: Timestamp| zone.to_datetime(time).strftime("%H:%M %d/%m").to_string();
        let rota = |id: &RotaId| self.roster.rotas.get(id).map_or_else(|| id.to_string(), |rota| rota.parts().name.clone());
        let name = |id: &PersonId| self.roster.persons.get(id).map_or_else(|| id.to_string(), |person| person.name.clone());
        match about {
            About::SilenceEnds { until, .. } => {
                let until = moment(*until);
                match language {
                    Language::Vi => format!("Khoảng lặng do bạn đặt sẽ hết lúc {until}, bên trong vẫn còn sự cố"),
                    Language::En => format!("Your silence ends at {until}, and incidents inside are still open"),
                }
            }
            About::Gap { rota: id, from, to } => {
                let (from, to) = (from.map(moment).unwrap_or_default(), to.map(moment).unwrap_or_default());
                match language {
                    Language::Vi => format!("{}: không có ai trực từ {from} đến {to}", rota(id)),
                    Language::En => format!("{}: nobody is on call from {from} to {to}", rota(id)),
                }
            }
            About::Shift { rota: id } => match language {
                Language::Vi => format!("{}: ca trực của bạn bắt đầu", rota(id)),
                Language::En => format!("{}: your shift begins", rota(id)),
            },
            About::Letter { date } => date.strftime("%d/%m/%Y").to_string(),
            About::Missing { rule, at, scopes } => {
                let title = self.definitions.rule(rule).map_or_else(|| rule.to_string(), |rule| rule.title.get(language).to_owned());
                let at = moment(*at);
                match language {
                    Language::Vi => format!("{title}: mất số liệu của {scopes} nơi từ {at}, cảnh báo ở đó được coi là hết"),
                    Language::En => format!("{title}: readings of {scopes} places are missing since {at}, alerts there count as over"),
                }
            }
            About::Stopped { person, .. } => match language {
                Language::Vi => format!("Một liên lạc của {} không dùng được nữa", name(person)),
                Language::En => format!("A contact of {} no longer works", name(person)),
            },
            About::Task { task, kpi, scope, news } => {
                let title = self.definitions.kpi(kpi).map_or_else(|| kpi.to_string(), |kpi| kpi.title.get(language).to_owned());
                let place =
                    if *scope == Scope::City { String::new() } else { format!(", {}", self.definitions.scope_name(scope, language)) };
                format!("{} {} ({title}{place})", language.pick(told(*news).0, told(*news).1), task.0)
            }
            About::Reply { outcome } => language.pick(replied(*outcome).0, replied(*outcome).1).to_owned(),
        }
    }

    fn item(&self, row: &IncidentRow, language: Language) -> Item {
        let (number, severity, since) = (row.incident.id.0, row.incident.severity, row.incident.opened_at);
        let bare = |title: String, place: String| Item { number, title, place, severity, value: None, limit: None, since };
        match &row.incident.origin {
            Origin::Alert { rule, scope, .. } => {
                let transition: Option<Transition> = serde_json::from_value(row.content.clone()).ok();
                let place = match scope {
                    Scope::City => self.definitions.city.name.get(language).to_owned(),
                    _ => self.definitions.scope_name(scope, language),
                };
                let Some(rule) = self.definitions.rule(rule) else { return bare(rule.to_string(), place) };
                let title = rule.title.get(language).to_owned();
                let kpi = self.definitions.kpi(&rule.kpi);
                let value = kpi.zip(transition.and_then(|one| one.reading?.value)).map(|(kpi, value)| {
                    format!("{} {}", number::number(value, kpi.decimals, language), kpi.unit.symbol().get(language)).trim_end().to_owned()
                });
                Item { value, ..bare(title, place) }
            }
            Origin::Hand { .. } | Origin::Watch { .. } => {
                let title: Option<Text> = serde_json::from_value(row.content.get("title").cloned().unwrap_or_default()).ok();
                let area = row.incident.area.as_ref().map(|area| self.definitions.city.area_name(area));
                let exactly = row.content.get("place").and_then(serde_json::Value::as_str).filter(|place| !place.is_empty());
                let place = exactly.into_iter().chain(area).collect::<Vec<_>>().join(", ");
                bare(title.map(|title| title.get(language).to_owned()).unwrap_or_default(), place)
            }
        }
    }
}

/// What is told of a task, before its number, in Vietnamese and in English.
fn told(news: TaskNews) -> (&'static str, &'static str) {
    match news {
        TaskNews::Given => ("Đơn vị bạn được giao việc số", "Your unit was given task"),
        TaskNews::SentBack => ("Người giao trả lại việc số", "The giver sent back task"),
        TaskNews::Answered => ("Đơn vị đã trả lời việc số", "The unit has answered task"),
        TaskNews::Soon => ("Sắp đến hạn việc số", "Soon due: task"),
        TaskNews::Overdue => ("Quá hạn việc số", "Overdue: task"),
    }
}

/// What somebody is told who answered a message, in Vietnamese and in English. Each has room in one SMS.
fn replied(outcome: ReplyOutcome) -> (&'static str, &'static str) {
    match outcome {
        ReplyOutcome::Help => (
            "Trả lời ack198 để nhận việc 198, esc198 để chuyển cấp trên, STOP để ngừng nhận tin, START để nhận lại",
            "Reply ack198 to take incident 198, esc198 to escalate it, STOP to get no more messages, START to get them again",
        ),
        ReplyOutcome::Acknowledged => ("Bạn đã nhận xử lý", "It is yours now"),
        ReplyOutcome::Escalated => ("Đã chuyển cấp trên", "It was escalated"),
        ReplyOutcome::Closed => ("Việc này đã kết thúc", "It is over already"),
        ReplyOutcome::Superseded => (
            "Việc này đã được báo lại từ đầu sau tin của bạn. Hãy trả lời tin mới nhất",
            "It was escalated anew after your message. Answer the newest message",
        ),
        ReplyOutcome::Late => ("Việc này đã có người trả lời hoặc đã được chuyển cấp", "It has been answered or escalated already"),
        ReplyOutcome::NotTold => (
            "Bạn chưa được báo việc nào có số này. Trả lời HELP để xem hướng dẫn",
            "You were told of no incident of that number. Reply HELP to see what can be answered",
        ),
        ReplyOutcome::Resumed => ("Bạn sẽ nhận tin trở lại", "You get messages again"),
    }
}
