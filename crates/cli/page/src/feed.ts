// The traffic that the page has seen: what was there when it opened, and what comes.

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
  /** Counts what may have changed the state. */
  version: number;
}

/** As many of each are kept; older ones are on the server only. */
export const KEPT = 1000;
/** How many of each are asked for at first. */
const FIRST = 200;

const EMPTY: Feed = { requests: [], webhooks: [], connected: false, version: 0 };

/** The feed. */
export const feed = new Store<Feed>(EMPTY);
/** Counts changes of the faults. */
export const faultChanges = new Store(0);

/** What has come and is not shown yet. */
let waiting: { requests: RequestSeen[]; webhooks: WebhookSeen[] } = { requests: [], webhooks: [] };
let timer: ReturnType<typeof setTimeout> | undefined;

/** How long rows wait for others: a thousand requests a second are ten changes of the page. */
const GATHER_MS = 100;

/** Rows with more of them, each once, by number; the oldest go. */
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

/** Has everything that shows the state ask for it anew. */
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

/** Asks for what there is already. */
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

/** Listens to what comes; asks for what there is whenever the connection comes about. */
export function followFeed(): () => void {
  return listen("/_control/events", {
    onEvent,
    onState: (connected) => {
      if (!connected) return feed.update((now) => ({ ...now, connected }));
      // Another process may answer by now, whose numbers begin anew.
      forget(connected);
      faultChanges.update((count) => count + 1);
      // Where that fails, the connection has broken and comes about anew.
      void loadFeed().catch(() => undefined);
    },
  });
}

/** One request, from the feed or from the server. */
export async function requestById(id: number): Promise<RequestSeen> {
  return feed.value.requests.find((row) => row.id === id) ?? api.get<RequestSeen>(`requests/${id}`);
}

/** The webhooks that a request caused. */
export function webhooksOf(request: RequestSeen, all: WebhookSeen[]): WebhookSeen[] {
  return all.filter((row) => row.request === request.id || request.webhooks?.includes(row.id));
}
