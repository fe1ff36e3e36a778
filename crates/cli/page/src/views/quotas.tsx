// Quotas: used and remaining.

import { useState } from "preact/hooks";
import { api } from "../api";
import type { QuotaRow, Quotas } from "../contract";
import { windowOf } from "../format";
import { useAction, useInterval, useLatest } from "../load";
import { link } from "../router";
import { Empty, Labelled, Problem, SearchBox } from "../ui/basics";

/** How often to ask the server. */
const REFRESH_MS = 1000;

/** Maximum number of rows to show. */
const SHOWN = 200;

/** The view. */
export function QuotasView() {
  const { value: quotas, error, reload } = useLatest(() => api.get<Quotas>("quotas"), []);
  useInterval(reload, REFRESH_MS);
  const [search, setSearch] = useState("");
  if (!quotas) return <div class="page">{error ? <Problem error={error} /> : <p class="quiet">Loading…</p>}</div>;
  const rows = quotas.commands.filter((row) => row.command.includes(search.trim())).sort((one, other) => other.used / other.amount - one.used / one.amount);
  return (
    <div class="page">
      <h2>Quotas</h2>
      <p>The service refuses calls above its quotas. This server does so too once you set the app's edition.</p>
      <Edition quotas={quotas} changed={reload} />
      <Problem error={error} />
      {quotas.edition == null ? (
        <Empty title="Quotas are off" />
      ) : (
        <>
          <SearchBox label="Filter commands" value={search} change={setSearch} />
          <Table rows={rows.slice(0, SHOWN)} />
        </>
      )}
    </div>
  );
}

function Edition({ quotas, changed }: { quotas: Quotas; changed(): void }) {
  const { busy, error, run } = useAction(async (edition: string) => {
    await api.put("quotas", { edition: edition || null });
    changed();
  });
  return (
    <div class="actions">
      <Labelled label="Edition">
        <select disabled={busy} value={quotas.edition ?? ""} onChange={(event) => void run(event.currentTarget.value)}>
          <option value="">No quotas</option>
          <option value="free">free</option>
          <option value="paid">paid</option>
        </select>
      </Labelled>
      <Problem error={error} />
    </div>
  );
}

function Table({ rows }: { rows: QuotaRow[] }) {
  if (rows.length === 0) return <Empty title="No command has a quota here" />;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Command</th>
          <th scope="col">Quota</th>
          <th scope="col">Used</th>
          <th scope="col">Left</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.command}/${row.window_seconds}/${row.unit}`}>
            <th scope="row">
              <a href={link("commands", row.command)}>
                <code>{row.command}</code>
              </a>
            </th>
            <td>
              {row.amount} {row.unit} {windowOf(row.window_seconds)}
            </td>
            <td>
              <meter min={0} max={row.amount} value={row.used} high={row.amount * 0.8} optimum={0} aria-label={`Used of ${row.command}`} /> {row.used}
            </td>
            <td>{row.left}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
