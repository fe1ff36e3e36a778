// State: users, groups, and conversations in which anybody can write.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { browserTest, open, workbench } from "./browser.mjs";
import { control, until } from "./server.mjs";

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

browserTest("a user comes online, loses the connection and logs out", at, async (page) => {
  await open(page, at, "state/users/bob");
  const device = page.getByRole("region", { name: "Device" });
  const online = async () => (await control(at.url).get("users/bob")).online;
  await device.getByLabel("Device").selectOption("Android");
  await device.getByRole("button", { name: "Go online" }).click();
  await page.getByText("Android Online", { exact: true }).waitFor();
  assert.equal((await online()).Android, "Online");
  await device.getByRole("button", { name: "Lose the connection" }).click();
  await page.getByText("Android PushOnline", { exact: true }).waitFor();
  await device.getByRole("button", { name: "Log out" }).click();
  await until(async () => !["Online", "PushOnline"].includes((await online()).Android));
  await page.getByText("Android PushOnline", { exact: true }).waitFor({ state: "detached" });
});

browserTest("a user joins a group and leaves it, and a refusal is explained", at, async (page) => {
  await control(at.url).post("seed", { users: [{ id: "newcomer-to-groups" }], groups: [{ id: "open-club", name: "Open club", owner: "lin" }] });
  await open(page, at, "state/users/newcomer-to-groups");
  const groups = page.getByRole("region", { name: "Groups" });
  await groups.getByText("Not in any group.").waitFor();
  const members = async () => (await control(at.url).get("groups/open-club")).members.map((member) => member.Member_Account);
  await groups.getByLabel("Group to join").fill("open-club");
  await groups.getByRole("button", { name: "Join" }).click();
  await groups.getByRole("link", { name: "open-club" }).waitFor();
  assert.ok((await members()).includes("newcomer-to-groups"));
  await groups.getByRole("button", { name: "Leave open-club" }).click();
  await groups.getByText("Not in any group.").waitFor();
  assert.ok(!(await members()).includes("newcomer-to-groups"));
  await groups.getByLabel("Group to join").fill("open-club");
  await groups.getByRole("button", { name: "Apply" }).click();
  await groups.getByRole("link", { name: "open-club" }).waitFor();
  await groups.getByLabel("Group to join").fill("no-such-group");
  await groups.getByRole("button", { name: "Join" }).click();
  await groups.getByRole("region", { name: /^Code / }).getByText("Who must act").waitFor();
});

browserTest("what was sent to a user is marked as read, in a list and in a chat", at, async (page) => {
  const unread = async () => (await control(at.url).get("users/mei")).conversations.find((row) => row.peer === "lin").unread;
  const send = (text) => control(at.url).post("devices/send", { user: "lin", to: "mei", text });
  await send("first");
  await send("second");
  assert.ok((await unread()) >= 2);
  await open(page, at, "state/users/mei");
  const conversations = page.getByRole("region", { name: "Conversations" });
  await conversations.getByRole("button", { name: "Mark as read lin" }).click();
  await conversations.getByRole("button", { name: "Mark as read lin" }).waitFor({ state: "detached" });
  assert.equal(await unread(), 0);
  await send("third");
  await open(page, at, "state/users/mei/with/lin");
  await page.getByRole("list", { name: /Messages/ }).getByText("third").waitFor();
  await page.getByRole("button", { name: "Mark as read" }).click();
  await until(async () => (await unread()) === 0);
  // The sender sees that it was.
  await open(page, at, "state/users/lin/with/mei");
  const message = page.getByRole("list", { name: /Messages/ }).getByRole("listitem").filter({ hasText: "third" });
  await message.getByText("read", { exact: true }).waitFor();
  // In a group, too.
  await control(at.url).post("devices/send-group", { user: "lin", group: "dinner-club", text: "who cooks?" });
  await open(page, at, "state/users/mei/in/dinner-club");
  await page.getByRole("button", { name: "Mark as read" }).click();
  await until(async () => (await control(at.url).get("users/mei")).conversations.find((row) => row.group === "dinner-club").unread === 0);
});

browserTest("a snapshot is saved as a file and loaded again, and a reset forgets everything", at, async (page) => {
  await control(at.url).post("seed", { users: [{ id: "kept-in-a-file", nick: "Kept" }] });
  await open(page, at, "state");
  const users = page.getByRole("list", { name: "Users" });
  await users.getByRole("link", { name: /^Kept/ }).waitFor();
  await page.getByText("Clock, snapshots, reset").click();
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save a snapshot" }).click()]);
  assert.match(saved.suggestedFilename(), /^tencent-chat-.*\.json$/);
  const file = await saved.path();
  assert.ok((await readFile(file, "utf8")).includes("kept-in-a-file"));

  // Only after a second question.
  await page.getByRole("button", { name: "Reset…" }).click();
  await page.getByRole("button", { name: "Keep it" }).click();
  assert.equal((await control(at.url).get("users")).users.some((user) => user.id === "kept-in-a-file"), true);
  await page.getByRole("button", { name: "Reset…" }).click();
  await page.getByRole("button", { name: "Forget everything" }).click();
  await users.getByRole("link", { name: /^Kept/ }).waitFor({ state: "detached" });
  const left = async () => (await control(at.url).get("users")).users.map((user) => user.id);
  assert.deepEqual(await left(), ["administrator"]);

  const load = page.getByLabel("Load a snapshot");
  await load.setInputFiles({ name: "other.json", mimeType: "application/json", buffer: Buffer.from('{"not":"a snapshot"}') });
  await page.getByRole("alert").waitFor();
  assert.deepEqual(await left(), ["administrator"]);
  await load.setInputFiles(file);
  await users.getByRole("link", { name: /^Kept/ }).waitFor();
  await page.getByText(/^The state is that of /).waitFor();
  await page.getByRole("alert").waitFor({ state: "detached" });
  const { messages } = await control(at.url).get("messages?user=lin&peer=mei");
  assert.ok(messages.length >= 3);
}, {}, [/status of 400/]);

browserTest("the clock goes forward", at, async (page) => {
  await open(page, at, "state");
  await page.getByText("Clock, snapshots, reset").click();
  await page.getByRole("button", { name: "+1 hour" }).click();
  await page.getByText(/3600 s ahead/).waitFor();
});
