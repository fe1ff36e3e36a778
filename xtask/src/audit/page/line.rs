//! What a single line of a page, or a cell, is.

/// Whether a text can be the name of a field, dotted or not.
pub(in crate::audit) fn is_name(text: &str) -> bool {
    let ident = |piece: &str| {
        let piece = piece.trim_end_matches("[]");
        piece.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && piece.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    (2..=100).contains(&text.len()) && text.split('.').all(ident)
}

/// The cells of a row of pipes. Pipes in backticks and behind a backslash are text.
pub(super) fn split_pipes(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut code = false;
    let mut escaped = false;
    let ticks_balance = row.matches('`').count().is_multiple_of(2);
    for c in row.trim().chars() {
        match c {
            '|' if escaped || code && ticks_balance => cell(&mut cells).push('|'),
            '|' => cells.push(String::new()),
            c => {
                if c == '`' {
                    code = !code;
                }
                if escaped {
                    cell(&mut cells).push('\\');
                }
                if c != '\\' {
                    cell(&mut cells).push(c);
                }
            }
        }
        escaped = c == '\\';
    }
    if cells.len() > 1 {
        if cells.last().is_some_and(|last| last.trim().is_empty()) {
            cells.pop();
        }
        if cells.first().is_some_and(|first| first.trim().is_empty()) {
            cells.remove(0);
        }
    }
    for cell in &mut cells {
        *cell = cell.trim().to_owned();
    }
    cells
}

fn cell(cells: &mut Vec<String>) -> &mut String {
    if cells.is_empty() {
        cells.push(String::new());
    }
    let last = cells.len() - 1;
    &mut cells[last]
}

/// A code or a range of codes.
pub(in crate::audit) fn codes(text: &str) -> Option<(i64, i64)> {
    let text = text.trim();
    if text.len() > 40 {
        return None;
    }
    let number = |text: &str| {
        let text = text.trim();
        let digits = text.trim_start_matches('-');
        let plausible =
            (1..=7).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
        if plausible {
            text.parse::<i64>().ok()
        } else {
            None
        }
    };
    if let Some(code) = number(text) {
        return Some((code, code));
    }
    for between in [" - ", " – ", "–", "~", "～", " to ", "至", "到", "-"] {
        if let Some((from, to)) = text.split_once(between)
            && let (Some(from), Some(to)) = (number(from), number(to))
            && from < to
        {
            return Some((from, to));
        }
    }
    None
}

/// `|---|:--|` and the like.
pub(super) fn is_delimiter_row(line: &str) -> bool {
    let line = line.trim();
    line.contains('|')
        && line.contains("--")
        && line
            .chars()
            .all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
}

/// What stands before the next blank, quote or bracket: an address.
pub(super) fn word(text: &str) -> &str {
    let end =
        text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | '|'));
    &text[..end.unwrap_or(text.len())]
}
