// What is done to the whole server: its clock.

import { api } from "../api";
import { moment } from "../format";
import { useAction, useLoad } from "../load";
import { Problem } from "../ui/basics";

const STEPS = [
  { seconds: 60, title: "+1 minute" },
  { seconds: 3600, title: "+1 hour" },
  { seconds: 86_400, title: "+1 day" },
];

/** The clock. */
export function ServerTools() {
  return (
    <details class="block server-tools">
      <summary>Clock</summary>
      <Clock />
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
