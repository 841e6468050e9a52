//! The back-up file: when back-ups are made, where they go, and how many are kept (docs/backups.md).
//!
//! Secrets are in files of their own. It must never hold one, nor show one.

use super::plan::Keep;
use super::target::{Bucket, Shelf, SshPlace, Target};
use anyhow::{Context as _, ensure};
use jiff::SignedDuration;
use jiff::civil::Time;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file, checked.
#[derive(Debug)]
pub struct Settings {
    /// The time of day, in the city's zone.
    pub at: Time,
    /// How many are kept, here and on each target.
    pub keep: Keep,
    /// Whoever keeps the centre is told when the last good one is older.
    pub alert_after: SignedDuration,
    /// Where they go beside the data folder, by name.
    pub targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    format_version: u32,
    at: String,
    #[serde(default)]
    keep: RawKeep,
    #[serde(default = "usual_alert_after_h")]
    alert_after_h: u32,
    #[serde(default)]
    folder: Vec<RawFolder>,
    #[serde(default)]
    ssh: Vec<RawSsh>,
    #[serde(default)]
    s3: Vec<RawS3>,
}

fn usual_alert_after_h() -> u32 {
    36
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawKeep {
    daily: usize,
    weekly: usize,
}

impl Default for RawKeep {
    fn default() -> Self {
        Self { daily: 7, weekly: 4 }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFolder {
    name: String,
    path: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSsh {
    name: String,
    host: String,
    #[serde(default = "usual_ssh_port")]
    port: u16,
    user: String,
    path: String,
    identity_file: PathBuf,
    known_hosts_file: PathBuf,
}

fn usual_ssh_port() -> u16 {
    22
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawS3 {
    name: String,
    endpoint: String,
    bucket: String,
    #[serde(default)]
    prefix: String,
    #[serde(default = "usual_region")]
    region: String,
    access_key: String,
    secret_key_file: PathBuf,
}

fn usual_region() -> String {
    "us-east-1".to_owned()
}

impl Settings {
    /// Reads and checks the file. Files that it names are taken from its own folder where their paths are relative.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("can't read the back-up file {}", file.display()))?;
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        Self::parse(&text, folder).with_context(|| format!("the back-up file {} can't be used", file.display()))
    }

    fn parse(text: &str, folder: &Path) -> anyhow::Result<Self> {
        let raw: RawFile = toml::from_str(text)?;
        ensure!(raw.format_version == 1, "format_version is {}, and this program reads 1", raw.format_version);
        let at =
            Time::strptime("%H:%M", &raw.at).with_context(|| format!("at = {:?} is not a time of day; write it like \"02:30\"", raw.at))?;
        ensure!(raw.keep.daily > 0, "[keep] daily is 0; keep one at least");
        let shelves = raw.folder.into_iter().map(|one| Ok(Target::Folder(Shelf { name: one.name, path: folder.join(one.path) })));
        let ssh = raw.ssh.into_iter().map(|one| {
            ensure!(!one.host.starts_with('-') && !one.user.starts_with('-'), "{}: a host or user doesn't begin with a dash", one.name);
            ensure!(one.path.chars().all(|c| !c.is_control() && c != '"'), "{}: the path has letters that sftp can't take", one.name);
            let (identity, known_hosts) = (folder.join(one.identity_file), folder.join(one.known_hosts_file));
            ensure!(
                known_hosts.is_file(),
                "{}: {} is missing; write the host's key into it (ssh-keyscan), after checking it",
                one.name,
                known_hosts.display()
            );
            let (name, host, user, port, path) = (one.name, one.host, one.user, one.port, one.path);
            Ok(Target::Ssh(SshPlace { name, host, port, user, path, identity, known_hosts }))
        });
        let s3 = raw.s3.into_iter().map(|one| {
            let file = folder.join(&one.secret_key_file);
            let secret = std::fs::read_to_string(&file).with_context(|| format!("{}: can't read {}", one.name, file.display()))?;
            let prefix = one.prefix.trim_matches('/').to_owned();
            let bucket =
                Bucket::new(one.name.clone(), &one.endpoint, one.bucket, prefix, one.region, one.access_key, secret.trim().to_owned());
            Ok(Target::S3(bucket.with_context(|| one.name)?))
        });
        let targets: Vec<Target> = shelves.chain(ssh).chain(s3).collect::<anyhow::Result<_>>()?;
        let mut names: Vec<&str> = targets.iter().map(Target::name).collect();
        names.sort_unstable();
        ensure!(names.windows(2).all(|pair| pair.first() != pair.last()), "two targets have the same name; give each its own");
        let keep = Keep { daily: raw.keep.daily, weekly: raw.keep.weekly };
        Ok(Self { at, keep, alert_after: SignedDuration::from_hours(i64::from(raw.alert_after_h)), targets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_what_is_wrong_with_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "secret\n").unwrap();
        let s3 = "[[s3]]\nname = \"vault\"\nendpoint = \"http://127.0.0.1:9000\"\nbucket = \"b\"\naccess_key = \"a\"\nsecret_key_file = \"key\"\n";
        let settings = Settings::parse(
            &format!("format_version = 1\nat = \"02:30\"\n{s3}[[folder]]\nname = \"shelf\"\npath = \"x\"\n"),
            folder.path(),
        )
        .unwrap();
        assert_eq!(settings.targets.iter().map(Target::name).collect::<Vec<_>>(), ["shelf", "vault"]);
        assert_eq!((settings.at, settings.keep.daily), (Time::constant(2, 30, 0, 0), 7));
        assert!(!format!("{settings:?}").contains("secret"));
        for (text, wrong) in [
            ("format_version = 2\nat = \"02:30\"", "format_version"),
            ("format_version = 1\nat = \"half past two\"", "time of day"),
            ("format_version = 1\nat = \"02:30\"\nkeeep = 1", "keeep"),
            ("format_version = 1\nat = \"02:30\"\n[keep]\ndaily = 0\nweekly = 4", "keep one at least"),
        ] {
            let error = format!("{:#}", Settings::parse(text, folder.path()).unwrap_err());
            assert!(error.contains(wrong), "{error}");
        }
    }
}
