//! Canonical JSON.

use super::{
    reader::{Broken, Number, Reader},
    walk::Walk,
};

/// Canonical JSON: two texts with the same meaning have the same bytes. White space, the order of keys and
/// the escaping of characters are ignored; the order of values with the same key, invalid
/// text, and whether a number is written as a fraction are significant. `None` for bytes that are not valid JSON.
///
/// For comparing and hashing JSON that was kept unchanged. Takes time and memory in proportion to the text,
/// at any depth of nesting.
///
/// ```
/// use tencent_chat_types::wire::canonical;
/// assert_eq!(canonical(br#"{"b": 1, "a": "\u00e9"}"#), canonical("{\"a\":\"é\",\"b\":1}".as_bytes()));
/// assert_ne!(canonical(b"18446744073709551616"), canonical(b"18446744073709551617"));
/// ```
pub fn canonical(json: &[u8]) -> Option<Vec<u8>> {
    let nodes = nodes(json).ok()?;
    let mut out = Vec::with_capacity(json.len());
    let mut open = vec![Open {
        children: vec![(Vec::new(), 0)].into_iter(),
        end: b"",
    }];
    while let Some(inside) = open.last_mut() {
        let Some((key, index)) = inside.children.next() else {
            out.extend_from_slice(inside.end);
            open.pop();
            continue;
        };
        if !matches!(out.last(), None | Some(b'{' | b'[')) {
            out.push(b',');
        }
        if inside.end == b"}" {
            out.extend_from_slice(&key);
            out.push(b':');
        }
        let node = nodes.get(index)?;
        match node.json {
            b"{" | b"[" => {
                let mut children = Vec::new();
                let mut next = index + 1;
                while next < node.behind {
                    let child = nodes.get(next)?;
                    children.push((child.key.map(string).unwrap_or_default(), next));
                    next = child.behind;
                }
                let end: &[u8] = match node.json {
                    b"{" => b"}",
                    _ => b"]",
                };
                if end == b"}" {
                    // Stable: among values with the same key the first is used.
                    children.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                out.extend_from_slice(node.json);
                open.push(Open {
                    children: children.into_iter(),
                    end,
                });
            }
            text if text.starts_with(b"\"") => out.extend_from_slice(&string(text)),
            text => number(text, &mut out),
        }
    }
    Some(out)
}

/// Whether two texts are equal as JSON.
pub(crate) fn same_json(one: &[u8], other: &[u8]) -> bool {
    one == other
        || match (canonical(one), canonical(other)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        }
}

/// An object or a list being written.
struct Open {
    /// The keys as written, and the indices of their values.
    children: std::vec::IntoIter<(Vec<u8>, usize)>,
    end: &'static [u8],
}

/// A value of a text.
struct Node<'a> {
    /// Strings include their quotes.
    key: Option<&'a [u8]>,
    /// The first byte of an object or a list, the whole of anything else.
    json: &'a [u8],
    /// Index after the value and everything inside it.
    behind: usize,
}

/// All values of a text, at any depth, in order.
fn nodes(json: &[u8]) -> Result<Vec<Node<'_>>, Broken> {
    let mut walk = Walk::new(json);
    let mut nodes: Vec<Node<'_>> = Vec::new();
    let mut open = Vec::new();
    let close = |open: &mut Vec<usize>, nodes: &mut Vec<Node<'_>>, depth| {
        let behind = nodes.len();
        while open.len() > depth
            && let Some(node) = open.pop().and_then(|index| nodes.get_mut(index))
        {
            node.behind = behind;
        }
    };
    while walk.next()? {
        close(&mut open, &mut nodes, walk.depth());
        let mark = walk.reader.mark();
        let text = match walk.reader.peek()? {
            b'{' | b'[' => {
                open.push(nodes.len());
                walk.reader.enter();
                walk.reader.since(mark)
            }
            _ => walk.reader.slice()?.json,
        };
        walk.reader.back(mark);
        nodes.push(Node {
            key: walk.key(),
            json: text,
            behind: nodes.len() + 1,
        });
    }
    close(&mut open, &mut nodes, 0);
    walk.reader.end()?;
    Ok(nodes)
}

/// A string with the escapes of serde_json; unchanged if it contains invalid text.
fn string(raw: &[u8]) -> Vec<u8> {
    let decoded = Reader::new(raw).string().map(|string| string.decode());
    let written = decoded.ok().filter(|decoded| !decoded.odd);
    let written = written.and_then(|decoded| serde_json::to_vec(&decoded.text).ok());
    written.unwrap_or_else(|| raw.to_vec())
}

/// A number: fractions as digits and a power of ten, everything else unchanged.
fn number(text: &[u8], out: &mut Vec<u8>) {
    match Reader::new(text).number() {
        Ok(Some(Number::Other(number))) => match scientific(number) {
            Some(number) => out.extend_from_slice(number.as_bytes()),
            None => out.extend_from_slice(text),
        },
        _ => out.extend_from_slice(text),
    }
}

fn scientific(number: &str) -> Option<String> {
    let (number, power) = match number.split_once(['e', 'E']) {
        Some((number, power)) => (number, power.parse::<i64>().ok()?),
        None => (number, 0),
    };
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.is_empty() && power == 0 {
        // Too large for 64 bits, or minus zero.
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let places = i64::try_from(fraction.len()).ok()?;
    let significant = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let power = power.checked_sub(places)?.checked_add(zeros)?;
    Some(match significant.trim_start_matches('0') {
        "" => format!("{sign}0e0"),
        significant => format!("{sign}{significant}e{power}"),
    })
}

/// Whether a text is `null`, or an empty string, list or object, at any depth.
pub(crate) fn holds_nothing(json: &[u8]) -> bool {
    let Ok(nodes) = nodes(json) else { return true };
    nodes
        .iter()
        .enumerate()
        .any(|(index, node)| match node.json {
            b"null" | b"\"\"" => true,
            b"{" | b"[" => node.behind == index + 1,
            _ => false,
        })
}
