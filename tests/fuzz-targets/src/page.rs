//! Saved pages of any kind: reading one ends, and never panics.

use std::{path::Path, sync::LazyLock};
use xtask::audit::{Vocabulary, extract, page};

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let spec = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec"));
    match Vocabulary::load(spec, spec) {
        Ok(vocabulary) => vocabulary,
        Err(mistakes) => panic!("{}", mistakes.render()),
    }
});

/// The data as a page: its blocks, and what it states.
pub fn page(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let page = page::parse(&text, &VOCABULARY);
    // Those of HTML are lines of its text.
    if page.format != page::Format::Html {
        let lines = text.lines().count() + text.matches('\r').count() + 1;
        for block in &page.blocks {
            assert!(block.line <= lines, "a block after the end of the page");
        }
    }
    let facts = extract::facts(&page, &VOCABULARY);
    let again = extract::facts(&page::parse(&text, &VOCABULARY), &VOCABULARY);
    assert_eq!(
        format!("{facts:?}"),
        format!("{again:?}"),
        "reading a page twice gives different facts"
    );
}
