//! What remains of a run that is killed while it writes.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path.strip_prefix(root).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

/// Runs the generator for the small spec; the kernel kills it when a file gets larger than this.
fn codegen(root: &Path, most_blocks: Option<u32>) -> bool {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/mini_spec");
    let limit = most_blocks.map_or(String::new(), |blocks| format!("ulimit -f {blocks};"));
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!(
            "ulimit -c 0; {limit} exec \"$0\" codegen --root \"$1\" --spec \"$2\""
        ))
        .args([env!("CARGO_BIN_EXE_xtask").as_ref(), root, &spec])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    status.success()
}

#[test]
fn a_run_that_is_killed_leaves_no_half_written_file() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("killed");
    let fresh = root.join("fresh");
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&fresh).unwrap();
    assert!(codegen(&fresh, None));
    let new = files(&fresh);
    // The generated files, each with an extra line at its end: a run has to write all of them.
    let old: BTreeMap<PathBuf, Vec<u8>> = (new.iter())
        .map(|(path, text)| (path.clone(), [text.as_slice(), b"\n// old\n"].concat()))
        .collect();
    // Sizes at which some file is being written, in the blocks of `ulimit`: 512 or 1,024 bytes.
    let sizes: BTreeSet<u32> = new.values().map(|text| text.len() as u32 / 1024).collect();
    let sizes: Vec<u32> = sizes.into_iter().filter(|blocks| *blocks > 0).collect();
    assert!(sizes.len() >= 8, "{sizes:?}");
    let mut killed = 0;
    for blocks in sizes {
        for before in [&BTreeMap::new(), &old] {
            let root = root.join(blocks.to_string());
            let _ = fs::remove_dir_all(&root);
            for (path, text) in before {
                let path = root.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            killed += u32::from(!codegen(&root, Some(blocks)));
            let mut left = files(&root);
            left.retain(|path, _| {
                !path
                    .file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .ends_with(".tmp")
            });
            for (path, text) in &left {
                let whole = [new.get(path), before.get(path)];
                assert!(
                    whole.contains(&Some(text)),
                    "{blocks} blocks: half of {path:?}"
                );
            }
            assert!(
                before.keys().all(|path| left.contains_key(path)),
                "{blocks} blocks"
            );
            // The next run finishes, and removes the leftovers of this one.
            assert!(codegen(&root, None));
            assert_eq!(files(&root), new, "{blocks} blocks");
        }
    }
    assert!(killed >= 12, "{killed} runs were killed");
}
