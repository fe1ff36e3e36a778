// Faults: switched on, counted, seen.

import { useState } from "preact/hooks";
import { api, segment } from "../api";
import { useWorkbench } from "../context";
import type { ActiveFault, FaultKind } from "../contract";
import { faultChanges, feed } from "../feed";
import { words } from "../format";
import { writeJson, type Json, type JsonObject } from "../json";
import { useAction, useLatest, useLoad } from "../load";
import { useStore } from "../store";
import { Empty, Labelled, Problem } from "../ui/basics";
import { SchemaForm } from "../ui/form";
import { Inline } from "../ui/prose";

async function active(): Promise<ActiveFault[]> {
  return (await api.get<{ faults: ActiveFault[] }>("faults")).faults;
}

async function kinds(): Promise<FaultKind[]> {
  return (await api.get<{ kinds: FaultKind[] }>("faults/kinds")).kinds;
}

/** The view. */
export function FaultsView() {
  const changes = useStore(faultChanges);
  const { requests } = useStore(feed);
  const list = useLatest(active, [changes, requests.length]);
  const known = useLoad(kinds, []);
  return (
    <div class="page">
      <h2>Faults</h2>
      <p>Make the server fail as a remote service does, and see how your backend handles it.</p>
      <Problem error={list.error ?? known.error} />
      <div class="cards cards-uneven">
        {known.value && <SwitchOn kinds={known.value} done={list.reload} />}
        <section class="card" aria-label="Switched on">
          <h3>Switched on</h3>
          <Active faults={list.value ?? []} kinds={known.value ?? []} changed={list.reload} />
        </section>
      </div>
    </div>
  );
}

function parametersSchema({ parameters }: FaultKind): JsonObject {
  return {
    type: "object",
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  };
}

function SwitchOn({ kinds, done }: { kinds: FaultKind[]; done(): void }) {
  const { reference, schemas } = useWorkbench();
  const [kind, setKind] = useState(kinds[0]);
  const [command, setCommand] = useState("*");
  const [times, setTimes] = useState("1");
  const [chance, setChance] = useState("100");
  const begin = (kind: FaultKind | undefined): Json => (kind ? schemas.skeleton(parametersSchema(kind)) : {});
  const [parameters, setParameters] = useState<Json>(() => begin(kind));
  const { busy, error, run } = useAction(async () => {
    if (!kind) return;
    await api.post("faults", {
      command: command.trim() || "*",
      fault: { kind: kind.kind, ...(parameters as JsonObject) },
      times: times === "" ? null : Number(times),
      probability: Number(chance) / 100,
    });
    done();
  });
  const choose = (name: string) => {
    const next = kinds.find((kind) => kind.kind === name);
    setKind(next);
    setParameters(begin(next));
  };
  return (
    <section class="card" aria-label="Switch on">
      <h3>Switch on</h3>
      <form
        class="plain-form"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Labelled label="Fault">
          <select value={kind?.kind} onChange={(event) => choose(event.currentTarget.value)}>
            {kinds.map((kind) => (
              <option key={kind.kind} value={kind.kind}>
                {kind.title}
              </option>
            ))}
          </select>
        </Labelled>
        {kind && (
          <p class="quiet">
            <Inline text={kind.description} />
          </p>
        )}
        {kind && kind.parameters.length > 0 && <SchemaForm schema={parametersSchema(kind)} value={parameters} change={setParameters} label="Parameters" />}
        <Labelled label="Command" hint="* means every command">
          <input list="commands" value={command} onInput={(event) => setCommand(event.currentTarget.value)} />
        </Labelled>
        <datalist id="commands">
          <option value="*">Every command</option>
          {reference.commands.map((operation) => (
            <option key={operation.command} value={operation.command}>
              {operation.title}
            </option>
          ))}
        </datalist>
        <Labelled label="Times" hint="If empty, until it is switched off">
          <input type="number" min="1" value={times} onInput={(event) => setTimes(event.currentTarget.value)} />
        </Labelled>
        <Labelled label="Chance in percent">
          <input type="number" min="1" max="100" value={chance} onInput={(event) => setChance(event.currentTarget.value)} />
        </Labelled>
        <button type="submit" class="primary" disabled={busy}>
          Switch on
        </button>
      </form>
      <Problem error={error} />
    </section>
  );
}

function Active({ faults, kinds, changed }: { faults: ActiveFault[]; kinds: FaultKind[]; changed(): void }) {
  const remove = useAction(async (id: number | undefined) => {
    await api.remove(id === undefined ? "faults" : `faults/${segment(id)}`);
    changed();
  });
  if (faults.length === 0) return <Empty title="No fault is switched on" />;
  const title = ({ fault }: ActiveFault) => kinds.find((kind) => kind.kind === fault["kind"])?.title ?? words(String(fault["kind"] ?? ""));
  return (
    <>
      <div class="scroll" tabIndex={0} role="group" aria-label="Faults">
        <table>
          <thead>
            <tr>
              <th scope="col">Fault</th>
              <th scope="col">Command</th>
              <th scope="col">Chance</th>
              <th scope="col">Happened</th>
              <th scope="col">Left</th>
              <th scope="col">
                <span class="hidden">Switch off</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {faults.map((fault) => (
              <tr key={fault.id}>
                <th scope="row" title={writeJson(fault.fault, 0)}>
                  {title(fault)}
                </th>
                <td>
                  <code>{fault.command}</code>
                </td>
                <td>{Math.round((fault.probability ?? 1) * 100)} %</td>
                <td>{fault.happened}</td>
                <td>{fault.left ?? "unlimited"}</td>
                <td>
                  <button type="button" disabled={remove.busy} onClick={() => void remove.run(fault.id)}>
                    Switch off<span class="hidden"> {title(fault)}</span>
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="actions">
        <button type="button" disabled={remove.busy} onClick={() => void remove.run(undefined)}>
          Switch all off
        </button>
      </div>
      <Problem error={remove.error} />
    </>
  );
}
