//! Whatever a spec folder contains, the generator returns files or mistakes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::{prelude::*, sample::Index};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};
use xtask::codegen::{
    check,
    diagnostic::{Diagnostic, Diagnostics},
    generate, load, samples, settles,
    spec::{
        EndpointFile, ErrorsFile, FamiliesFile, FieldsFile, ProtocolFile, RegionsFile, SharedFile,
        WebhookFile, WebhooksFile, usersig::UserSigFile,
    },
    type_expr,
};

fn mini_spec() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mini_spec")
}

/// Every file of the small spec: path below the spec folder, and bytes.
static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let root = mini_spec();
    let mut open = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                files.push((name.replace('\\', "/"), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
});

static MINI: LazyLock<load::Spec> = LazyLock::new(|| load::load(&mini_spec()).unwrap());

/// Renders every mistake too, which has to work for any place in any text.
fn told(mistakes: &Diagnostics) {
    assert!(!mistakes.is_empty());
    assert!(mistakes.render().contains("error"));
    assert_eq!(
        mistakes.render_json().lines().count(),
        mistakes.sorted().len()
    );
}

/// One file of a kind, alone.
fn parse_as(path: &str, text: &str) {
    let source = load::Source {
        path: format!("spec/{path}"),
        text: text.to_owned(),
    };
    let result = match path {
        "families.toml" => load::parse::<FamiliesFile>(&source).map(drop),
        "fields.toml" => load::parse::<FieldsFile>(&source).map(drop),
        "protocol.toml" => load::parse::<ProtocolFile>(&source).map(drop),
        "regions.toml" => load::parse::<RegionsFile>(&source).map(drop),
        "errors.toml" => load::parse::<ErrorsFile>(&source).map(drop),
        "usersig.toml" => load::parse::<UserSigFile>(&source).map(drop),
        "webhooks.toml" => load::parse::<WebhooksFile>(&source).map(drop),
        _ if path.starts_with("webhooks/") => load::parse::<WebhookFile>(&source).map(drop),
        _ if path.starts_with("shared/") => load::parse::<SharedFile>(&source).map(drop),
        _ => load::parse::<EndpointFile>(&source).map(drop),
    };
    if let Err(mistakes) = result {
        told(&mistakes);
    }
}

/// The small spec with one file's text replaced, or the mistakes of that text.
fn spec_with(path: &str, text: &str) -> Result<load::Spec, Diagnostics> {
    let source = Arc::new(load::Source {
        path: format!("spec/{path}"),
        text: text.to_owned(),
    });
    let mut spec = MINI.clone();
    macro_rules! replace {
        ($place:expr) => {{
            $place.file = load::parse(&source)?;
            $place.source = source;
        }};
    }
    match path {
        "families.toml" => replace!(spec.families),
        "fields.toml" => replace!(spec.fields.as_mut().unwrap()),
        "protocol.toml" => replace!(spec.protocol),
        "regions.toml" => replace!(spec.regions),
        "errors.toml" => replace!(spec.errors),
        "usersig.toml" => replace!(spec.usersig),
        "webhooks.toml" => replace!(spec.webhooks.as_mut().unwrap().common),
        _ if path.starts_with("webhooks/") => {
            let events = &mut spec.webhooks.as_mut().unwrap().events;
            let place = (events.iter_mut()).find(|file| file.source.path == source.path);
            let place = place.unwrap();
            replace!(place);
        }
        _ => {
            let shared = (spec.shared.iter_mut()).find(|file| file.source.path == source.path);
            if let Some(place) = shared {
                replace!(place);
            } else {
                let place = (spec.endpoints.iter_mut())
                    .find(|file| file.source.path == source.path)
                    .unwrap();
                replace!(place);
            }
        }
    }
    spec.fill_in_rows()?;
    Ok(spec)
}

