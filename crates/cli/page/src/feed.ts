// The traffic that the page has seen: what was there when it opened, and what arrived since.

import { api } from "./api";
import type { RequestSeen, WebhookSeen } from "./contract";
import { listen } from "./events";
import type { Json } from "./json";
import { Store } from "./store";

/** Requests and webhooks, oldest first. */
export interface Feed {
  requests: RequestSeen[];
  webhooks: WebhookSeen[];
  connected: boolean;
  /** Counts events that may have changed the state. */
  version: number;
}

/** Maximum number of each kind to keep; older ones are only on the server. */
export const KEPT = 1000;
/** How many of each kind are fetched at first. */
const FIRST = 200;

const EMPTY: Feed = { requests: [], webhooks: [], connected: false, version: 0 };

/** The feed. */
export const feed = new Store<Feed>(EMPTY);
/** Counts changes of the faults. */
export const faultChanges = new Store(0);

/** What has arrived and is not shown yet. */
let waiting: { requests: RequestSeen[]; webhooks: WebhookSeen[] } = { requests: [], webhooks: [] };
let timer: ReturnType<typeof setTimeout> | undefined;

/** How long rows are collected: a thousand requests per second update the page ten times per second. */
const GATHER_MS = 100;

/** Merges rows by number, without duplicates; the oldest are dropped. */
function merged<T extends { id: number }>(rows: T[], more: T[]): T[] {
  if (more.length === 0) return rows;
  const byId = new Map([...rows, ...more].map((row) => [row.id, row]));
  return [...byId.values()].sort((one, other) => one.id - other.id).slice(-KEPT);
}

function show(): void {
  clearTimeout(timer);
  timer = undefined;
  const { requests, webhooks } = waiting;
  waiting = { requests: [], webhooks: [] };
  feed.update((now) => ({ ...now, requests: merged(now.requests, requests), webhooks: merged(now.webhooks, webhooks), version: now.version + 1 }));
}

/** Makes everything that shows the state fetch it again. */
export function stateChanged(): void {
  feed.update((now) => ({ ...now, version: now.version + 1 }));
}

function gather(): void {
  timer ??= setTimeout(show, GATHER_MS);
}

/** Adds a webhook. */
export function addWebhook(row: WebhookSeen): void {
  waiting.webhooks.push(row);
  show();
}

/** Fetches what already exists. */
async function loadFeed(): Promise<void> {
  const [{ requests }, { webhooks }] = await Promise.all([
    api.get<{ requests: RequestSeen[] }>(`requests?limit=${FIRST}`),
    api.get<{ webhooks: WebhookSeen[] }>(`webhooks?limit=${FIRST}`),
  ]);
  waiting.requests.unshift(...requests);
  waiting.webhooks.unshift(...webhooks);
  show();
}

function forget(connected: boolean): void {
  waiting = { requests: [], webhooks: [] };
  feed.update((now) => ({ ...EMPTY, connected, version: now.version + 1 }));
}

function onEvent(name: string, data: Json): void {
  if (name === "request") waiting.requests.push(data as unknown as RequestSeen);
  else if (name === "webhook") waiting.webhooks.push(data as unknown as WebhookSeen);
  else if (name === "fault") return faultChanges.update((count) => count + 1);
  else if (name === "reset") return forget(feed.value.connected);
  gather();
}

/** Listens for events; fetches what exists each time the connection is established. */
export function followFeed(): () => void {
  return listen("/_control/events", {
    onEvent,
    onState: (connected) => {
      if (!connected) return feed.update((now) => ({ ...now, connected }));
      // Another process may answer by now, with numbers that start again.
      forget(connected);
      faultChanges.update((count) => count + 1);
      // If that fails, the connection has broken and will be established again.
      void loadFeed().catch(() => undefined);
    },
  });
}

/** One request, from the feed or the server. */
export async function requestById(id: number): Promise<RequestSeen> {
  return feed.value.requests.find((row) => row.id === id) ?? api.get<RequestSeen>(`requests/${id}`);
}

/** The webhooks that a request caused. */
export function webhooksOf(request: RequestSeen, all: WebhookSeen[]): WebhookSeen[] {
  return all.filter((row) => row.request === request.id || request.webhooks?.includes(row.id));
}
