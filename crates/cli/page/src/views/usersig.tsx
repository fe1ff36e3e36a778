// UserSigs: sign, inspect, verify.

import { useState } from "preact/hooks";
import { api } from "../api";
import { useWorkbench } from "../context";
import type { JsonObject } from "../json";
import { useAction } from "../load";
import { CopyButton, Labelled, Pill, Problem } from "../ui/basics";
import { JsonView } from "../ui/tree";

const DURATIONS = [
  { seconds: 3600, title: "1 hour" },
  { seconds: 86_400, title: "1 day" },
  { seconds: 15_552_000, title: "180 days" },
];

/** The view. */
export function UserSigView() {
  const [signature, setSignature] = useState("");
  return (
    <div class="page">
      <h2>UserSig</h2>
      <p>A UserSig lets a user's device log in, and your backend make calls as an administrator. The server signs with its own key, which it never reveals.</p>
      <div class="cards">
        <Sign use={setSignature} />
        <Check signature={signature} setSignature={setSignature} />
      </div>
    </div>
  );
}

function Sign({ use }: { use(signature: string): void }) {
  const { info } = useWorkbench();
  const [identifier, setIdentifier] = useState(info.admins[0] ?? "");
  const [seconds, setSeconds] = useState(86_400);
  const [signed, setSigned] = useState<string>();
  const { busy, error, run } = useAction(async () => setSigned((await api.post<{ user_sig: string }>("usersig/sign", { identifier, expire_seconds: seconds })).user_sig));
  return (
    <section class="card" aria-label="Sign">
      <h3>Sign</h3>
      <form
        class="plain-form"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Labelled label="User">
          <input required value={identifier} onInput={(event) => setIdentifier(event.currentTarget.value)} />
        </Labelled>
        <Labelled label="Valid for">
          <select value={String(seconds)} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
            {DURATIONS.map((duration) => (
              <option key={duration.seconds} value={String(duration.seconds)}>
                {duration.title}
              </option>
            ))}
          </select>
        </Labelled>
        <button type="submit" class="primary" disabled={busy}>
          Sign
        </button>
      </form>
      <Problem error={error} />
      {signed !== undefined && (
        <div aria-live="polite">
          <Labelled label="Signature">
            <textarea readOnly rows={5} class="signature" value={signed} />
          </Labelled>
          <div class="actions">
            <CopyButton label="Copy" text={() => signed} />
            <button type="button" onClick={() => use(signed)}>
              Check this one
            </button>
          </div>
        </div>
      )}
    </section>
  );
}

type Checked = { kind: "inspected"; answer: JsonObject } | { kind: "verified"; answer: JsonObject };

function Check({ signature, setSignature }: { signature: string; setSignature(signature: string): void }) {
  const [identifier, setIdentifier] = useState("");
  const [checked, setChecked] = useState<Checked>();
  const inspect = useAction(async () => setChecked({ kind: "inspected", answer: await api.post<JsonObject>("usersig/inspect", { user_sig: signature.trim() }) }));
  const verify = useAction(async () => {
    const answer = await api.post<JsonObject>("usersig/verify", { user_sig: signature.trim(), ...(identifier ? { identifier } : {}) });
    setChecked({ kind: "verified", answer });
  });
  const run = (action: { run(): Promise<void> }) => {
    setChecked(undefined);
    inspect.forget();
    verify.forget();
    void action.run();
  };
  return (
    <section class="card" aria-label="Inspect and verify">
      <h3>Inspect and verify</h3>
      <form
        class="plain-form"
        onSubmit={(event) => {
          event.preventDefault();
          run(verify);
        }}
      >
        <Labelled label="Signature to check">
          <textarea required rows={5} class="signature" spellcheck={false} value={signature} onInput={(event) => setSignature(event.currentTarget.value)} />
        </Labelled>
        <Labelled label="Must be for" hint="If empty, any user">
          <input value={identifier} onInput={(event) => setIdentifier(event.currentTarget.value)} />
        </Labelled>
        <div class="actions">
          <button type="submit" class="primary" disabled={verify.busy || signature.trim() === ""}>
            Verify
          </button>
          <button type="button" disabled={inspect.busy || signature.trim() === ""} onClick={() => run(inspect)}>
            Inspect
          </button>
        </div>
      </form>
      <Problem error={inspect.error ?? verify.error} />
      {checked && <Verdict checked={checked} />}
    </section>
  );
}

function Verdict({ checked: { kind, answer } }: { checked: Checked }) {
  const isValid = answer["valid"] === true;
  const reason = typeof answer["reason"] === "string" ? answer["reason"] : "";
  return (
    <div aria-live="polite">
      {kind === "verified" && (
        <p class="verdict">
          <Pill tone={isValid ? "good" : "bad"}>{isValid ? "valid" : "not valid"}</Pill> {reason}
        </p>
      )}
      {kind === "inspected" && <p class="quiet">The content; nothing was verified.</p>}
      <JsonView title="Claims" value={answer} />
    </div>
  );
}
