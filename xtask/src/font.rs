//! The pages' font, Noto Sans, with its licence: fetched from the npm registry at build time, or taken from Debian.
//!
//! Must never put a font into the repository, nor use one whose content is not the pinned one.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::places::{Places, create};
use crate::setup::{self, program};
use crate::{child, progress};

const PACKAGE: &str = "@fontsource/noto-sans";
const VERSION: &str = "5.3.0";
/// The package's content, as npm reports it of the file that it fetched.
const INTEGRITY: &str = "sha512-fBCog2PY7DiVVTEEqtI/Qdinx/knobHYfoGpjFXdfBX5RoJaBp1Prw2G75p0OIsdlMZg3cLo0c+YbIUYOxnQJw==";
const NPM_LIMIT: Duration = Duration::from_secs(180);

const WEIGHTS: [&str; 3] = ["400", "600", "700"];

/// The package's subsets that Vietnamese and English need, with the characters that each covers, from its unicode.json.
const SUBSETS: [(&str, &str); 3] = [
    (
        "latin",
        "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
    ),
    (
        "latin-ext",
        "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF",
    ),
    (
        "vietnamese",
        "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB",
    ),
];

const DEBIAN_PACKAGE: &str = "fonts-noto-core";
const DEBIAN_FONTS: &str = "/usr/share/fonts/truetype/noto";
const DEBIAN_LICENCE: &str = "/usr/share/doc/fonts-noto-core/copyright";
/// Debian's core package has no weight between these; browsers take the bold one for 600.
const DEBIAN_FILES: [(&str, &str); 2] = [("400", "NotoSans-Regular.ttf"), ("700", "NotoSans-Bold.ttf")];

/// A folder with `fonts.css` and `fonts/`, as the browser sees them.
#[derive(Debug)]
pub(crate) struct Font {
    pub(crate) folder: PathBuf,
    source: String,
}

impl Font {
    /// Where it comes from, for people.
    pub(crate) fn describe(&self) -> &str {
        &self.source
    }
}

/// One `@font-face` rule.
#[derive(Debug)]
struct Face<'a> {
    weight: &'a str,
    file: String,
    format: &'a str,
    range: Option<&'a str>,
}

/// The font, fetched when it is not there yet.
pub(crate) fn fetch(places: &Places) -> Result<Font> {
    let from_npm = Font { folder: places.frontend().join(format!("font-npm-{VERSION}")), source: format!("{PACKAGE} {VERSION} from npm") };
    let from_debian = Font { folder: places.frontend().join("font-debian"), source: format!("Debian's {DEBIAN_PACKAGE}") };
    for font in [&from_npm, &from_debian] {
        if font.folder.is_dir() {
            return Ok(Font { folder: font.folder.clone(), source: font.source.clone() });
        }
    }
    if program("npm").is_some() {
        progress::say("set-up", &format!("the pages' font is missing: fetching {PACKAGE} {VERSION} from the npm registry"));
        match npm(places, &from_npm.folder) {
            Ok(()) => return Ok(from_npm),
            Err(error) => progress::say("set-up", &format!("npm can't get it here ({error:#}); taking Debian's font instead")),
        }
    }
    debian(places, &from_debian.folder)?;
    Ok(from_debian)
}

fn npm(places: &Places, folder: &Path) -> Result<()> {
    let work = fresh(&folder.with_extension("work"))?;
    let log = places.log("font")?;
    let mut pack = Command::new("npm");
    pack.current_dir(&work).args(["pack", &format!("{PACKAGE}@{VERSION}"), "--json"]);
    child::run_logged("npm pack", &mut pack, &log, Some(NPM_LIMIT))?;
    let said = std::fs::read_to_string(&log).context("can't read npm's output")?;
    if !said.contains(INTEGRITY) {
        bail!("the package's content is not the pinned one; look at {} and pin it anew in xtask/src/font.rs", log.display());
    }
    let mut unpack = Command::new("tar");
    unpack.current_dir(&work).args(["-xzf", &format!("fontsource-noto-sans-{VERSION}.tgz"), "--strip-components=1"]);
    child::run_logged("unpacking the font", &mut unpack, &log, Some(NPM_LIMIT))?;
    let files: Vec<(PathBuf, Face)> = SUBSETS
        .iter()
        .flat_map(|(subset, range)| WEIGHTS.iter().map(move |weight| (subset, range, weight)))
        .map(|(subset, range, weight)| {
            let source = work.join(format!("files/noto-sans-{subset}-{weight}-normal.woff2"));
            (source, Face { weight, file: format!("noto-sans-{subset}-{weight}.woff2"), format: "woff2", range: Some(range) })
        })
        .collect();
    lay_out(&files, &work.join("LICENSE"), folder)?;
    std::fs::remove_dir_all(&work).with_context(|| format!("can't remove {}", work.display()))
}

fn debian(places: &Places, folder: &Path) -> Result<()> {
    if !DEBIAN_FILES.iter().all(|(_, file)| Path::new(DEBIAN_FONTS).join(file).is_file()) {
        setup::install(places, &[DEBIAN_PACKAGE])?;
    }
    let files: Vec<(PathBuf, Face)> = DEBIAN_FILES
        .iter()
        .map(|(weight, file)| {
            (Path::new(DEBIAN_FONTS).join(file), Face { weight, file: (*file).to_owned(), format: "truetype", range: None })
        })
        .collect();
    lay_out(&files, Path::new(DEBIAN_LICENCE), folder)
}

/// Copies the files, writes the style sheet, and only then gives the folder its name.
fn lay_out(files: &[(PathBuf, Face)], licence: &Path, folder: &Path) -> Result<()> {
    let work = fresh(&folder.with_extension("new"))?;
    create(&work.join("fonts"))?;
    for (source, face) in files {
        copy(source, &work.join("fonts").join(&face.file))?;
    }
    copy(licence, &work.join("fonts/LICENSE.txt"))?;
    let faces: Vec<&Face> = files.iter().map(|(_, face)| face).collect();
    std::fs::write(work.join("fonts.css"), style_sheet(&faces)).context("can't write fonts.css; check the free space")?;
    std::fs::rename(&work, folder).with_context(|| format!("can't create {}", folder.display()))
}

fn style_sheet(faces: &[&Face]) -> String {
    let mut css = String::new();
    for face in faces {
        let range = face.range.map(|range| format!("  unicode-range: {range};\n")).unwrap_or_default();
        let _ = write!(
            css,
            "@font-face {{\n  font-family: \"Noto Sans\";\n  font-style: normal;\n  font-weight: {};\n  font-display: swap;\n  \
             src: url(/fonts/{}) format(\"{}\");\n{range}}}\n",
            face.weight, face.file, face.format
        );
    }
    css
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to).with_context(|| format!("can't copy {}; the package may have changed its layout", from.display()))?;
    Ok(())
}

fn fresh(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("can't remove {}", folder.display()))?;
    }
    create(folder)?;
    Ok(folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_names_each_file_with_its_characters() {
        let face = Face { weight: "600", file: "a.woff2".to_owned(), format: "woff2", range: Some("U+20AB") };
        let css = style_sheet(&[&face]);
        for part in ["font-weight: 600;", "url(/fonts/a.woff2) format(\"woff2\")", "unicode-range: U+20AB;"] {
            assert!(css.contains(part), "{css}");
        }
        let css = style_sheet(&[&Face { range: None, ..face }]);
        assert!(!css.contains("unicode-range"), "{css}");
    }
}
