// State: users, groups, and conversations in which anybody can write.

import assert from "node:assert/strict";
import { browserTest, open, workbench } from "./browser.mjs";
import { control } from "./server.mjs";

const at = workbench();

browserTest("a user with profile, friends, groups and conversations", at, async (page) => {
  await open(page, at, "state");
  await page.getByRole("searchbox", { name: "Search users" }).fill("lin");
  await page.getByRole("list", { name: "Users" }).getByRole("link", { name: /^Lin/ }).click();
  await page.getByRole("heading", { name: /Lin/ }).waitFor();
  await page.getByRole("region", { name: "Friends" }).getByRole("link", { name: "mei" }).waitFor();
  await page.getByRole("region", { name: "Groups" }).getByRole("link", { name: "dinner-club" }).waitFor();
  const profile = page.getByRole("region", { name: "Profile" });
  await profile.getByText("Tag_Profile_IM_Nick").waitFor();
  await profile.getByText(/Nickname/).waitFor();
  await page.getByRole("region", { name: "Conversations" }).getByRole("link", { name: "mei" }).click();
  await page.getByText("Dinner at seven?").waitFor();
});

browserTest("a conversation reads as a chat, and either side can write", at, async (page) => {
  await open(page, at, "state/users/lin/with/mei");
  const messages = page.getByRole("list", { name: /Messages/ });
  await messages.getByText("Make it eight.").waitFor();
  const texts = await messages.locator(".bubble").allInnerTexts();
  assert.deepEqual(texts.slice(0, 3), ["Dinner at seven?", "Make it eight.", "Eight it is."]);
  await page.getByLabel("As", { exact: true }).selectOption("mei");
  await page.getByLabel("Message", { exact: true }).fill("I bring dessert.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await messages.getByText("I bring dessert.").waitFor();
  const stored = (await control(at.url).get("messages?user=mei&peer=lin")).messages.at(-1);
  assert.equal(stored.from, "mei");
  await page.getByRole("tab", { name: "Any element" }).click();
  await page.getByLabel("MsgType", { exact: true }).selectOption("TIMFaceElem");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await messages.getByText("TIMFaceElem").first().waitFor();
});

browserTest("a group with its members and messages", at, async (page) => {
  await open(page, at, "state/groups");
  await page.getByRole("list", { name: "Groups" }).getByRole("link", { name: /Dinner club/ }).click();
  await page.getByRole("row", { name: /lin.*Owner/ }).waitFor();
  await page.getByRole("row", { name: /bob/ }).getByRole("link", { name: "as bob" }).click();
  const messages = page.getByRole("list", { name: /Messages/ });
  await messages.getByText("What is for dinner?").waitFor();
  await page.getByLabel("Message", { exact: true }).fill("I am hungry.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await messages.getByText("I am hungry.").waitFor();
});

browserTest("what a call changes is seen without a reload, and a refusal of a device is explained", at, async (page) => {
  await open(page, at, "state/users");
  await page.getByRole("list", { name: "Users" }).getByRole("link", { name: /^Lin/ }).waitFor();
  await control(at.url).post("call", { command: "v4/im_open_login_svc/account_import", body: { UserID: "newcomer", Nick: "Nora" } });
  await page.getByRole("link", { name: /Nora/ }).waitFor();
  await open(page, at, "state/users/lin");
  await page.getByLabel("Chat with").fill("nobody-knows");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByLabel("Message", { exact: true }).fill("hello");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByRole("region", { name: /^Code / }).getByText("Who must act").waitFor();
});

browserTest("the clock goes forward", at, async (page) => {
  await open(page, at, "state");
  await page.getByText("Clock", { exact: true }).click();
  await page.getByRole("button", { name: "+1 hour" }).click();
  await page.getByText(/3600 s ahead/).waitFor();
});
