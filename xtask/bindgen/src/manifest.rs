//! `manifest.tsv`, which tells the server's build script what to embed: one line a file, without a heading:
//! path, content type, `immutable` or `revalidate`, the content's hash, and the file relative to the folder.
//! A compressed copy is the file with `.gz` or `.br` at its end, where there is one.
//!
//! Must never be read by the running server.

use crate::pack::Asset;

/// The manifest's text.
pub(crate) fn render(assets: &[Asset]) -> String {
    let mut lines: Vec<String> = assets
        .iter()
        .map(|asset| {
            let cache = if asset.immutable { "immutable" } else { "revalidate" };
            let file = asset.path.trim_start_matches('/');
            format!("{}\t{}\t{cache}\t{}\t{file}\n", asset.path, asset.content_type, asset.hash)
        })
        .collect();
    lines.sort();
    lines.concat()
}
