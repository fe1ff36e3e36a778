//! The generator's output for a small spec, and how files are written and compared.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use quote::ToTokens as _;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use xtask::codegen::{
    check, emit,
    folders::OWNED,
    generate, load, lower, openapi,
    run::{Options, Outcome, run},
    samples, schema, tidy,
    tree::{MARK, Tree},
};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn mini_spec() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mini_spec")
}

/// Loads and checks; a mistake shows as its text.
fn checked(dir: &Path) -> load::Spec {
    let spec = load::load(dir).unwrap_or_else(|mistakes| panic!("{}", mistakes.render()));
    let mut mistakes = check::check(&spec);
    mistakes.extend(samples::check(&spec));
    assert!(mistakes.is_empty(), "{}", mistakes.render());
    spec
}

fn generated(dir: &Path) -> Tree {
    generate(&checked(dir)).unwrap_or_else(|mistakes| panic!("{}", mistakes.render()))
}

/// An empty folder for this test.
fn empty_dir(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("generator")
        .join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A path as the name of a snapshot.
fn flat(path: &str) -> String {
    path.replace('/', "__")
}

/// The published documents, which contain everything.
const DOCUMENTS: [&str; 3] = [
    "openapi/tencent-chat.json",
    "openapi/tencent-chat.schema.json",
    "openapi/tencent-chat.yaml",
];

#[test]
fn model_of_the_mini_spec() {
    let model = lower::lower(&checked(&mini_spec())).unwrap();
    insta::assert_debug_snapshot!("mini_model", model);
}

#[test]
fn what_typify_reads() {
    let model = lower::lower(&checked(&mini_spec())).unwrap();
    let lowered = schema::lowered(&openapi::types(&model).unwrap(), &model).unwrap();
    let of_command: BTreeMap<_, _> = (lowered["definitions"].as_object().unwrap().iter())
        .filter(|(name, _)| name.starts_with("BookDescribeBook"))
        .collect();
    insta::assert_json_snapshot!("mini_lowered", of_command);
}

/// The file of a command, generated from a changed document of all types.
fn described_book(change: impl FnOnce(&mut Map<String, Value>)) -> Result<String, String> {
    let model = lower::lower(&checked(&mini_spec())).unwrap();
    let mut document = openapi::types(&model).unwrap();
    change(document["$defs"].as_object_mut().unwrap());
    let structs = tidy::tidy(&model, schema::structs(&document, &model)?)?;
    let mut tree = Tree::default();
    emit::emit(&model, &structs, &mut tree)?;
    let file = tree.get("crates/types/src/generated/book/describe_book.rs");
    Ok(file.unwrap().to_owned())
}

#[test]
fn structs_are_what_the_document_of_all_types_says() {
    let before = described_book(|_| {}).unwrap();
    let after = described_book(|all| {
        all["BookDescribeBookNote"]["description"] = json!("A word or two.");
        let reply = &mut all["BookDescribeBookReply"];
        reply["required"] = json!(["Sequel"]);
        reply["properties"]["Shelf"] = json!({
            "type": "array",
            "items": { "type": "string", "x-max-length": 9 },
            "description": "Where it stands.",
            "x-default": "anywhere",
        });
    })
    .unwrap();
    let lines: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = (after.lines().map(str::trim))
        .filter(|line| !lines.iter().any(|known| known.trim() == *line))
        .collect();
    assert_eq!(
        new,
        [
            "pub book: Option<Book>,",
            "pub sequel: Sequel,",
            "/// Where it stands.",
            "/// Wire name `Shelf`; at most 9 characters; default: anywhere.",
            "pub shelf: Option<Vec<String>>,",
            "/// A word or two.",
        ]
    );
}

#[test]
fn a_difference_between_model_and_structs_ends_the_run() {
    let told = |change: fn(&mut Map<String, Value>)| described_book(change).unwrap_err();
    assert_eq!(
        told(|all| drop(all.remove("BookDescribeBookNote"))),
        "the document has no `BookDescribeBookNote`"
    );
    let lacking = told(|all| {
        let note = &mut all["BookDescribeBookNote"];
        note["required"] = json!(["Value"]);
        note["properties"].as_object_mut().unwrap().remove("Tag");
    });
    assert_eq!(lacking, "typify left out Note.Tag");
    let more = told(|all| {
        all["BookDescribeBookNote"]["properties"]["Page"] = json!({ "type": "string" });
    });
    assert_eq!(more, "typify made a field of its own: Note.Page");

    let model = lower::lower(&checked(&mini_spec())).unwrap();
    let nothing = tidy::tidy(&model, syn::parse_str("").unwrap()).unwrap_err();
    assert!(nothing.starts_with("typify made no struct"), "{nothing}");
    let document = openapi::types(&model).unwrap();
    let mut file = schema::structs(&document, &model).unwrap();
    file.items.push(syn::parse_str("struct Stray;").unwrap());
    assert_eq!(
        tidy::tidy(&model, file).unwrap_err(),
        "typify made a type of its own: Stray"
    );
}

#[test]
fn files_of_the_mini_spec() {
    let tree = generated(&mini_spec());
    for (path, text) in tree.iter().filter(|(path, _)| path.ends_with(".rs")) {
        insta::assert_snapshot!(format!("mini_file__{}", flat(path)), text);
    }
    let paths: Vec<&str> = tree.iter().map(|(path, _)| path).collect();
    insta::assert_debug_snapshot!("mini_paths", paths);
}

#[test]
fn schemas_for_editors_are_json_and_marked_as_generated() {
    let tree = generated(&mini_spec());
    let is_schema = |path: &str| path.ends_with(".schema.json") && path.starts_with("spec/");
    let schemas: Vec<_> = tree.iter().filter(|(p, _)| is_schema(p)).collect();
    assert_eq!(schemas.len(), 11);
    for (path, text) in schemas {
        let schema: serde_json::Value = serde_json::from_str(text).unwrap();
        let comment = schema["$comment"].as_str().unwrap();
        assert!(comment.starts_with("@generated"), "{path}");
    }
}

#[test]
fn files_parse_and_are_marked_as_generated() {
    for (path, text) in generated(&mini_spec())
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
    {
        assert!(
            syn::parse_file(text).is_ok(),
            "{path}: {:?}",
            syn::parse_file(text).err()
        );
        assert!(text.starts_with("// @generated"), "{path}");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
        assert!(!text.contains('\r'), "{path}");
        assert!(text.lines().all(|line| line.trim_end() == line), "{path}");
    }
}

/// Only `Option<Box<T>>` fits the wire macros.
#[test]
fn an_optional_field_of_its_own_type_is_an_option_of_a_box() {
    let tree = generated(&mini_spec());
    let text = tree
        .get("crates/types/src/generated/book/describe_book.rs")
        .unwrap();
    assert!(text.contains("pub next: Option<Box<Sequel>>"), "{text}");
}

#[test]
fn two_runs_give_the_same_bytes() {
    assert_eq!(generated(&mini_spec()), generated(&mini_spec()));
    let real = workspace().join("spec");
    assert_eq!(generated(&real), generated(&real));
}

#[test]
fn the_first_command_of_the_real_spec() {
    let tree = generated(&workspace().join("spec"));
    for path in [
        "conversation/get_contact_group.rs",
        "shared/conversation.rs",
    ] {
        let text = tree
            .get(&format!("crates/types/src/generated/{path}"))
            .unwrap();
        insta::assert_snapshot!(format!("real_file__{}", flat(path)), text);
    }
}

#[test]
fn checked_in_files_are_what_the_spec_says() {
    let root = workspace();
    let options = Options {
        spec: root.join("spec"),
        root,
        check: true,
    };
    match run(&options).unwrap() {
        Outcome::Checked { drift, .. } => {
            let diffs: String = drift.iter().map(|file| file.diff.as_str()).collect();
            assert!(drift.is_empty(), "run `cargo xtask codegen`:\n{diffs}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn writing_touches_only_what_changed() {
    let root = empty_dir("write");
    let tree = generated(&mini_spec());
    let count = tree.iter().count();
    let first = tree.write(&root).unwrap();
    assert_eq!(
        (first.written.len(), first.unchanged, first.removed.len()),
        (count, 0, 0)
    );

    let second = tree.write(&root).unwrap();
    assert_eq!(
        (second.written.len(), second.unchanged, second.removed.len()),
        (0, count, 0)
    );

    let changed = "crates/types/src/generated/reader/ring_bell.rs";
    fs::write(root.join(changed), "struct Stale;\n").unwrap();
    let third = tree.write(&root).unwrap();
    assert_eq!(third.written, [changed]);
    assert_eq!((third.unchanged, third.removed.len()), (count - 1, 0));
    let text = fs::read_to_string(root.join(changed)).unwrap();
    assert_eq!(Some(text.as_str()), tree.get(changed));
}

#[test]
fn a_stale_file_goes_and_a_foreign_one_stays() {
    let root = empty_dir("stale");
    let tree = generated(&mini_spec());
    tree.write(&root).unwrap();
    let stale = "crates/types/src/generated/reader/greet_reader.rs";
    let deep = "crates/client/src/generated/old/older/oldest.rs";
    let foreign = "crates/types/src/lib.rs";
    for path in [stale, deep, foreign] {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), "// by hand\n").unwrap();
    }
    let generated = format!("// {MARK} from spec/endpoints/old.toml. Do not edit.\n");
    for path in [stale, deep] {
        fs::write(root.join(path), &generated).unwrap();
    }
    let report = tree.write(&root).unwrap();
    assert_eq!(report.removed, [deep, stale]);
    assert!(report.written.is_empty());
    assert!(!root.join(stale).exists());
    assert!(!root.join(deep).exists());
    assert_eq!(
        fs::read_to_string(root.join(foreign)).unwrap(),
        "// by hand\n"
    );
}

/// Every file of a folder by relative path, links by their target.
fn everything(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = fs::read(&path).unwrap_or_default();
                found.insert(path, bytes);
            }
        }
    }
    found
}

