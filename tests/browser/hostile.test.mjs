// A backend or an app can send anything: the page shows it, never runs it, and no view breaks.

import assert from "node:assert/strict";
import { browserTest, open, workbench } from "./browser.mjs";
import { backend, control } from "./server.mjs";

const at = workbench();

browserTest("markup, odd kinds, deep and long bodies are shown as they are", at, async (page) => {
  const { call } = await backend(at.url);
  const markup = "<img src=x onerror=alert(1)><script>alert(2)</script>";
  let deep = "end of the deep one";
  for (let level = 0; level < 60; level++) deep = { level: deep };
  await call("v4/openim/sendmsg", { From_Account: "lin", To_Account: "mei", MsgRandom: 1, MsgBody: [{ MsgType: "TIMTextElem", MsgContent: { Text: markup } }] });
  await call("v4/openim/sendmsg", { To_Account: [1, null], MsgRandom: "x", MsgTimeStamp: 9e15, MsgBody: { MsgType: 7 }, Deep: deep });
  await call("v4/openim/sendmsg", { To_Account: "mei", Long: "y".repeat(50_000), List: Array.from({ length: 5000 }, (_, place) => place) });
  page.on("dialog", () => assert.fail("markup was run"));

  await open(page, at, "traffic");
  const rows = page.getByRole("list", { name: /Traffic/ }).getByRole("link");
  const body = page.getByRole("region", { name: "Body", exact: true });
  const search = page.getByRole("searchbox", { name: "Filter" });
  await search.fill("onerror");
  await rows.first().click();
  await body.getByText(JSON.stringify(markup)).waitFor();
  assert.equal(await page.locator("main img, main script").count(), 0);
  await search.fill("end of the deep one");
  await rows.first().click();
  await body.getByText("MsgTimeStamp").waitFor();
  await body.getByRole("tab", { name: "JSON" }).click();
  await body.getByText(/end of the deep one/).waitFor();
  await search.fill("yyyy");
  await rows.first().click();
  await body.getByRole("button", { name: "4900 more" }).click();
  await body.getByText("1099", { exact: true }).first().waitFor();

  await open(page, at, "state/users/lin/with/mei");
  await page.getByText(markup).waitFor();
  assert.equal(await page.locator("main img, main script").count(), 0);
});

browserTest("ids with any characters lead to where they should", at, async (page) => {
  const id = "a/b?c#d%20 é";
  const { code } = await control(at.url).post("call", { command: "v4/im_open_login_svc/account_import", body: { UserID: id, Nick: "Odd" } });
  assert.equal(code, 0);
  await open(page, at, "state");
  await page.getByRole("link", { name: /Odd/ }).click();
  await page.getByRole("heading", { name: /Odd/ }).waitFor();
  await page.getByText(id, { exact: true }).last().waitFor();
  await page.getByLabel("Chat with").fill("mei");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByLabel("Message", { exact: true }).fill("from an odd one");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("from an odd one").waitFor();
});

browserTest("addresses that lead nowhere say so", at, async (page) => {
  for (const [address, text] of [
    ["traffic/request/999999", /no request 999999/],
    ["traffic/webhook/999999", "This webhook is no longer available"],
    ["commands/v4%2Fnothing", "No command v4/nothing is described"],
    ["state/users/nobody", /no user nobody/],
    ["state/groups/nothing", /no group nothing/],
  ]) {
    await page.goto("about:blank");
    await page.goto(`${at.url}/#/${address}`);
    await page.getByText(text).first().waitFor();
  }
}, {}, [/status of 404/]);