/// All stages on one changed file. A spec without mistakes must also generate.
fn run_with(path: &str, text: &str) {
    let spec = match spec_with(path, text) {
        Ok(spec) => spec,
        Err(mistakes) => return told(&mistakes),
    };
    let mut mistakes = check::check(&spec);
    mistakes.extend(samples::check(&spec));
    if !mistakes.is_empty() {
        return told(&mistakes);
    }
    match generate(&spec) {
        Ok(tree) => {
            for (path, text) in tree.iter().filter(|(path, _)| path.ends_with(".rs")) {
                assert!(syn::parse_file(text).is_ok(), "{path}:\n{text}");
            }
        }
        Err(mistakes) => panic!("{}\n{path}:\n{text}", mistakes.render()),
    }
}

/// A change of bytes; places are relative, so that they fit a file of any length.
#[derive(Clone, Debug)]
enum Change {
    Delete(Index, usize),
    Insert(Index, Vec<u8>),
    Duplicate(Index, usize),
    Swap(Index, Index, usize),
    DeleteLine(Index),
    SwapLines(Index, Index),
    /// A word of the file replaced by another.
    ReplaceWord(Index, Index),
    /// A word of the file replaced by one that is legal elsewhere.
    Word(Index, &'static str),
}

const WORDS: &[&str] = &[
    "Self",
    "self",
    "type",
    "r#type",
    "crate",
    "Unknown",
    "Extra",
    "extra",
    "_",
    "",
    "0",
    "-1",
    "18446744073709551615",
    "9223372036854775807",
    "0x10",
    "1e400",
    "nan",
    "true",
    "{}",
    "[]",
    "[string]",
    "{[Page]}",
    "Page",
    "Book",
    "Sequel",
    "json",
    "flag",
    "tag_value",
    "error_code",
    "f64",
    "i32",
    "u64",
    "名",
    "\u{301}",
    "\\\"",
    "'''",
    "\"\"\"",
    "#",
    "\r\n",
    "\t",
    "*/",
    "`",
    "max_items",
    "min",
    "required",
    "rust",
    "deprecated",
    "default",
    "Vec",
    "Option",
    "String",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1..40_usize).prop_map(|(at, length)| Change::Delete(at, length)),
        (at(), prop::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, new)| Change::Insert(at, new)),
        (at(), "[\\[\\]{}\"'`=.,#\\\\\n a-zA-Z0-9_-]{1,6}")
            .prop_map(|(at, new)| Change::Insert(at, new.into_bytes())),
        (at(), 1..200_usize).prop_map(|(at, length)| Change::Duplicate(at, length)),
        (at(), at(), 1..30_usize).prop_map(|(a, b, length)| Change::Swap(a, b, length)),
        at().prop_map(Change::DeleteLine),
        (at(), at()).prop_map(|(a, b)| Change::SwapLines(a, b)),
        (at(), at()).prop_map(|(a, b)| Change::ReplaceWord(a, b)),
        (at(), prop::sample::select(WORDS)).prop_map(|(at, word)| Change::Word(at, word)),
    ]
}

/// The positions of a text's words.
fn words(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, byte) in bytes.iter().chain([&b' ']).enumerate() {
        let inside = byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    words
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    match change {
        Change::Delete(at, length) => {
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.drain(at..end);
        }
        Change::Insert(at, new) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, new.iter().copied());
        }
        Change::Duplicate(at, length) => {
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        Change::Swap(a, b, length) => {
            let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
            for i in 0..*length {
                if a.max(b) + i < bytes.len() {
                    bytes.swap(a + i, b + i);
                }
            }
        }
        Change::DeleteLine(at) => {
            let mut lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
            lines.remove(at.index(lines.len()));
            *bytes = lines.join(&b'\n');
        }
        Change::SwapLines(a, b) => {
            let mut lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
            *bytes = lines.join(&b'\n');
        }
        Change::ReplaceWord(a, b) => {
            let words = words(bytes);
            if !words.is_empty() {
                let new = bytes[words[b.index(words.len())].clone()].to_vec();
                bytes.splice(words[a.index(words.len())].clone(), new);
            }
        }
        Change::Word(at, word) => {
            let words = words(bytes);
            if !words.is_empty() {
                bytes.splice(words[at.index(words.len())].clone(), word.bytes());
            }
        }
    }
}

