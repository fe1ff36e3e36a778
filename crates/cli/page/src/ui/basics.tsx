// Small components that every view uses.

import { cloneElement, type ComponentChildren, type VNode } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ApiError } from "../api";

/** An error in the server's words. */
export function Problem({ error }: { error: Error | undefined }) {
  if (!error) return null;
  const more = error instanceof ApiError ? [error.expected && `Expected: ${error.expected}`, error.suggestion].filter(Boolean) : [];
  return (
    <div class="problem" role="alert">
      <strong>{error.message}</strong>
      {more.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}

/** A placeholder when there is nothing to show. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** A colored word: good, bad, odd or plain. */
export function Pill({ tone = "plain", children, title }: { tone?: Tone; children: ComponentChildren; title?: string }) {
  return (
    <span class={`pill pill-${tone}`} title={title}>
      {children}
    </span>
  );
}

/** The meaning of the color. */
export type Tone = "good" | "bad" | "odd" | "plain";

/** A button that copies text and confirms it. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return undefined;
    const timer = setTimeout(() => setState("idle"), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    navigator.clipboard.writeText(text()).then(
      () => setState("copied"),
      () => setState("failed"),
    );
  return (
    <button type="button" onClick={() => void copy()}>
      <span aria-live="polite">{state === "idle" ? label : state === "copied" ? "Copied" : "Copying is not allowed"}</span>
    </button>
  );
}

/** Tabs of one view. */
export function Tabs<T extends string>({ label, tabs, chosen, choose }: { label: string; tabs: { id: T; title: string }[]; chosen: T; choose: (id: T) => void }) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = tabs.findIndex((tab) => tab.id === chosen);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    choose(next.id);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[tabs.indexOf(next)]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
      {tabs.map((tab) => (
        <button key={tab.id} type="button" role="tab" aria-selected={tab.id === chosen} tabIndex={tab.id === chosen ? 0 : -1} onClick={() => choose(tab.id)}>
          {tab.title}
        </button>
      ))}
    </div>
  );
}

/** A label with its control, connected by id. */
export function Labelled({ label, children, hint }: { label: string; children: VNode<{ id?: string; "aria-describedby"?: string }>; hint?: string }) {
  const id = useId();
  return (
    <div class="labelled">
      <label class="label" for={id}>
        {label}
      </label>
      {cloneElement(children, hint ? { id, "aria-describedby": `${id}-hint` } : { id })}
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}

/** A search box; `/` focuses it. */
export function SearchBox({ label, value, change }: { label: string; value: string; change: (value: string) => void }) {
  return (
    <input
      class="search"
      type="search"
      data-search
      aria-label={label}
      aria-keyshortcuts="/"
      placeholder={`${label}  ( / )`}
      value={value}
      onInput={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && value !== "" && change("")}
    />
  );
}

/** A list of links, with arrow key navigation. */
export function LinkList({ label, children }: { label: string; children: ComponentChildren }) {
  const list = useRef<HTMLUListElement>(null);
  const move = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...(list.current?.querySelectorAll<HTMLElement>("a") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const next = links[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <ul class="links" aria-label={label} ref={list} onKeyDown={move}>
      {children}
    </ul>
  );
}

/** A list next to the details of the selected item; a small screen shows only one of them. */
export function Split({ list, detail, isOpen, back }: { list: ComponentChildren; detail: ComponentChildren; isOpen: boolean; back: string }) {
  return (
    <div class={isOpen ? "split split-open" : "split"}>
      <div class="split-list">{list}</div>
      <section class="split-detail" aria-label="Details" tabIndex={0}>
        {isOpen && (
          <a class="back" href={back}>
            ← Back to the list
          </a>
        )}
        {detail}
      </section>
    </div>
  );
}
