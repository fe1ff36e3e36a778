// Every view in light and dark mode and on a small screen: axe finds nothing, and the README's pictures are taken.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { accessible, browserTest, open, workbench } from "./browser.mjs";
import { backend, control } from "./server.mjs";

const at = workbench();
const pictures = process.env.SCREENSHOTS;

/** Views, each with something to wait for before it is checked. */
const VIEWS = [
  ["commands/v4%2Fopenim%2Fsendmsg", "Sending One-to-One Messages to One User", "commands"],
  ["state/users/lin", "Lin", undefined],
  ["state/groups/dinner-club", "Dinner club", undefined],
  ["state/users/lin/with/mei", "lin and mei", "state"],
  ["webhooks/target", "The app's address", undefined],
  ["webhooks/fire/C2C.CallbackBeforeSendMsg", "Fire an event", undefined],
  ["usersig", "UserSig", undefined],
  ["faults", "Faults", "faults-dark"],
  ["quotas", "Quotas", undefined],
];

/** Something of everything, so that no view is empty. */
async function fill() {
  const { call } = await backend(at.url);
  const api = control(at.url);
  await api.put("webhooks/target", { url: at.app.url, timeout_ms: 500 });
  await api.put("quotas", { edition: "free" });
  await call("v4/im_open_login_svc/account_check", { CheckItem: [{ UserID: "lin" }] });
  await call("v4/openim/sendmsg", { From_Account: "lin", To_Account: "mei", MsgRandom: 1, MsgBody: [{ MsgType: "TIMTextElem", MsgContent: { Text: "I booked a table." } }] });
  await api.post("faults", { command: "v4/im_open_login_svc/account_check", fault: { kind: "refuse", code: 60007 }, times: 2 });
  await call("v4/im_open_login_svc/account_check", { CheckItem: [{ UserID: "mei" }] });
  await call("v4/openim/sendmsg", { From_Account: "eve", To_Account: "mei", MsgRandom: 2, MsgBody: [{ MsgType: "TIMTextElem", MsgContent: { Text: "buy now, while it lasts" } }] });
}

async function look(page, name, picture) {
  await accessible(page, name);
  if (picture && pictures) {
    mkdirSync(pictures, { recursive: true });
    await page.evaluate(() => document.querySelector(".split-detail")?.scrollTo(0, 0));
    await page.screenshot({ path: join(pictures, `${picture}.png`) });
  }
}

for (const scheme of ["light", "dark"]) {
  browserTest(`axe finds nothing in ${scheme}`, at, async (page) => {
    if (scheme === "light") await fill();
    await open(page, at, "traffic");
    await page.getByRole("list", { name: /Traffic/ }).getByRole("link").filter({ hasText: "120001" }).click();
    await page.getByRole("region", { name: "Webhooks of this request" }).waitFor();
    await look(page, `traffic in ${scheme}`, scheme === "light" ? "traffic" : undefined);
    await page.getByRole("region", { name: "Webhooks of this request" }).getByRole("link").click();
    await page.goto(page.url().replace("/traffic/webhook/", "/webhooks/"));
    await page.getByText("Possible answers").click();
    await look(page, `webhook in ${scheme}`, scheme === "light" ? "webhooks" : undefined);
    for (const [address, heading, picture] of VIEWS) {
      await page.goto(`${at.url}/#/${address}`);
      await page.getByRole("heading", { name: heading }).first().waitFor();
      await look(page, `${address} in ${scheme}`, picture === "faults-dark" ? scheme === "dark" && picture : scheme === "light" && picture);
    }
  }, { colorScheme: scheme });
}

browserTest("a small screen shows the list or the details, and nothing is cut off", at, async (page) => {
  await open(page, at, "traffic");
  await page.getByRole("list", { name: /Traffic/ }).getByRole("link").first().click();
  await page.getByRole("link", { name: /Back to the list/ }).waitFor();
  await look(page, "traffic on a small screen");
  await page.getByRole("link", { name: /Back to the list/ }).click();
  await page.getByRole("list", { name: /Traffic/ }).waitFor();
  for (const [address, heading] of VIEWS) {
    await page.goto(`${at.url}/#/${address}`);
    await page.getByRole("heading", { name: heading }).first().waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `${address} is ${width} pixels wide`);
  }
  await look(page, "quotas on a small screen");
}, { viewport: { width: 390, height: 780 } });

browserTest("light and dark can be chosen, and the choice is kept", at, async (page) => {
  await open(page, at, "usersig");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByLabel("Colours").selectOption("dark");
  assert.notEqual(await ground(), light);
  await page.reload();
  await page.getByText("Live", { exact: true }).waitFor();
  assert.notEqual(await ground(), light);
  await page.getByLabel("Colours").selectOption("light");
  assert.equal(await ground(), light);
});

browserTest("the keyboard reaches everything: skip link, views, focus in the new view", at, async (page) => {
  await open(page, at, "traffic");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  await page.getByRole("link", { name: "Quotas" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Quotas" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  assert.match(await page.title(), /^Quotas/);
});

browserTest("nothing of the page can be framed, and its policy allows this server only", at, async (page) => {
  const response = await page.goto(at.url);
  const headers = response.headers();
  assert.match(headers["content-security-policy"], /^default-src 'self';.*frame-ancestors 'none'/);
  assert.equal(headers["x-content-type-options"], "nosniff");
  // A foreign host name that resolves to this machine gets nothing: otherwise another site could read it.
  const status = await new Promise((resolve, reject) => {
    get(at.url, { headers: { Host: "elsewhere.example" } }, (answer) => resolve(answer.resume().statusCode)).on("error", reject);
  });
  assert.ok(status >= 400, `status ${status}`);
});
