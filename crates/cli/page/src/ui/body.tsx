// The body of a command or an event: a sample as a start, a form, or JSON.

import { useId, useState } from "preact/hooks";
import { useWorkbench } from "../context";
import type { Operation } from "../document";
import { freshNumbers } from "../drafts";
import { words } from "../format";
import type { Json } from "../json";
import { Labelled, Tabs } from "./basics";
import { JsonEditor, SchemaForm } from "./form";

/** Edits a body. */
export function BodyEditor({ operation, body, change }: { operation: Operation; body: Json; change(body: Json): void }) {
  const { schemas } = useWorkbench();
  const [mode, setMode] = useState<"form" | "json">("form");
  const id = useId();
  const begin = (name: string) => {
    const sample = operation.requestSamples.find((sample) => sample.name === name);
    change(freshNumbers(operation, sample ? sample.value : schemas.skeleton(operation.request)));
  };
  return (
    <div class="body-editor">
      <div class="toolbar">
        <Labelled label="Start with">
          <select
            value=""
            onChange={(event) => {
              begin(event.currentTarget.value);
              event.currentTarget.value = "";
            }}
          >
            <option value="" disabled>
              Choose a sample…
            </option>
            {operation.requestSamples.map((sample) => (
              <option key={sample.name} value={sample.name}>
                {words(sample.name)}
                {sample.summary ? `: ${sample.summary}` : ""}
              </option>
            ))}
            <option value="-">Required fields only</option>
          </select>
        </Labelled>
        <Tabs label="How to edit the body" tabs={[{ id: "form", title: "Form" }, { id: "json", title: "JSON" }]} chosen={mode} choose={setMode} />
      </div>
      {mode === "form" ? <SchemaForm schema={operation.request} value={body} change={change} label="Fields" /> : <JsonEditor value={body} change={change} label="Body" id={id} describedBy={undefined} />}
    </div>
  );
}
