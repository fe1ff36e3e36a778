// Calls to the control API.

import { parseJson, writeJson, isObject, type Json } from "./json";

/** Why a call failed, in the server's words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly expected?: string,
    readonly suggestion?: string,
  ) {
    super(message);
  }
}

const TOKEN = "tencent-chat-control-token";

/** Stores the control token until the tab is closed. */
export function setControlToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

/** Headers of every request. */
export function authorization(): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN);
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

function failure(status: number, body: Json): ApiError {
  const error = isObject(body) && isObject(body["error"]) ? body["error"] : {};
  const text = (name: string) => (typeof error[name] === "string" ? error[name] : undefined);
  return new ApiError(status, text("message") ?? `the server answered HTTP status ${status}`, text("expected"), text("suggestion"));
}

/** Sends JSON and returns JSON, both as text. */
async function exchange(method: string, path: string, body?: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(`/_control/${path}`, {
      method,
      headers: { ...authorization(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      ...(body === undefined ? {} : { body }),
    });
  } catch {
    throw new ApiError(0, "the server can't be reached", undefined, "is `tencent-chat serve` still running?");
  }
  const text = await response.text();
  if (!response.ok) throw failure(response.status, read(response.status, text));
  return text;
}

function read(status: number, text: string): Json {
  try {
    return text === "" ? {} : parseJson(text);
  } catch {
    throw new ApiError(status, `the server answered HTTP status ${status} without JSON`);
  }
}

async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
  return read(200, await exchange(method, path, body === undefined ? undefined : writeJson(body, 0))) as T;
}

/** Query string with the fields that are set. */
export function query(fields: Record<string, string | number | undefined>): string {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  return set.length === 0 ? "" : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`;
}

/** The methods of the control API. */
export const api = {
  get: <T>(path: string) => send<T>("GET", path),
  post: <T>(path: string, body: unknown) => send<T>("POST", path, body),
  put: <T>(path: string, body: unknown) => send<T>("PUT", path, body),
  remove: <T>(path: string) => send<T>("DELETE", path, {}),
};

/** A document that is passed through: it can be large, and is not displayed. */
export const file = {
  get: (path: string) => exchange("GET", path),
  put: (path: string, text: string) => exchange("PUT", path, text),
};

/** A path segment. */
export const segment = encodeURIComponent;
