#!/usr/bin/env bash
# Makes crates/usersig/tests/official_vectors.jsonl with the official Python and Node implementations, and has both of them judge
# signatures of ours, with and without userbuf, compressed and stored. Needs python3, node, npm and git.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
vectors=$here/../../crates/usersig/tests/official_vectors.jsonl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet tls-sig-api-v2==1.1
npm install --silent --no-fund --no-audit --prefix "$work" tls-sig-api-v2@1.0.2 >/dev/null
python=("$work/venv/bin/python" "$here/official.py")
git clone --quiet https://github.com/tencentyun/tls-sig-api-v2-python "$work/source"
git -C "$work/source" checkout --quiet 5326113eeffc7c24afa366bf90608f88aad99e3c
source=(env PYTHONPATH="$work/source" "$work/venv/bin/python" "$here/official.py")
node=(env NODE_PATH="$work/node_modules" NODE_NO_WARNINGS=1 node "$here/official.js")

# Theirs, for crates/usersig/tests/official_vectors.rs to verify.
{ "${python[@]}" generate; "${source[@]}" rooms; "${node[@]}" generate; } >"$vectors"
echo "wrote $(wc -l <"$vectors") vectors"

# Ours, for them to judge.
cargo build --quiet --package tencent-chat-usersig --example sig
sig=${CARGO_TARGET_DIR:-$here/../../target}/debug/examples/sig
export USERSIG_KEY='a throw-away key for test vectors only'
for user in lin 林 'a b&c#d?=%' xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx '"quoted\'; do
  for userbuf in '' abc 'ü bytes' "$(printf 'z%.0s' {1..5000})"; do
    for stored in '' --stored; do
      text=$("$sig" sign 1400000000 "$user" 86400 ${userbuf:+"$userbuf"} $stored)
      "$work/venv/bin/python" -c 'import json, sys; print(json.dumps({"user": sys.argv[1], "sig": sys.argv[2]}))' "$user" "$text"
    done
  done
done >"$work/ours.jsonl"
"${python[@]}" judge <"$work/ours.jsonl"
"${node[@]}" judge <"$work/ours.jsonl"
