// Drafts of bodies, kept while other views are shown.

import type { Operation } from "./document";
import { duplicateFields } from "./document";
import { isObject, writeJson, type Json } from "./json";
import type { Schemas } from "./schema";

const drafts = new Map<string, Json>();

/** The draft for a command or webhook, or a starting point: the shortest sample, or the required fields. */
export function draftOf(schemas: Schemas, operation: Operation): Json {
  const begun = drafts.get(operation.command);
  if (begun !== undefined) return begun;
  const length = (value: Json) => writeJson(value, 0).length;
  const [sample] = operation.requestSamples.toSorted((one, other) => length(one.value) - length(other.value));
  return freshNumbers(operation, sample ? sample.value : schemas.skeleton(operation.request));
}

/** Stores a draft. */
export function keepDraft(command: string, body: Json): void {
  drafts.set(command, body);
}

/**
 * The body with new values for the numbers by which the service drops duplicates; otherwise a sample or a repeat would
 * be dropped.
 */
export function freshNumbers(operation: Operation | undefined, body: Json): Json {
  if (!operation || !isObject(body)) return body;
  const fresh = duplicateFields(operation).filter((name) => typeof body[name] === "number" && name.endsWith("Random"));
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return { ...body, ...Object.fromEntries(fresh.map((name) => [name, random])) };
}

/** Whether a repeat of this body is dropped as a duplicate: it has all the numbers that identify duplicates. */
export function isDroppedAsDuplicate(operation: Operation | undefined, body: Json): boolean {
  const fields = operation ? duplicateFields(operation) : [];
  return fields.length > 0 && isObject(body) && fields.every((name) => name in body);
}
