//! The watched folder: files that departments put into `INBOX/<department>/` are taken when they are whole, and moved to
//! `done/` or `refused/` with a receipt in Vietnamese beside them.
//!
//! A folder is as trusted as who may write into it. It must never take a file that is still being written, never delete
//! one, and never take one twice: it is moved before anything else is looked at.

use super::{Door, DoorError, Sender, Upload};
use crate::clock::Clock;
use crate::ingest::Intake;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use taydo_model::form::{Stated, Verdict};
use taydo_model::{Definitions, DepartmentId};

/// How often the folder is looked at. A file whose size and time have not changed between two looks is whole.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The largest file.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// The most files of one department that are taken at one look; the others wait for the next.
const MAX_FILES: usize = 20;
/// Where files go.
const DONE: &str = "done";
const REFUSED: &str = "refused";

/// A watched folder.
#[derive(Debug)]
pub struct Inbox {
    folder: PathBuf,
    door: Door,
    intake: Intake,
    clock: Clock,
    /// What each file looked like at the last look.
    seen: HashMap<PathBuf, Stamp>,
}

/// A file's size and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: SystemTime,
}

impl Inbox {
    /// Watches a folder for the departments that enter figures, each in a folder of its own.
    ///
    /// # Errors
    /// When the folders can't be made.
    pub fn new(folder: PathBuf, door: Door, intake: Intake, clock: Clock) -> io::Result<Self> {
        let inbox = Self { folder, door, intake, clock, seen: HashMap::new() };
        for department in departments(&inbox.intake.definitions()) {
            for part in ["", DONE, REFUSED] {
                std::fs::create_dir_all(inbox.folder.join(department.as_str()).join(part))?;
            }
        }
        Ok(inbox)
    }

    /// Looks again and again, for ever.
    pub async fn watch(mut self) {
        loop {
            self.look().await;
            self.clock.sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&mut self) {
        let definitions = self.intake.definitions();
        let mut seen = HashMap::new();
        for department in departments(&definitions) {
            let folder = self.folder.join(department.as_str());
            for (path, stamp) in files(&folder) {
                if self.seen.get(&path) != Some(&stamp) {
                    seen.insert(path, stamp);
                } else if let Err(error) = self.take(&definitions, &department, &folder, &path, stamp).await {
                    tracing::warn!(file = %path.display(), %error, "a file of the inbox can't be taken now");
                    seen.insert(path, stamp);
                }
            }
        }
        self.seen = seen;
    }

    /// Takes one file: what became of it stands in its receipt.
    async fn take(
        &self,
        definitions: &std::sync::Arc<Definitions>,
        department: &DepartmentId,
        folder: &Path,
        path: &Path,
        stamp: Stamp,
    ) -> anyhow::Result<()> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let zone = super::zone(definitions);
        if stamp.bytes > MAX_FILE_BYTES {
            let text = format!("Tệp lớn hơn {} MiB nên không được nhận. Chỉ giữ lại bảng số liệu rồi gửi lại.\r\n", MAX_FILE_BYTES >> 20);
            return Ok(self.put_away(path, &folder.join(REFUSED), &name, &text)?);
        }
        let content = std::fs::read(path)?;
        let upload = Upload {
            file: name.clone(),
            content,
            dry_run: false,
            good_rows: false,
            confirm: None,
            stated: Stated::Official,
            reason: String::new(),
        };
        let sender = Sender { way: "folder", principal: "inbox", department, name: "Thư mục nhận tệp" };
        let verdict = match self.door.upload(definitions, sender, upload).await {
            Ok(verdict) => verdict,
            Err(DoorError::Store(error)) => return Err(error.into()),
            Err(error) => return Ok(self.put_away(path, &folder.join(REFUSED), &name, &format!("{error}\r\n"))?),
        };
        let good = verdict.problems.is_empty() && verdict.wrong + verdict.to_confirm == 0;
        let to = folder.join(if good { DONE } else { REFUSED });
        Ok(self.put_away(path, &to, &name, &receipt(&verdict, &name, &zone))?)
    }

    /// Moves a file, under a name that isn't taken there, and writes its receipt beside it.
    fn put_away(&self, path: &Path, to: &Path, name: &str, text: &str) -> io::Result<()> {
        let stamp = self.clock.now().as_second();
        let free = (0..1000).map(|n| if n == 0 { name.to_owned() } else { format!("{stamp}-{n}-{name}") }).map(|name| to.join(name));
        let target = free.into_iter().find(|target| !target.exists()).unwrap_or_else(|| to.join(name));
        let mut beside = target.clone().into_os_string();
        beside.push(".txt");
        // The receipt first: whoever sees the file moved finds it. The byte-order mark is for old editors.
        std::fs::write(PathBuf::from(beside), format!("\u{feff}{text}"))?;
        std::fs::rename(path, target)
    }
}

fn departments(definitions: &Definitions) -> Vec<DepartmentId> {
    let all = definitions.city.departments.iter().map(|one| one.id.clone());
    all.filter(|id| !super::entered_by(definitions, id).is_empty()).collect()
}

/// The files of a folder that may be a department's: no folders, no links, no program's own notes.
fn files(folder: &Path) -> Vec<(PathBuf, Stamp)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let file = |entry: std::fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let about = entry.path().symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
        let foreign = name.starts_with(['.', '~']) || [".tmp", ".part", ".crdownload", ".filepart"].iter().any(|end| name.ends_with(end));
        (!foreign).then_some((entry.path(), Stamp { bytes: about.len(), modified: about.modified().ok()? }))
    };
    let mut files: Vec<_> = entries.filter_map(Result::ok).filter_map(file).collect();
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    files.truncate(MAX_FILES);
    files
}

/// What became of a file, for people.
fn receipt(verdict: &Verdict, file: &str, zone: &TimeZone) -> String {
    let mut lines = vec![format!("Tệp: {file}")];
    if let Some(receipt) = &verdict.receipt {
        let time = zone.to_datetime(receipt.time);
        lines.push(format!("Biên nhận số: {}", receipt.number));
        lines.push(format!("Thời điểm: {:02}/{:02}/{:04} {:02}:{:02}", time.day(), time.month(), time.year(), time.hour(), time.minute()));
        lines.extend(receipt.same_as.map(|number| format!("Tệp này đã được nhận trước đây, biên nhận số {number}.")));
    }
    lines.extend(verdict.sha256.as_ref().map(|sha256| format!("SHA-256: {sha256}")));
    lines.push(verdict.said.vi.clone());
    let of_rows = verdict.rows.iter().flat_map(|row| row.problems.iter().map(|problem| (Some(row.title.vi.as_str()), problem)));
    for (title, problem) in verdict.problems.iter().map(|problem| (None, problem)).chain(of_rows) {
        let place = problem.cell.as_deref().map(|cell| format!("{cell}: ")).unwrap_or_default();
        let title = title.map(|title| format!(" [{title}]")).unwrap_or_default();
        lines.push(format!("- {place}{}{title}. Cách sửa: {}.", problem.what.vi, problem.fix.vi));
    }
    if verdict.to_confirm > 0 {
        lines.push("Số liệu thay đổi bất thường được xác nhận trên trang «Biểu mẫu», bằng chính tệp này.".to_owned());
    }
    lines.join("\r\n") + "\r\n"
}

#[cfg(test)]
mod tests;
