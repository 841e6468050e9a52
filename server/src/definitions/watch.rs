//! The watch over the city's folder: what was changed there is read, checked as a whole, and asked for.
//!
//! It reads the files again and again instead of waiting for the system's notices, which network and container file
//! systems don't give. It must never judge a folder that is being written: the files must have been the same for
//! a whole interval. And it must never put a set in force itself.

use super::InForce;
use crate::clock::Clock;
use crate::config::folder;
use crate::http::refusal::chain;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use taydo_model::Definitions;
use taydo_model::files::{self, File, Problem};
use taydo_model::limit::{LIMITS_FILE, Which};

/// How often the folder is read; a change is judged when the next reading finds it the same.
const INTERVAL: Duration = Duration::from_secs(2);

/// What a folder holds, or why it can't be read.
type Content = Result<Vec<File>, String>;

/// The first set of a server's life.
#[derive(Debug)]
pub struct Taken {
    /// The set.
    pub definitions: Arc<Definitions>,
    /// What the folder held, sound or not.
    content: Content,
    /// What is wrong with the folder, where the set is not the folder's but the last one that was in force.
    problems: Vec<Problem>,
}

/// Takes the folder's set; where that has problems, the last one that was in force here, if there is one.
///
/// # Errors
/// When neither is sound; every problem is in the log, and the message says how to see them again. Or when the store
/// can't be read.
pub async fn first(folder: &Path, store: &Store, now: Timestamp) -> anyhow::Result<Taken> {
    let content = read(folder.to_owned(), store).await?;
    let (definitions, problems) = judge(folder, &content, None);
    for problem in &problems {
        tracing::error!(%problem, "definition file");
    }
    if problems.is_empty() {
        store.save_definitions(&definitions.hash, &texts(&content), now).await?;
        return Ok(Taken { definitions: Arc::new(definitions), content, problems });
    }
    let refused = || {
        let (count, folder) = (problems.len(), folder.display());
        anyhow::anyhow!("the city's folder has {count} problem(s); `taydo check {folder}` lists them")
    };
    let last = store.last_definitions().await?.ok_or_else(refused)?;
    let last: Vec<File> = last.into_iter().map(|(name, text)| File { name, text }).collect();
    let (definitions, outdated) = files::check(&last);
    if !outdated.is_empty() {
        return Err(refused());
    }
    tracing::error!(
        problems = problems.len(),
        definitions = definitions.hash,
        "the city's folder is broken; starting with the last set that was in force"
    );
    Ok(Taken { definitions: Arc::new(definitions), content, problems })
}

/// Which content is to be judged: one that is new and was found the same by two readings.
#[derive(Debug)]
struct Steady {
    judged: Content,
    seen: Content,
}

impl Steady {
    fn new(judged: Content) -> Self {
        Self { seen: judged.clone(), judged }
    }

    /// Whether what a reading has found is to be judged.
    fn look(&mut self, content: &Content) -> bool {
        let is_steady = *content == self.seen;
        if !is_steady {
            self.seen.clone_from(content);
        }
        is_steady && *content != self.judged
    }
}

/// The watch's task.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    store: Store,
    clock: Clock,
    in_force: InForce,
    steady: Steady,
    /// The load that the store has noted.
    noted: Option<(String, Timestamp)>,
}

impl Watch {
    /// A watch over the folder from which the first set was taken.
    #[must_use]
    pub fn new(folder: PathBuf, store: Store, clock: Clock, in_force: InForce, taken: Taken) -> Self {
        if !taken.problems.is_empty() {
            in_force.refuse(clock.now(), taken.problems);
        }
        Self { folder, store, clock, in_force, steady: Steady::new(taken.content), noted: None }
    }

