// What forms and explanations need to know about a schema of the document.

import { isObject, type Json, type JsonObject } from "./json";
import type { Reference, Schema } from "./document";

/** An option in a list of choices. */
interface Option {
  value: string | number;
  description: string;
}

/** A field of an object. */
export interface Field {
  name: string;
  schema: Schema;
  required: boolean;
}

/** The shape of a value, with what a form must know about it. */
export type Shape =
  | { kind: "object"; fields: Field[]; oneOf: string[] }
  | { kind: "map"; values: Schema }
  | { kind: "list"; items: Schema; least: number; most: number | undefined }
  | { kind: "choice"; options: Option[]; isOpen: boolean; isNumber: boolean }
  | { kind: "flag" }
  | { kind: "boolean" }
  | { kind: "text"; pattern: string | undefined }
  | { kind: "number"; isInteger: boolean }
  | { kind: "constant"; value: Json }
  | { kind: "union"; tag: string; variants: { tag: string; schema: Schema }[] }
  | { kind: "either"; schemas: Schema[] }
  | { kind: "any" };

function str(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function num(value: Json | undefined): number | bigint | undefined {
  return typeof value === "number" || typeof value === "bigint" ? value : undefined;
}

function schemas(value: Json | undefined): Schema[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The one value that a schema allows. */
function only(schema: Schema): Json | undefined {
  const values = schema["enum"];
  return schema["const"] ?? (Array.isArray(values) && values.length === 1 ? values[0] : undefined);
}

function isOption(entry: { value: Json | undefined; description: string }): entry is Option {
  return typeof entry.value === "string";
}

/** The alternatives for a value. */
function alternativesOf(known: Schema): Schema[] {
  return schemas(known["anyOf"] ?? known["oneOf"]);
}

/** The type, ignoring null, which stands for an omitted value. */
function typeOf(known: Schema): string | undefined {
  const type = known["type"];
  return Array.isArray(type) ? str(type.find((one) => one !== "null")) : str(type);
}

/** Resolves references between schemas. */
export class Schemas {
  constructor(private readonly reference: Reference) {}

  /** Resolves a reference; keywords next to the reference take precedence. */
  resolve(schema: Schema): Schema {
    const target = this.target(schema);
    if (target === schema) return schema;
    const { $ref: _, ...siblings } = schema;
    return { ...this.resolve(target), ...siblings };
  }

  private target(schema: Schema): Schema {
    const name = str(schema["$ref"])?.split("/").at(-1);
    return (name !== undefined && this.reference.schemas[name]) || schema;
  }

  /** The shape of a schema's values, for forms. */
  shape(schema: Schema): Shape {
    const known = this.resolve(schema);
    if (known["const"] !== undefined) return { kind: "constant", value: known["const"] };
    if (alternativesOf(known).length > 0) return this.alternatives(known);
    if (Array.isArray(known["enum"])) return this.choice(known, false);
    switch (typeOf(known)) {
      case "object":
        return this.object(known);
      case "array":
        return {
          kind: "list",
          items: isObject(known["items"]) ? known["items"] : {},
          least: Number(num(known["minItems"]) ?? num(known["x-min-items"]) ?? 0),
          most: numberOrNone(num(known["maxItems"]) ?? num(known["x-max-items"])),
        };
      case "string":
        return { kind: "text", pattern: str(known["pattern"]) };
      case "boolean":
        return { kind: "boolean" };
      case "integer":
        return known["x-flag"] === true ? { kind: "flag" } : { kind: "number", isInteger: true };
      case "number":
        return { kind: "number", isInteger: false };
      default:
        return { kind: "any" };
    }
  }

  private object(known: Schema): Shape {
    const properties = known["properties"];
    if (!isObject(properties)) {
      const values = known["additionalProperties"];
      return isObject(values) ? { kind: "map", values } : { kind: "any" };
    }
    const required = Array.isArray(known["required"]) ? known["required"] : [];
    const fields = Object.entries(properties).map(([name, field]) => ({
      name,
      schema: isObject(field) ? field : {},
      required: required.includes(name),
    }));
    // Required fields come first, in the order of the document.
    fields.sort((one, other) => Number(other.required) - Number(one.required));
    const oneOf = known["x-exactly-one-of"];
    return { kind: "object", fields, oneOf: Array.isArray(oneOf) ? oneOf.filter((name) => typeof name === "string") : [] };
  }

  private alternatives(known: Schema): Shape {
    const all = alternativesOf(known).filter((one) => one["type"] !== "null");
    const [first] = all;
    const tag = isObject(known["discriminator"]) ? str(known["discriminator"]["propertyName"]) : undefined;
    if (tag !== undefined) return { kind: "union", tag, variants: this.variants(tag, all) };
    const constants = all.map((one) => ({ value: only(one), description: str(one["description"]) ?? "" }));
    if (all.length > 1 && constants.every(isOption)) return { kind: "choice", options: constants, isOpen: false, isNumber: false };
    if (first && Array.isArray(first["enum"])) return this.choice(first, all.length > 1);
    if (all.length === 1 && first) return this.shape(first);
    return { kind: "either", schemas: all };
  }

  private variants(tag: string, all: Schema[]): { tag: string; schema: Schema }[] {
    return all.flatMap((schema) => {
      const properties = this.resolve(schema)["properties"];
      const value = isObject(properties) && isObject(properties[tag]) ? str(properties[tag]["const"]) : undefined;
      return value === undefined ? [] : [{ tag: value, schema }];
    });
  }

  private choice(known: Schema, isOpen: boolean): Shape {
    const values = Array.isArray(known["enum"]) ? known["enum"] : [];
    const descriptions = Array.isArray(known["x-enum-descriptions"]) ? known["x-enum-descriptions"] : [];
    const options = values.flatMap((value, place) =>
      typeof value === "string" || typeof value === "number" ? [{ value, description: str(descriptions[place]) ?? "" }] : [],
    );
    return { kind: "choice", options, isOpen, isNumber: known["type"] === "integer" };
  }

  /** Which of several schemas a value matches; the last one if none does. */
  fitting(candidates: Schema[], value: Json): Schema | undefined {
    return candidates.find((schema) => this.fits(schema, value)) ?? candidates.at(-1);
  }

  /** Whether a value matches the constants, types and names of a schema, ignoring limits. */
  fits(schema: Schema, value: Json): boolean {
    const known = this.resolve(schema);
    if (known["const"] !== undefined) return known["const"] === value;
    if (isObject(known["not"]) && this.fits(known["not"], value)) return false;
    if (Array.isArray(known["enum"])) return known["enum"].includes(value);
    const either = alternativesOf(known);
    if (either.length > 0) return either.some((one) => this.fits(one, value));
    switch (typeOf(known)) {
      case "object":
        return isObject(value) && this.fieldsFit(known, value);
      case "array":
        return Array.isArray(value);
      case "string":
        return typeof value === "string";
      case "boolean":
        return typeof value === "boolean";
      case "integer":
      case "number":
        return (typeof value === "number" || typeof value === "bigint") && isWithin(known, value);
      default:
        return true;
    }
  }

  private fieldsFit(known: Schema, value: JsonObject): boolean {
    const properties = isObject(known["properties"]) ? known["properties"] : {};
    const required = Array.isArray(known["required"]) ? known["required"] : [];
    return (
      required.every((name) => typeof name === "string" && name in value) &&
      Object.entries(properties).every(([name, field]) => {
        const inner = value[name];
        return inner === undefined || !isObject(field) || this.fits(field, inner);
      })
    );
  }

  /** The schema of a field or item of this value. */
  within(schema: Schema, value: Json, key: string | number): Schema | undefined {
    const shape = this.shape(schema);
    switch (shape.kind) {
      case "object":
        return shape.fields.find((field) => field.name === key)?.schema;
      case "map":
        return shape.values;
      case "list":
        return shape.items;
      case "union": {
        const tag = isObject(value) ? value[shape.tag] : undefined;
        const variant = shape.variants.find((variant) => variant.tag === tag);
        return variant && this.within(variant.schema, value, key);
      }
      case "either": {
        // A failed reply can have fields of a successful one.
        const fitting = this.fitting(shape.schemas, value);
        const candidates = [...(fitting ? [fitting] : []), ...shape.schemas];
        return candidates.map((one) => this.within(one, value, key)).find((inner) => inner !== undefined);
      }
      default:
        return undefined;
    }
  }

  /** What a field is for. */
  description(schema: Schema): string {
    return str(this.resolve(schema)["description"]) ?? "";
  }

  /** The minimum that can be sent: required fields only. */
  skeleton(schema: Schema, depth = 0): Json {
    const shape = this.shape(schema);
    switch (shape.kind) {
      case "object":
        return Object.fromEntries(
          shape.fields
            .filter((field) => depth < 8 && (field.required || field.name === shape.oneOf[0]))
            .map((field) => [field.name, this.skeleton(field.schema, depth + 1)]),
        );
      case "map":
        return {};
      case "list":
        return depth < 8 && (shape.least > 0 || depth < 2) ? [this.skeleton(shape.items, depth + 1)] : [];
      case "choice":
        return shape.options[0]?.value ?? (shape.isNumber ? 0 : "");
      case "constant":
        return shape.value;
      case "flag":
        return 1;
      case "number": {
        const known = this.resolve(schema);
        return Number(num(known["default"]) ?? num(known["minimum"]) ?? 0);
      }
      case "boolean":
        return true;
      case "text":
        return "";
      case "union":
        return shape.variants[0] ? this.skeleton(shape.variants[0].schema, depth) : {};
      case "either":
        return shape.schemas[0] ? this.skeleton(shape.schemas[0], depth) : null;
      case "any":
        return null;
    }
  }
}

function numberOrNone(value: number | bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function isWithin(known: Schema, value: number | bigint): boolean {
  const [least, most] = [num(known["minimum"]), num(known["maximum"])];
  return (least === undefined || value >= least) && (most === undefined || value <= most);
}
