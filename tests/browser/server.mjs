// The programs around the browser: the server with its page, an app that answers webhooks, and a backend.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** The program that serves the page. */
export function program() {
  const program = process.env.TENCENT_CHAT;
  if (!program) throw new Error("TENCENT_CHAT must name the program; tests/browser/run does so");
  return program;
}

/** `tencent-chat serve --demo`, on a free port unless one is named. */
export async function startServer({ port = 0, variables = {} } = {}) {
  const child = spawn(program(), ["serve", "--demo", "--port", String(port), "--output", "json"], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...variables } });
  const lines = createInterface({ input: child.stdout });
  const [first] = await once(lines, "line");
  const { url, key } = JSON.parse(first);
  return {
    url,
    key,
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

/** The control API, for anything that a test needs besides the page. */
export function control(url) {
  const ask = async (method, path, body) => {
    const response = await fetch(`${url}/_control/${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const json = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
    return json;
  };
  return { get: (path) => ask("GET", path), post: (path, body) => ask("POST", path, body), put: (path, body) => ask("PUT", path, body) };
}

/** A backend in any language: plain HTTP with a UserSig. */
export async function backend(url) {
  const { sdk_app_id: app } = await control(url).get("info");
  const { user_sig: signature } = await control(url).post("usersig/sign", { identifier: "administrator" });
  return {
    signature,
    async call(command, body) {
      const random = Math.floor(Math.random() * 2 ** 32);
      const query = new URLSearchParams({ sdkappid: app, identifier: "administrator", usersig: signature, random, contenttype: "json" });
      const response = await fetch(`${url}/${command}?${query}`, { method: "POST", body: JSON.stringify(body) });
      return response.json();
    },
  };
}

/** An app: refuses advertising, answers slow messages too late, allows everything else. */
export async function startApp() {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      if (body.includes("slow")) return; // Never answered; the server gives up.
      const refuses = body.includes("buy now") && body.includes("CallbackBeforeSendMsg");
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(refuses ? { ActionStatus: "FAIL", ErrorCode: 120001, ErrorInfo: "advertising is not allowed" } : { ActionStatus: "OK", ErrorCode: 0, ErrorInfo: "" }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/webhook`,
    /** Paths and queries of what it was asked. */
    asked,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Waits, as long as a test may take, until something is so. */
export async function until(isSo) {
  for (let turn = 0; turn < 600; turn++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("it never came about");
}
