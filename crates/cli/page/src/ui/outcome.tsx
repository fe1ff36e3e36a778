// The outcome of a webhook.

import type { WebhookSeen } from "../contract";
import { words } from "../format";
import { Pill, type Tone } from "./basics";

const TONES: Record<WebhookSeen["outcome"], Tone> = { acknowledged: "good", allowed: "good", answered: "good", changed: "odd", refused: "bad", dropped: "bad", late: "odd", failed: "bad" };

/** The outcome as a colored word. */
export function OutcomePill({ webhook: { outcome } }: { webhook: WebhookSeen }) {
  return <Pill tone={TONES[outcome] ?? "plain"}>{words(outcome)}</Pill>;
}
