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

/** Adds a row at its place, in place of an earlier one with its id. */
function added<T extends { id: number }>(rows: T[], row: T): T[] {
  let at = rows.length;
  while (at > 0 && (rows[at - 1] as T).id >= row.id) at--;
  const same = rows[at]?.id === row.id ? 1 : 0;
  return rows.toSpliced(at, same, row).slice(-KEPT);
}

/** Adds a request that a call of this page told of. */
function addRequest(row: RequestSeen): void {
  feed.update((now) => ({ ...now, requests: added(now.requests, row), version: now.version + 1 }));
}

/** Adds a webhook. */
export function addWebhook(row: WebhookSeen): void {
  feed.update((now) => ({ ...now, webhooks: added(now.webhooks, row), version: now.version + 1 }));
}

/** Asks for what there is already. */
export async function loadFeed(): Promise<void> {
  const [requests, webhooks] = await Promise.all([
    api.get<{ requests: RequestSeen[] }>(`requests?limit=${FIRST}`),
    api.get<{ webhooks: WebhookSeen[] }>(`webhooks?limit=${FIRST}`),
  ]);
  for (const row of requests.requests) addRequest(row);
  for (const row of webhooks.webhooks) addWebhook(row);
}

function onEvent(name: string, data: Json): void {
  if (name === "request") addRequest(data as unknown as RequestSeen);
  else if (name === "webhook") addWebhook(data as unknown as WebhookSeen);
  else if (name === "fault") faultChanges.update((count) => count + 1);
  else if (name === "reset") feed.update((now) => ({ ...EMPTY, connected: now.connected, version: now.version + 1 }));
}

/** Listens to what comes; asks for what there is whenever the connection comes about. */
export function followFeed(): () => void {
  return listen("/_control/events", {
    onEvent,
    onState: (connected) => {
      // Another process may answer by now, whose ids begin anew.
      feed.update((now) => (connected ? { ...EMPTY, connected, version: now.version + 1 } : { ...now, connected }));
      if (connected) void loadFeed().catch(() => undefined);
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
