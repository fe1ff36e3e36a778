// A form generated from a schema. The value is the JSON itself, so form and text show the same.

import { createContext } from "preact";
import { useContext, useId, useState } from "preact/hooks";
import { useWorkbench } from "../context";
import type { Schema } from "../document";
import { isObject, parseJson, writeJson, type Json, type JsonObject } from "../json";
import { kindInWords, limitsInWords, problem } from "../limits";
import type { Field, Shape } from "../schema";
import { Inline } from "./prose";
import { NumberInput, TextInput, shown, type Editor } from "./inputs";

/** Maximum depth of forms; anything deeper is edited as JSON. */
const DEPTH = 12;

const Depth = createContext(0);

/** The form of an object. */
export function SchemaForm({ schema, value, change, label }: { schema: Schema; value: Json; change(value: Json): void; label: string }) {
  const id = useId();
  return (
    <div class="form" role="group" aria-label={label}>
      <Value schema={schema} value={value} change={change} label={label} describedBy={undefined} id={id} isInvalid={false} />
    </div>
  );
}

function Value(editor: Editor) {
  const { schemas } = useWorkbench();
  const depth = useContext(Depth);
  const shape: Shape = depth > DEPTH ? { kind: "any" } : schemas.shape(editor.schema);
  return <Depth.Provider value={depth + 1}>{control(shape, editor)}</Depth.Provider>;
}

function control(shape: Shape, editor: Editor) {
  switch (shape.kind) {
    case "object":
      return <ObjectEditor shape={shape} {...editor} />;
    case "list":
      return <ListEditor shape={shape} {...editor} />;
    case "map":
      return <MapEditor shape={shape} {...editor} />;
    case "union":
      return <UnionEditor shape={shape} {...editor} />;
    case "either":
      return <EitherEditor shape={shape} {...editor} />;
    case "choice":
      return <ChoiceEditor shape={shape} {...editor} />;
    case "flag":
    case "boolean":
      return <FlagEditor shape={shape} {...editor} />;
    case "number":
      return <NumberInput {...editor} />;
    case "text":
      return <TextInput {...editor} />;
    case "constant":
      return <output id={editor.id}>{writeJson(shape.value, 0)}</output>;
    case "any":
      return <JsonEditor {...editor} />;
  }
}

