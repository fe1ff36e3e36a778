"""The app of compose.yaml: seeds the server, answers its webhooks, sends a message each five seconds."""

import hashlib
import hmac
import json
import os
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

from TLSSigAPIv2 import TLSSigAPIv2

BASE, APP = os.environ["TENCENT_CHAT_BASE_URL"], os.environ["TENCENT_CHAT_SDK_APP_ID"]
ADMIN, KEY = os.environ["TENCENT_CHAT_ADMIN"], os.environ["TENCENT_CHAT_SECRET_KEY"]
TOKEN, CONTROL = os.environ["TENCENT_CHAT_WEBHOOK_TOKEN"], os.environ["TENCENT_CHAT_CONTROL_TOKEN"]
PORT = int(os.environ.get("PORT", "8080"))
PAUSE = float(os.environ.get("PAUSE", "5"))
ROUNDS = int(os.environ.get("ROUNDS", "0"))


def post(url: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    """The JSON that a URL answers."""
    all_headers = {"Content-Type": "application/json", **(headers or {})}
    with urlopen(Request(url, json.dumps(body).encode(), all_headers), timeout=10) as response:
        return json.load(response)


def call(command: str, body: Any) -> Any:
    """Calls the service."""
    sig = TLSSigAPIv2(int(APP), KEY).gen_sig(ADMIN, 3_600)
    query = {"sdkappid": APP, "identifier": ADMIN, "usersig": sig, "random": random.getrandbits(32), "contenttype": "json"}
    return post(f"{BASE}/{command}?{urlencode(query)}", body)


class Webhooks(BaseHTTPRequestHandler):
    """Refuses every message with spam in it."""

    def do_POST(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        sign = hashlib.sha256((TOKEN + query.get("RequestTime", "")).encode()).hexdigest()
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), 1 << 20))
        if not hmac.compare_digest(sign, query.get("Sign", "")):
            self.send_error(403)
            return
        code = 1 if b"spam" in body else 0
        print("asked:", query.get("CallbackCommand"), "answer:", code)
        answer = json.dumps({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": code}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nothing: what is asked is printed above."""


def main() -> None:
    """Sends a message, then spam, for ever or so many times."""
    server = ThreadingHTTPServer(("", PORT), Webhooks)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    seed = {"users": [{"id": "lin", "nick": "Lin"}, {"id": "mei"}], "friends": [["lin", "mei"]]}
    print("seed:", post(f"{BASE}/_control/seed", seed, {"Authorization": f"Bearer {CONTROL}"})["status"])
    number = 0
    while not ROUNDS or number < ROUNDS:
        number += 1
        text = "cheap spam" if number % 2 == 0 else f"message {number}"
        element = {"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}
        message = {"From_Account": "lin", "To_Account": "mei", "MsgRandom": random.getrandbits(31), "MsgBody": [element]}
        print(f"sent {text!r}: code", call("v4/openim/sendmsg", message)["ErrorCode"])
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
