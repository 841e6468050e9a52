//! The front end's files, embedded at build time by `build.rs`, and finding one by the path of a request.
//!
//! Must never read a file at run time: there is no path that leads out of this table.

/// A file as it is served. The compressed copies are there only where they save something.
#[derive(Debug)]
pub(crate) struct Asset {
    /// The path of the request, such as `/style-0123456789abcdef.css`.
    pub(crate) path: &'static str,
    /// The value of `Content-Type`.
    pub(crate) content_type: &'static str,
    /// Whether the name changes with the content: `Cache-Control: public, max-age=31536000, immutable`, else `no-cache`.
    pub(crate) immutable: bool,
    /// The value of `ETag`, quoted; the encoding is no part of it, so `Vary: Accept-Encoding` has to be sent.
    pub(crate) etag: &'static str,
    /// The content, not compressed.
    pub(crate) identity: &'static [u8],
    /// The content in gzip.
    pub(crate) gzip: Option<&'static [u8]>,
    /// The content in Brotli.
    pub(crate) brotli: Option<&'static [u8]>,
}

// `static ASSETS: &[Asset]`, sorted by path.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file for a request's path. Pages of the application are all `/index.html`; which paths those are, the routes say.
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    let place = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    ASSETS.get(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_is_found_by_its_path() {
        for asset in ASSETS {
            assert_eq!(find(asset.path).map(|found| found.etag), Some(asset.etag), "{}", asset.path);
        }
    }

    #[test]
    fn there_is_always_a_page_and_nothing_outside_the_table() {
        assert!(find("/index.html").is_some_and(|page| !page.immutable));
        for path in ["", "/", "index.html", "/../Cargo.toml", "/index.html/"] {
            assert!(find(path).is_none(), "{path}");
        }
    }
}
