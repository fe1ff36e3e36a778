// Types and limits in words, and how a value violates them.

import { isObject, writeJson, type Json } from "./json";
import type { Schema } from "./document";
import type { Schemas, Shape } from "./schema";

const UNBOUNDED = new Set(["9223372036854775807", "18446744073709551615", "-9223372036854775808", "4294967295", "2147483647", "-2147483648"]);

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function amount(value: Json | undefined): number | bigint | undefined {
  return typeof value === "number" || typeof value === "bigint" ? value : undefined;
}

/** The type of a value in a word or two. */
export function kindInWords(schemas: Schemas, schema: Schema): string {
  const shape = schemas.shape(schema);
  switch (shape.kind) {
    case "list":
      return `list of ${plural(kindInWords(schemas, shape.items))}`;
    case "choice":
      return `${shape.isNumber ? "integer" : "text"} with ${shape.options.length} known value${shape.options.length === 1 ? "" : "s"}`;
    case "number":
      return shape.isInteger ? "integer" : "number";
    case "flag":
      return "0 or 1";
    case "union":
      return `object by its ${shape.tag}`;
    case "either":
      return shape.schemas.map((one) => kindInWords(schemas, one)).join(" or ");
    case "constant":
      return writeJson(shape.value, 0);
    case "any":
      return "any JSON";
    default:
      return shape.kind;
  }
}

/** The first word names the type. */
function plural(words: string): string {
  return words.replace(/^(integer|number|text|object|list|map|boolean)\b/, "$1s");
}

/** The limits of a value, one phrase each. */
export function limitsInWords(schemas: Schemas, schema: Schema): string[] {
  const known = schemas.resolve(schema);
  const phrases: string[] = [];
  const add = (name: string, phrase: (value: number | bigint) => string) => {
    const value = amount(known[name]);
    if (value !== undefined && !UNBOUNDED.has(String(value))) phrases.push(phrase(value));
  };
  add("x-max-bytes", (most) => `at most ${most} bytes`);
  add("maxLength", (most) => `at most ${most} characters`);
  add("minLength", (least) => `at least ${least} characters`);
  if (known["x-flag"] !== true) {
    const least = amount(known["minimum"]);
    if (least !== undefined && least != 0) add("minimum", (value) => `at least ${value}`);
    add("maximum", (most) => `at most ${most}`);
  }
  for (const name of ["minItems", "x-min-items"]) add(name, (least) => `at least ${least}`);
  for (const name of ["maxItems", "x-max-items"]) add(name, (most) => `at most ${most} items`);
  if (typeof known["x-default"] === "string") phrases.push(`default: ${known["x-default"]}`);
  if (typeof known["x-deprecated"] === "string") phrases.push(`deprecated: ${known["x-deprecated"]}`);
  if (typeof known["x-unconfirmed"] === "string") phrases.push(`unconfirmed: ${known["x-unconfirmed"]}`);
  return phrases;
}

/** How a value itself, without its contents, violates its limits. */
export function problem(schemas: Schemas, schema: Schema, value: Json): string | undefined {
  const known = schemas.resolve(schema);
  const shape = schemas.shape(schema);
  return ofKind(shape, value) ?? ofAmount(known, value);
}

function ofKind(shape: Shape, value: Json): string | undefined {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  const isInteger = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
  switch (shape.kind) {
    case "object":
    case "map":
      return isObject(value) ? undefined : "must be an object";
    case "list":
      return Array.isArray(value) ? undefined : "must be a list";
    case "text":
      return typeof value === "string" ? undefined : "must be text";
    case "number":
      if (shape.isInteger) return isInteger ? undefined : "must be a whole number";
      return isNumber ? undefined : "must be a number";
    case "choice":
      if (shape.isNumber) return isInteger ? undefined : "must be a whole number";
      return typeof value === "string" ? undefined : "must be text";
    case "flag":
      return value === 0 || value === 1 ? undefined : "must be 0 or 1";
    default:
      return undefined;
  }
}

function ofAmount(known: Schema, value: Json): string | undefined {
  if (typeof value === "string") {
    const most = amount(known["x-max-bytes"]);
    if (most !== undefined && bytes(value) > most) return `has ${bytes(value)} bytes, and at most ${most} are allowed`;
    const length = amount(known["maxLength"]);
    if (length !== undefined && [...value].length > length) return `has ${[...value].length} characters, and at most ${length} are allowed`;
  }
  if (typeof value === "number" || typeof value === "bigint") {
    const [least, most] = [amount(known["minimum"]), amount(known["maximum"])];
    if (least !== undefined && value < least) return `must be at least ${least}`;
    if (most !== undefined && value > most) return `must be at most ${most}`;
  }
  if (Array.isArray(value)) {
    const least = amount(known["minItems"]) ?? amount(known["x-min-items"]);
    const most = amount(known["maxItems"]) ?? amount(known["x-max-items"]);
    if (least !== undefined && value.length < least) return `has ${value.length} items, and at least ${least} are needed`;
    if (most !== undefined && value.length > most) return `has ${value.length} items, and at most ${most} are allowed`;
  }
  return undefined;
}
