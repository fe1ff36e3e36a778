// One group.

import { api, segment } from "../api";
import { useWorkbench } from "../context";
import type { Group } from "../contract";
import { count, moment } from "../format";
import type { JsonObject } from "../json";
import { useServerState } from "../load";
import { link } from "../router";
import { Pill, Problem } from "../ui/basics";
import { JsonView } from "../ui/tree";

/** A member. */
export function memberId(member: JsonObject): string {
  return text(member, "Member_Account");
}

function text(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}

/** The detail of a group. */
export function GroupDetail({ id }: { id: string }) {
  const { reference } = useWorkbench();
  const { value: group, error } = useServerState(() => api.get<Group>(`groups/${segment(id)}`), [id]);
  if (!group) return error ? <Problem error={error} /> : <p class="quiet">Loading…</p>;
  const type = text(group.info, "Type");
  return (
    <article>
      <header class="detail-head">
        <h2>
          {text(group.info, "Name") || group.id} {type && <Pill>{type}</Pill>}
        </h2>
        <p class="quiet">
          <code>{group.id}</code> · {count(group.members_total, "member")}
        </p>
        <p>
          <a class="button primary" href={link("state", "groups", group.id, "messages")}>
            Read and write messages
          </a>
        </p>
      </header>
      <Members group={group} />
      <JsonView title="Group profile" value={group.info} schema={reference.schemas["GroupGetGroupInfoGroupInfo"]} />
      {Object.keys(group.attributes).length > 0 && <JsonView title="Attributes" value={group.attributes} />}
      {Object.keys(group.topics).length > 0 && <JsonView title="Topics" value={group.topics} />}
    </article>
  );
}

function Members({ group }: { group: Group }) {
  if (group.members.length === 0) return <p class="quiet">No members.</p>;
  return (
    <section aria-label="Members">
      <h3>Members</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Member</th>
            <th scope="col">Role</th>
            <th scope="col">Joined</th>
            <th scope="col">Chat</th>
          </tr>
        </thead>
        <tbody>
          {group.members.map((member) => (
            <MemberRow key={memberId(member)} member={member} group={group.id} />
          ))}
        </tbody>
      </table>
      {group.members_total > group.members.length && <p class="quiet">The first {group.members.length} are shown.</p>}
    </section>
  );
}

function MemberRow({ member, group }: { member: JsonObject; group: string }) {
  const id = memberId(member);
  const card = text(member, "NameCard");
  const joined = member["JoinTime"];
  return (
    <tr>
      <th scope="row">
        <a href={link("state", "users", id)}>{id}</a>
        {card && ` (${card})`}
      </th>
      <td>{text(member, "Role")}</td>
      <td>{typeof joined === "number" && joined > 0 ? moment(joined * 1000) : ""}</td>
      <td>
        <a href={link("state", "users", id, "in", group)}>as {id}</a>
      </td>
    </tr>
  );
}
