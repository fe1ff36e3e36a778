"""Uses the local server as the test of a program in Python would: seed, call, inject faults, wait for a webhook that its
own app answers, look at what the server saw, reset. Plain HTTP, signed by the official package.

    BASE_URL=… SDK_APP_ID=… ADMIN=… SECRET_KEY=… python control.py
"""

import hashlib
import json
import os
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

from TLSSigAPIv2 import TLSSigAPIv2

BASE, APP, ADMIN = os.environ["BASE_URL"], os.environ["SDK_APP_ID"], os.environ["ADMIN"]
SIG = TLSSigAPIv2(int(APP), os.environ["SECRET_KEY"]).gen_sig(ADMIN, 86_400)
TOKEN = "a token of the app's"
BEFORE = "C2C.CallbackBeforeSendMsg"


def http(method: str, url: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON of an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text


def control(method: str, path: str, body: Any = None, **query: Any) -> Any:
    """The control API's answer."""
    status, answer = http(method, f"{BASE}/_control/{path}?{urlencode(query)}", body)
    assert status == 200, (path, status, answer)
    return answer


def call(command: str, body: Any) -> tuple[int, Any]:
    """A call to the service, as an app's own code makes it."""
    query = {
        "sdkappid": APP,
        "identifier": ADMIN,
        "usersig": SIG,
        "random": random.getrandbits(32),
        "contenttype": "json",
    }
    return http("POST", f"{BASE}/{command}?{urlencode(query)}", body)


def send(text: str) -> tuple[int, Any]:
    """Sends a text from lin to mei."""
    element = {"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}
    message = {"From_Account": "lin", "To_Account": "mei", "MsgRandom": random.getrandbits(31), "MsgBody": [element]}
    return call("v4/openim/sendmsg", message)


received: list[dict[str, Any]] = []


class App(BaseHTTPRequestHandler):
    """The app that the service asks: it lets no spam through."""

    def do_POST(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        signed = hashlib.sha256((TOKEN + query["RequestTime"]).encode()).hexdigest()
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        received.append({"command": query["CallbackCommand"], "signed": signed == query["Sign"], "event": event})
        is_spam = query["CallbackCommand"] == BEFORE and "spam" in json.dumps(event["MsgBody"])
        answer = json.dumps({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 1 if is_spam else 0}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nothing: the server logs."""


app = ThreadingHTTPServer(("127.0.0.1", 0), App)
threading.Thread(target=app.serve_forever, daemon=True).start()

control("POST", "reset", {})
control("POST", "seed", {"users": [{"id": "lin", "nick": "Lin"}, {"id": "mei"}], "friends": [["lin", "mei"]]})
assert control("GET", "users/lin")["friends"] == ["mei"]
target = {"url": f"http://127.0.0.1:{app.server_port}/hook", "token": TOKEN, "only": [BEFORE]}
control("PUT", "webhooks/target", target)

# The app is asked, and its answer takes effect.
last = control("GET", "webhooks")["last"]
status, reply = send("Dinner at seven?")
assert (status, reply["ErrorCode"]) == (200, 0), reply
seen = control("GET", "webhooks", command=BEFORE, after=last, wait_ms=30_000)["webhooks"]
assert [(hook["command"], hook["answer"]["ErrorCode"]) for hook in seen] == [(BEFORE, 0)], seen
assert len(received) == 1 and received[0]["signed"] and received[0]["event"] == seen[0]["body"], received
_, reply = send("cheap spam")
assert reply["ErrorCode"] != 0, reply
refused = control("GET", "requests", command="v4/openim/sendmsg", failed="true")["requests"]
assert len(refused) == 1 and refused[0]["code"] == reply["ErrorCode"], refused
asked = control("GET", f"webhooks/{refused[0]['webhooks'][0]}")
assert asked["request"] == refused[0]["id"] and "refused" in asked["meaning"], asked

# A failure as in production, once.
control("POST", "faults", {"command": "v4/openim/sendmsg", "fault": {"kind": "gateway", "status": 502}})
status, page = send("Are you there?")
assert status == 502 and b"<html>" in page, (status, page)
status, reply = send("Are you there?")
assert (status, reply["ErrorCode"]) == (200, 0), reply
fault = control("GET", "faults")["faults"][0]
assert (fault["happened"], fault["left"]) == (1, 0), fault
broken = [request for request in control("GET", "requests")["requests"] if "fault" in request]
assert len(broken) == 1 and broken[0]["applied"] == 0, broken

# The message is there; then it is not.
texts = [message["body"][0]["MsgContent"]["Text"] for message in control("GET", "messages", user="lin", peer="mei")["messages"]]
assert texts == ["Dinner at seven?", "Are you there?"], texts
control("DELETE", "webhooks/target")
control("POST", "reset", {})
_, reply = send("Anybody?")
assert reply["ErrorCode"] != 0, reply
assert len(received) == 3, received
print("seeded, called, refused by the app, broken once, begun anew; webhooks received:", len(received))
