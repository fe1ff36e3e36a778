// Webhooks that the app received, its answers, and events fired by hand.

import { useMemo, useState } from "preact/hooks";
import { useWorkbench } from "../context";
import type { WebhookSeen } from "../contract";
import { feed } from "../feed";
import { clock, count, took, words } from "../format";
import { link } from "../router";
import { finder } from "../search";
import { useStore } from "../store";
import { Empty, LinkList, SearchBox, Split } from "../ui/basics";
import { OutcomePill } from "../ui/outcome";
import { Fire } from "./fire";
import { TargetPanel } from "./target";
import { WebhookDetail } from "./webhook";

function filtered(webhooks: WebhookSeen[], text: string, outcome: string): WebhookSeen[] {
  const hasWords = finder(text);
  return webhooks.filter((row) => (outcome === "" || row.outcome === outcome) && hasWords(row)).toReversed();
}

/** The view. Addresses: `12`, `fire`, `fire/<event>`, `target`. */
export function WebhooksView({ route }: { route: string[] }) {
  const { info } = useWorkbench();
  const { webhooks } = useStore(feed);
  const [text, setText] = useState("");
  const [outcome, setOutcome] = useState("");
  const rows = useMemo(() => filtered(webhooks, text, outcome), [webhooks, text, outcome]);
  const outcomes = useMemo(() => [...Map.groupBy(webhooks, (row) => row.outcome)].map(([name, rows]) => ({ name, amount: rows.length })), [webhooks]);
  const [first] = route;
  const list = (
    <>
      <div class="toolbar">
        <a class="button primary" href={link("webhooks", "fire")}>
          Fire an event
        </a>
        <a class="button" href={link("webhooks", "target")}>
          {info.webhook_target == null ? "Set the app's address" : "The app's address"}
        </a>
      </div>
      <div class="toolbar">
        <SearchBox label="Filter webhooks" value={text} change={setText} />
        <select aria-label="Outcome" value={outcome} onChange={(event) => setOutcome(event.currentTarget.value)}>
          <option value="">All outcomes</option>
          {outcomes.map(({ name, amount }) => (
            <option key={name} value={name}>
              {words(name)} ({amount})
            </option>
          ))}
        </select>
      </div>
      <p class="toolbar-note" role="status">
        {count(rows.length, "webhook")}
      </p>
      {rows.length === 0 ? <NoWebhooks hasTarget={info.webhook_target != null} isFiltered={webhooks.length > 0} /> : <Rows rows={rows} chosen={first} />}
    </>
  );
  return <Split list={list} detail={<Detail route={route} />} isOpen={first !== undefined} back={link("webhooks")} />;
}

function Rows({ rows, chosen }: { rows: WebhookSeen[]; chosen: string | undefined }) {
  return (
    <LinkList label="Webhooks, newest first">
      {rows.slice(0, 300).map((row) => (
        <li key={row.id}>
          <a class="row" href={link("webhooks", row.id)} aria-current={String(row.id) === chosen ? "true" : undefined}>
            <span class="row-main">
              <span class="row-name">{row.command}</span>
              <span class="row-more">
                {clock(row.time_ms)} · {took(row.took_micros)}
                {row.attempt > 1 && ` · attempt ${row.attempt}`}
              </span>
            </span>
            <OutcomePill webhook={row} />
          </a>
        </li>
      ))}
    </LinkList>
  );
}

function Detail({ route }: { route: string[] }) {
  const [first, event] = route;
  if (first === "fire") return <Fire key={event} event={event} />;
  if (first === "target") return <TargetPanel />;
  if (first !== undefined) return <WebhookDetail key={first} id={Number(first)} />;
  return (
    <Empty title="Choose a webhook, or fire an event">
      <p>You'll see the event, the app's answer, and its effect.</p>
    </Empty>
  );
}

function NoWebhooks({ hasTarget, isFiltered }: { hasTarget: boolean; isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No webhook matches the filter" />;
  if (hasTarget) return <Empty title="No webhooks yet" />;
  return (
    <Empty title="No app receives webhooks">
      <p>
        Set the address of your app, or run <code>tencent-chat webhook listen</code> to see what would come.
      </p>
    </Empty>
  );
}
