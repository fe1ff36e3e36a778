// The server's state: users, groups and their messages.

import { useState } from "preact/hooks";
import { api, query } from "../api";
import type { GroupRow, UserRow } from "../contract";
import { count } from "../format";
import { useServerState, type Loaded } from "../load";
import { go, link } from "../router";
import { Empty, LinkList, Pill, Problem, SearchBox, Split, Tabs } from "../ui/basics";
import { Chat, type Peers } from "./chat";
import { GroupDetail } from "./group";
import { ServerTools } from "./server";
import { UserDetail } from "./user";

type Room = "users" | "groups";

/** Number of rows to show: the server's maximum is a thousand, further than anyone reads. */
const SHOWN = 100;

/** The view. Addresses: `users/lin`, `users/lin/with/mei`, `users/lin/in/club`, `groups/club`, `groups/club/messages`. */
export function StateView({ route }: { route: string[] }) {
  const room: Room = route[0] === "groups" ? "groups" : "users";
  const id = route[1];
  const list = (
    <>
      <Tabs label="What to list" tabs={[{ id: "users", title: "Users" }, { id: "groups", title: "Groups" }]} chosen={room} choose={(next: Room) => go("state", next)} />
      {room === "users" ? <Users chosen={id} /> : <Groups chosen={id} />}
      <ServerTools />
    </>
  );
  return <Split list={list} detail={<Detail route={route} />} isOpen={id !== undefined} back={link("state", room)} />;
}

function Detail({ route }: { route: string[] }) {
  const [room, id, what, other] = route;
  if (id === undefined) {
    return (
      <Empty title="Choose a user or a group">
        <p>Profiles, friends and members, and conversations as a chat shows them. You can write as any user.</p>
      </Empty>
    );
  }
  const peers = peersOf(room, id, what, other);
  if (peers) return <Chat key={route.join("/")} peers={peers} />;
  return room === "groups" ? <GroupDetail key={id} id={id} /> : <UserDetail key={id} id={id} />;
}

function peersOf(room: string | undefined, id: string, what: string | undefined, other: string | undefined): Peers | undefined {
  if (room === "groups") return what === "messages" ? { group: id } : undefined;
  if (other === undefined) return undefined;
  if (what === "with") return { user: id, peer: other };
  return what === "in" ? { user: id, group: other } : undefined;
}

/** A list that is fetched again when traffic arrives. */
function useRows<T>(path: string, search: string, pick: (answer: Record<string, T[]>) => T[] | undefined): Loaded<T[]> {
  return useServerState(async () => pick(await api.get<Record<string, T[]>>(`${path}${query({ search, limit: SHOWN })}`)) ?? [], [path, search]);
}

function Users({ chosen }: { chosen: string | undefined }) {
  const [search, setSearch] = useState("");
  const { value, error } = useRows<UserRow>("users", search, (answer) => answer["users"]);
  return (
    <>
      <div class="toolbar">
        <SearchBox label="Search users" value={search} change={setSearch} />
      </div>
      <Problem error={error} />
      {value?.length === 0 && (
        <Empty title={search === "" ? "No users yet" : "No users found"}>{search === "" && <p>Import some with a command from the “account” family.</p>}</Empty>
      )}
      <LinkList label="Users">
        {(value ?? []).map((user) => (
          <li key={user.id}>
            <a class="row" href={link("state", "users", user.id)} aria-current={user.id === chosen ? "true" : undefined}>
              <span class="avatar" aria-hidden="true">
                {(user.nick || user.id).slice(0, 1).toUpperCase()}
              </span>
              <span class="row-main">
                <span class="row-title">{user.nick || user.id}</span>
                <span class="row-more">{user.id}</span>
              </span>
              {user.online && <Pill tone="good">online</Pill>}
            </a>
          </li>
        ))}
      </LinkList>
      {value?.length === SHOWN && <p class="quiet">Showing the first {SHOWN}; search for others.</p>}
    </>
  );
}

function Groups({ chosen }: { chosen: string | undefined }) {
  const [search, setSearch] = useState("");
  const { value, error } = useRows<GroupRow>("groups", search, (answer) => answer["groups"]);
  return (
    <>
      <div class="toolbar">
        <SearchBox label="Search groups" value={search} change={setSearch} />
      </div>
      <Problem error={error} />
      {value?.length === 0 && <Empty title={search === "" ? "No groups yet" : "No groups found"} />}
      <LinkList label="Groups">
        {(value ?? []).map((group) => (
          <li key={group.id}>
            <a class="row" href={link("state", "groups", group.id)} aria-current={group.id === chosen ? "true" : undefined}>
              <span class="avatar avatar-group" aria-hidden="true">
                {(group.name || group.id).slice(0, 1).toUpperCase()}
              </span>
              <span class="row-main">
                <span class="row-title">{group.name || group.id}</span>
                <span class="row-more">
                  {group.id}
                  {` · ${count(group.members, "member")}`}
                </span>
              </span>
              {group.type && <Pill>{group.type}</Pill>}
            </a>
          </li>
        ))}
      </LinkList>
      {value?.length === SHOWN && <p class="quiet">Showing the first {SHOWN}; search for others.</p>}
    </>
  );
}
