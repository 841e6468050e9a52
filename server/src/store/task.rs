//! Tasks: their lines in a chain of hashes, and where each stands.
//!
//! Append-only: it must never change or delete a line. Whoever adds a line holds the task's row.

use super::chain::{Chain, decode, encode, hash_in, snapshot};
use super::micros::Micros;
use super::{Store, StoreError};
use jiff::Timestamp;
use taydo_engine::shift_log::{Hash, hash};
use taydo_engine::task::{Refusal, Task, given};
use taydo_model::task::page::TaskHead;
use taydo_model::task::{Entry, Line, Standing, TaskId};
use taydo_model::{KpiId, PersonId, Scope};
use tokio_postgres::Transaction;
use tokio_postgres::types::Json;

/// A task with all of its lines.
#[derive(Debug, Clone)]
pub struct StoredTask {
    /// Where it stands.
    pub task: Task,
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// Whether everything is as it was written.
    pub is_intact: bool,
}

/// Which tasks are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedTasks {
    /// Of one KPI and scope only.
    pub of: Option<(KpiId, Scope)>,
    /// Closed ones with a smaller number than this.
    pub before: Option<TaskId>,
}

/// A task's lines and their hashes.
const LINES: &str = "SELECT line, hash FROM task_line WHERE task = $1 ORDER BY number";

/// Adds a line to a task that is held, after the line with the hash `previous`, and writes where that leaves it.
async fn add(transaction: &Transaction<'_>, task: &Task, line: &Line, previous: Option<&Hash>) -> Result<(), StoreError> {
    let text = encode(line)?;
    let hash = hash(previous, &text);
    let sql = "INSERT INTO task_line (task, number, at, line, hash) VALUES ($1, $2, $3, $4, $5)";
    transaction.execute(sql, &[&line.task.0, &line.number, &Micros::from(line.at), &text, &&hash[..]]).await?;
    let head = task.head();
    let sql = "UPDATE task SET head = $2, hash = $3, due = $4, closed_at = $5 WHERE id = $1";
    let closed_at = head.closed_at.map(Micros::from);
    transaction.execute(sql, &[&line.task.0, &Json(head), &&hash[..], &Micros::from(head.due), &closed_at]).await?;
    Ok(())
}

fn broken() -> StoreError {
    StoreError::internal("a task doesn't begin with its giving")
}

impl Store {
    /// Gives a task; the same `key` again gives the same task.
    ///
    /// # Errors
    /// `Internal` when the entry gives nothing; see [`StoreError`].
    pub async fn give_task(&self, person: &PersonId, entry: Entry, key: Option<&str>, now: Timestamp) -> Result<TaskId, StoreError> {
        let Entry::Given { kpi, scope, unit, due, .. } = &entry else { return Err(broken()) };
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let sql = "INSERT INTO task (kpi, scope, unit, given_at, due, key, head, hash) VALUES ($1, $2, $3, $4, $5, $6, 'null', '') \
            ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING RETURNING id";
        let (scope, times) = (scope.to_string(), [now, *due].map(Micros::from));
        let row = transaction.query_opt(sql, &[&kpi.as_str(), &scope, &unit.as_str(), &times[0], &times[1], &key]).await?;
        let Some(row) = row else {
            let row = transaction.query_one("SELECT id FROM task WHERE key = $1", &[&key]).await?;
            return Ok(TaskId(row.try_get(0)?));
        };
        let id = TaskId(row.try_get(0)?);
        let line = given(id, now, person.clone(), entry);
        let task = Task::replay([&line]).ok_or_else(broken)?;
        add(&transaction, &task, &line, None).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Does something about a task; `None` when there is no such task.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn act_on_task(
        &self,
        id: TaskId,
        (person, entry, seen): (&PersonId, Entry, Option<i64>),
        now: Timestamp,
    ) -> Result<Option<Result<(), Refusal>>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        if transaction.query_opt("SELECT 1 FROM task WHERE id = $1 FOR UPDATE", &[&id.0]).await?.is_none() {
            return Ok(None);
        }
        let chain = Chain::read(&transaction, LINES, id.0).await?;
        let task = Task::replay(&chain.lines).ok_or_else(broken)?;
        let line = match task.act(now, person, entry, seen) {
            Ok(line) => line,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        add(&transaction, &task.after(&line), &line, chain.last()).await?;
        transaction.commit().await?;
        Ok(Some(Ok(())))
    }

    /// A task with all of its lines; `None` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn task(&self, id: TaskId) -> Result<Option<StoredTask>, StoreError> {
        let mut client = self.client().await?;
        let transaction = snapshot(&mut client).await?;
        let Some(row) = transaction.query_opt("SELECT hash, head FROM task WHERE id = $1", &[&id.0]).await? else { return Ok(None) };
        let last = hash_in(&row, 0)?;
        let head: TaskHead = row.try_get::<_, Json<TaskHead>>(1)?.0;
        let chain = Chain::read(&transaction, LINES, id.0).await?;
        transaction.commit().await?;
        let task = Task::replay(&chain.lines).ok_or_else(broken)?;
        let is_intact = chain.is_intact(&last) && *task.head() == head;
        Ok(Some(StoredTask { task, lines: chain.lines, is_intact }))
    }

    /// The tasks that are not closed, in the order of their deadlines, and then the newest of the others.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn tasks(&self, wanted: &WantedTasks, limit: u32) -> Result<Vec<TaskHead>, StoreError> {
        let sql = "(SELECT head FROM task WHERE closed_at IS NULL AND $1::bigint IS NULL AND ($2::text IS NULL OR (kpi, scope) = ($2, $3)) \
            ORDER BY due, id LIMIT $4) UNION ALL \
            (SELECT head FROM task WHERE closed_at IS NOT NULL AND id < coalesce($1, 9223372036854775807) \
            AND ($2::text IS NULL OR (kpi, scope) = ($2, $3)) ORDER BY id DESC LIMIT $4)";
        let (kpi, scope) = wanted.of.as_ref().map(|(kpi, scope)| (kpi.to_string(), scope.to_string())).unzip();
        let before = wanted.before.map(|id| id.0);
        let rows = self.client().await?.query(sql, &[&before, &kpi, &scope, &i64::from(limit)]).await?;
        rows.iter().map(|row| Ok(row.try_get::<_, Json<TaskHead>>(0)?.0)).collect()
    }

    /// The lines that were written after a moment, in order, each with its task as it is now.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn task_lines_since(&self, since: Timestamp) -> Result<Vec<(Line, TaskHead)>, StoreError> {
        let sql = "SELECT line, head FROM task_line JOIN task ON task.id = task_line.task WHERE at > $1 ORDER BY at, task, number";
        let rows = self.client().await?.query(sql, &[&Micros::from(since)]).await?;
        rows.iter().map(|row| Ok((decode(row.try_get(0)?)?, row.try_get::<_, Json<TaskHead>>(1)?.0))).collect()
    }

    /// The tasks that are not closed and due before a moment.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn tasks_due_before(&self, moment: Timestamp) -> Result<Vec<TaskHead>, StoreError> {
        let sql = "SELECT head FROM task WHERE closed_at IS NULL AND due < $1 ORDER BY due, id";
        let rows = self.client().await?.query(sql, &[&Micros::from(moment)]).await?;
        let heads: Result<Vec<TaskHead>, StoreError> = rows.iter().map(|row| Ok(row.try_get::<_, Json<TaskHead>>(0)?.0)).collect();
        Ok(heads?.into_iter().filter(|head| head.standing == Standing::Open).collect())
    }
}
