// A conversation as a chat, in which you can write as anyone.

import { useEffect, useRef, useState } from "preact/hooks";
import { api, query, segment } from "../api";
import { useWorkbench } from "../context";
import type { Group, Message } from "../contract";
import { moment } from "../format";
import { isObject, writeJson, type Json } from "../json";
import { useLoad, useServerState } from "../load";
import { link } from "../router";
import { memberId } from "./group";
import { Empty, Labelled, Pill, Problem, Tabs } from "../ui/basics";
import { useDevice } from "../ui/device";
import { SchemaForm } from "../ui/form";
import { JsonView } from "../ui/tree";

/** The participants: two users, or a group; `user` is whose view it is. */
export type Peers = { user: string; peer: string } | { user?: string; group: string };

/** Number of messages to fetch at first, and at most. */
const [FIRST, MOST] = [100, 1000];

function isGroup(peers: Peers): peers is { user?: string; group: string } {
  return "group" in peers;
}

async function members(peers: Peers): Promise<string[]> {
  if (!isGroup(peers)) return [peers.user, peers.peer];
  const group = await api.get<Group>(`groups/${segment(peers.group)}`);
  return group.members.map(memberId);
}

/** The view. */
export function Chat({ peers }: { peers: Peers }) {
  const of = isGroup(peers) ? { group: peers.group } : { user: peers.user, peer: peers.peer };
  const [limit, setLimit] = useState(FIRST);
  const { value, error, reload } = useServerState(() => api.get<{ messages: Message[]; more: boolean }>(`messages${query({ ...of, limit })}`), [JSON.stringify(of), limit]);
  const { value: writers = [] } = useLoad(() => members(peers), [JSON.stringify(peers)]);
  const messages = value?.messages;
  const me = peers.user ?? writers[0];
  return (
    <article class="chat">
      <header class="detail-head">
        <h2>
          {isGroup(peers) ? (
            <a href={link("state", "groups", peers.group)}>{peers.group}</a>
          ) : (
            <>
              <a href={link("state", "users", peers.user)}>{peers.user}</a> and <a href={link("state", "users", peers.peer)}>{peers.peer}</a>
            </>
          )}
        </h2>
        {peers.user !== undefined && <p class="quiet">As {peers.user} sees it</p>}
        {peers.user !== undefined && <MarkRead peers={peers} user={peers.user} />}
      </header>
      <Problem error={error} />
      {value?.more === true && (
        <p>{limit < MOST ? <button type="button" onClick={() => setLimit(MOST)}>Show earlier messages</button> : <span class="quiet">The last {MOST} messages are shown.</span>}</p>
      )}
      {messages && <Messages messages={messages} me={me} />}
      {writers.length > 0 && <Composer peers={peers} writers={writers} sent={reload} />}
    </article>
  );
}

/** Opens the conversation on the user's device. */
function MarkRead({ peers, user }: { peers: Peers; user: string }) {
  const { busy, run, outcome } = useDevice();
  const read = () => (isGroup(peers) ? run("read-group", { user, group: peers.group }) : run("read", { user, from: peers.peer }));
  return (
    <>
      <button type="button" disabled={busy} onClick={read}>
        Mark as read
      </button>
      {outcome}
    </>
  );
}

function Messages({ messages, me }: { messages: Message[]; me: string | undefined }) {
  const list = useRef<HTMLOListElement>(null);
  const newest = messages.at(-1)?.seq;
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [messages.length, newest]);
  if (messages.length === 0) return <Empty title="No messages yet" />;
  return (
    <ol class="messages" ref={list} tabIndex={0} aria-label="Messages, oldest first">
      {messages.map((message) => (
        <li key={message.id} class={message.from === me ? "message message-mine" : "message"}>
          <div class="message-head">
            <span class="message-from">{message.from}</span> <time>{moment(message.time_ms)}</time>
            {message.recalled && <Pill tone="odd">recalled</Pill>}
            {message.read && <span class="quiet">read</span>}
          </div>
          <Elements body={message.body} />
        </li>
      ))}
    </ol>
  );
}

/** The elements of a message: texts as such, others with their fields. */
function Elements({ body }: { body: Json }) {
  const elements = Array.isArray(body) ? body : [body];
  return (
    <>
      {elements.map((element, place) => (
        <Element key={place} element={element} />
      ))}
    </>
  );
}

function Element({ element }: { element: Json }) {
  const { reference } = useWorkbench();
  const content = isObject(element) ? element["MsgContent"] : undefined;
  const text = isObject(content) ? content["Text"] : undefined;
  if (typeof text === "string") return <p class="bubble">{text}</p>;
  const type = isObject(element) && typeof element["MsgType"] === "string" ? element["MsgType"] : "element";
  return (
    <details class="bubble">
      <summary>
        <code>{type}</code>
      </summary>
      {isObject(content) ? <JsonView title={type} value={element} schema={reference.schemas["MsgElement"]} /> : <pre>{writeJson(element)}</pre>}
    </details>
  );
}

function Composer({ peers, writers, sent }: { peers: Peers; writers: string[]; sent(): void }) {
  const { reference, schemas } = useWorkbench();
  const schema = reference.schemas["MsgElement"] ?? {};
  const [user, setUser] = useState(peers.user ?? writers[0] ?? "");
  const [mode, setMode] = useState<"text" | "element">("text");
  const [text, setText] = useState("");
  const [element, setElement] = useState<Json>(() => schemas.skeleton(schema));
  const { busy, run, outcome } = useDevice(() => {
    setText("");
    sent();
  });
  const send = () => {
    const what: Record<string, Json> = mode === "text" ? { text } : { body: [element] };
    if (isGroup(peers)) run("send-group", { user, group: peers.group, ...what });
    else run("send", { user, to: user === peers.user ? peers.peer : peers.user, ...what });
  };
  return (
    <form
      class="composer"
      aria-label="Write a message"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="toolbar">
        <Labelled label="As">
          <select value={user} onChange={(event) => setUser(event.currentTarget.value)}>
            {writers.map((writer) => (
              <option key={writer}>{writer}</option>
            ))}
          </select>
        </Labelled>
        <Tabs label="What to send" tabs={[{ id: "text", title: "Text" }, { id: "element", title: "Any element" }]} chosen={mode} choose={setMode} />
      </div>
      {mode === "text" ? (
        <div class="composer-line">
          <input aria-label="Message" value={text} placeholder="Write as this user's device would" onInput={(event) => setText(event.currentTarget.value)} />
          <button type="submit" class="primary" disabled={busy || text === ""}>
            Send
          </button>
        </div>
      ) : (
        <>
          <SchemaForm schema={schema} value={element} change={setElement} label="Element" />
          <button type="submit" class="primary" disabled={busy}>
            Send
          </button>
        </>
      )}
      {outcome}
    </form>
  );
}
