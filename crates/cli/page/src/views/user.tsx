// One user.

import { useState } from "preact/hooks";
import { api, segment } from "../api";
import type { ConversationRow, User } from "../contract";
import { moment } from "../format";
import { useServerState } from "../load";
import { go, link } from "../router";
import { Labelled, Pill, Problem } from "../ui/basics";
import { useDevice } from "../ui/device";
import { JsonView } from "../ui/tree";
import { useProfileSchema } from "../ui/profile";

/** The detail of a user. */
export function UserDetail({ id }: { id: string }) {
  const { value: shown, error } = useServerState(() => api.get<User>(`users/${segment(id)}`), [id]);
  if (!shown) return error ? <Problem error={error} /> : <p class="quiet">Loading…</p>;
  const nick = shown.profile["Tag_Profile_IM_Nick"];
  return (
    <article>
      <header class="detail-head">
        <h2>
          {typeof nick === "string" && nick !== "" ? nick : shown.id} <Presence user={shown} />
        </h2>
        <p class="quiet">
          <code>{shown.id}</code>
        </p>
        <Muted user={shown} />
        <Device user={shown.id} />
      </header>
      <Conversations user={shown} />
      <Links title="Friends" ids={shown.friends} to={(friend) => link("state", "users", friend)} none="No friends." />
      <Links title="Blocked" ids={shown.blocked} to={(blocked) => link("state", "users", blocked)} none="No blocked users." />
      <Groups user={shown} />
      <Profile user={shown} />
    </article>
  );
}

function Presence({ user }: { user: User }) {
  return (
    <>
      {Object.entries(user.online).map(([platform, status]) => (
        <Pill key={platform} tone={status === "Online" ? "good" : "plain"}>
          {platform} {status}
        </Pill>
      ))}
    </>
  );
}

/** Platforms, by the service's names. */
const PLATFORMS = ["Web", "Android", "iPhone", "iPad", "Windows", "Mac"];

/** Sets the user's status. */
function Device({ user }: { user: string }) {
  const [platform, setPlatform] = useState(PLATFORMS[0] ?? "");
  const { busy, run, outcome } = useDevice();
  const become = (status: string) => run("online", { user, platform, status });
  return (
    <section aria-label="Device">
      <div class="actions">
        <Labelled label="Device">
          <select value={platform} onChange={(event) => setPlatform(event.currentTarget.value)}>
            {PLATFORMS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Labelled>
        <button type="button" disabled={busy} onClick={() => become("Online")}>
          Go online
        </button>
        <button type="button" disabled={busy} title="The app is in the background: messages are pushed" onClick={() => become("PushOnline")}>
          Lose the connection
        </button>
        <button type="button" disabled={busy} onClick={() => become("Offline")}>
          Log out
        </button>
      </div>
      {outcome}
    </section>
  );
}

function Groups({ user }: { user: User }) {
  const [group, setGroup] = useState("");
  const { busy, run, outcome } = useDevice(() => setGroup(""));
  return (
    <section aria-label="Groups">
      <h3>Groups</h3>
      {user.groups.length === 0 && <p class="quiet">Not in any group.</p>}
      <ul class="conversations">
        {user.groups.map(({ id, role }) => (
          <li key={id}>
            <a href={link("state", "groups", id)}>{id}</a> {role && <Pill>{role}</Pill>}{" "}
            <button type="button" class="small" disabled={busy} onClick={() => run("leave", { user: user.id, group: id })}>
              Leave<span class="hidden"> {id}</span>
            </button>
          </li>
        ))}
      </ul>
      <form
        class="actions"
        onSubmit={(event) => {
          event.preventDefault();
          run("join", { user: user.id, group: group.trim() });
        }}
      >
        <Labelled label="Group to join">
          <input required value={group} onInput={(event) => setGroup(event.currentTarget.value)} />
        </Labelled>
        <button type="submit" disabled={busy}>
          Join
        </button>
        <button type="button" disabled={busy || group.trim() === ""} title="Asks the app's webhook first" onClick={() => run("apply", { user: user.id, group: group.trim() })}>
          Apply
        </button>
      </form>
      {outcome}
    </section>
  );
}

function Muted({ user: { muted } }: { user: User }) {
  const until = [muted.c2c_until > 0 && `in one-to-one chats until ${moment(muted.c2c_until * 1000)}`, muted.group_until > 0 && `in groups until ${moment(muted.group_until * 1000)}`].filter(Boolean);
  return until.length > 0 ? <p>Muted {until.join(" and ")}.</p> : null;
}

function Links({ title, ids, to, none }: { title: string; ids: string[]; to(id: string): string; none: string }) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {ids.length > 0 ? (
        <ul class="chips">
          {ids.map((id) => (
            <li key={id}>
              <a href={to(id)}>{id}</a>
            </li>
          ))}
        </ul>
      ) : (
        <p class="quiet">{none}</p>
      )}
    </section>
  );
}

function conversationLink(user: string, { group, peer = "" }: ConversationRow): string {
  return group === undefined ? link("state", "users", user, "with", peer) : link("state", "users", user, "in", group);
}

function Conversations({ user }: { user: User }) {
  const [peer, setPeer] = useState("");
  const { busy, run, outcome } = useDevice();
  const read = ({ group, peer = "" }: ConversationRow) => (group === undefined ? run("read", { user: user.id, from: peer }) : run("read-group", { user: user.id, group }));
  return (
    <section aria-label="Conversations">
      <h3>Conversations</h3>
      {user.conversations.length === 0 && <p class="quiet">None yet.</p>}
      <ul class="conversations">
        {user.conversations.map((row) => (
          <li key={`${row.group}/${row.peer}`}>
            <a href={conversationLink(user.id, row)}>{row.group ?? row.peer}</a> {row.group !== undefined && <Pill>group</Pill>} {row.pinned && <Pill>pinned</Pill>}{" "}
            {row.unread > 0 && (
              <>
                <Pill tone="odd">{row.unread} unread</Pill>{" "}
                <button type="button" class="small" disabled={busy} onClick={() => read(row)}>
                  Mark as read<span class="hidden"> {row.group ?? row.peer}</span>
                </button>
              </>
            )}{" "}
            <span class="quiet">{moment(row.time_ms)}</span>
          </li>
        ))}
      </ul>
      {outcome}
      <form
        class="actions"
        onSubmit={(event) => {
          event.preventDefault();
          if (peer.trim() !== "") go("state", "users", user.id, "with", peer.trim());
        }}
      >
        <Labelled label="Chat with">
          <input value={peer} onInput={(event) => setPeer(event.currentTarget.value)} />
        </Labelled>
        <button type="submit">Open</button>
      </form>
    </section>
  );
}

function Profile({ user }: { user: User }) {
  return <JsonView title="Profile" value={user.profile} schema={useProfileSchema()} />;
}
