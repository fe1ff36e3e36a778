// What a view fetches from the server.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { feed } from "./feed";
import { useStore } from "./store";

/** The state of something that is being fetched. */
export interface Loaded<T> {
  value: T | undefined;
  error: Error | undefined;
  reload(): void;
}

/** Fetches again whenever a key changes or on reload. Outdated replies are dropped. */
export function useLoad<T>(ask: () => Promise<T>, keys: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ value?: T; error?: Error }>({});
  const turn = useRef(0);
  const reload = useCallback(() => {
    const mine = ++turn.current;
    ask().then(
      (value) => mine === turn.current && setState({ value }),
      (error: Error) => mine === turn.current && setState((before) => ({ ...before, error })),
    );
  }, keys);
  useEffect(() => {
    setState({});
    reload();
    return () => void ++turn.current;
  }, [reload]);
  return { value: state.value, error: state.error, reload };
}

/** Like `useLoad`, but keeps the previous value until the next arrives: for what is fetched repeatedly. */
export function useLatest<T>(ask: () => Promise<T>, keys: unknown[]): Loaded<T> {
  const loaded = useLoad(ask, keys);
  const last = useRef<T | undefined>(undefined);
  if (loaded.value !== undefined) last.current = loaded.value;
  return { ...loaded, value: loaded.value ?? last.current };
}

/** How often the state is fetched again: devices change it without traffic. */
const REFRESH_MS = 2000;

/** The state of the server: fetched again on traffic, and periodically. */
export function useServerState<T>(ask: () => Promise<T>, keys: unknown[]): Loaded<T> {
  const { version } = useStore(feed);
  const loaded = useLatest(ask, [...keys, version]);
  useInterval(loaded.reload, REFRESH_MS);
  return loaded;
}

/** Calls repeatedly while the view is shown. */
export function useInterval(call: () => void, milliseconds: number): void {
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && latest.current(), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}

/** Runs a user's action, and reports whether it is running and why it failed. */
export function useAction<A extends unknown[]>(action: (...args: A) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const run = async (...args: A) => {
    setBusy(true);
    setError(undefined);
    try {
      await action(...args);
    } catch (caught) {
      setError(caught as Error);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run, forget: () => setError(undefined) };
}
