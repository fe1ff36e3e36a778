// One request: its body, the reply, its effects.

import { api } from "../api";
import { useWorkbench } from "../context";
import type { CallResult, Change, RequestSeen, WebhookSeen } from "../contract";
import { freshNumbers, isDroppedAsDuplicate, keepDraft } from "../drafts";
import { feed, requestById, webhooksOf } from "../feed";
import { moment, took, words } from "../format";
import { isObject, writeJson, type Json } from "../json";
import { useAction, useLoad } from "../load";
import { go, link } from "../router";
import { asCurl, asRust } from "../snippet";
import { useStore } from "../store";
import { CopyButton, Pill, Problem } from "../ui/basics";
import { CodeMeaning, CodePill } from "../ui/code";
import { OutcomePill } from "../ui/outcome";
import { Inline } from "../ui/prose";
import { JsonView } from "../ui/tree";

/** The detail of a request. */
export function RequestDetail({ id }: { id: number }) {
  const live = useStore(feed);
  const seen = live.requests.find((row) => row.id === id);
  const { value, error } = useLoad(() => requestById(id), [id]);
  const request = seen ?? value;
  if (!request) return error ? <Problem error={error} /> : <p class="quiet">Loading…</p>;
  return <Request request={request} webhooks={webhooksOf(request, live.webhooks)} />;
}

function Request({ request, webhooks }: { request: RequestSeen; webhooks: WebhookSeen[] }) {
  const { reference } = useWorkbench();
  const operation = reference.findCommand(request.command);
  return (
    <article>
      <header class="detail-head">
        <h2>
          <code>{request.command}</code> <CodePill code={request.code} />
        </h2>
        {operation && (
          <p class="quiet">
            <a href={link("commands", request.command)}>{operation.title}</a> — <Inline text={operation.description.split("\n\n")[0] ?? ""} />
          </p>
        )}
        <p class="quiet">
          {moment(request.time_ms)} · {request.identifier || "no identifier"} · {took(request.took_micros)}
          {request.applied !== 1 && request.code === 0 && ` · acted upon ${request.applied} times`}
        </p>
        <Actions request={request} />
      </header>
      {request.fault ? <FaultNote fault={request.fault} /> : null}
      {request.code === 0 && request.applied === 0 && !request.fault && <Duplicate />}
      <CodeMeaning code={request.code} reply={request.reply} operation={operation} />
      <Caused webhooks={webhooks} />
      <Changes changes={request.changes ?? []} />
      <JsonView title="Body" value={request.body} schema={operation?.request} operation={operation} />
      <JsonView title="Reply" value={request.reply} schema={operation?.reply} operation={operation} />
    </article>
  );
}

function Duplicate() {
  return (
    <p class="note">
      <Pill tone="odd">no effect</Pill> The server reported success without doing anything: the request is a duplicate of an earlier one, or only reads.
    </p>
  );
}

function FaultNote({ fault }: { fault: Json }) {
  const kind = isObject(fault) && typeof fault["kind"] === "string" ? fault["kind"] : typeof fault === "string" ? fault : writeJson(fault, 0);
  return (
    <p class="note">
      <Pill tone="odd">fault</Pill> This failed because the fault <strong>{words(kind)}</strong> is switched on: <a href={link("faults")}>see Faults</a>.
    </p>
  );
}

function Actions({ request }: { request: RequestSeen }) {
  const { reference, info } = useWorkbench();
  const operation = reference.findCommand(request.command);
  const { busy, error, run } = useAction(async (body: Json) => {
    const result = await api.post<CallResult>("call", { command: request.command, body, identifier: request.identifier || undefined });
    go("traffic", "request", result.request);
  });
  const isNumbered = isDroppedAsDuplicate(operation, request.body);
  const identifier = request.identifier || info.admins[0] || "administrator";
  return (
    <>
      <div class="actions">
        <button type="button" class="primary" disabled={busy} onClick={() => void run(freshNumbers(operation, request.body))}>
          Repeat
        </button>
        {isNumbered && (
          <button type="button" disabled={busy} title="With the same numbers, so that the service drops it as a duplicate" onClick={() => void run(request.body)}>
            Repeat unchanged
          </button>
        )}
        {operation && (
          <button
            type="button"
            onClick={() => {
              keepDraft(request.command, request.body);
              go("commands", request.command);
            }}
          >
            Edit and send
          </button>
        )}
        <CopyButton label="Copy as curl" text={() => asCurl(info, request.command, identifier, request.body)} />
        <CopyButton label="Copy as Rust" text={() => asRust(info, operation, request.command, identifier, request.body)} />
      </div>
      <Problem error={error} />
    </>
  );
}

function Caused({ webhooks }: { webhooks: WebhookSeen[] }) {
  if (webhooks.length === 0) return null;
  return (
    <section class="caused" aria-label="Webhooks of this request">
      <h3>Webhooks of this request</h3>
      <ul>
        {webhooks.map((webhook) => (
          <li key={webhook.id}>
            <a href={link("traffic", "webhook", webhook.id)}>
              <code>{webhook.command}</code>
            </a>{" "}
            <OutcomePill webhook={webhook} />
            <p>
              <Inline text={webhook.meaning} />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function changeLink({ kind, id }: Change): string | undefined {
  if (kind === "user") return link("state", "users", id);
  if (kind === "group") return link("state", "groups", id);
  return undefined;
}

function Changes({ changes }: { changes: Change[] }) {
  if (changes.length === 0) return null;
  return (
    <section aria-label="Changes">
      <h3>Changes</h3>
      <ul class="changes">
        {changes.map((change, place) => {
          const address = changeLink(change);
          return (
            <li key={place}>
              {words(change.kind)} {address ? <a href={address}>{change.id}</a> : <code>{change.id}</code>} {words(change.action)}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