    /// Watches for as long as it is let.
    pub async fn run(mut self) {
        loop {
            if let Err(error) = self.note().await {
                tracing::warn!(error = %chain(&error), "which definitions are in force can't be noted now");
            }
            self.clock.sleep(INTERVAL).await;
            let content = match read(self.folder.clone(), &self.store).await {
                Ok(content) => content,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "which limits were changed can't be read now; the definitions stay");
                    continue;
                }
            };
            if !self.steady.look(&content) {
                continue;
            }
            match self.consider(&content).await {
                Ok(()) => self.steady.judged = content,
                // It stays unjudged, so the next reading tries again.
                Err(error) => tracing::warn!(error = %chain(&error), "changed definitions can't be stored now"),
            }
        }
    }

    /// Judges what the folder holds now. Nothing is wanted that the store doesn't have.
    async fn consider(&self, content: &Content) -> Result<(), StoreError> {
        let running = self.in_force.get();
        let (definitions, problems) = judge(&self.folder, content, Some(&running));
        let now = self.clock.now();
        if problems.is_empty() {
            self.store.save_definitions(&definitions.hash, &texts(content), now).await?;
            tracing::info!(definitions = definitions.hash, "the city's folder has changed and is sound");
            self.in_force.wish(Arc::new(definitions));
        } else {
            for problem in &problems {
                tracing::error!(%problem, "definition file");
            }
            tracing::error!(
                problems = problems.len(),
                definitions = running.hash,
                "the city's folder has problems; the set in force stays"
            );
            self.in_force.refuse(now, problems);
        }
        Ok(())
    }

    /// Notes in the store since when the set has been in force.
    async fn note(&mut self) -> Result<(), StoreError> {
        let load = (self.in_force.get().hash.clone(), self.in_force.since());
        if self.noted.as_ref() != Some(&load) {
            self.store.note_definitions(&load.0, load.1).await?;
            self.noted = Some(load);
        }
        Ok(())
    }
}

/// Checks a folder's content, against the set in force where there is one. A folder that can't be read is one problem.
fn judge(folder: &Path, content: &Content, running: Option<&Definitions>) -> (Definitions, Vec<Problem>) {
    match (content, running) {
        (Ok(files), Some(running)) => files::check_change(files, running),
        (Ok(files), None) => files::check(files),
        (Err(why), _) => {
            let hint = Some("make the folder and its files readable to the server".to_owned());
            let problem = Problem { file: folder.display().to_string(), line: 1, column: 1, message: why.clone(), hint };
            (Definitions::default(), vec![problem])
        }
    }
}

fn texts(content: &Content) -> BTreeMap<String, String> {
    content.iter().flatten().map(|file| (file.name.clone(), file.text.clone())).collect()
}

/// Reads the folder, away from the threads that serve, and what was changed of targets and thresholds.
async fn read(folder: PathBuf, store: &Store) -> Result<Content, StoreError> {
    let reading = tokio::task::spawn_blocking(move || folder::read(&folder).map_err(|error| format!("{error:#}")));
    let content = reading.await.unwrap_or_else(|error| Err(error.to_string()));
    let limits = limits_file(&store.changed_limits().await?);
    Ok(content.map(|files| files.into_iter().chain(limits).collect()))
}

/// What was changed of targets and thresholds as a file of the set: so the set's hash, its check, and every later look at it
/// know of it. None where nothing was.
pub fn limits_file(limits: &BTreeMap<String, BTreeMap<Which, f64>>) -> Option<File> {
    let table = |(kpi, of): (&String, &BTreeMap<Which, f64>)| {
        // A number with its point, whole or not.
        let lines: String = of.iter().map(|(which, value)| format!("{} = {value:?}\n", which.key())).collect();
        format!("[\"{kpi}\"]\n{lines}")
    };
    let text: String = limits.iter().filter(|(_, of)| !of.is_empty()).map(table).collect();
    (!text.is_empty()).then(|| File { name: LIMITS_FILE.to_owned(), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Content {
        Ok(vec![File { name: "city.toml".to_owned(), text: text.to_owned() }])
    }

    #[test]
    fn a_folder_that_is_being_written_is_not_judged() {
        let mut steady = Steady::new(content("whole"));
        let looks = ["whole", "who", "whole n", "whole new", "whole new"].map(|text| steady.look(&content(text)));
        assert_eq!(looks, [false, false, false, false, true]);
        steady.judged = content("whole new");
        assert!(!steady.look(&content("whole new")), "it is judged once");
        // Back to what was judged before the last time: it is in force no more, so it is looked at again.
        assert!(!steady.look(&content("whole")));
        assert!(steady.look(&content("whole")));
        // A folder that can't be read for a moment, as while it is replaced, says nothing yet.
        assert!(!steady.look(&Err("gone".to_owned())));
        assert!(!steady.look(&content("whole")));
        steady.judged = content("whole");
        assert!(!steady.look(&content("whole")));
    }
}
