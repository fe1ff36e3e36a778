// Live traffic: requests and webhooks as they come, explained, filtered, repeated, copied.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { browserTest, clipboard, open, workbench } from "./browser.mjs";
import { backend, control, program, startServer } from "./server.mjs";

const at = workbench();
const text = (words) => [{ MsgType: "TIMTextElem", MsgContent: { Text: words } }];

browserTest("what a backend sends is there without a reload, with its meaning", at, async (page) => {
  await open(page, at, "traffic");
  const { call } = await backend(at.url);
  const sent = await call("v4/openim/sendmsg", { From_Account: "lin", To_Account: "nobody-knows", MsgRandom: 1, MsgBody: text("hello?") });
  assert.notEqual(sent.ErrorCode, 0);
  const row = page.getByRole("list", { name: /Traffic/ }).getByRole("link").filter({ hasText: "sendmsg" }).filter({ hasText: String(sent.ErrorCode) });
  await row.click();
  const meaning = page.getByRole("region", { name: `Code ${sent.ErrorCode}` });
  await meaning.getByText("Who must act").waitFor();
  await meaning.getByText("the calling code, which names something that does not exist").waitFor();
  await meaning.getByText("Does a retry help?").waitFor();
  const body = page.getByRole("region", { name: "Body", exact: true });
  await body.getByText("nobody-knows").waitFor();
  // In the wording of the spec, which may change.
  const { components } = await control(at.url).get("openapi.json");
  await body.getByText(components.schemas.MessageSendMsg.properties.To_Account.description).waitFor();
});

browserTest("filters narrow the list by words and by what went wrong", at, async (page) => {
  const { call } = await backend(at.url);
  await call("v4/openim/sendmsg", { From_Account: "ada", To_Account: "bob", MsgRandom: 11, MsgBody: text("find-me") });
  await call("v4/group_open_http_svc/create_group", { Type: "Public", Name: "Dinner club", GroupId: "dinner-club" });
  await open(page, at, "traffic");
  const rows = page.getByRole("list", { name: /Traffic/ }).getByRole("link");
  await page.getByRole("searchbox", { name: "Filter" }).fill("ada find-me");
  await page.waitForFunction(() => document.querySelectorAll(".links a").length === 1);
  await rows.filter({ hasText: "sendmsg" }).waitFor();
  await page.getByRole("searchbox", { name: "Filter" }).fill("");
  await page.getByLabel("Which traffic").selectOption("failed");
  await rows.filter({ hasText: "create_group" }).first().waitFor();
  for (const shown of await rows.allInnerTexts()) assert.ok(!/\bOK\b/.test(shown), shown);
  await page.getByRole("searchbox", { name: "Filter" }).fill("no such words");
  await page.getByText("Nothing matches the filter").waitFor();
});

browserTest("one click repeats a request as a new one, and unchanged as a duplicate", at, async (page) => {
  const { call } = await backend(at.url);
  await call("v4/openim/sendmsg", { From_Account: "ada", To_Account: "bob", MsgRandom: 4711, MsgSeq: 42, MsgBody: text("once more") });
  await open(page, at, "traffic");
  await page.getByRole("searchbox", { name: "Filter" }).fill("4711");
  await page.getByRole("list", { name: /Traffic/ }).getByRole("link").first().click();
  const before = page.url();
  await page.getByRole("button", { name: "Repeat", exact: true }).click();
  await page.waitForURL((url) => url.href !== before);
  const told = async () => (await control(at.url).get("messages?user=ada&peer=bob")).messages.filter((message) => JSON.stringify(message.body).includes("once more")).length;
  assert.equal(await told(), 2);
  await page.goto(before);
  await page.getByRole("button", { name: "Repeat unchanged" }).click();
  await page.waitForURL((url) => url.href !== before);
  assert.equal(await told(), 2);
  await page.getByText("no effect").waitFor();
});

