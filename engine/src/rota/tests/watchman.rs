//! A watchman who looks at the clock on the wall every quarter of an hour and keeps the rota's book by hand: hand-off by
//! hand-off, with no arithmetic over zones. Nothing here may use the engine's own parts.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::BTreeSet;
use taydo_model::PersonId;
use taydo_model::rota::{Change, Layer, Rota, Rotation, Window};

/// How often he looks. Everything in his rotas is at a multiple of it, and so is every change of clocks.
pub(super) const ROUND: SignedDuration = SignedDuration::from_mins(15);

/// From when to when he wrote down the same people.
pub(super) type Entry = (Timestamp, Timestamp, BTreeSet<PersonId>);

/// What he knows of a layer: the slot that is on, and when the next hand-off is.
struct Post<'r> {
    layer: &'r Layer,
    on: Option<usize>,
    next: DateTime,
    /// How many months the next hand-off is after the first.
    months: i64,
}

/// His book of the time from `from` to `to`, both at a quarter of an hour.
pub(super) fn book(rota: &Rota, reachable: &BTreeSet<PersonId>, from: Timestamp, to: Timestamp) -> Vec<Entry> {
    let posts = rota.parts().layers.iter().map(|layer| Post { layer, on: None, next: layer.start, months: 0 });
    let mut posts: Vec<Post<'_>> = posts.collect();
    let mut book: Vec<Entry> = Vec::new();
    // He comes days before, so that he knows whether the clocks have been put back just now.
    let mut now = from - SignedDuration::from_hours(72);
    let mut latest = DateTime::MIN;
    while now < to {
        // When the clock goes back he goes by what it showed already.
        latest = latest.max(rota.zone().to_offset(now).to_datetime(now));
        posts.iter_mut().for_each(|post| post.hand_over(latest));
        if from <= now {
            let persons = on_call(rota, &posts, latest, now, reachable);
            match book.last_mut() {
                Some((_, end, last)) if *last == persons => *end = now + ROUND,
                _ => book.push((now, now + ROUND, persons)),
            }
        }
        now += ROUND;
    }
    book
}

impl Post<'_> {
    fn hand_over(&mut self, latest: DateTime) {
        while self.next <= latest {
            self.on = Some(self.on.map_or(0, |on| (on + 1) % self.layer.slots.len()));
            let length = i64::from(self.layer.shift_length);
            self.next = match self.layer.rotation {
                Rotation::Hourly => self.next.checked_add(length.hours()).unwrap(),
                Rotation::Daily => self.next.checked_add(length.days()).unwrap(),
                Rotation::Weekly => self.next.checked_add(length.weeks()).unwrap(),
                Rotation::Monthly => {
                    self.months += length;
                    month_after(self.layer.start, self.months)
                }
            };
        }
    }

    /// Who is written in the plan, whatever has been changed since.
    fn planned(&self, latest: DateTime) -> &[PersonId] {
        let is_open = self.layer.windows.is_empty() || self.layer.windows.iter().any(|window| is_open(window, latest));
        let is_over = self.layer.until.is_some_and(|until| latest >= until);
        self.on.filter(|_| is_open && !is_over).map_or(&[], |on| self.layer.slots[on].as_slice())
    }
}

/// The same day so many months later, or the month's last.
fn month_after(start: DateTime, months: i64) -> DateTime {
    let month = i64::from(start.month()) - 1 + months;
    let (year, month) = (i64::from(start.year()) + month / 12, month % 12 + 1);
    let first = Date::new(i16::try_from(year).unwrap(), i8::try_from(month).unwrap(), 1).unwrap();
    let day = start.day().min(first.days_in_month());
    Date::new(first.year(), first.month(), day).unwrap().to_datetime(start.time())
}

fn is_open(window: &Window, latest: DateTime) -> bool {
    let named = |weekday: Weekday| window.weekdays.is_empty() || window.weekdays.contains(&weekday.into());
    let (today, yesterday) = (named(latest.weekday()), named(latest.weekday().previous()));
    let Some(hours) = window.hours else { return today };
    let time = latest.time();
    if hours.from <= hours.to {
        today && hours.from <= time && time < hours.to
    } else {
        today && hours.from <= time || yesterday && time < hours.to
    }
}

fn on_call(rota: &Rota, posts: &[Post<'_>], latest: DateTime, now: Timestamp, reachable: &BTreeSet<PersonId>) -> BTreeSet<PersonId> {
    let parts = rota.parts();
    for schedule in &parts.temporary {
        if schedule.from <= now && now < schedule.to {
            let shifts = schedule.shifts.iter().filter(|shift| (shift.from..shift.to).contains(&now));
            return shifts.map(|shift| shift.person.clone()).filter(|person| reachable.contains(person)).collect();
        }
    }
    let changes: Vec<&Change> = parts.overrides.iter().filter(|one| (one.from..one.to).contains(&now)).map(|one| &one.change).collect();
    let mut duty = BTreeSet::new();
    for post in posts {
        let mut people: BTreeSet<PersonId> = post.planned(latest).iter().cloned().collect();
        for change in &changes {
            match change {
                Change::Replace { person, by } if people.remove(person) => drop(people.insert(by.clone())),
                Change::Remove { person } => drop(people.remove(person)),
                Change::Replace { .. } | Change::Add { .. } => {}
            }
        }
        people.retain(|person| reachable.contains(person));
        if !people.is_empty() {
            duty = people;
        }
    }
    for change in changes {
        if let Change::Add { person } = change
            && reachable.contains(person)
        {
            duty.insert(person.clone());
        }
    }
    duty
}
