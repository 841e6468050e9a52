//! Operating-system accounts: whom the cluster belongs to, and as whom the server connects.
//!
//! It must never choose root for the cluster: PostgreSQL refuses that, and rightly.

use super::EmbeddedError;
use rustix::process::geteuid;
use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

/// An account of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// The account that this process runs as; `peer` authentication knows the server by its name.
    pub(super) fn of_server() -> Result<Self, EmbeddedError> {
        let uid = geteuid().as_raw();
        if let Some(account) = in_passwd(|account| account.uid == uid) {
            return Ok(account);
        }
        // Accounts of a directory service aren't in the file; `id` asks the system's name service.
        let answer = std::process::Command::new("id").arg("-un").output().ok().filter(|output| output.status.success());
        let name = answer.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|name| !name.is_empty());
        let name = name.ok_or(EmbeddedError::NoAccount(uid))?;
        Ok(Self { name, uid, gid: rustix::process::getegid().as_raw() })
    }

    /// The account that owns the cluster: `postgres` when the server is root, else the server's own.
    pub(super) fn of_cluster(server: &Self) -> Result<Self, EmbeddedError> {
        if server.uid != 0 {
            return Ok(server.clone());
        }
        in_passwd(|account| account.name == "postgres" && account.uid != 0).ok_or(EmbeddedError::NoPostgresAccount)
    }

    /// Gives a folder to this account, for nobody else to look into.
    pub(super) fn take(&self, folder: &Path) -> std::io::Result<()> {
        if geteuid().is_root() {
            std::os::unix::fs::chown(folder, Some(self.uid), Some(self.gid))?;
        }
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
    }

    /// The first folder on the way to `path` that this account can't pass, if there is one.
    pub(super) fn barred_by<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        let passes = |folder: &Path| {
            std::fs::metadata(folder).is_ok_and(|meta| {
                let bit = if meta.uid() == self.uid {
                    0o100
                } else if meta.gid() == self.gid {
                    0o010
                } else {
                    0o001
                };
                meta.mode() & bit != 0
            })
        };
        path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).find(|folder| !passes(folder))
    }
}

fn in_passwd(wanted: impl Fn(&Account) -> bool) -> Option<Account> {
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Account { name, uid, gid })
        })
        .find(wanted)
}
