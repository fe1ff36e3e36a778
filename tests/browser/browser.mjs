// A browser that lets nothing leave this machine, and tests that end with a clean console.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startApp, startServer } from "./server.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Debian's names for Chromium; Playwright's own download is not used. */
function executable() {
  const found = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => path && existsSync(path));
  if (!found) throw new Error("no Chromium is installed; CHROMIUM can name one");
  return found;
}

/** Server, app and browser for the tests of one file. */
export function workbench(settings = {}) {
  const at = {};
  before(async () => {
    [at.server, at.app, at.browser] = await Promise.all([startServer(settings), startApp(), chromium.launch({ executablePath: executable(), args: ["--no-sandbox", "--disable-gpu"] })]);
    at.url = at.server.url;
  });
  after(async () => {
    await at.browser?.close();
    at.app?.stop();
    await at.server?.stop();
  });
  return at;
}

/**
 * A test with a page of its own. It fails on requests to other origins, errors of the page, and console messages that the
 * test does not expect.
 */
export function browserTest(name, at, body, options = {}, expected = []) {
  test(name, async () => {
    const context = await at.browser.newContext({ viewport: { width: 1360, height: 860 }, colorScheme: "light", locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce", ...options });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: at.url });
    context.setDefaultTimeout(15_000);
    const complaints = [];
    const page = await context.newPage();
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    await context.route("**/*", (route) => {
      const url = new URL(route.request().url());
      if (url.origin === at.url || url.protocol === "blob:") return route.continue();
      complaints.push(`request to ${url.origin}`);
      return route.abort();
    });
    try {
      await body(page, at);
      assert.deepEqual(complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint))), []);
    } finally {
      await context.close();
    }
  });
}

/** Opens a view and waits until the page listens. */
export async function open(page, at, address = "") {
  await page.goto(`${at.url}/#/${address}`);
  await page.getByText("Live", { exact: true }).waitFor();
}

/** Fails on anything that axe finds. */
export async function accessible(page, what) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(await source());
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const said = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
  assert.deepEqual(said, [], what);
}

let read;
async function source() {
  const { readFile } = await import("node:fs/promises");
  return (read ??= await readFile(axe, "utf8"));
}

/** The text copied last. */
export function clipboard(page) {
  return page.evaluate(() => navigator.clipboard.readText());
}
