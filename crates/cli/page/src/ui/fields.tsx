// A schema as a table of fields, each followed by its own fields.

import { useWorkbench } from "../context";
import type { Schema } from "../document";
import { kindInWords, limitsInWords } from "../limits";
import type { Schemas } from "../schema";
import { Inline } from "./prose";

interface Row {
  path: string;
  schema: Schema;
  required: boolean;
}

/** Maximum depth at which nested fields are listed. */
const DEPTH = 4;

function rows(schemas: Schemas, schema: Schema, before: string, depth: number): Row[] {
  const shape = schemas.shape(schema);
  if (depth > DEPTH) return [];
  if (shape.kind === "list") return rows(schemas, shape.items, `${before.replace(/\.$/, "")}[].`, depth + 1);
  if (shape.kind !== "object") return [];
  return shape.fields.flatMap((field) => [
    { path: `${before}${field.name}`, schema: field.schema, required: field.required },
    ...rows(schemas, field.schema, `${before}${field.name}.`, depth + 1),
  ]);
}

/** The table, collapsed at first. */
export function Fields({ title, schema }: { title: string; schema: Schema }) {
  const { schemas } = useWorkbench();
  const all = rows(schemas, schema, "", 0);
  if (all.length === 0) return null;
  return (
    <details class="block">
      <summary>
        {title} ({all.length})
      </summary>
      <div class="scroll" tabIndex={0} role="group" aria-label={title}>
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Type and limits</th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody>
            {all.map((row) => (
              <tr key={row.path}>
                <th scope="row">
                  <code>{row.path}</code>
                  {row.required && <span class="form-required">required</span>}
                </th>
                <td>{[kindInWords(schemas, row.schema), ...limitsInWords(schemas, row.schema)].join(", ")}</td>
                <td>
                  <Inline text={schemas.description(row.schema)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