browserTest("what is copied as curl runs, and holds no signature", at, async (page) => {
  const { call, signature } = await backend(at.url);
  await call("v4/openim/sendmsg", { From_Account: "bob", To_Account: "ada", MsgRandom: 815, MsgBody: text("it's \"quoted\" $HOME") });
  await open(page, at, "traffic");
  await page.getByRole("searchbox", { name: "Filter" }).fill("815 bob");
  await page.getByRole("list", { name: /Traffic/ }).getByRole("link").first().click();
  await page.getByRole("button", { name: "Copy as curl" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const curl = await clipboard(page);
  assert.ok(curl.includes("usersig=$TENCENT_CHAT_USERSIG") && !curl.includes(signature));
  // Its first line says how the signature is made.
  const script = curl.replace("# TENCENT_CHAT_USERSIG", "TENCENT_CHAT_USERSIG").replace("curl ", "curl --silent ");
  const { sdk_app_id: app } = await control(at.url).get("info");
  const variables = { PATH: `${dirname(program())}:${process.env.PATH}`, TENCENT_CHAT_SECRET_KEY: at.server.key, TENCENT_CHAT_SDK_APP_ID: String(app) };
  const reply = execFileSync("bash", ["-c", script], { env: variables, encoding: "utf8" });
  assert.equal(JSON.parse(reply).ErrorCode, 0, reply);
  await page.getByRole("button", { name: "Copy as Rust" }).click();
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith("use "));
  const rust = await clipboard(page);
  assert.ok(rust.includes("use tencent_chat_types::message::SendMsg;") && !rust.includes(signature), rust);
});

browserTest("it can be paused, and listed by keyboard alone", at, async (page) => {
  const { call } = await backend(at.url);
  await call("v4/im_open_login_svc/account_check", { CheckItem: [{ UserID: "lin" }] });
  await open(page, at, "traffic");
  const rows = page.getByRole("list", { name: /Traffic/ }).getByRole("link");
  await rows.first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const shown = await rows.count();
  await call("v4/im_open_login_svc/account_check", { CheckItem: [{ UserID: "mei" }] });
  await page.getByText(/Paused, 1 new/).waitFor();
  assert.equal(await rows.count(), shown);
  await page.getByRole("button", { name: "Resume" }).click();
  await page.waitForFunction((count) => document.querySelectorAll(".links a").length > count, shown);
  await page.locator("body").press("/");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("type")), "search");
  await rows.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Reply", exact: true }).waitFor();
  assert.equal(await rows.nth(1).getAttribute("aria-current"), "true");
});

browserTest("a burst of requests leaves the newest, and a page that answers", at, async (page) => {
  await open(page, at, "traffic");
  const { call } = await backend(at.url);
  const one = async (from) => {
    for (let number = from; number < 1500; number += 30) await call("v4/im_open_login_svc/account_check", { CheckItem: [{ UserID: `burst-${number}` }] });
  };
  await Promise.all(Array.from({ length: 30 }, (_, from) => one(from)));
  await page.getByText(/only the last 1000 requests are kept here/).waitFor();
  await page.getByRole("searchbox", { name: "Filter" }).fill("burst-1499");
  await page.getByRole("list", { name: /Traffic/ }).getByRole("link").click();
  await page.getByRole("region", { name: "Body", exact: true }).getByText("burst-1499").waitFor();
});

browserTest("the page follows a server that was started again, whose numbers begin anew", at, async (page) => {
  const first = await startServer();
  const port = new URL(first.url).port;
  const again = { browser: at.browser, url: first.url };
  await page.context().unroute("**/*");
  const { call } = await backend(first.url);
  for (let number = 0; number < 30; number++) await call("v4/im_open_login_svc/account_check", { CheckItem: [{ UserID: `before-${number}` }] });
  await open(page, again, "traffic");
  const rows = page.getByRole("list", { name: /Traffic/ }).getByRole("link");
  await rows.nth(29).waitFor();
  await first.stop();
  await page.getByText("Not connected", { exact: true }).waitFor();
  const second = await startServer({ port });
  try {
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByText("No traffic yet").waitFor();
    const { call } = await backend(second.url);
    await call("v4/im_open_login_svc/account_check", { CheckItem: [{ UserID: "afterwards" }] });
    await rows.filter({ hasText: "account_check" }).click();
    await page.getByRole("region", { name: "Body", exact: true }).getByText("afterwards").waitFor();
  } finally {
    await second.stop();
  }
}, {}, [/ERR_|Failed to load resource/]);

browserTest("a row is found by words of any part of it, again and again", at, async (page) => {
  const { call } = await backend(at.url);
  await call("v4/openim/sendmsg", { From_Account: "ada", To_Account: "bob", MsgRandom: 12, MsgBody: text("Needle") });
  await open(page, at, "traffic");
  const search = page.getByRole("searchbox", { name: "Filter" });
  for (const words of ["needle", "needle administrator", "NEEDLE msgkey", "needle"]) {
    await search.fill(words);
    await page.waitForFunction(() => document.querySelectorAll(".links a").length === 1);
  }
});
