// Text of the document: paragraphs, lists and `code`.

import { Fragment, type ComponentChildren } from "preact";

function inline(text: string): ComponentChildren {
  return text.split("`").map((part, place) => (place % 2 === 1 ? <code key={place}>{part}</code> : <Fragment key={place}>{part}</Fragment>));
}

function block(text: string, key: number) {
  const lines = text.split("\n");
  if (lines.every((line) => line.startsWith("- "))) {
    return (
      <ul key={key}>
        {lines.map((line) => (
          <li key={line}>{inline(line.slice(2))}</li>
        ))}
      </ul>
    );
  }
  return <p key={key}>{inline(lines.join(" "))}</p>;
}

/** Paragraphs. */
export function Prose({ text }: { text: string }) {
  return <div class="prose">{text.split("\n\n").filter(Boolean).map(block)}</div>;
}

/** A sentence, inline. */
export function Inline({ text }: { text: string }) {
  return <>{inline(text.replaceAll("\n", " "))}</>;
}
