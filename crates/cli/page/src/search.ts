// Searches rows of the traffic by words.

import type { RequestSeen, WebhookSeen } from "./contract";
import { writeJson } from "./json";

/** Cached texts of rows: bodies can be long, and each keystroke searches them. */
const texts = new WeakMap<object, string>();

function textOf(row: RequestSeen | WebhookSeen): string {
  const own = "identifier" in row ? [row.identifier, row.code, writeJson(row.reply, 0)] : [row.outcome, writeJson(row.answer ?? null, 0)];
  return [row.command, ...own, writeJson(row.body, 0)].join(" ").toLowerCase();
}

/** Whether a row contains all the words of a search. */
export function finder(search: string): (row: RequestSeen | WebhookSeen) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => {
    if (words.length === 0) return true;
    const text = texts.get(row) ?? textOf(row);
    texts.set(row, text);
    return words.every((word) => text.includes(word));
  };
}
