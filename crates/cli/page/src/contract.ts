// Requests and replies of the control API under /_control/.

import type { Json, JsonObject } from "./json";

/** Information about the server. */
export interface Info {
  sdk_app_id: number;
  admins: string[];
  base_url: string;
  edition?: string | null;
  webhook_target?: string | null;
  data: boolean;
  version: string;
}

/** Something that a request changed. */
export interface Change {
  kind: string;
  id: string;
  action: string;
}

/** A request that the server answered. */
export interface RequestSeen {
  id: number;
  time_ms: number;
  command: string;
  identifier: string;
  random?: number | null;
  body: Json;
  reply: Json;
  code: number;
  applied: number;
  fault?: Json;
  took_micros: number;
  webhooks?: number[];
  changes?: Change[];
}

/** A webhook that the server fired. */
export interface WebhookSeen {
  id: number;
  time_ms: number;
  command: string;
  platform: string;
  attempt: number;
  body: Json;
  status?: number | null;
  answer?: Json;
  failure?: string | null;
  took_micros: number;
  request?: number | null;
  meaning: string;
  outcome: "acknowledged" | "allowed" | "changed" | "refused" | "dropped" | "answered" | "late" | "failed";
}

/** Where webhooks go; without an address they are not sent. */
export interface Target {
  url?: string;
  signed?: boolean;
  timeout_ms?: number;
  unanswered?: "proceed" | "refuse";
  only?: string[];
}

/** A user in a list. */
export interface UserRow {
  id: string;
  nick?: string;
  online: boolean;
}

/** A conversation of a user: with another user, or in a group. */
export interface ConversationRow {
  peer?: string;
  group?: string;
  unread: number;
  pinned: boolean;
  time_ms: number;
}

/** Everything about a user. */
export interface User {
  id: string;
  /** Fields by tag. */
  profile: JsonObject;
  friends: string[];
  blocked: string[];
  groups: { id: string; name?: string; role?: string }[];
  conversations: ConversationRow[];
  /** Status by platform. */
  online: Record<string, string>;
  /** In seconds since 1970; 0 if the user isn't muted. */
  muted: { c2c_until: number; group_until: number };
}

/** A group in a list. */
export interface GroupRow {
  id: string;
  name?: string;
  type?: string;
  owner?: string;
  members: number;
}

/** Everything about a group. */
export interface Group {
  id: string;
  /** As in the replies of the service's commands. */
  info: JsonObject;
  members: JsonObject[];
  members_total: number;
  attributes: Record<string, string>;
  topics: JsonObject;
}

/** A stored message. */
export interface Message {
  id: string;
  seq: number;
  from: string;
  time_ms: number;
  body: Json;
  recalled: boolean;
  read: boolean;
}

/** The result of a call through the server. */
export interface CallResult {
  code: number;
  reply: Json;
  /** Whether there was a reply: a fault may break the connection or send nothing. */
  answered?: boolean;
  request: number;
  url_without_signature: string;
}

/** Why a device was refused. */
export interface Refusal {
  code: number;
  text: string;
}

/** The result of a device's action: nothing, or a refusal. */
export interface DeviceResult {
  refused?: Refusal;
}

/** A fault that is switched on. */
export interface ActiveFault {
  id: number;
  command: string;
  fault: JsonObject;
  times?: number | null;
  left?: number | null;
  probability?: number | null;
  happened: number;
}

/** A kind of fault. */
export interface FaultKind {
  kind: string;
  title: string;
  description: string;
  parameters: { name: string; required: boolean; schema: JsonObject }[];
}

/** How much of a command's quota is used. */
export interface QuotaRow {
  command: string;
  amount: number;
  window_seconds: number;
  unit: string;
  used: number;
  left: number;
}

/** The quotas that the server keeps. */
export interface Quotas {
  edition?: string | null;
  commands: QuotaRow[];
}
