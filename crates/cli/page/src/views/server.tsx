// Actions on the whole server: its clock, its state.

import { useState } from "preact/hooks";
import { api, file } from "../api";
import { stateChanged } from "../feed";
import { moment } from "../format";
import { useAction, useLoad } from "../load";
import { Labelled, Problem } from "../ui/basics";

const STEPS = [
  { seconds: 60, title: "+1 minute" },
  { seconds: 3600, title: "+1 hour" },
  { seconds: 86_400, title: "+1 day" },
];

/** The panel. */
export function ServerTools() {
  return (
    <details class="block server-tools">
      <summary>Clock, snapshots, reset</summary>
      <Clock />
      <Snapshots />
      <Reset />
    </details>
  );
}

function Clock() {
  const { value, error, reload } = useLoad(() => api.get<{ now_ms: number; ahead_seconds: number }>("clock"), []);
  const forward = useAction(async (seconds: number) => {
    await api.post("clock/forward", { seconds });
    reload();
  });
  return (
    <section aria-label="Clock">
      <p>
        {value ? `The server's clock says ${moment(value.now_ms)}${value.ahead_seconds > 0 ? `, ${value.ahead_seconds} s ahead` : ""}.` : "…"}
      </p>
      <div class="actions">
        {STEPS.map((step) => (
          <button key={step.seconds} type="button" disabled={forward.busy} onClick={() => void forward.run(step.seconds)}>
            {step.title}
          </button>
        ))}
      </div>
      <Problem error={error ?? forward.error} />
    </section>
  );
}

/** Makes the browser save text as a file. */
function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  URL.revokeObjectURL(address);
}

function Snapshots() {
  const [said, setSaid] = useState("");
  const save = useAction(async () => {
    setSaid("");
    const time = new Date().toISOString().replaceAll(/[:.]/g, "-");
    download(`tencent-chat-${time}.json`, await file.get("snapshot"));
  });
  const load = useAction(async (chosen: File) => {
    setSaid("");
    await file.put("snapshot", await chosen.text());
    stateChanged();
    setSaid(`The state is that of ${chosen.name}.`);
  });
  return (
    <section aria-label="Snapshots">
      <p>A snapshot is a file with users, groups, messages and relationships.</p>
      <div class="actions">
        <button type="button" disabled={save.busy} onClick={() => void save.run()}>
          Save a snapshot
        </button>
      </div>
      <Labelled label="Load a snapshot" hint="Replaces everything that is here.">
        <input
          type="file"
          accept="application/json,.json"
          disabled={load.busy}
          onChange={(event) => {
            const [chosen] = event.currentTarget.files ?? [];
            if (chosen) void load.run(chosen);
            // Allows the same file to be chosen again.
            event.currentTarget.value = "";
          }}
        />
      </Labelled>
      <p role="status">{said}</p>
      <Problem error={save.error ?? load.error} />
    </section>
  );
}

function Reset() {
  const [isAsked, setAsked] = useState(false);
  const reset = useAction(async () => {
    await api.post("reset", {});
    setAsked(false);
    stateChanged();
  });
  return (
    <section aria-label="Reset">
      <p>{isAsked ? "All users, groups, messages, requests, webhooks and faults will be deleted." : "A reset deletes everything except the webhook target and the quota settings."}</p>
      <div class="actions">
        {isAsked ? (
          <>
            <button type="button" disabled={reset.busy} onClick={() => void reset.run()}>
              Forget everything
            </button>
            <button type="button" onClick={() => setAsked(false)}>
              Keep it
            </button>
          </>
        ) : (
          <button type="button" onClick={() => setAsked(true)}>
            Reset…
          </button>
        )}
      </div>
      <Problem error={reset.error} />
    </section>
  );
}
