#!/usr/bin/env python3
"""How cost grows: with messages per page, accounts per batch, tasks, stored messages, and files of the spec.

    benches/growth.py               measures everything, prints tables, writes benches/growth/
    benches/growth.py --only spec   only these parts, and writes nothing

The plots need `pip install -r benches/requirements.txt`.
`benches/growth/README.md` has the tables and `benches/growth/growth.svg` the plots, of the machine that ran this.
"""

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target/growth"
RESULT = ROOT / "benches/growth"
SHARES = [0.25, 0.5, 0.75, 1.0]


def say(text):
    print(text, file=sys.stderr, flush=True)


def bench(name, package="tencent-chat-benches"):
    """Operations a second, by title and size."""
    say(f"  {name}")
    command = ["cargo", "bench", "--quiet", "--package", package, "--bench", name, "--", "--growth", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    rates = {}
    for line in map(json.loads, done.stdout.splitlines()):
        rates.setdefault(line["title"], {})[int(line["name"])] = line["per_second"]
    return rates


def pages():
    rates = bench("codec")
    return {
        "title": "Page of history, time per message",
        "x": "messages in the page",
        "y": "microseconds",
        "series": {
            name: {size: 1e6 / rate / size for size, rate in points.items()} for name, points in rates.items()
        },
    }


def batches():
    (points,) = bench("batch").values()
    return {
        "title": "Batch, time per account",
        "x": "accounts in the batch",
        "y": "microseconds",
        "series": {"this SDK, 4 calls in flight": {size: 1e6 / rate / size for size, rate in points.items()}},
    }


def tasks():
    (points,) = bench("client_overhead").values()
    return {
        "title": "Calls per second of one client, on one core",
        "x": "tasks that call at the same time",
        "y": "calls per second",
        "series": {"this SDK": {size: rate * 2048 for size, rate in points.items()}},
    }


def simulator():
    rates = bench("simulator", "tencent-chat-simulator-bench")
    return {
        "title": "Simulator, requests per second, 64 in flight",
        "x": "stored messages",
        "y": "requests per second",
        "series": {name.removeprefix("simulator, "): points for name, points in rates.items()},
    }


def spec():
    """Codegen and the types crate with a part of the commands and all webhooks, in a copy."""
    say("  spec")
    subprocess.run(["cargo", "build", "--quiet", "--package", "xtask"], cwd=ROOT, check=True)
    xtask = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/xtask"
    series = {"codegen": {}, "types crate": {}}
    for share in SHARES:
        copy = WORK / "copy"
        files = shrink(xtask, copy, share)
        took = min(codegen(xtask, copy)[1] for _ in range(3))
        series["codegen"][files] = took
        series["types crate"][files] = types(copy)
        say(f"    {files} commands: {took:.2f} s, {series['types crate'][files]:.2f} s")
    return {
        "title": "Spec: codegen, and a debug build of the types crate without its dependencies",
        "x": "commands",
        "y": "seconds",
        "series": series,
    }


def codegen(xtask, root):
    began = time.monotonic()
    command = [xtask, "codegen", "--root", root, "--format", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    took = time.monotonic() - began
    mistakes = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 and not mistakes:
        sys.exit(f"codegen failed in {root}")
    return mistakes, took


def shrink(xtask, copy, share):
    """A copy of the workspace with this share of the spec. Takes back what the generator then complains about: rows
    that too few fields name, and types that nothing uses."""
    shutil.rmtree(copy, ignore_errors=True)
    for folder in ["spec", "openapi", *(f"crates/{name}" for name in ["types", "usersig", "client", "webhook", "simulator"])]:
        shutil.copytree(ROOT / folder, copy / folder)
    files = sorted((copy / "spec/endpoints").glob("*/*.toml"))
    protocol = (copy / "spec/protocol.toml").read_text()
    for number, file in enumerate(files):
        is_needed = tomllib.loads(file.read_text())["path"] in protocol
        if int((number + 1) * share) == int(number * share) and not is_needed:
            file.unlink()
    rows = copy / "spec/fields.toml"
    while mistakes := codegen(xtask, copy)[0]:
        # A type that only a row uses is unused until the row is inlined.
        of_rows = [mistake for mistake in mistakes if mistake["file"] == "spec/fields.toml"]
        for mistake in of_rows or mistakes:
            text = mistake["message"]
            if found := re.search(r"fields? names? the row `(\w+)`", text):
                inline(copy, rows, found[1])
            elif found := re.search(r"nothing uses `(\w+)`", text):
                drop_type(copy / mistake["file"], found[1])
            else:
                sys.exit(f"{mistake['file']}: {text}: this script cannot fix that")
    return sum(file.exists() for file in files)


def inline(copy, rows, name):
    text = rows.read_text()
    row = re.search(rf"^{name} = \{{ (.*) \}}\n", text, re.MULTILINE)
    if row is None:
        return
    rows.write_text(text.replace(row[0], "", 1))
    for file in (copy / "spec").rglob("*.toml"):
        before = file.read_text()
        after = before.replace(f'row = "{name}"', row[1])
        if after != before:
            file.write_text(after)


def drop_type(file, name):
    text = file.read_text()
    file.write_text(re.sub(rf"^\[(?:types|enums)\.{name}(\.\w+)*\]\n(?:(?!\[).*\n?)*", "", text, flags=re.MULTILINE))


def types(copy):
    """Seconds of a debug build of the types crate whose dependencies are built, with default settings."""
    manifest = (ROOT / "Cargo.toml").read_text()
    members = re.search(r"^members = .*\n", manifest, re.MULTILINE)[0]
    # Without the profiles: users have the default ones.
    manifest = manifest.replace(members, 'members = ["crates/types"]\n').partition("[profile.dev]")[0]
    (copy / "Cargo.toml").write_text(manifest)
    shutil.copy(ROOT / "Cargo.lock", copy)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO_PROFILE_")}
    environment["CARGO_TARGET_DIR"] = str(WORK / "target")
    # Path dependencies would be built incrementally, which takes longer; users get them from git or a registry, without.
    environment["CARGO_INCREMENTAL"] = "0"
    for name in ("RUSTFLAGS", "RUSTC_WRAPPER"):
        environment.pop(name, None)

    def cargo(*arguments):
        subprocess.run(["cargo", *arguments, "--quiet", "--package", "tencent-chat-types"], cwd=copy, env=environment, check=True)

    cargo("build")
    times = []
    for _ in range(2):
        cargo("clean")
        began = time.monotonic()
        cargo("build")
        times.append(time.monotonic() - began)
    return min(times)


PARTS = {"pages": pages, "batches": batches, "tasks": tasks, "simulator": simulator, "spec": spec}


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(panel):
    names = list(panel["series"])
    lines = [f"| {panel['x']} | " + " | ".join(f"{name}, {panel['y']}" for name in names) + " |", "|" + "---:|" * (len(names) + 1)]
    for size in sorted({size for points in panel["series"].values() for size in points}):
        cells = [number(points[size]) if size in points else "" for points in panel["series"].values()]
        lines.append(f"| {size:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plot(panels, file):
    import matplotlib

    matplotlib.use("svg")
    # Text stays text, and the same figures give the same file.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth", "font.size": 9})
    from matplotlib import pyplot
    from matplotlib.ticker import EngFormatter

    rows = (len(panels) + 1) // 2
    figure, axes = pyplot.subplots(rows, 2, figsize=(11, 3.4 * rows), layout="constrained")
    for axis, panel in zip(axes.flat, panels):
        for name, points in panel["series"].items():
            axis.plot(list(points), list(points.values()), marker="o", markersize=4, label=name)
        sizes = {size for points in panel["series"].values() for size in points}
        if max(sizes) >= 10 * min(sizes):
            axis.set_xscale("log")
        else:
            axis.set_xlim(left=0)
        axis.xaxis.set_major_formatter(EngFormatter(sep=""))
        axis.set_ylim(bottom=0)
        axis.set_title(panel["title"], fontsize=9, fontweight="bold")
        axis.set_xlabel(panel["x"])
        axis.set_ylabel(panel["y"])
        axis.grid(axis="y", color="#ddd")
        axis.spines[["top", "right"]].set_visible(False)
        if len(panel["series"]) > 1:
            axis.legend(frameon=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    figure.savefig(file, metadata={"Date": None})


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}")
    arguments = arguments.parse_args()
    if not arguments.only and importlib.util.find_spec("matplotlib") is None:
        sys.exit("the plots need matplotlib: `pip install -r benches/requirements.txt`; or choose parts with `--only`")
    WORK.mkdir(parents=True, exist_ok=True)
    panels = []
    for name in arguments.only or PARTS:
        panels.append(PARTS[name]())
        print(f"{panels[-1]['title']}\n\n{table(panels[-1])}\n", flush=True)
    if arguments.only:
        return
    RESULT.mkdir(exist_ok=True)
    plot(panels, RESULT / "growth.svg")
    cores = os.cpu_count()
    text = f"# How cost grows\n\nMeasured with `benches/growth.py` on a machine with {cores} cores, which writes this file.\n\n![Plots](growth.svg)\n"
    text += "".join(f"\n## {panel['title']}\n\n{table(panel)}\n" for panel in panels)
    (RESULT / "README.md").write_text(text)


if __name__ == "__main__":
    main()
