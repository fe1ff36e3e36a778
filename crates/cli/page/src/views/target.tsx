// Where webhooks go.

import { useEffect, useState } from "preact/hooks";
import { api } from "../api";
import { useWorkbench } from "../context";
import type { Target } from "../contract";
import { useAction, useLoad } from "../load";
import { Labelled, Problem } from "../ui/basics";

/** The content of the form. */
interface Draft {
  url: string;
  /** If empty, the server keeps its token. */
  token: string;
  isSigned: boolean;
  timeout: string;
  unanswered: "proceed" | "refuse";
}

/** The panel. */
export function TargetPanel() {
  const { reloadInfo } = useWorkbench();
  const { value, error, reload } = useLoad(() => api.get<Target>("webhooks/target"), []);
  const [draft, setDraft] = useState<Draft>({ url: "", token: "", isSigned: true, timeout: "", unanswered: "proceed" });
  useEffect(() => {
    if (value?.url) setDraft({ url: value.url, token: "", isSigned: true, timeout: String(value.timeout_ms ?? ""), unanswered: value.unanswered ?? "proceed" });
  }, [value]);
  const changed = () => {
    reload();
    reloadInfo();
  };
  const save = useAction(async () => {
    const timeout = Number(draft.timeout);
    await api.put("webhooks/target", {
      // Omitted fields stay unchanged: the server never reveals the whole address, or any of the token.
      ...(draft.url === value?.url ? {} : { url: draft.url }),
      ...(draft.isSigned ? (draft.token ? { token: draft.token } : {}) : { token: null }),
      ...(timeout > 0 ? { timeout_ms: timeout } : {}),
      unanswered: draft.unanswered,
      ...(value?.only ? { only: value.only } : {}),
    });
    changed();
  });
  const remove = useAction(async () => {
    await api.remove("webhooks/target");
    changed();
  });
  return (
    <article>
      <header class="detail-head">
        <h2>The app's address</h2>
        <p>{value?.url ? `Webhooks go to ${value.url}.` : "No webhooks are sent until there is an address."}</p>
        {value?.url && <p>{value.signed ? "They are signed." : "They are not signed."}</p>}
      </header>
      <TargetForm draft={draft} edit={setDraft} hasToken={value?.signed === true} busy={save.busy} save={() => void save.run()} remove={value?.url ? () => void remove.run() : undefined} />
      <Problem error={error ?? save.error ?? remove.error} />
    </article>
  );
}

function TargetForm({ draft, edit, hasToken, busy, save, remove }: { draft: Draft; edit(draft: Draft): void; hasToken: boolean; busy: boolean; save(): void; remove: (() => void) | undefined }) {
  return (
    <form
      class="plain-form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Labelled label="Address of the app" hint="For example http://127.0.0.1:8080/webhook">
        <input type="url" required value={draft.url} onInput={(event) => edit({ ...draft, url: event.currentTarget.value })} />
      </Labelled>
      <Labelled label="Token" hint={hasToken ? "Signs the webhooks. The server has one, and keeps it unless you enter another." : "Signs the webhooks. The server stores it and never shows it again."}>
        <input type="password" autocomplete="off" disabled={!draft.isSigned} value={draft.token} onInput={(event) => edit({ ...draft, token: event.currentTarget.value })} />
      </Labelled>
      {hasToken && (
        <label>
          <input type="checkbox" checked={!draft.isSigned} onChange={(event) => edit({ ...draft, isSigned: !event.currentTarget.checked })} /> Send them without a signature from now on
        </label>
      )}
      <Labelled label="Answer timeout, in milliseconds" hint="By default that of the service.">
        <input inputMode="numeric" value={draft.timeout} onInput={(event) => edit({ ...draft, timeout: event.currentTarget.value })} />
      </Labelled>
      <Labelled label="Without an answer">
        <select value={draft.unanswered} onChange={(event) => edit({ ...draft, unanswered: event.currentTarget.value as Draft["unanswered"] })}>
          <option value="proceed">Allow</option>
          <option value="refuse">Refuse</option>
        </select>
      </Labelled>
      <div class="actions">
        <button type="submit" class="primary" disabled={busy}>
          Save
        </button>
        {remove && (
          <button type="button" onClick={remove}>
            Send no webhooks
          </button>
        )}
      </div>
    </form>
  );
}
