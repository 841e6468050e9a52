//! From files as they are written to files as they are served: fingerprinted names, references that follow, compressed
//! copies, a manifest.
//!
//! Must never change a file's meaning, and never let a reference point at nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::{compress, manifest, references};

/// Files by the path that the browser asks for, such as `/style.css`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A file as it is served.
#[derive(Debug)]
pub(crate) struct Asset {
    /// The path that the browser asks for, with the fingerprint.
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    /// Whether the name changes with the content, so that a browser may keep it for ever.
    pub(crate) immutable: bool,
    /// The content's hash.
    pub(crate) hash: String,
    pub(crate) identity: Vec<u8>,
    /// Only where it saves something.
    pub(crate) gzip: Option<Vec<u8>>,
    /// Only where it saves something.
    pub(crate) brotli: Option<Vec<u8>>,
}

/// How a kind of file is treated.
struct Kind {
    extension: &'static str,
    content_type: &'static str,
    /// Files refer only to files of a lower rank.
    rank: u8,
    text: bool,
    compressible: bool,
}

const fn kind(extension: &'static str, content_type: &'static str, rank: u8, text: bool, compressible: bool) -> Kind {
    Kind { extension, content_type, rank, text, compressible }
}

const KINDS: &[Kind] = &[
    kind("wasm", "application/wasm", 0, false, true),
    kind("woff2", "font/woff2", 0, false, false),
    kind("ttf", "font/ttf", 0, false, true),
    kind("png", "image/png", 0, false, false),
    kind("webp", "image/webp", 0, false, false),
    kind("svg", "image/svg+xml", 0, false, true),
    kind("ico", "image/x-icon", 0, false, true),
    kind("mp3", "audio/mpeg", 0, false, false),
    kind("ogg", "audio/ogg", 0, false, false),
    kind("wav", "audio/wav", 0, false, true),
    kind("json", "application/json", 0, false, true),
    kind("txt", "text/plain; charset=utf-8", 0, false, true),
    kind("css", "text/css; charset=utf-8", 1, true, true),
    kind("js", "text/javascript; charset=utf-8", 2, true, true),
    kind("webmanifest", "application/manifest+json", 5, true, true),
    kind("html", "text/html; charset=utf-8", 6, true, true),
];

/// Reads every file below the roots; a later root must not hide a file of an earlier one.
pub(crate) fn collect(roots: &[PathBuf]) -> Result<Files> {
    let mut files = Files::new();
    for root in roots {
        read_folder(root, "", &mut files)?;
    }
    Ok(files)
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Files) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("can't read the folder {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("can't read the folder {}", folder.display()))?;
        let name =
            entry.file_name().into_string().ok().with_context(|| format!("a file name in {} is not UTF-8; rename it", folder.display()))?;
        if name.starts_with('.') {
            continue;
        }
        let url = format!("{prefix}/{name}");
        if entry.file_type().with_context(|| format!("can't tell what {url} is"))?.is_dir() {
            read_folder(&entry.path(), &url, files)?;
            continue;
        }
        let content = std::fs::read(entry.path()).with_context(|| format!("can't read {}", entry.path().display()))?;
        if files.insert(url.clone(), content).is_some() {
            bail!("{url} comes from two folders; rename one");
        }
    }
    Ok(())
}

/// Names, rewrites and compresses, in the order in which files refer to each other.
pub(crate) fn pack(files: Files) -> Result<Vec<Asset>> {
    if !files.contains_key("/index.html") {
        bail!("the front end has no index.html; add frontend/static/index.html");
    }
    let mut queue = Vec::with_capacity(files.len());
    for (path, content) in files {
        let kind = kind_of(&path)?;
        queue.push((rank(&path, kind), path, content, kind));
    }
    queue.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let mut names = BTreeMap::new();
    let mut assets = Vec::with_capacity(queue.len());
    for (_, path, content, kind) in queue {
        let content = if kind.text { rewrite(&path, content, &names)? } else { content };
        let asset = asset(&path, content, kind)?;
        names.insert(path, asset.path.clone());
        assets.push(asset);
    }
    for asset in assets.iter().filter(|asset| asset.content_type.starts_with("text/html")) {
        references::check_page(&asset.path, &String::from_utf8_lossy(&asset.identity), &names)?;
    }
    Ok(assets)
}

/// The scripts of dependencies come before the program that imports them, and the loader after the program.
fn rank(path: &str, kind: &Kind) -> u8 {
    match kind.extension {
        "js" if path.starts_with("/snippets/") => 2,
        "js" if !path.starts_with("/boot") => 3,
        "js" => 4,
        _ => kind.rank,
    }
}

fn kind_of(path: &str) -> Result<&'static Kind> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    KINDS
        .iter()
        .find(|kind| kind.extension == extension)
        .with_context(|| format!("{path} has a kind that the server does not know; add its content type to xtask/bindgen/src/pack.rs"))
}

fn rewrite(path: &str, content: Vec<u8>, names: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let text = String::from_utf8(content).ok().with_context(|| format!("{path} is not UTF-8; save it as UTF-8"))?;
    Ok(references::rewrite(&text, names).into_bytes())
}

