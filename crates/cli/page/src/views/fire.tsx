// Fires any event by hand.

import { useState } from "preact/hooks";
import { api } from "../api";
import { useWorkbench } from "../context";
import type { WebhookSeen } from "../contract";
import type { Operation } from "../document";
import { draftOf, keepDraft } from "../drafts";
import { addWebhook } from "../feed";
import { words } from "../format";
import type { Json } from "../json";
import { useAction } from "../load";
import { go } from "../router";
import { Labelled, Problem } from "../ui/basics";
import { BodyEditor } from "../ui/body";
import { Prose } from "../ui/prose";
import { byFamily } from "./commands";
import { PossibleAnswers, WebhookArticle } from "./webhook";

/** The panel: the event, its body, the app's answer. */
export function Fire({ event }: { event: string | undefined }) {
  const { reference } = useWorkbench();
  const operation = event === undefined ? undefined : reference.findWebhook(event);
  return (
    <article>
      <header class="detail-head">
        <h2>Fire an event</h2>
        <Labelled label="Event">
          <select value={operation?.command ?? ""} onChange={(event) => go("webhooks", "fire", event.currentTarget.value)}>
            <option value="" disabled>
              Choose an event…
            </option>
            {byFamily(reference.webhooks).map(([family, events]) => (
              <optgroup key={family} label={words(family.replace(/^webhook_/, ""))}>
                {events.map((one) => (
                  <option key={one.command} value={one.command}>
                    {one.command}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </Labelled>
      </header>
      {operation && <FireForm key={operation.command} operation={operation} />}
    </article>
  );
}

function FireForm({ operation }: { operation: Operation }) {
  const { schemas } = useWorkbench();
  const [body, setBody] = useState(() => draftOf(schemas, operation));
  const [fired, setFired] = useState<WebhookSeen>();
  const edit = (next: Json) => {
    keepDraft(operation.command, next);
    setBody(next);
  };
  const { busy, error, run } = useAction(async () => {
    setFired(undefined);
    const webhook = await api.post<WebhookSeen>("webhooks/fire", { command: operation.command, body });
    addWebhook(webhook);
    setFired(webhook);
  });
  return (
    <>
      <Prose text={operation.description} />
      <PossibleAnswers operation={operation} />
      <form
        class="call"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <BodyEditor operation={operation} body={body} change={edit} />
        <div class="actions">
          <button type="submit" class="primary" disabled={busy}>
            Fire
          </button>
        </div>
      </form>
      <Problem error={error} />
      {fired && (
        <section class="result" aria-label="Result" aria-live="polite">
          <WebhookArticle webhook={fired} />
        </section>
      )}
    </>
  );
}
