// One command: its description, a form that sends it, the reply explained.

import { useState } from "preact/hooks";
import { api } from "../api";
import { useWorkbench } from "../context";
import type { CallResult } from "../contract";
import type { Operation, Quota } from "../document";
import { draftOf, freshNumbers, keepDraft } from "../drafts";
import { windowOf, words } from "../format";
import { isObject, type Json } from "../json";
import { useAction } from "../load";
import { link } from "../router";
import { asCurl, asRust } from "../snippet";
import { CopyButton, Labelled, Problem } from "../ui/basics";
import { BodyEditor } from "../ui/body";
import { CodeMeaning, CodePill } from "../ui/code";
import { Fields } from "../ui/fields";
import { Inline, Prose } from "../ui/prose";
import { JsonView } from "../ui/tree";

/** The detail of a command. */
export function CommandDetail({ operation }: { operation: Operation }) {
  return (
    <article>
      <header class="detail-head">
        <h2>{operation.title}</h2>
        <p>
          <code>POST /{operation.command}</code>
        </p>
        <Prose text={operation.description} />
        <Facts operation={operation} />
      </header>
      <Call operation={operation} />
      <Fields title="Fields of the request" schema={operation.request} />
      <Fields title="Fields of the reply" schema={successOf(operation)} />
      <ReplySamples operation={operation} />
      <Codes operation={operation} />
    </article>
  );
}

function successOf(operation: Operation) {
  const either = operation.reply["anyOf"];
  return Array.isArray(either) && isObject(either[0]) ? either[0] : operation.reply;
}

function quotaInWords(quota: Quota): string {
  const amount = quota.items === undefined ? `${quota.calls} calls` : `${quota.items} entries of ${quota.of}`;
  return `${amount} ${windowOf(quota.seconds)}${quota.edition ? ` (${quota.edition} edition)` : ""}`;
}

function repeatInWords(repeat: Json): string {
  if (typeof repeat === "string") return words(repeat);
  if (!isObject(repeat)) return "";
  const { seconds, ...by } = repeat;
  const phrases = Object.entries(by).map(([name, fields]) => `${words(name)} ${Array.isArray(fields) ? fields.join(", ") : ""}`);
  return `${phrases.join("; ")}${seconds === undefined ? "" : `, for ${String(seconds)} s`}`;
}

function Facts({ operation }: { operation: Operation }) {
  const { id, updated } = operation.page ?? {};
  return (
    <dl class="facts">
      <dt>Quota</dt>
      <dd>{operation.quotas.map(quotaInWords).join("; ") || "none documented"}</dd>
      <dt>A retry is</dt>
      <dd>{repeatInWords(operation.repeat)}</dd>
      <dt>Vendor's page</dt>
      <dd>{id == null ? "none" : `${id}${updated ? `, of ${updated}` : ""}`}</dd>
    </dl>
  );
}

function Call({ operation }: { operation: Operation }) {
  const { schemas, info } = useWorkbench();
  const [body, setBody] = useState(() => draftOf(schemas, operation));
  const [identifier, setIdentifier] = useState(info.admins[0] ?? "administrator");
  const [result, setResult] = useState<CallResult>();
  const edit = (next: Json) => {
    keepDraft(operation.command, next);
    setBody(next);
  };
  const { busy, error, run } = useAction(async () => {
    setResult(undefined);
    setResult(await api.post<CallResult>("call", { command: operation.command, body, identifier }));
    edit(freshNumbers(operation, body));
  });
  return (
    <section class="call" aria-label="Call the command">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <BodyEditor operation={operation} body={body} change={edit} />
        <div class="actions">
          <Labelled label="Caller">
            <input list="admins" value={identifier} onInput={(event) => setIdentifier(event.currentTarget.value)} />
          </Labelled>
          <datalist id="admins">
            {info.admins.map((admin) => (
              <option key={admin} value={admin} />
            ))}
          </datalist>
          <button type="submit" class="primary" disabled={busy}>
            Send
          </button>
          <CopyButton label="Copy as curl" text={() => asCurl(info, operation.command, identifier, body)} />
          <CopyButton label="Copy as Rust" text={() => asRust(info, operation, operation.command, identifier, body)} />
        </div>
      </form>
      <Problem error={error} />
      {result && <Result result={result} operation={operation} />}
    </section>
  );
}

function Result({ result, operation }: { result: CallResult; operation: Operation }) {
  return (
    <section class="result" aria-label="Reply" aria-live="polite">
      <p>
        <CodePill code={result.code} /> <a href={link("traffic", "request", result.request)}>See it in the traffic</a>, with its changes and the webhooks that it caused.
      </p>
      {result.answered === false && <p class="note">There was no reply: a fault is switched on.</p>}
      <CodeMeaning code={result.code} reply={result.reply} operation={operation} />
      <JsonView title="Reply to the call" value={result.reply} schema={operation.reply} operation={operation} />
    </section>
  );
}

function ReplySamples({ operation }: { operation: Operation }) {
  if (operation.replySamples.length === 0) return null;
  return (
    <details class="block">
      <summary>Samples of replies ({operation.replySamples.length})</summary>
      {operation.replySamples.map((sample) => (
        <JsonView key={sample.name} title={words(sample.name)} value={sample.value} schema={operation.reply} operation={operation} />
      ))}
    </details>
  );
}

function Codes({ operation }: { operation: Operation }) {
  const { words: phrases } = useWorkbench();
  if (operation.codes.length === 0) return null;
  return (
    <details class="block">
      <summary>Error codes ({operation.codes.length})</summary>
      <div class="scroll" tabIndex={0} role="group" aria-label="Error codes">
        <table>
          <thead>
            <tr>
              <th scope="col">Code</th>
              <th scope="col">Meaning</th>
              <th scope="col">Who must act</th>
              <th scope="col">A retry helps</th>
            </tr>
          </thead>
          <tbody>
            {operation.codes.map((code) => (
              <tr key={code.name}>
                <th scope="row">{code.code ?? `${code.from} to ${code.to}`}</th>
                <td>
                  <Inline text={[code.meaning, code.note, code.advice].filter(Boolean).join(" ")} />
                </td>
                <td>{phrases.classes[code.class] ?? words(code.class)}</td>
                <td>{phrases.repeats[code.repeat] ?? words(code.repeat)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
