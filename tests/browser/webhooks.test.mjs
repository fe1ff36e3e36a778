// Webhooks: their target, their outcome, events fired by hand.

import assert from "node:assert/strict";
import { browserTest, open, workbench } from "./browser.mjs";
import { control, until } from "./server.mjs";

const at = workbench();

browserTest("the app's address is set, and any event can be fired at it", at, async (page) => {
  await open(page, at, "webhooks/target");
  await page.getByLabel("Address of the app").fill(at.app.url);
  await page.getByLabel("Answer timeout, in milliseconds").fill("500");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText(`Webhooks go to ${at.app.url}.`).waitFor();
  await page.getByRole("link", { name: "Fire an event" }).click();
  await page.getByRole("main").getByLabel("Event", { exact: true }).selectOption("Group.CallbackAfterNewMemberJoin");
  await page.getByRole("heading", { name: "Fire an event" }).waitFor();
  await page.getByRole("button", { name: "Fire", exact: true }).click();
  const result = page.getByRole("region", { name: "Result" });
  await result.getByText("answered").first().waitFor();
  await result.getByRole("region", { name: "The app's answer" }).getByText("ActionStatus").waitFor();
  await page.getByRole("list", { name: /Webhooks/ }).getByRole("link").filter({ hasText: "CallbackAfterNewMemberJoin" }).first().waitFor();
});

browserTest("allowed, refused and late webhooks are told apart, and the answer is explained", at, async (page) => {
  await control(at.url).put("webhooks/target", { url: at.app.url, timeout_ms: 500 });
  await open(page, at, "webhooks");
  for (const text of ["fine", "buy now", "slow"]) await control(at.url).post("devices/send", { user: "lin", to: "mei", text });
  const rows = page.getByRole("list", { name: /Webhooks/ }).getByRole("link");
  for (const outcome of ["allowed", "refused", "late"]) await rows.filter({ hasText: "CallbackBeforeSendMsg" }).filter({ hasText: outcome }).first().waitFor();
  await page.getByLabel("Outcome").selectOption("refused");
  await page.waitForFunction(() => [...document.querySelectorAll(".links a")].every((row) => row.textContent?.includes("refused")));
  await rows.first().click();
  await page.getByRole("region", { name: "Effect of the answer" }).getByText(/refused it with code 120001/).waitFor();
  await page.getByRole("region", { name: "The app's answer" }).getByText("advertising is not allowed").waitFor();
  await page.getByText("Possible answers").click();
  await page.getByRole("row", { name: /refuse.*120001 to 130000.*The message is not sent/ }).waitFor();
  await page.getByRole("button", { name: "Edit and fire" }).click();
  assert.equal(await page.getByLabel("Text", { exact: true }).first().inputValue(), "buy now");
  await page.goBack();
  await page.getByLabel("Outcome").selectOption("late");
  await rows.first().click();
  await page.getByText(/did not answer in time/).waitFor();
});

browserTest("saving the address again keeps the token, which can be taken away", at, async (page) => {
  await control(at.url).put("webhooks/target", { url: `${at.app.url}?secret=1`, token: "a token", only: ["State.StateChange"] });
  await open(page, at, "webhooks/target");
  await page.getByText("They are signed.").waitFor();
  await page.getByLabel("Answer timeout, in milliseconds").fill("700");
  await page.getByRole("button", { name: "Save" }).click();
  const target = async () => control(at.url).get("webhooks/target");
  await until(async () => (await target()).timeout_ms === 700);
  assert.deepEqual(await target(), { url: at.app.url, signed: true, timeout_ms: 700, unanswered: "proceed", only: ["State.StateChange"] });
  await control(at.url).post("webhooks/fire", { command: "State.StateChange", body: { CallbackCommand: "State.StateChange" } });
  assert.match(at.app.asked.at(-1), /secret=1.*Sign=/);
  await page.getByLabel("Send them without a signature from now on").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("They are not signed.").waitFor();
  assert.equal((await target()).signed, false);
  await page.getByLabel("Token", { exact: true }).fill("another");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("They are signed.").waitFor();
  await control(at.url).put("webhooks/target", { url: at.app.url, token: null });
});

browserTest("webhooks are found by words of event and answer", at, async (page) => {
  await control(at.url).put("webhooks/target", { url: at.app.url, timeout_ms: 500 });
  for (const text of ["buy now, haystack", "needle"]) await control(at.url).post("devices/send", { user: "lin", to: "mei", text });
  await open(page, at, "webhooks");
  const search = page.getByRole("searchbox", { name: "Filter webhooks" });
  for (const words of ["haystack", "HAYSTACK advertising", "haystack refused"]) {
    await search.fill(words);
    await page.waitForFunction(() => document.querySelectorAll(".links a").length === 1);
  }
});

browserTest("an event is changed before it is fired", at, async (page) => {
  await control(at.url).put("webhooks/target", { url: at.app.url, timeout_ms: 500 });
  await open(page, at, "webhooks/fire/C2C.CallbackBeforeSendMsg");
  await page.getByLabel("From_Account", { exact: true }).fill("mallory");
  await page.getByLabel("Text", { exact: true }).first().fill("buy now");
  await page.getByRole("button", { name: "Fire", exact: true }).click();
  const result = page.getByRole("region", { name: "Result" });
  await result.getByRole("region", { name: "The app's answer" }).getByText("120001").waitFor();
  await result.getByRole("region", { name: "Event" }).getByText("mallory").waitFor();
  const { webhooks } = await control(at.url).get("webhooks?command=C2C.CallbackBeforeSendMsg");
  assert.equal(webhooks.at(-1).body.From_Account, "mallory");
});

browserTest("an app that is not there is said to be so", at, async (page) => {
  await control(at.url).put("webhooks/target", { url: "http://127.0.0.1:1/nobody" });
  await open(page, at, "webhooks/fire/State.StateChange");
  await page.getByRole("button", { name: "Fire", exact: true }).click();
  await page.getByRole("region", { name: "Result" }).getByText(/could not be reached/).first().waitFor();
  await open(page, at, "webhooks/target");
  await page.getByRole("button", { name: "Send no webhooks" }).click();
  await page.getByText("No webhooks are sent until there is an address.").waitFor();
});
