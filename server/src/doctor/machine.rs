//! What the machine itself shows: the disk, the back-ups in their folder, and whether its clock is kept.
//!
//! It must never wait long for a program of the system.

use super::Finding;
use crate::backup;
use crate::disk::{Reserve, Room, Standing, days_left};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::process::Command;

/// A back-up that is older is a matter for attention, and than the second one broken.
const OLD: SignedDuration = SignedDuration::from_hours(36);
const VERY_OLD: SignedDuration = SignedDuration::from_hours(8 * 24);

/// The data folder's disk, with how long it will do at the newest week's growth.
pub(super) fn disk(data: &Path, week_bytes: Option<u64>) -> Option<Finding> {
    let room = Room::of(data)?;
    let left = week_bytes.map(|bytes| days_left(room.free, bytes / 7));
    let standing = Standing::default().next(room, left);
    let (free, percent) = (room.free / 1_000_000, room.share() * 100.0);
    let forecast = left.map_or_else(String::new, |left| format!(", enough for {left:.0} days at last week's growth"));
    let reserve = Reserve::of(data).bytes() / 1_000_000;
    let found = format!("{free} MB ({percent:.0} %) are free{forecast}; {reserve} MB are kept back");
    let next = "enlarge the disk, or shorten [retention] in city.toml (docs/operations.md)";
    Some(match standing {
        Standing { stopped: true, .. } => Finding::broken("disk", format!("{found}; nothing is taken in"), next),
        Standing { low: true, .. } => Finding::attention("disk", found, next),
        _ => Finding::fine("disk", found),
    })
}

/// The newest back-up of a folder.
pub(super) fn backups(folder: &Path, now: Timestamp) -> Finding {
    let next = "name a backup file with --backups (docs/backups.md), or make one with `taydo backup`";
    let Some(newest) = backup::newest(folder) else {
        return Finding::attention("backups", format!("there is none in {}", folder.display()), next);
    };
    let found = format!("the newest is {}, schema {}", newest.name(), newest.manifest.schema);
    match now.duration_since(newest.manifest.taken_at) {
        age if age > VERY_OLD => Finding::broken("backups", format!("{found}, {} days old", age.as_hours() / 24), next),
        age if age > OLD => Finding::attention("backups", format!("{found}, {} hours old", age.as_hours()), next),
        age => Finding::fine("backups", format!("{found}, {} hours old", age.as_hours())),
    }
}

/// Whether something keeps this machine's clock.
pub(super) fn clock() -> Finding {
    let asked = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]).output();
    match asked.ok().filter(|output| output.status.success()).map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()) {
        Some(answer) if answer == "yes" => Finding::fine("time", "the machine's clock follows time servers"),
        Some(answer) if answer == "no" => {
            Finding::attention("time", "the machine's clock follows no time server", "switch one on: timedatectl set-ntp true, or chrony")
        }
        _ => Finding::fine("time", "whether the machine's clock follows time servers can't be read here"),
    }
}
