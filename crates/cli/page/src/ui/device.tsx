// Actions of a user on a device.

import { useState } from "preact/hooks";
import { api } from "../api";
import type { DeviceResult, Refusal } from "../contract";
import { stateChanged } from "../feed";
import type { Json } from "../json";
import { useAction } from "../load";
import { Problem } from "./basics";
import { CodeMeaning } from "./code";

/** Runs actions of devices, and shows why the last one was refused or failed. */
export function useDevice(done?: () => void) {
  const [refused, setRefused] = useState<Refusal>();
  const { busy, error, run } = useAction(async (action: string, what: Record<string, Json>) => {
    setRefused(undefined);
    const result = await api.post<DeviceResult>(`devices/${action}`, what);
    if (result.refused) return setRefused(result.refused);
    stateChanged();
    done?.();
  });
  const outcome = (
    <>
      <Problem error={error} />
      {refused && (
        <div role="alert">
          <CodeMeaning code={refused.code} reply={{ ErrorInfo: refused.text }} operation={undefined} />
        </div>
      )}
    </>
  );
  return { busy, run: (action: string, what: Record<string, Json>) => void run(action, what), outcome };
}
