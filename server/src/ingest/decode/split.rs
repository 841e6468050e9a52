//! Cuts a JSON array into its elements without judging them, so that one that isn't JSON (`NaN`, a missing value)
//! spoils no other. An array without an end is refused: what is cut short was not meant so. It never recurses, however deep the body is, and never copies.

use super::{MAX_ITEMS, Refusal};
use taydo_model::ErrorCode;

/// The elements of the array that `body` is, or that it holds under the one key `under`.
///
/// # Errors
/// When the body is neither, or has more than [`MAX_ITEMS`] elements.
pub(super) fn elements<'a>(body: &'a [u8], under: &str) -> Result<Vec<&'a [u8]>, Refusal> {
    let body = trim(body);
    let (array, closing) = if body.first() == Some(&b'{') {
        let inner = trim(body.get(1..).unwrap_or_default());
        let key = format!("\"{under}\"");
        let rest = inner.strip_prefix(key.as_bytes()).map(trim).and_then(|rest| rest.strip_prefix(b":"));
        (rest.map(trim), true)
    } else {
        (Some(body), false)
    };
    let array = array.and_then(|array| array.strip_prefix(b"["));
    let Some(array) = array else {
        let message = format!("expected a JSON array, or an object with nothing but the array {under:?}");
        return Err(Refusal::new(ErrorCode::Malformed, message));
    };
    let (elements, rest) = split(array)?;
    let rest = trim(rest);
    let rest = if closing { rest.strip_prefix(b"}").map_or(rest, trim) } else { rest };
    if rest.is_empty() {
        Ok(elements)
    } else {
        Err(Refusal::new(ErrorCode::Malformed, format!("there is more after the array {under:?}; send one array")))
    }
}

/// Cuts what follows `[` at its commas. Gives the elements and what is left after the array's end.
pub(super) fn split(array: &[u8]) -> Result<(Vec<&[u8]>, &[u8]), Refusal> {
    let mut elements = Vec::new();
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    let mut start = 0;
    for (at, &byte) in array.iter().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => depth += 1,
            b']' if depth == 0 => {
                let last = trim(array.get(start..at).unwrap_or_default());
                if !last.is_empty() || !elements.is_empty() {
                    elements.push(last);
                }
                return Ok((elements, array.get(at + 1..).unwrap_or_default()));
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                if elements.len() >= MAX_ITEMS {
                    return Err(Refusal::new(ErrorCode::TooLarge, format!("the array has more than {MAX_ITEMS} items; send it in parts")));
                }
                elements.push(trim(array.get(start..at).unwrap_or_default()));
                start = at + 1;
            }
            _ => {}
        }
    }
    Err(Refusal::new(ErrorCode::Malformed, "the array has no end; was the body cut off?"))
}

pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(body: &str) -> Result<Vec<String>, String> {
        elements(body.as_bytes(), "items")
            .map(|all| all.iter().map(|one| String::from_utf8_lossy(one).into_owned()).collect())
            .map_err(|refusal| refusal.message)
    }

    #[test]
    fn an_array_is_cut_at_its_own_commas_only() {
        let all = |items: &[&str]| Ok(items.iter().map(|&item| item.to_owned()).collect());
        assert_eq!(cut("[]"), all(&[]));
        assert_eq!(cut(" [ 1 , NaN ] "), all(&["1", "NaN"]));
        assert_eq!(cut(r#"[{"a":[1,2],"b":"],\","},3]"#), all(&[r#"{"a":[1,2],"b":"],\","}"#, "3"]));
        assert_eq!(cut(r#"{ "items" : [1, 2] }"#), all(&["1", "2"]));
        assert_eq!(cut("[1,]"), all(&["1", ""]));
        let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(cut(&deep).map(|all| all.len()), Ok(1));
        for bad in ["", "3", "{}", r#"{"other":[1]}"#, "[1] 2", "[1,{\"a\"", "[1,2", r#"{"items":[1],"more":2}"#] {
            assert!(cut(bad).is_err(), "{bad}");
        }
    }
}
