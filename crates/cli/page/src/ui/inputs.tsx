// Boxes for texts and numbers.

import { useState } from "preact/hooks";
import type { Schema } from "../document";
import { writeJson, type Json } from "../json";

/** What each control is given. */
export interface Editor {
  schema: Schema;
  value: Json;
  change(value: Json): void;
  /** Name for assistive technology, and what begins each control's id. */
  label: string;
  describedBy: string | undefined;
  id: string;
  isInvalid: boolean;
}

/** What a person types, as a number where it is one; else as the text that it is, which the form points out. */
function readNumber(text: string): Json {
  if (/^-?\d+$/.test(text)) {
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text);
  }
  return /^-?\d+\.\d+(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

/** A value in a box: text as it is, everything else as JSON. */
export function shown(value: Json): string {
  return typeof value === "string" ? value : writeJson(value, 0);
}

/** A number. */
export function NumberInput({ value, change, label, describedBy, id, isInvalid }: Editor) {
  return <input id={id} inputMode="numeric" autocomplete="off" aria-label={label} aria-describedby={describedBy} aria-invalid={isInvalid} value={shown(value)} onInput={(event) => change(readNumber(event.currentTarget.value))} />;
}

/** A text: a line, or several where it begins with line breaks or long. Typing doesn't exchange the box. */
export function TextInput({ value, change, label, describedBy, id, isInvalid }: Editor) {
  const text = shown(value);
  const [isLong] = useState(text.includes("\n") || text.length > 80);
  const common = { id, "aria-label": label, "aria-describedby": describedBy, "aria-invalid": isInvalid, spellcheck: false, value: text };
  return isLong ? (
    <textarea {...common} rows={3} onInput={(event) => change(event.currentTarget.value)} />
  ) : (
    <input {...common} autocomplete="off" onInput={(event) => change(event.currentTarget.value)} />
  );
}
