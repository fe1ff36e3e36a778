// UserSig, faults and quotas.

import assert from "node:assert/strict";
import { browserTest, open, workbench } from "./browser.mjs";
import { backend, control } from "./server.mjs";

const at = workbench();

browserTest("a UserSig is signed, inspected and verified, and one that does not hold is told why", at, async (page) => {
  await open(page, at, "usersig");
  await page.getByLabel("User", { exact: true }).fill("lin");
  await page.getByRole("button", { name: "Sign", exact: true }).click();
  await page.getByRole("button", { name: "Check this one" }).click();
  await page.getByRole("button", { name: "Verify" }).click();
  await page.locator(".verdict").getByText("valid", { exact: true }).waitFor();
  await page.getByRole("region", { name: "Claims" }).getByText('"lin"').waitFor();
  await page.getByRole("textbox", { name: "Must be for" }).fill("mei");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.locator(".verdict").getByText("not valid", { exact: true }).waitFor();
  await page.getByRole("textbox", { name: "Must be for" }).fill("");
  await page.getByRole("button", { name: "Inspect" }).click();
  await page.getByText("The content; nothing was verified.").waitFor();
  const box = page.getByLabel("Signature to check");
  const signature = await box.inputValue();
  await box.fill(`${signature.slice(0, 20)}${signature[20] === "A" ? "B" : "A"}${signature.slice(21)}`);
  await page.getByRole("button", { name: "Verify" }).click();
  await page.locator(".verdict").getByText("not valid", { exact: true }).waitFor();
});

browserTest("a fault is switched on, happens, is counted, and is switched off", at, async (page) => {
  await open(page, at, "faults");
  const kinds = await control(at.url).get("faults/kinds");
  const form = page.getByRole("region", { name: "Switch on" });
  assert.equal(await form.getByLabel("Fault", { exact: true }).locator("option").count(), kinds.kinds.length);
  await form.getByLabel("Fault", { exact: true }).selectOption("refuse");
  await form.getByLabel("code", { exact: true }).fill("60007");
  await form.getByLabel("Command").fill("v4/im_open_login_svc/account_check");
  await form.getByLabel("Times").fill("3");
  await form.getByRole("button", { name: "Switch on" }).click();
  const list = page.getByRole("region", { name: "Switched on" });
  const row = list.getByRole("row", { name: /account_check/ });
  await row.waitFor();
  const { call } = await backend(at.url);
  assert.equal((await call("v4/im_open_login_svc/account_check", { CheckItem: [{ UserID: "lin" }] })).ErrorCode, 60007);
  await page.waitForFunction(() => [...document.querySelectorAll("tbody tr")].some((row) => row.textContent?.includes("account_check") && row.children[3]?.textContent === "1" && row.children[4]?.textContent === "2"));
  await row.getByRole("button", { name: /Switch off/ }).click();
  await row.waitFor({ state: "detached" });
  assert.equal((await call("v4/im_open_login_svc/account_check", { CheckItem: [{ UserID: "lin" }] })).ErrorCode, 0);
  await open(page, at, "traffic");
  await page.getByRole("list", { name: /Traffic/ }).getByRole("link").filter({ hasText: "fault" }).first().click();
  await page.getByText(/failed because the fault/).waitFor();
});

browserTest("quotas are kept on demand, and what is used and left is shown", at, async (page) => {
  await open(page, at, "quotas");
  await page.getByText("Quotas are off").waitFor();
  await page.getByLabel("Edition").selectOption("free");
  await page.getByRole("searchbox", { name: "Filter commands" }).fill("openim/sendmsg");
  const day = page.getByRole("row", { name: /v4\/openim\/sendmsg.*1000 calls per day/ });
  // Calls before the quotas are enforced do not count.
  await day.getByRole("cell", { name: "1000", exact: true }).waitFor();
  const { call } = await backend(at.url);
  await call("v4/openim/sendmsg", { From_Account: "lin", To_Account: "mei", MsgRandom: 99, MsgBody: [{ MsgType: "TIMTextElem", MsgContent: { Text: "counted" } }] });
  await day.getByRole("cell", { name: "999", exact: true }).waitFor();
  await page.getByLabel("Edition").selectOption({ label: "No quotas" });
  await page.getByText("Quotas are off").waitFor();
});
