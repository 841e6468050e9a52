//! A task's rules: what may be done after what, and by whom.
//!
//! A task is its lines; where it stands follows from them. It must never change a line, nor let anybody but its giver judge
//! an answer.

use jiff::Timestamp;
use taydo_model::PersonId;
use taydo_model::task::page::TaskHead;
use taydo_model::task::{Entry, Line, MAX_LINES, Standing, TaskId};

/// Why something isn't done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is closed.
    Closed,
    /// There is no answer that could be sent back.
    NotAnswered,
    /// Only whoever gave it closes it or sends it back.
    NotGiver(PersonId),
    /// More was written than whoever judges has seen; there are so many lines.
    Unseen(i64),
    /// The new deadline is past.
    Past,
    /// It has all the lines that a task may have.
    Full,
}

/// A task, by its lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    head: TaskHead,
    /// When its last line was written: its time never goes back.
    last_at: Timestamp,
}

impl Task {
    /// The task that these lines make; `None` when the first doesn't give it.
    #[must_use]
    pub fn replay<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Option<Self> {
        let mut lines = lines.into_iter();
        let first = lines.next()?;
        let Entry::Given { kpi, scope, unit, text, due, figure, .. } = &first.entry else { return None };
        let head = TaskHead {
            id: first.task,
            kpi: kpi.clone(),
            scope: scope.clone(),
            unit: unit.clone(),
            text: text.clone(),
            giver: first.person.clone(),
            given_at: first.at,
            due: *due,
            standing: Standing::Open,
            answered_at: None,
            closed_at: None,
            figure: *figure,
            lines: first.number,
        };
        let mut task = Self { head, last_at: first.at };
        lines.for_each(|line| task.take(line));
        Some(task)
    }

    /// It in short.
    #[must_use]
    pub fn head(&self) -> &TaskHead {
        &self.head
    }

    /// The task with one more line.
    #[must_use]
    pub fn after(&self, line: &Line) -> Self {
        let mut task = self.clone();
        task.take(line);
        task
    }

    fn take(&mut self, line: &Line) {
        (self.head.lines, self.last_at) = (line.number, line.at);
        match &line.entry {
            Entry::Given { .. } => {}
            Entry::Answered { .. } => (self.head.standing, self.head.answered_at) = (Standing::Answered, Some(line.at)),
            Entry::SentBack { due, .. } => (self.head.standing, self.head.due) = (Standing::Open, *due),
            Entry::Closed { .. } => (self.head.standing, self.head.closed_at) = (Standing::Closed, Some(line.at)),
        }
    }

    /// The line by which somebody does something about it. `seen` is the number of the last line that they saw, where they
    /// judge.
    ///
    /// # Errors
    /// When that can't be done now, or not by them.
    pub fn act(&self, now: Timestamp, person: &PersonId, entry: Entry, seen: Option<i64>) -> Result<Line, Refusal> {
        if self.head.standing == Standing::Closed {
            return Err(Refusal::Closed);
        }
        let judges = matches!(entry, Entry::SentBack { .. } | Entry::Closed { .. });
        if judges && self.head.giver != *person {
            return Err(Refusal::NotGiver(self.head.giver.clone()));
        }
        if judges && seen != Some(self.head.lines) {
            return Err(Refusal::Unseen(self.head.lines));
        }
        match entry {
            Entry::SentBack { .. } if self.head.standing != Standing::Answered => return Err(Refusal::NotAnswered),
            Entry::SentBack { due, .. } if due <= now => return Err(Refusal::Past),
            // The last line is kept for the closing.
            Entry::Answered { .. } | Entry::SentBack { .. } if self.head.lines >= MAX_LINES => return Err(Refusal::Full),
            _ => {}
        }
        Ok(Line { task: self.head.id, number: self.head.lines + 1, at: now.max(self.last_at), person: person.clone(), entry })
    }
}

/// The first line of a task.
#[must_use]
pub fn given(task: TaskId, now: Timestamp, person: PersonId, entry: Entry) -> Line {
    Line { task, number: 1, at: now, person, entry }
}

#[cfg(test)]
mod tests;
