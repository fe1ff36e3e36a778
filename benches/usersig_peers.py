#!/usr/bin/env python3
"""UserSigs per second: this SDK next to the vendor's own libraries for Go, Node and Python.

    benches/usersig_peers.py            a table
    benches/usersig_peers.py --json     one JSON object per contender, one per line

All contenders run as processes of their own at the same time and take turns, round by round, so that other load
on the machine affects all alike. Each signature is checked once. What is not installed is skipped and named.
The libraries are installed into target/usersig-peers from their registries; where Go's proxy cannot be reached,
--go-source takes a checkout of the Go library.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import shutil
import statistics
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP, USER, WEEK = 1400000000, "administrator", 7 * 86400
KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"
NPM, PYPI, GO = "tls-sig-api-v2@1.0.2", "tls-sig-api-v2==1.1", "github.com/tencentyun/tls-sig-api-v2-golang"
OURS = "this SDK, compressed"
TITLE = "UserSig, compressed, next to the vendor's libraries"

# Each worker prints a signature, then reads counts and prints the seconds that so many signatures took.
NODE = f"""
const {{ Api }} = require("tls-sig-api-v2");
const api = new Api({APP}, "{KEY}");
console.log(api.genSig("{USER}", {WEEK}));
require("readline").createInterface({{ input: process.stdin }}).on("line", (line) => {{
  const count = Number(line), began = process.hrtime.bigint();
  for (let i = 0; i < count; i++) api.genSig("{USER}", {WEEK});
  console.log(Number(process.hrtime.bigint() - began) / 1e9);
}});
"""
PYTHON = f"""
import sys, time
import TLSSigAPIv2
api = TLSSigAPIv2.TLSSigAPIv2({APP}, "{KEY}")
print(api.gen_sig("{USER}", {WEEK}), flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    for _ in range(int(line)):
        api.gen_sig("{USER}", {WEEK})
    print(time.perf_counter() - began, flush=True)
"""
GOLANG = f"""package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"time"

	"{GO}/tencentyun"
)

func sign() string {{
	sig, err := tencentyun.GenUserSig({APP}, "{KEY}", "{USER}", {WEEK})
	if err != nil {{
		panic(err)
	}}
	return sig
}}

