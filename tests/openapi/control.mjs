// Uses the local server as the test of a program in Node would: seed, call, inject faults, wait for a webhook that its
// own app answers, look at what the server saw, reset. Plain HTTP, signed by the official package.
//
//   BASE_URL=… SDK_APP_ID=… ADMIN=… SECRET_KEY=… node control.mjs

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import tls from "tls-sig-api-v2";

const { BASE_URL: base, SDK_APP_ID: app, ADMIN: admin, SECRET_KEY: key } = process.env;
const usersig = new tls.Api(Number(app), key).genUserSig(admin, 86_400);
const sendGroupMsg = "v4/group_open_http_svc/send_group_msg";

/** The control API's answer. */
async function control(method, path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${base}/_control/${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  assert.equal(response.status, 200, `${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** A call to the service, as an app's own code makes it. */
async function call(command, body) {
  const random = String(Math.floor(Math.random() * 2 ** 32));
  const query = new URLSearchParams({ sdkappid: app, identifier: admin, usersig, random, contenttype: "json" });
  const response = await fetch(`${base}/${command}?${query}`, { method: "POST", body: JSON.stringify(body) });
  return response.json();
}

const say = (text) =>
  call(sendGroupMsg, {
    GroupId: "chess",
    From_Account: "lin",
    Random: Math.floor(Math.random() * 2 ** 31),
    MsgBody: [{ MsgType: "TIMTextElem", MsgContent: { Text: text } }],
  });

// The app that the service asks: it takes rude words out.
const received = [];
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const event = JSON.parse(body);
  received.push(event.CallbackCommand);
  const answer = { ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 };
  if (event.CallbackCommand === "Group.CallbackBeforeSendMsg") {
    answer.MsgBody = JSON.parse(JSON.stringify(event.MsgBody).replaceAll("darn", "****"));
  }
  response.end(JSON.stringify(answer));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

await control("POST", "reset", {});
await control("POST", "seed", {
  users: [{ id: "lin" }, { id: "mei" }],
  groups: [{ id: "chess", name: "Chess", owner: "lin", members: ["mei"] }],
});
assert.equal((await control("GET", "groups/chess")).members_total, 2);
await control("PUT", "webhooks/target", { url: `http://127.0.0.1:${server.address().port}/` });

// The app changes the message, and is notified of it.
const waiting = control("GET", "webhooks?command=Group.CallbackAfterSendMsg&wait_ms=30000");
const sent = await say("darn, checkmate");
assert.equal(sent.ErrorCode, 0, JSON.stringify(sent));
const [told] = (await waiting).webhooks;
assert.equal(told.body.MsgBody[0].MsgContent.Text, "****, checkmate");
assert.deepEqual(received, ["Group.CallbackBeforeSendMsg", "Group.CallbackAfterSendMsg"]);
const request = await control("GET", `requests/${told.request}`);
assert.equal(request.body.MsgBody[0].MsgContent.Text, "darn, checkmate");
const asked = await control("GET", `webhooks/${request.webhooks[0]}`);
assert.match(asked.meaning, /changed/);

// The service is busy for two requests.
await control("POST", "faults", { command: sendGroupMsg, times: 2, fault: { kind: "refuse", code: 60007 } });
const codes = [];
for (const text of ["one", "two", "three"]) codes.push((await say(text)).ErrorCode);
assert.deepEqual(codes, [60007, 60007, 0]);
const busy = await control("GET", "requests?code=60007");
assert.equal(busy.requests.length, 2);
assert.equal(busy.requests[0].fault.kind, "refuse");

// The message is there; then it is not.
const { messages } = await control("GET", "messages?group=chess");
assert.deepEqual(
  messages.map((message) => message.body[0].MsgContent.Text),
  ["****, checkmate", "three"],
);
await control("DELETE", "webhooks/target");
await control("POST", "reset", {});
assert.notEqual((await say("Anybody?")).ErrorCode, 0);
server.closeAllConnections();
server.close();
console.log(`seeded, called, changed by the app, refused twice, begun anew; webhooks received: ${received.length}`);
