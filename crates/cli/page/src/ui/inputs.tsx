// Inputs for text and numbers.

import { useState } from "preact/hooks";
import type { Schema } from "../document";
import { writeJson, type Json } from "../json";

/** Properties of each control. */
export interface Editor {
  schema: Schema;
  value: Json;
  change(value: Json): void;
  /** Name for assistive technology, and the prefix of each control's id. */
  label: string;
  describedBy: string | undefined;
  id: string;
  isInvalid: boolean;
}

/** The input as a number if it is one; otherwise as text, which the form reports. */
function readNumber(text: string): Json {
  if (/^-?\d+$/.test(text)) {
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text);
  }
  return /^-?\d+\.\d+(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

/** A value in a box: text unchanged, everything else as JSON. */
export function shown(value: Json): string {
  return typeof value === "string" ? value : writeJson(value, 0);
}

/** A number. */
export function NumberInput({ value, change, label, describedBy, id, isInvalid }: Editor) {
  return <input id={id} inputMode="numeric" autocomplete="off" aria-label={label} aria-describedby={describedBy} aria-invalid={isInvalid} value={shown(value)} onInput={(event) => change(readNumber(event.currentTarget.value))} />;
}

/** Text: one line, or several if the initial text is long or has line breaks. Typing doesn't switch the control. */
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
