//! References between the front end's files: following new names, and refusing pages that the policy would break.
//!
//! Must never touch text that is not a quoted path.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

/// What stands before a path in HTML, CSS and JavaScript.
const BEFORE: [char; 5] = ['"', '\'', '(', '`', '='];
/// What stands after it.
const AFTER: [char; 8] = ['"', '\'', ')', '`', '?', '#', '>', ' '];

/// `text` with every quoted path in `names` replaced by its new name.
pub(crate) fn rewrite(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut result = text.to_owned();
    for (old, new) in names.iter().filter(|(old, new)| old != new) {
        result = replace_quoted(&result, old, new);
    }
    result
}

fn replace_quoted(text: &str, old: &str, new: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(old) {
        let quoted = before.ends_with(BEFORE) && after.starts_with(AFTER);
        result.push_str(before);
        result.push_str(if quoted { new } else { old });
        rest = after;
    }
    result.push_str(rest);
    result
}

/// Refuses what the page's policy would: inline scripts and styles; and references to files that are not there.
pub(crate) fn check_page(path: &str, html: &str, names: &BTreeMap<String, String>) -> Result<()> {
    for (forbidden, remedy) in [
        ("<style", "move it into a style sheet"),
        (" style=", "move it into a style sheet"),
        ("<script>", "move it into a file"),
        (" onload=", "move it into a script file"),
        (" onclick=", "move it into a script file"),
    ] {
        if html.contains(forbidden) {
            bail!("{path} contains `{}`, which the page's policy refuses; {remedy}", forbidden.trim());
        }
    }
    for reference in ["src=\"/", "href=\"/"].iter().flat_map(|start| html.split(start).skip(1)) {
        let target = format!("/{}", reference.split(['"', '?', '#']).next().unwrap_or_default());
        let is_file = target.rsplit('/').next().is_some_and(|name| name.contains('.'));
        if is_file && !names.values().any(|name| *name == target) {
            bail!("{path} refers to {target}, which does not exist; correct the name or add the file");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> BTreeMap<String, String> {
        BTreeMap::from([("/app.js".to_owned(), "/app-1.js".to_owned()), ("/a.css".to_owned(), "/a-2.css".to_owned())])
    }

    #[test]
    fn only_quoted_paths_are_replaced() {
        for (text, expected) in [
            (r#"import x from "/app.js";"#, r#"import x from "/app-1.js";"#),
            ("url(/a.css)", "url(/a-2.css)"),
            ("see /app.js", "see /app.js"),
            (r#""/lib/app.js""#, r#""/lib/app.js""#),
            (r#""/app.json""#, r#""/app.json""#),
            (r#"'/a.css?x' '/a.css'"#, r#"'/a-2.css?x' '/a-2.css'"#),
        ] {
            assert_eq!(rewrite(text, &names()), expected);
        }
    }

    #[test]
    fn pages_that_would_break_are_refused() {
        for (html, problem) in [
            ("<style>p{}</style>", "<style"),
            ("<p style=\"color:red\">", "style="),
            ("<script>1</script>", "<script>"),
            (r#"<script src="/boot.js"></script>"#, "/boot.js"),
        ] {
            assert!(check_page("/index.html", html, &names()).unwrap_err().to_string().contains(problem), "{html}");
        }
        check_page("/index.html", r#"<script type="module" src="/app-1.js"></script><a href="/wall/main">"#, &names()).unwrap();
    }
}
