// JSON that preserves integers beyond 2^53, as in the service's ids and keys.

/** Any JSON value. Integers that a number can't hold exactly are `bigint`. */
export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  [key: string]: Json;
}

// TypeScript's library doesn't have types for these parts of the language yet.
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context?: { source?: string }) => unknown): Json;
  rawJSON?(text: string): unknown;
}
const exact = JSON as unknown as ExactJson;

/** Parses JSON; throws a `SyntaxError` if it isn't valid. */
export function parseJson(text: string): Json {
  return exact.parse(text, (_key, value, context) => {
    const source = context?.source;
    const isInexact = typeof value === "number" && !Number.isSafeInteger(value);
    return isInexact && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
  });
}

/** Serializes JSON, on several lines by default. */
export function writeJson(value: unknown, indent = 2): string {
  const plain = (_key: string, value: unknown) => {
    if (typeof value !== "bigint") return value;
    return exact.rawJSON ? exact.rawJSON(value.toString()) : Number(value);
  };
  return JSON.stringify(value, plain, indent) ?? "null";
}

/** Whether the value is an object, and not a list or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether two values are equal as JSON. */
export function sameJson(one: unknown, other: unknown): boolean {
  return one === other || writeJson(one, 0) === writeJson(other, 0);
}
