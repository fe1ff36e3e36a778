// A JSON value with the meaning of its fields, from its schema.

import { useState } from "preact/hooks";
import { useWorkbench, type Workbench } from "../context";
import { explainCode, type Operation, type Schema } from "../document";
import { moment } from "../format";
import { isObject, writeJson, type Json } from "../json";
import { CopyButton, Tabs } from "./basics";
import { Inline } from "./prose";

interface NodeProps {
  name: string | undefined;
  value: Json;
  schema: Schema | undefined;
  operation: Operation | undefined;
  depth: number;
}

/** Number of entries of an object or list to show at first. */
const SHOWN = 100;

function Scalar({ value }: { value: Json }) {
  const kind = value === null ? "null" : typeof value === "bigint" ? "number" : typeof value;
  return <span class={`json-${kind}`}>{writeJson(value, 0)}</span>;
}

/** What a schema says about a field and its value. */
function meaning({ schemas, reference }: Workbench, { schema, value, operation }: NodeProps): string {
  if (!schema) return "";
  const known = schemas.resolve(schema);
  const said = [schemas.description(schema)];
  const shape = schemas.shape(schema);
  if (shape.kind === "choice") said.push(shape.options.find((option) => option.value === value)?.description ?? "");
  if (known["x-error-code"] === true && typeof value === "number" && value !== 0) {
    said.push(explainCode(reference, value, operation)?.meaning ?? "");
  }
  // The document says so for each field that holds a time.
  const time = /(milli)?seconds since 1970/.exec(said[0] ?? "");
  if (time && typeof value === "number" && value > 0) said.push(moment(time[1] ? value : value * 1000));
  return said.filter(Boolean).join(" — ");
}

function Node(props: NodeProps) {
  const workbench = useWorkbench();
  const [most, setMost] = useState(SHOWN);
  const { name, value, schema, operation, depth } = props;
  const note = meaning(workbench, props);
  const key = name !== undefined && <span class="json-key">{name}</span>;
  const remark = note !== "" && (
    <span class="json-note">
      <Inline text={note} />
    </span>
  );
  if (typeof value !== "object" || value === null) {
    return (
      <div class="json-line">
        {key} <Scalar value={value} /> {remark}
      </div>
    );
  }
  const entries: [string | number, Json][] = Array.isArray(value) ? value.map((item, place) => [place, item]) : Object.entries(value);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <details class="json-node" open={depth < 5}>
      <summary>
        {key} <span class="json-size">{size}</span> {remark}
      </summary>
      <div class="json-inner">
        {entries.slice(0, most).map(([key, item]) => (
          <Node key={key} name={String(key)} value={item} schema={schema && workbench.schemas.within(schema, value, key)} operation={operation} depth={depth + 1} />
        ))}
        {entries.length > most && (
          <button type="button" onClick={() => setMost(most + 10 * SHOWN)}>
            {entries.length - most} more
          </button>
        )}
      </div>
    </details>
  );
}

function Explained({ value, schema, operation }: { value: Json; schema: Schema | undefined; operation: Operation | undefined }) {
  const { schemas } = useWorkbench();
  if (!isObject(value)) return <Node name={undefined} value={value} schema={schema} operation={operation} depth={0} />;
  const entries = Object.entries(value);
  if (entries.length === 0) return <p class="quiet">An empty object.</p>;
  return (
    <>
      {entries.map(([name, item]) => (
        <Node key={name} name={name} value={item} schema={schema && schemas.within(schema, value, name)} operation={operation} depth={1} />
      ))}
    </>
  );
}

/** A value, explained or as JSON. */
export function JsonView({ title, value, schema, operation }: { title: string; value: Json; schema?: Schema | undefined; operation?: Operation | undefined }) {
  const [mode, setMode] = useState<"explained" | "json">("explained");
  return (
    <section class="json" aria-label={title}>
      <header class="json-head">
        <h3>{title}</h3>
        <Tabs label={`${title}: how to show it`} tabs={[{ id: "explained", title: "Explained" }, { id: "json", title: "JSON" }]} chosen={mode} choose={setMode} />
        <CopyButton label="Copy" text={() => writeJson(value)} />
      </header>
      <div class="json-body" tabIndex={0} role="group" aria-label={`${title}, content`}>
        {mode === "json" ? <pre>{writeJson(value)}</pre> : <Explained value={value} schema={schema} operation={operation} />}
      </div>
    </section>
  );
}
