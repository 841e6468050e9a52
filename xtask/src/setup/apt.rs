//! Installing Debian packages, as root or through sudo, with the script that keeps services from starting.
//!
//! Must never be asked for what is there already, and never remove a package.

use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::survey;
use crate::places::Places;
use crate::{child, progress};

const SCRIPT: &str = include_str!("install.sh");

/// How this process may become root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Root,
    /// sudo asks nothing.
    Sudo,
    /// sudo asks for a password, and somebody is there to type it.
    SudoAsking,
}

/// Installs `packages` in one transaction.
pub(crate) fn install(places: &Places, packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !Path::new("/etc/debian_version").exists() || survey::program("apt-get").is_none() {
        bail!("this is not Debian and has no apt-get; install what corresponds to these packages and run this again: {list}");
    }
    let Some(mut command) = as_root("taydo-setup", SCRIPT) else {
        bail!("installing needs root; run `apt-get install --no-install-recommends {list}` as root, or allow sudo, and run this again");
    };
    progress::say("set-up", &format!("installing {list} from Debian (no service is started or enabled)"));
    command.args(packages);
    let log = places.log("packages")?;
    child::run_logged("installing packages", &mut command, &log, None)
        .with_context(|| format!("check the network, and that this Debian release has {list}"))
}

/// A shell that runs a script as root, to be given the script's arguments; `None` where this process can't become root.
pub(super) fn as_root(name: &str, script: &str) -> Option<Command> {
    let mut command = match way()? {
        Way::Root => Command::new("sh"),
        way @ (Way::Sudo | Way::SudoAsking) => sudo(way),
    };
    command.args(["-c", script, name]);
    Some(command)
}

fn sudo(way: Way) -> Command {
    let mut command = Command::new("sudo");
    if way == Way::Sudo {
        command.arg("-n");
    }
    command.arg("sh");
    command
}

fn way() -> Option<Way> {
    if rustix::process::geteuid().is_root() {
        return Some(Way::Root);
    }
    survey::program("sudo")?;
    if child::ask(Command::new("sudo").args(["-n", "true"])).is_some() {
        return Some(Way::Sudo);
    }
    if !std::io::stdin().is_terminal() {
        return None;
    }
    progress::say("set-up", "sudo may ask for your password, to install packages");
    let granted = Command::new("sudo").arg("-v").stdin(Stdio::inherit()).status().is_ok_and(|status| status.success());
    granted.then_some(Way::SudoAsking)
}