#[test]
fn a_file_that_was_not_generated_is_an_error_and_nothing_changes() {
    let tree = generated(&mini_spec());
    for (folder, name, text) in [
        (OWNED[0], "notes.md", "do not lose this\n"),
        (OWNED[1], "helper.rs", "// by hand\npub fn help() {}\n"),
        (
            OWNED[2],
            "old/late.rs",
            "\n// @generated by `cargo xtask codegen`\n",
        ),
        (OWNED[3], "empty.rs", ""),
        (OWNED[4], "own.schema.json", "{\"title\": \"mine\"}"),
        (OWNED[5], "own.json", "{\"openapi\": \"3.1.1\"}"),
        (OWNED[5], "own.yaml", "openapi: 3.1.1\n"),
    ] {
        let root = empty_dir("by_hand");
        tree.write(&root).unwrap();
        let edited = root.join("crates/usersig/src/generated/mod.rs");
        fs::write(&edited, "// stale\n").unwrap();
        let by_hand = root.join(folder).join(name);
        fs::create_dir_all(by_hand.parent().unwrap()).unwrap();
        fs::write(&by_hand, text).unwrap();
        let before = everything(&root);
        let error = tree.write(&root).unwrap_err().to_string();
        let expected = format!("{folder}/{name} was not generated");
        assert!(error.starts_with(&expected), "{error}");
        assert_eq!(everything(&root), before, "{name}");
        // Comparing says it too.
        let drift = tree.drift(&root).unwrap();
        assert!(
            drift
                .iter()
                .any(|file| file.path == format!("{folder}/{name}"))
        );
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_or_removed_through_a_symbolic_link() {
    use std::os::unix::fs::symlink;
    let tree = generated(&mini_spec());
    let file = "crates/types/src/generated/catalogue.rs";
    let outside = empty_dir("link_outside");
    let there = outside.join("there");
    for (what, at) in [
        ("a file", file),
        ("a file with what is to be there", file),
        ("a folder of a family", "crates/types/src/generated/reader"),
        ("a generated folder", "crates/simulator/src/generated"),
        ("a folder above", "crates/client"),
        ("a stray", "crates/client/src/generated/stray.rs"),
        ("a stray folder", "crates/client/src/generated/stray"),
        ("a link to nowhere", file),
    ] {
        let root = empty_dir("link");
        tree.write(&root).unwrap();
        let at = root.join(at);
        let _ = fs::remove_dir_all(&there);
        let _ = fs::remove_file(&there);
        match what {
            "a file" => fs::write(&there, "not yours\n").unwrap(),
            "a file with what is to be there" => fs::copy(&at, &there).map(drop).unwrap(),
            "a stray" => fs::write(&there, format!("// {MARK}\n")).unwrap(),
            "a link to nowhere" => {}
            _ if at.is_dir() => copy(&at, &there),
            _ => {
                fs::create_dir_all(&there).unwrap();
                fs::write(there.join("old.rs"), format!("// {MARK}\n")).unwrap();
            }
        }
        let _ = fs::remove_dir_all(&at);
        let _ = fs::remove_file(&at);
        symlink(&there, &at).unwrap();
        let (before, outside_before) = (everything(&root), everything(&outside));
        let error = tree.write(&root).unwrap_err().to_string();
        assert!(
            error.contains("symbolic link") || error.contains("was not generated"),
            "{error}"
        );
        assert_eq!(everything(&root), before, "{what}");
        assert_eq!(everything(&outside), outside_before, "{what}");
    }
}

#[test]
fn every_generated_file_is_in_a_folder_that_the_generator_owns() {
    let tree = generated(&workspace().join("spec"));
    for (path, text) in tree.iter() {
        assert!(
            OWNED
                .iter()
                .any(|folder| path.starts_with(&format!("{folder}/"))),
            "{path}"
        );
        assert!(text.contains(MARK), "{path}");
    }
    for folder in OWNED {
        assert!(
            tree.iter().any(|(path, _)| path.starts_with(folder)),
            "{folder}"
        );
        let root = empty_dir("owned");
        let stray = format!("{folder}/stray.rs");
        fs::create_dir_all(root.join(folder)).unwrap();
        fs::write(root.join(&stray), format!("// {MARK}\n")).unwrap();
        assert_eq!(tree.write(&root).unwrap().removed, [stray]);
    }
}

#[test]
fn drift_shows_a_diff_and_goes_away_after_writing() {
    let root = empty_dir("drift");
    let tree = generated(&mini_spec());
    assert_eq!(tree.drift(&root).unwrap().len(), tree.iter().count());
    tree.write(&root).unwrap();
    assert_eq!(tree.drift(&root).unwrap(), []);

    let edited = "crates/usersig/src/generated/mod.rs";
    let stale = "crates/client/src/generated/museum.rs";
    let gone = "spec/schema/errors.schema.json";
    let text = fs::read_to_string(root.join(edited)).unwrap();
    let text = text.replace("pub(crate) mod params;", "pub mod params;");
    fs::write(root.join(edited), &text).unwrap();
    fs::write(root.join(stale), "pub struct Museum;\n").unwrap();
    fs::remove_file(root.join(gone)).unwrap();

    let drift = tree.drift(&root).unwrap();
    let diffs: BTreeMap<&str, &str> = drift
        .iter()
        .map(|file| (file.path.as_str(), file.diff.as_str()))
        .collect();
    assert_eq!(
        diffs.keys().copied().collect::<Vec<_>>(),
        [stale, edited, gone]
    );
    insta::assert_snapshot!("drift_of_an_edited_file", diffs[edited]);
    insta::assert_snapshot!("drift_of_a_stale_file", diffs[stale]);
    assert!(
        diffs[gone]
            .lines()
            .skip(2)
            .all(|line| line.starts_with(['+', '@']))
    );
    assert_eq!(
        fs::read_to_string(root.join(edited)).unwrap(),
        text,
        "comparing writes nothing"
    );

    let museum = format!("// {MARK} from spec/museum.toml. Do not edit.\n");
    fs::write(root.join(stale), museum).unwrap();
    tree.write(&root).unwrap();
    assert_eq!(tree.drift(&root).unwrap(), []);
}

#[test]
fn a_file_with_other_line_ends_is_drift() {
    let root = empty_dir("line_ends");
    let tree = generated(&mini_spec());
    tree.write(&root).unwrap();
    let path = "crates/client/src/generated/regions.rs";
    let text = tree.get(path).unwrap().replace('\n', "\r\n");
    fs::write(root.join(path), text).unwrap();
    let drift = tree.drift(&root).unwrap();
    assert_eq!(drift.len(), 1);
    assert_eq!(drift[0].path, path);
    assert!(!drift[0].diff.is_empty());
}

const NEW_COMMAND: &str = r#"
path = "v4/library/renew_card"
title = "Renewing a card"
summary = "Renews a reader's card."
page = { id = 27, updated = 2026-01-02 }
repeat = "idempotent"

[request]
From_Account = { type = "string", required = true, doc = "The reader." }

[reply]
ValidDays = { type = "u32", required = true, doc = "For how long the card is valid." }

[[sample]]
name = "a_year"
reply = '''{ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "ValidDays": 365 }'''
"#;

#[test]
fn a_new_command_is_one_new_file() {
    let spec = empty_dir("new_command");
    copy(&mini_spec(), &spec);
    let before = generated(&spec);
    fs::write(spec.join("endpoints/reader/renew_card.toml"), NEW_COMMAND).unwrap();
    let after = generated(&spec);

    let module = "crates/types/src/generated/reader/renew_card.rs";
    let family = "crates/types/src/generated/reader/mod.rs";
    let catalogue = "crates/types/src/generated/catalogue.rs";
    let facade = "crates/client/src/generated/reader.rs";
    let simulated = "crates/simulator/src/generated/samples.rs";
    assert!(
        after
            .get(module)
            .unwrap()
            .contains("pub struct RenewCardReply")
    );
    for (path, part) in [
        (family, "pub mod renew_card;"),
        (family, "pub use renew_card::{RenewCard, RenewCardReply};"),
        (catalogue, "<crate::reader::RenewCard as Endpoint>::META"),
        (catalogue, "\"v4/library/renew_card\" =>"),
        (simulated, "\"v4/library/renew_card\""),
        (facade, "request: impl IntoRequest<'a, RenewCard>"),
        (
            facade,
            "/// See [`RenewCard`] for limits, quota, retries and error codes.",
        ),
    ] {
        assert!(!before.get(path).unwrap().contains(part), "{path}: {part}");
        assert!(after.get(path).unwrap().contains(part), "{path}: {part}");
    }
    let changed: Vec<&str> = after
        .iter()
        .filter(|(path, text)| before.get(path) != Some(text))
        .map(|(path, _)| path)
        .collect();
    let expected = [
        &[facade, simulated, catalogue, family, module][..],
        &DOCUMENTS,
    ]
    .concat();
    assert_eq!(changed, expected);
    assert!(
        before.iter().all(|(path, _)| after.get(path).is_some()),
        "nothing goes"
    );

    let root = empty_dir("new_command_root");
    before.write(&root).unwrap();
    let report = after.write(&root).unwrap();
    assert_eq!(report.written, changed);
    assert!(report.removed.is_empty());
}

#[test]
fn a_removed_command_leaves_nothing_behind() {
    let spec = empty_dir("removed_command");
    copy(&mini_spec(), &spec);
    let root = empty_dir("removed_command_root");
    generated(&spec).write(&root).unwrap();
    fs::remove_file(spec.join("endpoints/reader/ring_bell.toml")).unwrap();
    let after = generated(&spec);
    let report = after.write(&root).unwrap();
    assert_eq!(
        report.removed,
        ["crates/types/src/generated/reader/ring_bell.rs"]
    );
    for (path, text) in after.iter() {
        assert!(
            !text.contains("RingBell") && !text.contains("ring_bell"),
            "{path}"
        );
    }
}

const NEW_WEBHOOK: &str = r#"
command = "Door.NoticeAfterExit"
title = "After Somebody Left"
summary = "Somebody has left."
page = { updated = 2026-01-02 }
when = "after"

[event]
Ticket = { type = "string", required = true, doc = "Number of the ticket." }

[[sample]]
name = "left"
event = '''{ "NoticeCommand": "Door.NoticeAfterExit", "Ticket": "17" }'''
reply = '''{ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "" }'''
"#;

#[test]
fn a_new_webhook_is_one_new_file() {
    let spec = empty_dir("new_webhook");
    copy(&mini_spec(), &spec);
    let before = generated(&spec);
    fs::write(spec.join("webhooks/door/door_after_exit.toml"), NEW_WEBHOOK).unwrap();
    let after = generated(&spec);
    let folder = "crates/types/src/generated/webhook";
    let changed: Vec<&str> = after
        .iter()
        .filter(|(path, text)| before.get(path) != Some(text))
        .map(|(path, _)| path)
        .collect();
    let expected = [
        "common.rs",
        "door/door_after_exit.rs",
        "door/mod.rs",
        "events.rs",
        "mod.rs",
        "prelude.rs",
    ]
    .map(|file| format!("{folder}/{file}"));
    let expected = expected.iter().map(String::as_str).chain(DOCUMENTS);
    assert_eq!(changed, expected.collect::<Vec<_>>());
    let events = after.get(&format!("{folder}/events.rs")).unwrap();
    for part in [
        "DoorAfterExit(Box<DoorAfterExit>)",
        "\"Door.NoticeAfterExit\" => DoorAfterExit",
    ] {
        assert!(events.contains(part), "{part}");
    }
}

/// An odd webhook, whose code must still compile without a warning: every import is used, and nothing is `mut`
/// without need.
const ODD_WEBHOOK: &str = r#"
command = "Door.NoticeBeforeEntry"
title = "Before Somebody Comes In"
summary = "Somebody wants to come in."
page = { updated = 2026-01-02 }
when = "before"

[event]
Words = { type = "string", doc = "What is said at the door." }
Coded = { type = "string", doc = "What is meant." }

[answer]
allow = "The door opens."

[[sample]]
name = "silent"
event = '''{ "NoticeCommand": "Door.NoticeBeforeEntry" }'''
reply = '''{ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "" }'''
"#;

#[test]
fn an_odd_webhook_compiles_without_a_warning() {
    let spec = empty_dir("odd_webhook");
    copy(&mini_spec(), &spec);
    fs::write(spec.join("webhooks/door/before_entry.toml"), ODD_WEBHOOK).unwrap();
    let tree = generated(&spec);
    let file = "crates/types/src/generated/webhook/door/before_entry.rs";
    let text = tree.get(file).unwrap();
    let imports: Vec<&str> = text.lines().filter(|l| l.starts_with("use ")).collect();
    let imports = imports.concat();
    for unused in ["words", "coded", "Refusal"] {
        assert!(!imports.contains(unused), "{unused} in {imports}");
    }
    assert!(!text.contains("let mut reply"), "{text}");
}

/// The generator knows the API only from the spec.
#[test]
fn the_generator_names_no_command_and_no_webhook() {
    fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let spec = checked(&workspace().join("spec"));
    let mut names: Vec<String> = Vec::new();
    for endpoint in &spec.endpoints {
        names.push(endpoint.file.path.value.clone());
        names.push(endpoint.name.clone());
    }
    for webhook in &spec.webhooks.as_ref().unwrap().events {
        names.push(webhook.file.command.value.clone());
        names.push(webhook.name.clone());
    }
    let mut files = Vec::new();
    sources(&workspace().join("xtask/src/codegen"), &mut files);
    assert!(files.len() > 20 && names.len() > 300);
    for (path, text) in &files {
        // Documentation and unit tests may give an example.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code: Vec<&str> = (code.lines())
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let code = code.join("\n");
        for name in &names {
            let word = format!("\"{name}\"");
            assert!(!code.contains(&word), "{}: {name}", path.display());
        }
    }
}

/// The client's methods for one item, one a line: what callers write, what they get, and the request that goes out.
#[test]
fn calls_for_one_item() {
    let spec = workspace().join("spec");
    let tree = generated(&spec);
    let mut lines = Vec::new();
    for (path, text) in tree.iter() {
        let Some(family) = path.strip_prefix("crates/client/src/generated/") else {
            continue;
        };
        let file = syn::parse_file(text).unwrap();
        let methods = file.items.iter().filter_map(|item| match item {
            syn::Item::Impl(item) => Some(&item.items),
            _ => None,
        });
        for item in methods.flatten() {
            let syn::ImplItem::Fn(method) = item else {
                continue;
            };
            let signature = &method.sig;
            let text = signature.to_token_stream().to_string();
            if text.contains("-> ItemCall") {
                lines.push(format!(
                    "{}: {}",
                    family.trim_end_matches(".rs"),
                    spaceless(&text)
                ));
            }
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// Tokens as a person would write them.
fn spaceless(tokens: &str) -> String {
    let mut text = tokens.to_owned();
    for (odd, usual) in [
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" :", ":"),
        (" ;", ";"),
        (" (", "("),
        ("< ", "<"),
        ("& ", "&"),
        ("- >", "->"),
        (",)", ")"),
        (",(", ", ("),
    ] {
        text = text.replace(odd, usual);
    }
    text
}
