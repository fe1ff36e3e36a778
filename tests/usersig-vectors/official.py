"""Talks to the official Python implementation: makes vectors, and judges signatures of ours."""

import contextlib
import json
import os
import sys
import time
import zlib

import TLSSigAPIv2 as official

NOW, APP, KEY = 1700000000, 1400000000, "a throw-away key for test vectors only"


def generate():
    time.time = lambda: NOW
    api = official.TLSSigAPIv2(APP, KEY)
    for user in ["lin", "林", "a b&c#d?=%", "x" * 32]:
        yield {"by": "python", "user": user, "expire": 86400, "sig": api.gen_sig(user, 86400)}
        for userbuf in [b"abc", b"\x00\xff\x80", b"z" * 3000]:
            sig = api.gen_sig_with_userbuf(user, 86400, userbuf)
            yield {"by": "python", "user": user, "expire": 86400, "userbuf": userbuf.hex(), "sig": sig}


def generate_rooms():
    """Room keys, which the released package does not have: run with the repository's source."""
    time.time = lambda: NOW
    api = official.TLSSigAPIv2(APP, KEY)
    for room in [0, 7, "lobby", ""]:
        make = api.genPrivateMapKeyWithStringRoomID if isinstance(room, str) else api.genPrivateMapKey
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # it prints the userbuf
            sig = make("lin", 86400, room, 255)
        yield {"by": "python source", "user": "lin", "expire": 86400, "room": room, "privileges": 255, "sig": sig}


def judge(line):
    """What their verifier would do: decode with their alphabet, sign again with their code, compare."""
    case = json.loads(line)
    document = json.loads(zlib.decompress(official.base64_decode_url(case["sig"].encode())))
    api = official.TLSSigAPIv2(APP, KEY)
    again = api._TLSSigAPIv2__hmacsha256(
        document["TLS.identifier"], document["TLS.time"], document["TLS.expire"], document.get("TLS.userbuf")
    )
    same = again.decode() == document["TLS.sig"] and document["TLS.identifier"] == case["user"]
    assert same and document["TLS.ver"] == "2.0" and document["TLS.sdkappid"] == APP, case


if sys.argv[1] != "judge":
    for vector in generate() if sys.argv[1] == "generate" else generate_rooms():
        print(json.dumps(vector, ensure_ascii=False))
else:
    lines = sys.stdin.read().splitlines()
    for line in lines:
        judge(line)
    print(f"official Python accepts {len(lines)} of {len(lines)}")
