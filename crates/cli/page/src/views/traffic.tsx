// Requests from the backend and webhooks from the server, as they happen.

import { useMemo, useState } from "preact/hooks";
import type { RequestSeen, WebhookSeen } from "../contract";
import { feed, KEPT, type Feed } from "../feed";
import { clock, count, took } from "../format";
import { link } from "../router";
import { finder } from "../search";
import { useStore } from "../store";
import { Empty, LinkList, Pill, SearchBox, Split } from "../ui/basics";
import { CodePill } from "../ui/code";
import { OutcomePill } from "../ui/outcome";
import { RequestDetail } from "./request";
import { WebhookDetail } from "./webhook";

type Entry = { kind: "request"; row: RequestSeen } | { kind: "webhook"; row: WebhookSeen };

interface Filter {
  text: string;
  show: "all" | "requests" | "webhooks" | "failed";
}

/** Number of rows to show at first. */
const SHOWN = 200;

function hasFailed(entry: Entry): boolean {
  return entry.kind === "request" ? entry.row.code !== 0 : ["refused", "dropped", "late", "failed"].includes(entry.row.outcome);
}

function entries({ requests, webhooks }: Feed, { text, show }: Filter): Entry[] {
  const all: Entry[] = [
    ...(show === "webhooks" ? [] : requests.map((row): Entry => ({ kind: "request", row }))),
    ...(show === "requests" ? [] : webhooks.map((row): Entry => ({ kind: "webhook", row }))),
  ];
  const hasWords = finder(text);
  return all
    .filter((entry) => (show !== "failed" || hasFailed(entry)) && hasWords(entry.row))
    .sort((one, other) => other.row.time_ms - one.row.time_ms || other.row.id - one.row.id);
}

function Row({ entry, isChosen }: { entry: Entry; isChosen: boolean }) {
  const { row } = entry;
  const isRequest = entry.kind === "request";
  const parts = row.command.split(isRequest ? "/" : ".");
  const last = parts.pop() ?? "";
  return (
    <li>
      <a class="row" href={link("traffic", entry.kind, row.id)} aria-current={isChosen ? "true" : undefined}>
        <span class={`row-way row-${entry.kind}`} aria-hidden="true">
          {isRequest ? "→" : "←"}
        </span>
        <span class="row-main">
          <span class="hidden">{isRequest ? "Request" : "Webhook"} </span>
          <span class="row-name">
            <span class="row-family">
              {parts.join(isRequest ? "/" : ".")}
              {isRequest ? "/" : "."}
            </span>
            {last}
          </span>
          <span class="row-more">
            {clock(row.time_ms)} · {isRequest ? entry.row.identifier || "no identifier" : (entry.row.platform || "app")} · {took(row.took_micros)}
          </span>
        </span>
        <span class="row-pills">
          {isRequest && entry.row.fault && <Pill tone="odd">fault</Pill>}
          {isRequest ? <CodePill code={entry.row.code} /> : <OutcomePill webhook={entry.row} />}
        </span>
      </a>
    </li>
  );
}

/** The view. */
export function TrafficView({ route }: { route: string[] }) {
  const live = useStore(feed);
  const [paused, setPaused] = useState<Feed>();
  const [filter, setFilter] = useState<Filter>({ text: "", show: "all" });
  const [most, setMost] = useState(SHOWN);
  const shown = paused ?? live;
  const all = useMemo(() => entries(shown, filter), [shown, filter]);
  const [kind, idText] = route;
  const id = Number(idText);
  const isOpen = (kind === "request" || kind === "webhook") && Number.isSafeInteger(id);
  const waiting = paused ? live.requests.length + live.webhooks.length - paused.requests.length - paused.webhooks.length : 0;
  const list = (
    <>
      <div class="toolbar">
        <SearchBox label="Filter" value={filter.text} change={(text) => setFilter({ ...filter, text })} />
        <select aria-label="Which traffic" value={filter.show} onChange={(event) => setFilter({ ...filter, show: event.currentTarget.value as Filter["show"] })}>
          <option value="all">Everything</option>
          <option value="requests">Requests</option>
          <option value="webhooks">Webhooks</option>
          <option value="failed">Failures</option>
        </select>
        <button type="button" aria-pressed={paused !== undefined} onClick={() => setPaused(paused ? undefined : live)}>
          {paused ? "Resume" : "Pause"}
        </button>
      </div>
      <p class="toolbar-note">
        {paused ? `Paused${waiting > 0 ? `, ${waiting} new` : ""}. ` : ""}
        {all.length === 0 ? "" : count(all.length, "entry").replace("entrys", "entries")}
        {shown.requests.length === KEPT ? `; only the last ${KEPT} requests are kept here` : ""}
      </p>
      {all.length === 0 ? (
        <NoTraffic isFiltered={filter.text !== "" || filter.show !== "all"} />
      ) : (
        <LinkList label="Traffic, newest first">
          {all.slice(0, most).map((entry) => (
            <Row key={`${entry.kind}${entry.row.id}`} entry={entry} isChosen={isOpen && kind === entry.kind && id === entry.row.id} />
          ))}
        </LinkList>
      )}
      {all.length > most && (
        <button type="button" class="more" onClick={() => setMost(most + SHOWN)}>
          Show {Math.min(SHOWN, all.length - most)} more
        </button>
      )}
    </>
  );
  const detail = !isOpen ? (
    <Empty title="Choose a request or a webhook">
      <p>You'll see its body, the answer and what that means, its changes, and the same call for a shell or a Rust program.</p>
    </Empty>
  ) : kind === "request" ? (
    <RequestDetail key={id} id={id} />
  ) : (
    <WebhookDetail key={id} id={id} />
  );
  return <Split list={list} detail={detail} isOpen={isOpen} back={link("traffic")} />;
}

function NoTraffic({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title="Nothing matches the filter" />
  ) : (
    <Empty title="No traffic yet">
      <p>Point your backend at this server, or send something from Commands.</p>
    </Empty>
  );
}
