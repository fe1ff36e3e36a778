// Every command: found, described, called from a form built from its schema.

import assert from "node:assert/strict";
import { browserTest, open, workbench } from "./browser.mjs";
import { control } from "./server.mjs";

const at = workbench();

browserTest("a command is found, described and sent, and its reply is explained", at, async (page) => {
  await open(page, at, "commands");
  await page.getByText("180 commands").waitFor();
  await page.getByRole("searchbox", { name: "Search commands" }).fill("sendmsg one user");
  await page.getByRole("link", { name: /Sending One-to-One Messages to One User/ }).click();
  await page.getByRole("heading", { name: "Sending One-to-One Messages to One User" }).waitFor();
  await page.getByText("200 calls per second").waitFor();
  await page.getByText("deduplicated by MsgRandom, MsgSeq, for 120 s").waitFor();
  await page.getByText(/Fields of the request/).click();
  await page.getByRole("row", { name: /To_Account.*at most 32 bytes.*Recipient/ }).waitFor();
  await page.getByText(/Error codes \(\d+\)/).click();
  await page.getByRole("row", { name: /90012/ }).waitFor();
  await page.getByLabel("Start with").selectOption({ label: "Required fields only" });
  await page.getByLabel("To_Account", { exact: true }).fill("mei");
  await page.getByLabel("Text", { exact: true }).fill("from the form");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const reply = page.getByRole("region", { name: "Reply to the call" });
  await reply.getByText("MsgKey").waitFor();
  await reply.getByText(/Key of the message, needed to recall it/).waitFor();
  const { messages } = await control(at.url).get("messages?user=administrator&peer=mei");
  assert.ok(JSON.stringify(messages).includes("from the form"));
  await page.getByRole("link", { name: "See it in the traffic" }).click();
  await page.getByRole("region", { name: "Body", exact: true }).getByText("from the form").waitFor();
});

browserTest("the form knows lists, nested objects, unions, open lists of values and what excludes each other", at, async (page) => {
  await open(page, at, "commands/v4%2Fopenim%2Fsendmsg");
  await page.getByLabel("Start with").selectOption({ label: "Required fields only" });
  await page.getByLabel("MsgType", { exact: true }).selectOption("TIMLocationElem");
  await page.getByLabel("Latitude", { exact: true }).fill("29.5");
  await page.getByText(/Add an optional field/).last().click();
  await page.getByRole("button", { name: "Add SyncOtherMachine" }).click();
  const sync = page.getByLabel("SyncOtherMachine", { exact: true });
  assert.ok((await page.locator(`#${await sync.getAttribute("list")}`.replaceAll(":", "\\:")).locator("option").count()) >= 2);
  await sync.fill("2");
  await page.locator(".form-choice").getByText("Not synced.", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Add OfflinePushInfo" }).click();
  const push = page.getByRole("group", { name: "OfflinePushInfo" });
  await push.getByText(/optional field/).first().click();
  await push.getByRole("button", { name: "Add Title" }).click();
  await push.getByLabel("Title", { exact: true }).fill("Parcel");
  await page.getByRole("tab", { name: "JSON" }).first().click();
  const json = JSON.parse(await page.getByLabel("Body as JSON").inputValue());
  assert.equal(json.MsgBody[0].MsgType, "TIMLocationElem");
  assert.equal(json.MsgBody[0].MsgContent.Latitude, 29.5);
  assert.equal(json.SyncOtherMachine, 2);
  assert.equal(json.OfflinePushInfo.Title, "Parcel");

  await open(page, at, "commands/v4%2Fim_open_login_svc%2Fmultiaccount_import");
  await page.getByLabel("Start with").selectOption({ label: "Required fields only" });
  await page.getByText(/Add an optional field/).first().click();
  await page.getByRole("button", { name: "Add AccountList" }).click();
  await page.getByRole("tab", { name: "JSON" }).first().click();
  assert.deepEqual(Object.keys(JSON.parse(await page.getByLabel("Body as JSON").inputValue())), ["AccountList"]);
});

browserTest("limits are shown before and after sending", at, async (page) => {
  await open(page, at, "commands/v4%2Fopenim%2Fsendmsg");
  await page.getByLabel("To_Account", { exact: true }).fill("x".repeat(40));
  await page.getByText("To_Account has 40 bytes, and at most 32 are allowed.").waitFor();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByRole("region", { name: /^Code / }).getByText("Who must act").waitFor();
});

browserTest("numbers beyond 2^53 keep their digits from the form to the server", at, async (page) => {
  await open(page, at, "commands/v4%2Fopenim%2Fsendmsg");
  await page.getByLabel("Start with").selectOption({ label: "Required fields only" });
  await page.getByText(/Add an optional field/).last().click();
  await page.getByRole("button", { name: "Add MsgLifeTime" }).click();
  await page.getByLabel("MsgLifeTime", { exact: true }).fill("9007199254740993");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByRole("link", { name: "See it in the traffic" }).click();
  await page.getByRole("region", { name: "Body", exact: true }).getByText("9007199254740993").waitFor();
});
