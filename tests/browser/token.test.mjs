// A server that others can reach asks for its control token.

import assert from "node:assert/strict";
import { accessible, browserTest, workbench } from "./browser.mjs";

const TOKEN = "a control token";
const at = workbench({ variables: { TENCENT_CHAT_CONTROL_TOKEN: TOKEN } });

browserTest("the page asks for the token, refuses a wrong one, and keeps the right one in its tab", at, async (page) => {
  await page.goto(at.url);
  const box = page.getByLabel("Control token");
  await box.waitFor();
  await accessible(page, "the question for the token");
  assert.equal(await box.getAttribute("type"), "password");
  await box.fill("another token");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("alert").getByText("the control token is missing or wrong").waitFor();
  await box.fill(TOKEN);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("link", { name: "State" }).click();
  await page.getByRole("list", { name: "Users" }).getByRole("link", { name: /^Lin/ }).waitFor();
  // It is there after a reload, and neither in the address nor for another tab.
  await page.reload();
  await page.getByText("Live", { exact: true }).waitFor();
  assert.ok(!page.url().includes("token"));
  const other = await page.context().newPage();
  await other.goto(at.url);
  await other.getByLabel("Control token").waitFor();
  await other.close();
}, {}, [/status of 401/]);
