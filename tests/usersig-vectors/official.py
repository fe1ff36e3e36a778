"""Talks to the official Python implementation: makes vectors, and judges signatures of ours."""

import json
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


if sys.argv[1] == "generate":
    for vector in generate():
        print(json.dumps(vector, ensure_ascii=False))
else:
    lines = sys.stdin.read().splitlines()
    for line in lines:
        judge(line)
    print(f"official Python accepts {len(lines)} of {len(lines)}")