#[test]
fn paths_lead_through_lists_maps_and_unions() {
    let described = (MINI.endpoints.iter()).find(|e| e.name == "describe_book");
    let outline = settles::of_endpoint(&MINI, &described.unwrap().file);
    for (path, ty) in [
        ("reply.Book.Title", "string"),
        (
            "reply.Pages[].PageContent.Inner[].PageContent.Lines[]",
            "string",
        ),
        ("reply.Chapters[].Chapters[].Heading", "string"),
        ("reply.Copies{}", "u64"),
        ("reply.Notes{}[].Value", "tag_value"),
        ("reply.ErrorCode", "error_code"),
        ("request.Parts", "[string]"),
    ] {
        let (found, _) = outline.resolve(path).unwrap();
        assert_eq!(found, type_expr::parse(ty).ok(), "{path}");
    }
    assert!(outline.resolve("reply.Notes[].Value").is_err());
    assert!(
        outline
            .resolve("reply.Pages[].PageContent.Nothing")
            .is_err()
    );
    assert!(
        outline
            .resolve_lacking("reply.Pages[].PageContent.Nothing")
            .is_ok()
    );
    assert!(outline.resolve("reply.Book.Binding").unwrap().1, "an enum");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_as_any_file(file in any::<Index>(), text in any::<String>()) {
        parse_as(&file.get(&FILES).0, &text);
    }

    /// Looks like TOML more often than arbitrary text does.
    #[test]
    fn toml_like_text_as_any_file(
        file in any::<Index>(),
        text in "((\\[{1,2}[a-zA-Z_.]{0,9}\\]{1,2}|[a-zA-Z_\"']{1,9} ?= ?[\\[\\]{}a-z0-9,.:=\"'# -]{0,30})\n){0,12}",
    ) {
        parse_as(&file.get(&FILES).0, &text);
    }

    #[test]
    fn any_text_as_a_type(text in any::<String>()) {
        let _ = type_expr::parse(&text);
    }

    #[test]
    fn brackets_as_a_type(text in "[\\[\\]{} a-zA-Z]{0,60}") {
        let _ = type_expr::parse(&text);
    }

    /// Every path that is found could be written: nothing is made up on the way.
    #[test]
    fn any_text_as_a_key_of_an_erratum(
        text in "((reply|request|Pages|Book|Copies|Notes|PageContent|Inner|Title)?(\\[\\]|\\{\\}|[é\\[])?[.:]?){0,8}(type|field)?",
    ) {
        let described = MINI.endpoints.iter().find(|e| e.name == "describe_book").unwrap();
        let outline = settles::of_endpoint(&MINI, &described.file);
        if let Ok(settles::Settled { path: Some(path), .. }) = settles::Settled::parse(&text) {
            if outline.resolve(path).is_ok() {
                prop_assert!(outline.resolve_lacking(path).is_err(), "{path}");
            } else {
                let _ = outline.resolve_lacking(path);
            }
        }
    }

    #[test]
    fn any_span_of_any_text(text in any::<String>(), start in 0..80_usize, end in 0..80_usize) {
        let source = load::Source { path: "spec/x.toml".to_owned(), text };
        let shown = Diagnostic::new(&source, start..end, "here").render();
        prop_assert!(shown.starts_with("error: here\n"));
    }

    #[test]
    fn any_file_name(name in "[^/\0]{1,20}", family in "[^/\0]{1,20}") {
        let mut spec = MINI.clone();
        spec.endpoints[0].name.clone_from(&name);
        spec.endpoints[1].family = family;
        spec.shared[0].name = name;
        let mut mistakes = check::check(&spec);
        mistakes.extend(samples::check(&spec));
        if mistakes.is_empty() {
            prop_assert!(generate(&spec).is_ok());
        } else {
            told(&mistakes);
        }
    }

    /// A sample of any text, including text with quotes.
    #[test]
    fn any_sample(body in "[\\[\\]{}\":,0-9a-z.\\\\ \n-]{0,60}") {
        let text = String::from_utf8(file("endpoints/reader/ring_bell.toml")).unwrap();
        let sample = format!("[[sample]]\nname = \"more\"\nreply = '''{body}'''\n");
        run_with("endpoints/reader/ring_bell.toml", &(text + &sample));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files(
        index in any::<Index>(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let (path, bytes) = index.get(&FILES);
        let mut bytes = bytes.clone();
        for change in &changes {
            apply(&mut bytes, change);
        }
        run_with(path, &String::from_utf8_lossy(&bytes));
    }
}

fn file(path: &str) -> Vec<u8> {
    let found = FILES.iter().find(|(name, _)| name == path);
    found.unwrap().1.clone()
}

/// Words of each file in turn are replaced by words that are legal elsewhere: the changes that come closest to
/// passing the checks.
#[test]
fn every_word_replaced() {
    for (path, bytes) in FILES.iter() {
        // All combinations would take minutes.
        for (i, range) in words(bytes).into_iter().enumerate().step_by(4) {
            for word in WORDS.iter().skip(i % 47).step_by(47) {
                let mut changed = bytes.clone();
                changed.splice(range.clone(), word.bytes());
                run_with(path, &String::from_utf8_lossy(&changed));
            }
        }
    }
}

#[test]
fn a_cut_at_every_line() {
    for (path, bytes) in FILES.iter() {
        let text = String::from_utf8(bytes.clone()).unwrap();
        for (at, _) in text.match_indices('\n') {
            run_with(path, &text[..at]);
            run_with(path, &text[at..]);
        }
    }
}

#[test]
fn deep_nesting() {
    for depth in [10, 63, 64, 65, 1000, 100_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let tables = "a.".repeat(depth);
        let inline = "{ a = ".repeat(depth);
        for text in [
            format!("path = {open}{close}"),
            format!("path = {open}"),
            format!("path = {close}"),
            format!("[{tables}a]\n"),
            format!("{tables}a = 1\n"),
            format!("path = {inline}1{}", " }".repeat(depth)),
            format!("request.A = {{ type = \"{open}u64{close}\", doc = \"A.\" }}"),
            format!("[[sample]]\nname = \"a\"\nreply = '''{open}{close}'''"),
            format!(
                "[[sample]]\nname = \"a\"\nreply = '''{}'''",
                "{\"a\":".repeat(depth)
            ),
        ] {
            for (path, _) in FILES.iter() {
                parse_as(path, &text);
            }
        }
    }
}

#[test]
fn deep_samples_of_recursive_types() {
    let path = "endpoints/book/describe_book.toml";
    let text = String::from_utf8(file(path)).unwrap();
    let place = r#"{ "Title": "Moths at Sea" }"#;
    assert!(text.contains(place));
    for depth in [1, 40, 60, 200, 10_000] {
        let next = format!(
            "{}{place}{}",
            r#"{ "Title": "Moths", "Next": "#.repeat(depth),
            " }".repeat(depth)
        );
        run_with(path, &text.replace(place, &next));
    }
}

#[test]
fn numbers_at_their_ends() {
    let path = "endpoints/book/lend_book.toml";
    let text = String::from_utf8(file(path)).unwrap();
    for key in [
        "max_bytes",
        "max_chars",
        "min_items",
        "max_items",
        "min",
        "max",
    ] {
        for number in [
            "0",
            "-1",
            "1",
            "4294967295",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "18446744073709551616",
        ] {
            let old = text.split(&format!(" {key} = ")).nth(1).unwrap();
            let old = old.split([',', ' ']).next().unwrap();
            let changed =
                text.replacen(&format!(" {key} = {old}"), &format!(" {key} = {number}"), 1);
            assert_ne!((changed == text), (old != number), "{key} = {number}");
            run_with(path, &changed);
        }
    }
}

/// A checkout with other line endings gives the same files.
#[test]
fn other_line_ends() {
    let expected = generate(&MINI).unwrap();
    for (path, bytes) in FILES.iter() {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let spec = spec_with(path, &text.replace('\n', "\r\n"));
        let spec = spec.unwrap_or_else(|mistakes| panic!("{}", mistakes.render()));
        let mut mistakes = check::check(&spec);
        mistakes.extend(samples::check(&spec));
        assert!(mistakes.is_empty(), "{}", mistakes.render());
        assert!(generate(&spec).unwrap() == expected, "{path}");
    }
}

#[test]
fn a_folder_that_is_not_there() {
    told(&load::load(Path::new("no/such/folder")).unwrap_err());
    told(&load::load(&mini_spec().join("families.toml")).unwrap_err());
}