function ObjectEditor({ shape, hide, ...editor }: Editor & { shape: Extract<Shape, { kind: "object" }>; hide?: string }) {
  const { schemas } = useWorkbench();
  const value = isObject(editor.value) ? editor.value : {};
  const set = (name: string, inner: Json | undefined) => editor.change(withField(value, shape, name, inner));
  const shown = shape.fields.filter((field) => field.name !== hide && (field.required || value[field.name] !== undefined));
  const hidden = shape.fields.filter((field) => !field.required && value[field.name] === undefined);
  const unknown = Object.keys(value).filter((name) => !shape.fields.some((field) => field.name === name));
  return (
    <div class="form-object">
      {shown.map((field) => (
        <FieldEditor key={field.name} field={field} within={editor} value={value[field.name]} set={(inner) => set(field.name, inner)} />
      ))}
      {unknown.map((name) => (
        <FieldEditor key={name} field={{ name, schema: {}, required: false }} within={editor} value={value[name]} set={(inner) => set(name, inner)} />
      ))}
      {hidden.length > 0 && (
        <details class="form-more">
          <summary>
            {shown.length + unknown.length > 0 ? "Add" : "Set"} an optional field ({hidden.length})
          </summary>
          <ul>
            {hidden.map((field) => (
              <li key={field.name}>
                <button type="button" aria-label={`Add ${field.name}`} onClick={() => set(field.name, schemas.skeleton(field.schema))}>
                  + {field.name}
                </button>{" "}
                <span class="quiet">
                  <Inline text={schemas.description(field.schema)} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** The object with a field set, or without it. Of mutually exclusive fields, the last one wins. */
function withField(object: JsonObject, shape: Extract<Shape, { kind: "object" }>, name: string, inner: Json | undefined): JsonObject {
  const { [name]: _, ...without } = object;
  if (inner === undefined) return without;
  const changed = { ...object, [name]: inner };
  const excluded = shape.oneOf.includes(name) ? shape.oneOf.filter((other) => other !== name) : [];
  return Object.fromEntries(Object.entries(changed).filter(([other]) => !excluded.includes(other)));
}

const NESTED = new Set(["object", "list", "map", "union", "any"]);

function FieldEditor({ field, within, value, set }: { field: Field; within: Editor; value: Json | undefined; set(inner: Json | undefined): void }) {
  const { schemas } = useWorkbench();
  const id = `${within.id}-${field.name}`;
  const kind = schemas.shape(field.schema).kind;
  const wrong = value === undefined ? (field.required ? "is required" : undefined) : problem(schemas, field.schema, value);
  const phrases = [kindInWords(schemas, field.schema), ...limitsInWords(schemas, field.schema)];
  const isNested = NESTED.has(kind);
  const Name = isNested ? "span" : "label";
  return (
    <div class={isNested ? "form-field form-nested" : "form-field"} role={isNested ? "group" : undefined} aria-labelledby={isNested ? `${id}-name` : undefined}>
      <div class="form-name">
        <Name id={`${id}-name`} {...(isNested ? {} : { for: id })}>
          {field.name}
        </Name>
        {field.required ? <span class="form-required">required</span> : null}
        <span class="form-kind">{phrases.join(" · ")}</span>
        {!field.required && (
          <button type="button" class="form-remove" aria-label={`Remove ${field.name}`} onClick={() => set(undefined)}>
            Remove
          </button>
        )}
      </div>
      <p class="form-help" id={`${id}-help`}>
        <Inline text={schemas.description(field.schema)} />
        {wrong && <strong class="form-wrong"> {field.name} {wrong}.</strong>}
      </p>
      {value === undefined ? (
        <button type="button" id={id} onClick={() => set(schemas.skeleton(field.schema))}>
          Set {field.name}
        </button>
      ) : (
        <Value schema={field.schema} value={value} change={set} label={field.name} describedBy={`${id}-help`} id={id} isInvalid={wrong !== undefined} />
      )}
    </div>
  );
}

function ListEditor({ shape, ...editor }: Editor & { shape: Extract<Shape, { kind: "list" }> }) {
  const { schemas } = useWorkbench();
  if (!Array.isArray(editor.value)) return <JsonEditor {...editor} />;
  const items = editor.value;
  return (
    <div class="form-list">
      <ol>
        {items.map((item, place) => (
          <li key={place}>
            <Value
              schema={shape.items}
              value={item}
              change={(inner) => editor.change(items.with(place, inner))}
              label={`${editor.label}, item ${place + 1}`}
              describedBy={editor.describedBy}
              id={`${editor.id}-${place}`}
              isInvalid={problem(schemas, shape.items, item) !== undefined}
            />
            <button type="button" class="form-remove" aria-label={`Remove item ${place + 1} of ${editor.label}`} onClick={() => editor.change(items.toSpliced(place, 1))}>
              Remove
            </button>
          </li>
        ))}
      </ol>
      <button type="button" id={editor.id} onClick={() => editor.change([...items, schemas.skeleton(shape.items)])}>
        + Item<span class="hidden"> of {editor.label}</span>
      </button>
    </div>
  );
}

function MapEditor({ shape, ...editor }: Editor & { shape: Extract<Shape, { kind: "map" }> }) {
  const { schemas } = useWorkbench();
  const value: JsonObject = isObject(editor.value) ? editor.value : {};
  const entries = Object.entries(value);
  const replace = (place: number, entry: [string, Json][]) => editor.change(Object.fromEntries(entries.toSpliced(place, 1, ...entry)));
  return (
    <div class="form-list">
      <ol>
        {entries.map(([name, inner], place) => (
          <li key={place} class="form-pair">
            <input aria-label={`${editor.label}, name ${place + 1}`} value={name} onChange={(event) => replace(place, [[event.currentTarget.value, inner]])} />
            <Value schema={shape.values} value={inner} change={(next) => replace(place, [[name, next]])} label={`${editor.label}, value ${place + 1}`} describedBy={editor.describedBy} id={`${editor.id}-${place}`} isInvalid={false} />
            <button type="button" class="form-remove" aria-label={`Remove ${name} of ${editor.label}`} onClick={() => replace(place, [])}>
              Remove
            </button>
          </li>
        ))}
      </ol>
      <button type="button" id={editor.id} onClick={() => editor.change({ ...value, [`name${entries.length + 1}`]: schemas.skeleton(shape.values) })}>
        + Entry<span class="hidden"> of {editor.label}</span>
      </button>
    </div>
  );
}

function UnionEditor({ shape, ...editor }: Editor & { shape: Extract<Shape, { kind: "union" }> }) {
  const { schemas } = useWorkbench();
  const tag = isObject(editor.value) ? editor.value[shape.tag] : undefined;
  const variant = shape.variants.find((variant) => variant.tag === tag);
  const choose = (chosen: string) => {
    const next = shape.variants.find((variant) => variant.tag === chosen);
    if (next) editor.change(schemas.skeleton(next.schema));
  };
  return (
    <div class="form-union">
      <div class="labelled">
        <label class="label" for={editor.id}>
          {shape.tag}
        </label>
        <select id={editor.id} aria-describedby={editor.describedBy} value={variant ? String(tag) : ""} onChange={(event) => choose(event.currentTarget.value)}>
          {!variant && <option value="">other</option>}
          {shape.variants.map((variant) => (
            <option key={variant.tag} value={variant.tag}>
              {variant.tag}: {schemas.description(variant.schema)}
            </option>
          ))}
        </select>
      </div>
      {variant ? <VariantEditor tag={shape.tag} {...editor} schema={variant.schema} /> : <JsonEditor {...editor} />}
    </div>
  );
}

/** The fields of a variant, except its tag, which is chosen above. */
function VariantEditor({ tag, ...editor }: Editor & { tag: string }) {
  const { schemas } = useWorkbench();
  const shape = schemas.shape(editor.schema);
  if (shape.kind !== "object") return <Value {...editor} />;
  return <ObjectEditor {...editor} id={`${editor.id}-of`} shape={shape} hide={tag} />;
}

function EitherEditor({ shape, ...editor }: Editor & { shape: Extract<Shape, { kind: "either" }> }) {
  const { schemas } = useWorkbench();
  const fitting = schemas.fitting(shape.schemas, editor.value);
  const place = fitting ? shape.schemas.indexOf(fitting) : 0;
  return (
    <div class="form-either">
      <select aria-label={`Kind of ${editor.label}`} value={String(place)} onChange={(event) => editor.change(schemas.skeleton(shape.schemas[Number(event.currentTarget.value)] ?? {}))}>
        {shape.schemas.map((schema, place) => (
          <option key={place} value={String(place)}>
            {kindInWords(schemas, schema)}
          </option>
        ))}
      </select>
      {fitting && <Value {...editor} schema={fitting} />}
    </div>
  );
}

function ChoiceEditor({ shape, ...editor }: Editor & { shape: Extract<Shape, { kind: "choice" }> }) {
  const list = `${editor.id}-options`;
  const known = shape.options.find((option) => option.value === editor.value);
  const read = (text: string): Json => (shape.isNumber && /^-?\d+$/.test(text) ? Number(text) : text);
  const common = { id: editor.id, "aria-label": editor.label, "aria-describedby": editor.describedBy, "aria-invalid": editor.isInvalid };
  if (!shape.isOpen) {
    return (
      <select {...common} value={shown(editor.value)} onChange={(event) => editor.change(read(event.currentTarget.value))}>
        {!known && <option value={shown(editor.value)}>{shown(editor.value)}</option>}
        {shape.options.map((option) => (
          <option key={option.value} value={String(option.value)}>{`${option.value} ${option.description}`}</option>
        ))}
      </select>
    );
  }
  return (
    <>
      <input {...common} list={list} value={shown(editor.value)} onInput={(event) => editor.change(read(event.currentTarget.value))} />
      <datalist id={list}>
        {shape.options.map((option) => (
          <option key={option.value} value={String(option.value)}>
            {option.description}
          </option>
        ))}
      </datalist>
      {known && <p class="form-choice">{known.description}</p>}
    </>
  );
}

function FlagEditor({ shape, ...editor }: Editor & { shape: { kind: "flag" } | { kind: "boolean" } }) {
  const [off, on] = shape.kind === "flag" ? [0, 1] : [false, true];
  return (
    <select id={editor.id} aria-label={editor.label} aria-describedby={editor.describedBy} aria-invalid={editor.isInvalid} value={shown(editor.value)} onChange={(event) => editor.change(event.currentTarget.value === String(on) ? on : off)}>
      {editor.value !== on && editor.value !== off && <option value={shown(editor.value)}>{writeJson(editor.value, 0)}</option>}
      <option value={String(off)}>{String(off)}</option>
      <option value={String(on)}>{String(on)}</option>
    </select>
  );
}

/** Any JSON as text. Text that isn't valid JSON yet stays in the box and doesn't change the value. */
export function JsonEditor({ value, change, label, id, describedBy, rows }: Pick<Editor, "value" | "change" | "label" | "id" | "describedBy"> & { rows?: number }) {
  const [draft, setDraft] = useState<{ text: string; of: Json }>();
  const [wrong, setWrong] = useState<string>();
  // A new value from outside replaces the draft.
  const text = draft && draft.of === value ? draft.text : writeJson(value);
  const edit = (text: string) => {
    try {
      const parsed = parseJson(text);
      setWrong(undefined);
      setDraft({ text, of: parsed });
      change(parsed);
    } catch (error) {
      setWrong((error as Error).message);
      setDraft({ text, of: value });
    }
  };
  return (
    <>
      <textarea id={id} class="json-edit" aria-label={`${label} as JSON`} aria-describedby={describedBy} aria-invalid={wrong !== undefined} spellcheck={false} rows={rows ?? Math.min(24, text.split("\n").length + 1)} value={text} onInput={(event) => edit(event.currentTarget.value)} />
      {wrong && (
        <p class="form-wrong" role="alert">
          This isn't JSON yet: {wrong}
        </p>
      )}
    </>
  );
}