fn asset(path: &str, identity: Vec<u8>, kind: &'static Kind) -> Result<Asset> {
    let hash = hash(&identity);
    let immutable = !keeps_its_name(path);
    let path = if immutable { fingerprinted(path, &hash) } else { path.to_owned() };
    let (gzip, brotli) = if kind.compressible { (compress::gzip(&identity)?, compress::brotli(&identity)?) } else { (None, None) };
    Ok(Asset { path, content_type: kind.content_type, immutable, hash, identity, gzip, brotli })
}

/// Pages and what programs ask for by a fixed name.
fn keeps_its_name(path: &str) -> bool {
    [".html", ".webmanifest", ".txt", ".ico"].iter().any(|end| path.ends_with(end))
}

fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn fingerprinted(path: &str, hash: &str) -> String {
    match path.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{path}-{hash}"),
    }
}

/// Writes the files and the manifest beside `out` and then swaps the folders, so that a build never reads half of it.
pub(crate) fn write(assets: &[Asset], out: &Path) -> Result<()> {
    let fresh = out.with_extension("new");
    let old = out.with_extension("old");
    for folder in [&fresh, &old] {
        if folder.exists() {
            std::fs::remove_dir_all(folder).with_context(|| format!("can't remove {}", folder.display()))?;
        }
    }
    for asset in assets {
        let file = fresh.join(asset.path.trim_start_matches('/'));
        put(&file, &asset.identity)?;
        for (suffix, bytes) in [("gz", &asset.gzip), ("br", &asset.brotli)] {
            if let Some(bytes) = bytes {
                put(&PathBuf::from(format!("{}.{suffix}", file.display())), bytes)?;
            }
        }
    }
    put(&fresh.join("manifest.tsv"), manifest::render(assets).as_bytes())?;
    if out.exists() {
        std::fs::rename(out, &old).with_context(|| format!("can't replace {}", out.display()))?;
    }
    std::fs::rename(&fresh, out).with_context(|| format!("can't create {}", out.display()))?;
    if old.exists() {
        std::fs::remove_dir_all(&old).with_context(|| format!("can't remove {}", old.display()))?;
    }
    Ok(())
}

fn put(file: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("can't create {}", folder.display()))?;
    }
    std::fs::write(file, content).with_context(|| format!("can't write {}; check the free space", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    /// The file that `original` became.
    fn find<'a>(assets: &'a [Asset], original: &str) -> &'a Asset {
        let (stem, extension) = original.rsplit_once('.').unwrap();
        let became = |path: &str| path == original || path.starts_with(&format!("{stem}-")) && path.ends_with(extension);
        assets.iter().find(|asset| became(&asset.path)).unwrap()
    }

    const PAGE: &str = r#"<link rel="stylesheet" href="/style.css"><script type="module" src="/boot.js"></script>"#;

    fn site() -> Files {
        files(&[
            ("/index.html", PAGE),
            ("/style.css", "@font-face { src: url(/fonts/a.woff2) }"),
            ("/fonts/a.woff2", "font"),
            ("/boot.js", r#"import init from "/app.js"; init({ module_or_path: "/app.wasm" })"#),
            ("/app.js", "import '/snippets/dep-1/inline0.js'"),
            ("/snippets/dep-1/inline0.js", "1"),
            ("/app.wasm", "wasm"),
            ("/fonts/LICENSE.txt", "free"),
        ])
    }

    #[test]
    fn references_follow_the_names() {
        let assets = pack(site()).unwrap();
        for (from, to) in [
            ("/index.html", "/style.css"),
            ("/index.html", "/boot.js"),
            ("/style.css", "/fonts/a.woff2"),
            ("/boot.js", "/app.js"),
            ("/boot.js", "/app.wasm"),
            ("/app.js", "/snippets/dep-1/inline0.js"),
        ] {
            let text = String::from_utf8(find(&assets, from).identity.clone()).unwrap();
            assert!(text.contains(&find(&assets, to).path), "{from}: {text}");
        }
    }

    #[test]
    fn only_files_whose_name_follows_their_content_are_kept_for_ever() {
        let assets = pack(site()).unwrap();
        assert!(find(&assets, "/style.css").immutable && find(&assets, "/style.css").path != "/style.css");
        for fixed in ["/index.html", "/fonts/LICENSE.txt"] {
            assert!(!find(&assets, fixed).immutable && find(&assets, fixed).path == fixed);
        }
    }

    #[test]
    fn a_change_deep_below_changes_every_name_above() {
        let mut changed = site();
        changed.insert("/fonts/a.woff2".to_owned(), b"another font".to_vec());
        let (before, after) = (pack(site()).unwrap(), pack(changed).unwrap());
        assert_ne!(find(&before, "/style.css").path, find(&after, "/style.css").path);
        assert_eq!(find(&before, "/boot.js").path, find(&after, "/boot.js").path);
    }

    #[test]
    fn what_the_server_could_not_serve_is_refused() {
        let mut unknown = site();
        unknown.insert("/notes.docx".to_owned(), Vec::new());
        assert!(pack(unknown).unwrap_err().to_string().contains("/notes.docx"));
        assert!(pack(Files::new()).unwrap_err().to_string().contains("index.html"));
    }
}
