//! Which steps get what is missing: a pure function of what is here.
//!
//! Must never look at the machine; `survey` does.

use std::path::PathBuf;

use super::Tools;

/// The oldest compiler that the workspace builds with, as `rust-version` says.
pub(crate) const MINIMUM_RUSTC: Version = Version { major: 1, minor: 95 };

/// The oldest PostgreSQL that the embedded database supports.
pub(crate) const MINIMUM_POSTGRES: u32 = 15;

/// A compiler's version, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl Version {
    /// Reads `rustc 1.96.0 (…)` or `1.96.0`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let mut parts = number.split('.');
        Some(Self { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Something a command can't do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Wasm,
    Postgres,
    Mosquitto,
    Chromium,
    Mail,
}

impl Need {
    /// Everything, for `setup` and `test`.
    pub(crate) const ALL: &[Need] = &[Need::Wasm, Need::Postgres, Need::Mosquitto, Need::Chromium, Need::Mail];
    /// To test the pages.
    pub(crate) const BROWSER: &[Need] = &[Need::Wasm, Need::Postgres, Need::Mosquitto, Need::Chromium];
    /// To test paging, for which stages before it build the whole product.
    pub(crate) const PAGING: &[Need] = &[Need::Wasm, Need::Postgres, Need::Mosquitto, Need::Mail];
    /// To run the product.
    pub(crate) const RUN: &[Need] = &[Need::Wasm, Need::Postgres, Need::Mosquitto];

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Need::Wasm => "the standard library's source",
            Need::Postgres => "PostgreSQL's server programs",
            Need::Mosquitto => "Mosquitto",
            Need::Chromium => "Chromium and its driver",
            Need::Mail => "a mail server for tests",
        }
    }

    /// What it is for.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Need::Wasm => "building the front end, which runs in the browser as WebAssembly",
            Need::Postgres => "the embedded database",
            Need::Mosquitto => "the MQTT broker that sensors publish to",
            Need::Chromium => "testing the pages in a real browser",
            Need::Mail => "testing e-mail against a real SMTP server",
        }
    }
}

/// Which compiler builds the front end, with a standard library from that compiler's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wasm {
    /// The compiler in use, which has the source beside it.
    Installed,
    /// Debian's.
    Debian,
}

impl Wasm {
    /// For people.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Wasm::Installed => "the installed Rust toolchain",
            Wasm::Debian => "Debian's rustc",
        }
    }
}

/// What a survey found.
#[derive(Debug)]
pub(crate) struct Here {
    /// What is there and usable.
    pub(crate) tools: Tools,
    /// Whether rustup is there and may be asked for the source.
    pub(crate) rustup: bool,
    /// The version of Debian's compiler, usable or not.
    pub(crate) debian_rustc: Option<Version>,
    /// Whether Debian's source of the standard library is there.
    pub(crate) debian_source: bool,
    /// The linker for Debian's compiler.
    pub(crate) lld: Option<PathBuf>,
}

impl Here {
    /// Whether `need` is met.
    pub(crate) fn has(&self, need: Need) -> bool {
        match need {
            Need::Wasm => self.tools.wasm.is_some(),
            Need::Postgres => self.tools.postgres_bin.is_some(),
            Need::Mosquitto => self.tools.mosquitto.is_some(),
            Need::Chromium => self.tools.chromium.is_some() && self.tools.chromedriver.is_some(),
            Need::Mail => self.tools.aiosmtpd.is_some(),
        }
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask rustup for the source; if it can't, plan again without rustup.
    RustupSource,
    /// Install a Debian package; all of them go into one transaction.
    Package { name: &'static str, need: Need },
}

/// What to do so that all of `needs` are met.
pub(crate) fn plan(here: &Here, needs: &[Need]) -> Vec<Step> {
    let mut steps = Vec::new();
    for &need in needs.iter().filter(|need| !here.has(**need)) {
        if need == Need::Wasm && here.rustup {
            steps.push(Step::RustupSource);
            continue;
        }
        steps.extend(packages(here, need).into_iter().map(|name| Step::Package { name, need }));
    }
    steps
}

fn packages(here: &Here, need: Need) -> Vec<&'static str> {
    let wanted: &[(&'static str, bool)] = &match need {
        Need::Wasm => vec![
            ("rustc-web", here.debian_rustc.is_some_and(|version| version >= MINIMUM_RUSTC)),
            ("rust-web-src", here.debian_source),
            ("lld-22", here.lld.is_some()),
        ],
        Need::Postgres => vec![("postgresql", false)],
        Need::Mosquitto => vec![("mosquitto", false)],
        Need::Chromium => {
            vec![("chromium", here.tools.chromium.is_some()), ("chromium-driver", here.tools.chromedriver.is_some())]
        }
        Need::Mail => vec![("python3-aiosmtpd", false)],
    };
    wanted.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Here {
        let tools = Tools { wasm: None, postgres_bin: None, mosquitto: None, chromium: None, chromedriver: None, aiosmtpd: None };
        Here { tools, rustup: false, debian_rustc: None, debian_source: false, lld: None }
    }

    fn names(here: &Here, needs: &[Need]) -> Vec<&'static str> {
        let name = |step| match step {
            Step::RustupSource => "rustup",
            Step::Package { name, .. } => name,
        };
        plan(here, needs).into_iter().map(name).collect()
    }

    #[test]
    fn a_bare_machine_gets_everything_in_one_go() {
        let all = ["rustc-web", "rust-web-src", "lld-22", "postgresql", "mosquitto", "chromium", "chromium-driver", "python3-aiosmtpd"];
        assert_eq!(names(&nothing(), Need::ALL), all);
        assert_eq!(names(&nothing(), Need::RUN), all[..5]);
    }

    #[test]
    fn rustup_is_asked_before_debian() {
        assert_eq!(names(&Here { rustup: true, ..nothing() }, &[Need::Wasm]), ["rustup"]);
    }

    #[test]
    fn what_is_there_is_not_installed_again() {
        let mut here = Here { debian_rustc: Version::parse("rustc 1.96.0"), ..nothing() };
        here.tools.chromium = Some("/usr/bin/chromium".into());
        here.tools.mosquitto = Some("/usr/sbin/mosquitto".into());
        assert_eq!(names(&here, Need::ALL), ["rust-web-src", "lld-22", "postgresql", "chromium-driver", "python3-aiosmtpd"]);
        here.tools.wasm = Some(Wasm::Installed);
        assert_eq!(names(&here, &[Need::Wasm]), [""; 0]);
    }

    #[test]
    fn a_compiler_that_is_too_old_is_replaced() {
        let here = Here { debian_rustc: Version::parse("rustc 1.85.0 (built from a source tarball)"), debian_source: true, ..nothing() };
        assert_eq!(names(&here, &[Need::Wasm]), ["rustc-web", "lld-22"]);
    }

    #[test]
    fn versions_are_read_and_compared_as_numbers() {
        assert_eq!(Version::parse("rustc 1.96.0 (abc 2026-01-01)"), Some(Version { major: 1, minor: 96 }));
        assert!(Version { major: 1, minor: 100 } > MINIMUM_RUSTC);
        assert_eq!(Version::parse("rustc unknown"), None);
    }
}
