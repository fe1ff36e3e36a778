// One webhook: the event, the app's answer, and its effect.

import { useWorkbench } from "../context";
import type { WebhookSeen } from "../contract";
import type { Operation } from "../document";
import { keepDraft } from "../drafts";
import { feed } from "../feed";
import { moment, took } from "../format";
import { isObject, type Json } from "../json";
import { go, link } from "../router";
import { useStore } from "../store";
import { Empty } from "../ui/basics";
import { OutcomePill } from "../ui/outcome";
import { Inline } from "../ui/prose";
import { JsonView } from "../ui/tree";

/** The detail of a webhook. */
export function WebhookDetail({ id }: { id: number }) {
  const webhook = useStore(feed).webhooks.find((row) => row.id === id);
  if (!webhook) return <Empty title="This webhook is no longer available" />;
  return <WebhookArticle webhook={webhook} />;
}

/** A webhook, wherever it is shown. */
export function WebhookArticle({ webhook }: { webhook: WebhookSeen }) {
  const { reference } = useWorkbench();
  const operation = reference.findWebhook(webhook.command);
  const facts = [moment(webhook.time_ms), took(webhook.took_micros), webhook.platform && `caused by ${webhook.platform}`, webhook.attempt > 1 && `attempt ${webhook.attempt}`, webhook.status && `HTTP status ${webhook.status}`];
  return (
    <article>
      <header class="detail-head">
        <h2>
          <code>{webhook.command}</code> <OutcomePill webhook={webhook} />
        </h2>
        {operation && (
          <p class="quiet">
            {operation.title} — <Inline text={operation.description.split("\n\n")[0] ?? ""} />
          </p>
        )}
        <p class="quiet">{facts.filter(Boolean).join(" · ")}</p>
        {operation && (
          <div class="actions">
            <button
              type="button"
              onClick={() => {
                keepDraft(webhook.command, webhook.body);
                go("webhooks", "fire", webhook.command);
              }}
            >
              Edit and fire
            </button>
          </div>
        )}
      </header>
      <section class="meaning" aria-label="Effect of the answer">
        <h3>Effect of the answer</h3>
        <p class="meaning-text">
          <Inline text={webhook.meaning} />
        </p>
        {webhook.failure && <p>No answer counted: {webhook.failure}.</p>}
        {webhook.request != null && (
          <p>
            <a href={link("traffic", "request", webhook.request)}>The request that caused it</a>
          </p>
        )}
      </section>
      <JsonView title="Event" value={webhook.body} schema={operation?.request} operation={operation} />
      {webhook.answer != null && <JsonView title="The app's answer" value={webhook.answer} schema={operation?.reply} operation={operation} />}
      {operation && <PossibleAnswers operation={operation} />}
    </article>
  );
}

/** A kind of answer as described in the document, and its code. */
function said(answer: Json | undefined): { doc: string; code: string } | undefined {
  if (typeof answer === "string") return { doc: answer, code: "0" };
  if (!isObject(answer)) return undefined;
  const range = isObject(answer["codes"]) ? `${String(answer["codes"]["from"])} to ${String(answer["codes"]["to"])}` : undefined;
  const codes = [answer["code"] === undefined ? undefined : String(answer["code"]), range].filter(Boolean).join(", or ");
  return typeof answer["doc"] === "string" ? { doc: answer["doc"], code: codes } : undefined;
}

/** The answers that an app may give to a webhook. */
export function PossibleAnswers({ operation }: { operation: Operation }) {
  const answers = Object.entries(operation.answers ?? {}).flatMap(([name, answer]) => {
    const known = said(answer);
    return known ? [{ name, ...known }] : [];
  });
  if (answers.length === 0) return <p class="quiet">The service only notifies the app; any answer with HTTP status 200 acknowledges it.</p>;
  return (
    <details class="answers">
      <summary>Possible answers</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Answer</th>
            <th scope="col">ErrorCode</th>
            <th scope="col">Effect</th>
          </tr>
        </thead>
        <tbody>
          {answers.map((answer) => (
            <tr key={answer.name}>
              <th scope="row">{answer.name}</th>
              <td>{answer.code}</td>
              <td>
                <Inline text={answer.doc} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
