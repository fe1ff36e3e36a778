// Two people with one question each, and how the page answers it.

import assert from "node:assert/strict";
import { browserTest, open, workbench } from "./browser.mjs";
import { backend, control } from "./server.mjs";

const at = workbench();

browserTest("why did my message not arrive: the app's webhook refused it", at, async (page) => {
  await control(at.url).put("webhooks/target", { url: at.app.url, timeout_ms: 500 });
  const { call } = await backend(at.url);
  await call("v4/openim/sendmsg", { From_Account: "lin", To_Account: "mei", MsgRandom: 1, MsgBody: [{ MsgType: "TIMTextElem", MsgContent: { Text: "buy now, while it lasts" } }] });

  // It is not in the chat.
  await open(page, at);
  await page.getByRole("link", { name: "State" }).click();
  await page.getByRole("list", { name: "Users" }).getByRole("link", { name: /^Mei/ }).click();
  await page.getByRole("region", { name: "Conversations" }).getByRole("link", { name: "lin" }).click();
  const messages = page.getByRole("list", { name: /Messages/ });
  await messages.getByText("Eight it is.").waitFor();
  assert.equal(await messages.getByText("buy now").count(), 0);

  // The traffic lists it among the failures.
  await page.getByRole("link", { name: "Traffic" }).click();
  await page.getByLabel("Which traffic").selectOption("failed");
  await page.getByRole("searchbox", { name: "Filter" }).fill("while it lasts");
  await page.getByRole("list", { name: /Traffic/ }).getByRole("link").filter({ hasText: "v4/openim/sendmsg" }).click();
  const meaning = page.getByRole("region", { name: "Code 120001" });
  await meaning.getByText("The app's own webhook refused the message with a custom code.").waitFor();
  await meaning.getByText("advertising is not allowed").waitFor();

  // It also shows the webhook, the question to the app, and the app's answer.
  const caused = page.getByRole("region", { name: "Webhooks of this request" });
  await caused.getByText(/refused it with code 120001: it did not happen/).waitFor();
  await caused.getByRole("link", { name: "C2C.CallbackBeforeSendMsg" }).click();
  await page.getByRole("region", { name: "Event" }).getByText("buy now, while it lasts").waitFor();
  await page.getByRole("region", { name: "The app's answer" }).getByText("advertising is not allowed").waitFor();
  await page.getByRole("link", { name: "The request that caused it" }).click();
  await meaning.waitFor();
});

browserTest("what does my backend send at sign-up: three calls, in order, and what became of them", at, async (page) => {
  await open(page, at, "traffic");
  await page.getByRole("searchbox", { name: "Filter" }).fill("nora");

  // The backend signs up a user while the page is open.
  const { call } = await backend(at.url);
  const replies = [
    await call("v4/im_open_login_svc/account_import", { UserID: "nora", Nick: "Nora" }),
    await call("v4/profile/portrait_set", { From_Account: "nora", ProfileItem: [{ Tag: "Tag_Profile_IM_SelfSignature", Value: "Hi, I am new." }] }),
    await call("v4/openim/sendmsg", { From_Account: "administrator", To_Account: "nora", MsgRandom: 5, MsgBody: [{ MsgType: "TIMTextElem", MsgContent: { Text: "Welcome, Nora!" } }] }),
  ];
  assert.deepEqual(replies.map((reply) => reply.ErrorCode), [0, 0, 0]);

  const rows = page.getByRole("list", { name: /Traffic/ }).getByRole("link").filter({ hasText: "Request" });
  await page.waitForFunction(() => document.querySelectorAll(".links a .row-request").length === 3);
  const names = (await rows.locator(".row-name").allInnerTexts()).reverse();
  assert.deepEqual(names, ["v4/im_open_login_svc/account_import", "v4/profile/portrait_set", "v4/openim/sendmsg"]);

  await rows.filter({ hasText: "account_import" }).click();
  await page.getByRole("heading", { name: /account_import/ }).waitFor();
  const body = page.getByRole("region", { name: "Body", exact: true });
  await body.getByText('"Nora"', { exact: true }).waitFor();
  // What became of each: the user is new, then another, and has a message.
  const { requests } = await control(at.url).get("requests?limit=3");
  const changed = (request) => request.changes.map(({ kind, id, action }) => `${kind} ${id} ${action}`);
  assert.deepEqual(requests.slice(0, 2).map(changed), [["user nora created"], ["user nora changed"]]);
  const sent = changed(requests[2]);
  assert.ok(sent.some((change) => /^message administrator\/nora\/.* created$/.test(change)), sent.join());
  assert.ok(sent.includes("conversation nora/administrator created"), sent.join());
  const shown = async (command, expected) => {
    await rows.filter({ hasText: command }).click();
    await page.getByRole("heading", { name: new RegExp(command) }).waitFor();
    const items = page.getByRole("region", { name: "Changes" }).getByRole("listitem");
    assert.deepEqual(await items.allInnerTexts(), expected);
  };
  await shown("account_import", ["user nora created"]);
  await shown("portrait_set", ["user nora changed"]);
  await shown("sendmsg", sent);

  await page.getByRole("region", { name: "Changes" }).waitFor();
  await rows.filter({ hasText: "account_import" }).click();
  await page.getByRole("region", { name: "Changes" }).getByRole("link", { name: "nora" }).click();
  await page.getByRole("heading", { name: /Nora/ }).waitFor();
  await page.getByRole("region", { name: "Profile" }).getByText("Hi, I am new.").waitFor();
  await page.getByRole("region", { name: "Conversations" }).getByRole("link", { name: "administrator" }).click();
  await page.getByText("Welcome, Nora!").waitFor();
});
