#!/usr/bin/env python3
"""All goals of the SDK's speed, measured in one go, as one table.

    benches/goals.py                    about three minutes, once everything is built
    benches/goals.py --builds           also README's program, built cold six times, in five minutes
    benches/goals.py --json             one JSON object per row, one per line
    benches/goals.py --only codec peers only these parts; --list lists them

A goal that is missed is reported and changes nothing else: these are figures. The exit code is 1 only if a part
could not run to its end. What is not installed is skipped and named. Everything runs on two cores.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "target/goals"
PEERS = ROOT / "benches/peers"
BENCHES = ["codec", "webhooks", "client_overhead", "batch", "usersig", "in_flight"]
PACKAGE, SIMULATOR = "tencent-chat-benches", "tencent-chat-simulator-bench"
# How often each is built; the fastest build counts, since other load only slows builds down.
ROUNDS = 2
TYPES_SECONDS = 8


class Skipped(Exception):
    pass


class Broken(Exception):
    pass


def two_cores():
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def lines_of(*command, folder=ROOT, environment=None):
    """The output of a program line by line, as it comes."""
    process = subprocess.Popen(
        [str(word) for word in command], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        yield from process.stdout
    finally:
        if process.poll() is None and sys.exc_info()[0] is not None:
            process.terminate()
        if process.wait() != 0:
            raise Broken(f"`{' '.join(map(str, command))}` ended with {process.returncode}")


def rows_of(lines):
    """Each goal is a row. A comparison without goals has a row for each contender after the first."""
    by_title = {}
    for line in lines:
        if not line.startswith("{"):
            if line.startswith("skipped"):
                raise Skipped(line.strip())
            continue
        line = json.loads(line)
        title, name = line.get("title", ""), line["name"]
        if "skipped" in line:
            yield {"measure": f"{title}: {name}", "skipped": line["skipped"]}
            continue
        for goal in line.get("goals", []):
            yield {"measure": f"{title}: {name}", **goal}
        by_title.setdefault(title, []).append(line)
    for title, contenders in by_title.items():
        if not any(line.get("goals") for line in contenders):
            for line in contenders[1:]:
                if "speed" in line:
                    figure = f"{line['speed']['median']:.3g}"
                    yield {"measure": f"{title}: {line['name']}", "goal": "", "figure": f"speed {figure}", "met": None}


def measured(*arguments, folder=ROOT):
    """The rows of one `cargo bench`, which builds first, so that nothing else runs while it measures."""
    say("    building, if anything changed")
    command = ["cargo", "bench", "--quiet", *arguments]
    for _ in lines_of(*command, "--no-run", folder=folder):
        pass
    say("    measuring")
    yield from rows_of(lines_of(*command, "--", "--json", folder=folder))


def bench(name, package=PACKAGE):
    return lambda _: measured("--package", package, "--bench", name)


def peers(_):
    if shutil.which("pkg-config") is None or subprocess.run(["pkg-config", "--exists", "openssl"]).returncode != 0:
        raise Skipped("tencent_im_rs needs pkg-config and the headers of OpenSSL")
    yield from measured("--locked", "--bench", "peers", folder=PEERS)


def vendor(arguments):
    source = ["--go-source", arguments.go_source.resolve()] if arguments.go_source else []
    yield from rows_of(lines_of(sys.executable, ROOT / "benches/usersig_peers.py", "--json", *source))


def fresh(name, manifest, program):
    """A package of its own, with the settings that new packages have and the versions of this workspace."""
    folder = FOLDER / name
    (folder / "src").mkdir(parents=True, exist_ok=True)
    head = f'[package]\nname = "{name}"\nversion = "0.0.0"\nedition = "2024"\npublish = false\n\n[workspace]\n\n'
    (folder / "Cargo.toml").write_text(head + manifest)
    (folder / "src/main.rs").write_text(program)
    shutil.copy(ROOT / "Cargo.lock", folder)
    return folder


def build(folder, *arguments, clean=True):
    """Seconds that a debug build with two jobs takes, from nothing, with everything downloaded."""
    target = FOLDER / "target"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CARGO_PROFILE_")
    }
    for name in ("RUSTFLAGS", "RUSTC_WRAPPER"):
        environment.pop(name, None)
    environment["CARGO_TARGET_DIR"] = str(target)
    # Path dependencies would be built incrementally, which takes longer; users get them from git or a registry, without.
    environment["CARGO_INCREMENTAL"] = "0"
    if clean:
        shutil.rmtree(target, ignore_errors=True)
    fetch = subprocess.run(["cargo", "fetch", "--quiet"], cwd=folder, env=environment)
    if fetch.returncode != 0:
        raise Skipped("the dependencies cannot be downloaded")
    began = time.monotonic()
    command = ["cargo", "build", "--quiet", "--offline", "--jobs", "2", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, stdout=sys.stderr)
    took = time.monotonic() - began
    if done.returncode != 0:
        raise Broken(f"`{' '.join(command)}` failed in {folder}")
    return took


def types(_):
    folder = fresh("types", f'[dependencies]\ntencent-chat-types = {{ path = "{ROOT}/crates/types" }}\n', "fn main() {}\n")
    whole = build(folder)
    times = []
    for _ in range(ROUNDS):
        clean = subprocess.run(
            ["cargo", "clean", "--quiet", "--package", "tencent-chat-types"],
            cwd=folder,
            env=os.environ | {"CARGO_TARGET_DIR": str(FOLDER / "target")},
        )
        if clean.returncode != 0:
            raise Broken("`cargo clean` failed")
        times.append(build(folder, clean=False))
    own = min(times)
    yield {
        "measure": "Debug build of the types crate, dependencies built",
        "goal": f"seconds <= {TYPES_SECONDS}",
        "figure": f"{own:.1f} ({whole:.1f} with dependencies)",
        "met": own <= TYPES_SECONDS,
    }


def readme(_):
    text = (ROOT / "README.md").read_text()
    manifest, program = re.search(
        r"^## In your program\n+```toml\n(.*?)```\n+```rust,no_run\n(.*?)```", text, re.DOTALL | re.MULTILINE
    ).groups()
    crate = r'^tencent-chat-(\w+) = { git = "<this repository>"'
    manifest = re.sub(crate, rf'tencent-chat-\1 = {{ path = "{ROOT}/crates/\1"', manifest, flags=re.MULTILINE)
    ring = re.sub(r"^(tencent-chat-client = {.*) }$", r'\1, default-features = false, features = ["rustls-ring"] }', manifest, flags=re.MULTILINE)
    if ring == manifest:
        raise Broken("README's manifest has no line for the client to change")
    turns = {
        "ours": (fresh("readme-program", manifest, program), []),
        "ours, rustls-ring": (fresh("readme-program-ring", ring, program), []),
        "theirs": (PEERS, ["--package", "readme"]),
    }
    times = {name: [] for name in turns}
    for number in range(ROUNDS):
        for name in turns if number % 2 == 0 else reversed(turns):
            folder, arguments = turns[name]
            times[name].append(build(folder, *arguments))
            say(f"    {name}: {times[name][-1]:.1f} s")
    own, with_ring, theirs = (min(times[name]) for name in turns)
    yield {
        "measure": "Debug build of README's program, cold",
        "goal": "time of tencent_im_rs's <= 1",
        "figure": f"{own / theirs:.3g} ({own:.1f} s, {theirs:.1f} s)",
        "met": own <= theirs,
    }
    figure = f"{with_ring / theirs:.3g} ({with_ring:.1f} s)"
    yield {"measure": "The same with the feature rustls-ring", "goal": "", "figure": figure, "met": None}


PARTS = {name: bench(name) for name in BENCHES} | {
    "simulator": bench("simulator", SIMULATOR),
    "peers": peers,
    "vendor": vendor,
    "types": types,
    "readme": readme,
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def mark(row):
    if "skipped" in row:
        return f"skipped: {row['skipped']}"
    return {True: "met", False: "NOT met", None: ""}[row["met"]]


def table(rows):
    cells = [(row["measure"], row.get("goal", ""), row.get("figure", ""), mark(row)) for row in rows]
    cells.insert(0, ("measure", "goal", "figure", ""))
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    for row in cells:
        print("  ".join(f"{text:{width}}" for text, width in zip(row, [*widths, 0])).rstrip())


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__.partition("\n\n")[0], epilog=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--json", action="store_true", help="one JSON object per row, one per line")
    arguments.add_argument("--builds", action="store_true", help="also the part `readme`, which takes minutes")
    arguments.add_argument("--go-source", type=Path, help="a checkout of the vendor's Go library")
    arguments.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help="only these parts")
    arguments.add_argument("--list", action="store_true", help="list the parts")
    arguments = arguments.parse_args()
    if arguments.list:
        print("\n".join(PARTS))
        return 0
    parts = arguments.only or [name for name in PARTS if name != "readme" or arguments.builds]
    two_cores()
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows, broken, began = [], False, time.monotonic()
    try:
        for number, name in enumerate(parts, 1):
            started = time.monotonic()
            say(f"[{number}/{len(parts)}] {name}, after {started - began:.0f} s")
            try:
                for row in PARTS[name](arguments):
                    rows.append(row)
                    say(f"    {row['measure']}: {row.get('goal', '')}: {row.get('figure', '')} {mark(row)}")
            except Skipped as why:
                rows.append({"measure": name, "skipped": str(why)})
                say(f"    skipped: {why}")
            except Broken as why:
                broken = True
                rows.append({"measure": name, "skipped": f"it broke: {why}"})
                say(f"    it broke: {why}")
    except KeyboardInterrupt:
        broken = True
        say("interrupted; this is what is known so far")
    goals = [row["met"] for row in rows if row.get("met") is not None]
    if arguments.json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    else:
        table(rows)
        print(f"\n{sum(goals)} of {len(goals)} goals met, in {time.monotonic() - began:.0f} s")
    return 1 if broken else 0


sys.exit(main())