func main() {{
	fmt.Println(sign())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {{
		count, err := strconv.Atoi(lines.Text())
		if err != nil {{
			panic(err)
		}}
		began := time.Now()
		for i := 0; i < count; i++ {{
			sign()
		}}
		fmt.Println(time.Since(began).Seconds())
	}}
}}
"""


class Skipped(Exception):
    pass


def run(*command, folder=ROOT, **environment):
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines()
        raise Skipped(f"`{' '.join(map(str, command))}` failed: {lines[-1] if lines else 'no output'}")


def need(program):
    if shutil.which(program) is None:
        raise Skipped(f"{program} is not installed")


def rust(_):
    need("cargo")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    run("cargo", "build", "--quiet", "--package", "tencent-chat-instructions", "--profile", "instructions")
    return [target / "instructions" / "tencent-chat-instructions", "--time", "usersig_sign_compressed"]


def node(folder):
    need("node")
    need("npm")
    run("npm", "install", "--silent", "--no-save", "--prefix", folder, NPM)
    script = folder / "worker.cjs"
    script.write_text(NODE)
    return ["node", script]


def python(folder):
    run(sys.executable, "-m", "venv", folder / "venv")
    run(folder / "venv/bin/pip", "install", "--quiet", PYPI)
    script = folder / "worker.py"
    script.write_text(PYTHON)
    return [folder / "venv/bin/python", script]


def golang(folder, source):
    need("go")
    folder = folder / "go"
    folder.mkdir(exist_ok=True)
    (folder / "main.go").write_text(GOLANG)
    (folder / "go.mod").unlink(missing_ok=True)
    run("go", "mod", "init", "worker", folder=folder)
    if source:
        run("go", "mod", "edit", "-require", f"{GO}@v0.0.0", "-replace", f"{GO}={source.resolve()}", folder=folder)
        run("go", "build", "-mod=mod", "-o", "worker", folder=folder, GOFLAGS="-mod=mod", GONOSUMDB="*", GONOSUMCHECK="1")
    else:
        run("go", "get", f"{GO}@latest", folder=folder)
        run("go", "build", "-o", "worker", folder=folder)
    return [folder / "worker"]


class Contender:
    def __init__(self, name, goal, command):
        self.name, self.goal, self.times = name, goal, []
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        check(name, self.process.stdout.readline().strip())

    def measure(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def calibrate(self, seconds):
        """How many signatures take so long; the first thousands warm up compilers and caches."""
        count = 1024
        while (took := min(self.measure(count) for _ in range(3))) < seconds:
            count = max(count * 2, int(count * seconds / took)) if took > 0 else count * 2
        self.count = count

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def check(name, sig):
    """A signature that says something else, or that the key does not fit, makes the figures void."""
    document = json.loads(zlib.decompress(base64.b64decode(sig.translate(str.maketrans("*-_", "+/=")))))
    signed = "".join(
        f"TLS.{field}:{document[f'TLS.{field}']}\n" for field in ["identifier", "sdkappid", "time", "expire"]
    )
    digest = base64.b64encode(hmac.new(KEY.encode(), signed.encode(), hashlib.sha256).digest()).decode()
    expected = {"TLS.identifier": USER, "TLS.sdkappid": APP, "TLS.expire": WEEK, "TLS.sig": digest}
    if any(str(document[field]) != str(value) for field, value in expected.items()):
        sys.exit(f"{name}: the signature is wrong")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--json", action="store_true", help="one JSON object per contender, one per line")
    arguments.add_argument("--rounds", type=int, default=51)
    arguments.add_argument("--slice", type=float, default=0.05, help="seconds of one contender in one round")
    arguments.add_argument("--go-source", type=Path, help="a checkout of the Go library")
    arguments = arguments.parse_args()
    folder = ROOT / "target/usersig-peers"
    folder.mkdir(parents=True, exist_ok=True)
    contenders, skipped = [], {}
    for name, goal, prepare in [
        (OURS, None, rust),
        ("Go", 3, lambda folder: golang(folder, arguments.go_source)),
        ("Node", 10, node),
        ("Python", 10, python),
    ]:
        try:
            contenders.append(Contender(name, goal, prepare(folder)))
        except Skipped as why:
            skipped[name] = str(why)
    if OURS in skipped:
        sys.exit(f"nothing to compare with: {skipped[OURS]}")
    for one in contenders:
        one.calibrate(arguments.slice)
    for number in range(arguments.rounds):
        for one in contenders if number % 2 == 0 else reversed(contenders):
            one.times.append(one.measure(one.count) / one.count)
    for one in contenders:
        one.stop()
    ours = contenders[0]
    if not arguments.json:
        print(f"{'UserSig, compressed':24} {'a second':>12} {'this SDK is faster by (min..max)':>36}")
    for one in contenders:
        rate = 1 / statistics.median(one.times)
        ratios = sorted(theirs / own for theirs, own in zip(one.times, ours.times))
        ratio = statistics.median(ratios)
        met = None if one.goal is None else ratio >= one.goal
        if arguments.json:
            line = {"title": TITLE, "name": one.name, "per_second": rate, "rounds": arguments.rounds}
            line["times_as_fast"] = {"median": ratio, "min": ratios[0], "max": ratios[-1]}
            goal = {"goal": f"this SDK's speed >= {one.goal}", "figure": f"{ratio:.3g}", "met": met}
            line["goals"] = [] if met is None else [goal]
            print(json.dumps(line))
        else:
            spread = f"{ratio:.2f} ({ratios[0]:.2f}..{ratios[-1]:.2f})"
            verdict = "" if met is None else f"  goal {one.goal}: {'met' if met else 'NOT met'}"
            print(f"{one.name:24} {rate:12.0f} {spread:>36}{verdict}")
    for name, why in skipped.items():
        if arguments.json:
            print(json.dumps({"title": TITLE, "name": name, "skipped": why}))
        else:
            print(f"{name:24} skipped: {why}")


main()
