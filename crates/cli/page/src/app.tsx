// The frame: navigation, information about the server, light or dark theme.

import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { ApiError, api, setControlToken } from "./api";
import { loadWorkbench, WorkbenchContext, type Workbench } from "./context";
import type { Info } from "./contract";
import { feed, followFeed } from "./feed";
import { link, useRoute } from "./router";
import { useStore } from "./store";
import { setTheme, theme, type Theme } from "./theme";
import { Labelled, Problem } from "./ui/basics";
import { Guard } from "./ui/guard";
import { Icon, type IconName } from "./ui/icons";
import { CommandsView } from "./views/commands";
import { FaultsView } from "./views/faults";
import { QuotasView } from "./views/quotas";
import { StateView } from "./views/state";
import { TrafficView } from "./views/traffic";
import { UserSigView } from "./views/usersig";
import { WebhooksView } from "./views/webhooks";

const VIEWS: { id: IconName; title: string; show(route: string[]): ComponentChildren }[] = [
  { id: "traffic", title: "Traffic", show: (route) => <TrafficView route={route} /> },
  { id: "commands", title: "Commands", show: (route) => <CommandsView route={route} /> },
  { id: "state", title: "State", show: (route) => <StateView route={route} /> },
  { id: "webhooks", title: "Webhooks", show: (route) => <WebhooksView route={route} /> },
  { id: "usersig", title: "UserSig", show: () => <UserSigView /> },
  { id: "faults", title: "Faults", show: () => <FaultsView /> },
  { id: "quotas", title: "Quotas", show: () => <QuotasView /> },
];

/** The page. */
export function App() {
  const [workbench, setWorkbench] = useState<Omit<Workbench, "reloadInfo">>();
  const [error, setError] = useState<Error>();
  const [tries, setTries] = useState(0);
  useEffect(() => {
    loadWorkbench().then(setWorkbench, setError);
  }, [tries]);
  const again = () => {
    setError(undefined);
    setTries(tries + 1);
  };
  if (error) return <Failed error={error} again={again} />;
  if (!workbench) return <p class="boot">Loading the workbench…</p>;
  const reloadInfo = () => void api.get<Info>("info").then((info) => setWorkbench({ ...workbench, info }), () => undefined);
  return (
    <WorkbenchContext.Provider value={{ ...workbench, reloadInfo }}>
      <Frame info={workbench.info} />
    </WorkbenchContext.Provider>
  );
}

function Failed({ error, again }: { error: Error; again(): void }) {
  const [token, setToken] = useState("");
  const needsToken = error instanceof ApiError && (error.status === 401 || error.status === 403);
  return (
    <main class="page boot-page">
      <h1>Workbench</h1>
      <Problem error={error} />
      <form
        class="plain-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (needsToken) setControlToken(token);
          again();
        }}
      >
        {needsToken && (
          <Labelled label="Control token" hint="The server printed it when it started. It is stored until this tab is closed.">
            <input type="password" required autocomplete="off" value={token} onInput={(event) => setToken(event.currentTarget.value)} />
          </Labelled>
        )}
        <button type="submit" class="primary">
          {needsToken ? "Continue" : "Try again"}
        </button>
      </form>
    </main>
  );
}

/** `/` focuses the search box of the view. */
function useSearchKey(): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select")) return;
      const box = document.querySelector<HTMLInputElement>("[data-search]");
      if (!box) return;
      event.preventDefault();
      box.focus();
      box.select();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

function Frame({ info }: { info: Info }) {
  const [name = "traffic", ...rest] = useRoute();
  const view = VIEWS.find((view) => view.id === name) ?? VIEWS[0];
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(followFeed, []);
  useSearchKey();
  useEffect(() => {
    document.title = `${view?.title} – Tencent Cloud Chat workbench`;
    // Screen readers announce the new view; the document announces the first one.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [view]);
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <header class="side">
        <h1 class="brand">
          <Icon name="brand" />
          <span>Workbench</span>
        </h1>
        <nav aria-label="Views">
          <ul>
            {VIEWS.map((one) => (
              <li key={one.id} class={one.id === "usersig" ? "nav-apart" : undefined}>
                <a href={link(one.id)} aria-current={one === view ? "page" : undefined}>
                  <Icon name={one.id} />
                  <span>{one.title}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Server info={info} />
      </header>
      <main id="main" ref={main} tabIndex={-1} aria-label={view?.title}>
        <Guard view={[name, ...rest].join("/")}>{view?.show(rest)}</Guard>
      </main>
    </div>
  );
}

function Server({ info }: { info: Info }) {
  const { connected } = useStore(feed);
  const choice = useStore(theme);
  return (
    <div class="server">
      <p class="server-state" role="status">
        <span class={connected ? "dot dot-on" : "dot"} aria-hidden="true" />
        {connected ? "Live" : "Not connected"}
      </p>
      <dl class="server-facts">
        <dt>App</dt>
        <dd>{info.sdk_app_id}</dd>
        <dt>Address</dt>
        <dd>{info.base_url}</dd>
        <dt>Webhooks to</dt>
        <dd>{info.webhook_target ?? "none"}</dd>
      </dl>
      <Labelled label="Colours">
        <select value={choice} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
          <option value="system">System</option>
          <option value="light">light</option>
          <option value="dark">dark</option>
        </select>
      </Labelled>
    </div>
  );
}
