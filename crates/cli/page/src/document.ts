// The published description of the service's API: commands, webhooks, codes, schemas.

import type { Json, JsonObject } from "./json";
import { isObject } from "./json";

/** A schema of the document, or one within a schema. */
export type Schema = JsonObject;

/** What an error code means. */
export interface Code {
  code?: number;
  from?: number;
  to?: number;
  name: string;
  meaning: string;
  advice?: string;
  note?: string;
  class: string;
  repeat: string;
  retry_after?: number;
  services?: string[];
}

/** A sample of a body. */
interface Sample {
  name: string;
  summary: string | undefined;
  value: Json;
}

/** A quota of a command. */
export interface Quota {
  calls?: number;
  items?: number;
  of?: string;
  seconds: number;
  edition?: string;
}

/** A command or a webhook. */
export interface Operation {
  /** `v4/openim/sendmsg`, or `C2C.CallbackBeforeSendMsg`. */
  command: string;
  title: string;
  description: string;
  family: string;
  /** Name of the request's schema, such as `MessageSendMsg`. */
  typeName: string;
  request: Schema;
  reply: Schema;
  requestSamples: Sample[];
  replySamples: Sample[];
  codes: Code[];
  quotas: Quota[];
  repeat: Json;
  page: { id: number | null; updated: string | null } | undefined;
  /** An answer that the app may give to a webhook. */
  answers: JsonObject | undefined;
}

/** Everything that the page reads from the document. */
export interface Reference {
  commands: Operation[];
  webhooks: Operation[];
  families: Map<string, string>;
  codes: Code[];
  schemas: Record<string, Schema>;
  findCommand(command: string): Operation | undefined;
  findWebhook(command: string): Operation | undefined;
}

/** Phrases for classes and retries, which the server takes from the types crate. */
export interface Words {
  classes: Record<string, string>;
  repeats: Record<string, string>;
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function at(value: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

function samples(content: Json | undefined): Sample[] {
  const examples = at(content, "examples");
  if (!isObject(examples)) return [];
  return Object.entries(examples).map(([name, example]) => ({
    name,
    summary: text(at(example, "summary")) || undefined,
    value: at(example, "value") ?? null,
  }));
}

function operation(command: string, item: Json): Operation | undefined {
  const post = at(item, "post");
  if (!isObject(post)) return undefined;
  const requestContent = at(post, "requestBody", "content", "application/json");
  const replyContent = at(post, "responses", "200", "content", "application/json");
  const request = at(requestContent, "schema");
  const reply = at(replyContent, "schema");
  return {
    command,
    title: text(post["summary"]),
    description: text(post["description"]),
    family: Array.isArray(post["tags"]) ? text(post["tags"][0]) : "",
    typeName: text(at(request, "$ref")).split("/").at(-1) ?? "",
    request: isObject(request) ? request : {},
    reply: isObject(reply) ? reply : {},
    requestSamples: samples(requestContent),
    replySamples: samples(replyContent),
    codes: (post["x-error-codes"] ?? []) as unknown as Code[],
    quotas: (post["x-quotas"] ?? []) as unknown as Quota[],
    repeat: post["x-repeat"] ?? null,
    page: post["x-page"] as unknown as Operation["page"],
    answers: isObject(post["x-answer"]) ? post["x-answer"] : undefined,
  };
}

function operations(items: Json | undefined): Operation[] {
  if (!isObject(items)) return [];
  return Object.entries(items).flatMap(([path, item]) => operation(path.replace(/^\//, ""), item) ?? []);
}

/** Parses the document. */
export function readReference(document: Json): Reference {
  const commands = operations(at(document, "paths"));
  const webhooks = operations(at(document, "webhooks"));
  const tags = (at(document, "tags") ?? []) as unknown as { name: string; description: string }[];
  const byName = (all: Operation[]) => new Map(all.map((one) => [one.command, one]));
  const [commandsByName, webhooksByName] = [byName(commands), byName(webhooks)];
  return {
    commands,
    webhooks,
    families: new Map(tags.map((tag) => [tag.name, tag.description])),
    codes: (at(document, "x-error-codes") ?? []) as unknown as Code[],
    schemas: (at(document, "components", "schemas") ?? {}) as unknown as Record<string, Schema>,
    findCommand: (command) => commandsByName.get(command.replace(/^\//, "")),
    findWebhook: (command) => webhooksByName.get(command),
  };
}

/** The fields of a request by which the service drops duplicates. */
export function duplicateFields(operation: Operation): string[] {
  const fields = at(operation.repeat, "deduplicated_by");
  return Array.isArray(fields) ? fields.map(text) : [];
}

/** What is known about a code; the command's own entry takes precedence. */
export function explainCode(reference: Reference, code: number, operation?: Operation): Code | undefined {
  const has = (entry: Code) => entry.code === code || (entry.from !== undefined && entry.from <= code && code <= (entry.to ?? entry.from));
  const service = operation?.command.split("/")[1];
  const known = reference.codes.filter(has);
  const ofService = known.find((entry) => service !== undefined && entry.services?.includes(service));
  return operation?.codes.find(has) ?? ofService ?? known.find((entry) => !entry.services?.length) ?? known[0];
}
