// Server-sent events through `fetch`: an EventSource can't send the control token.

import { authorization } from "./api";
import { parseJson, type Json } from "./json";

/** Callbacks for a stream. */
interface StreamListener {
  onEvent(name: string, data: Json): void;
  onState(connected: boolean): void;
}

const PAUSE_MS = 1000;

/**
 * Listens until the function that it returns is called; reconnects if the stream breaks. Each connection starts with new
 * events only, and never where the previous one broke off: another process may answer by now, with numbers that
 * start again. The listener fetches the rest.
 */
export function listen(path: string, listener: StreamListener): () => void {
  const stop = new AbortController();
  void run(path, listener, stop.signal);
  return () => stop.abort();
}

async function run(path: string, listener: StreamListener, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await fetch(path, { headers: { ...authorization(), Accept: "text/event-stream" }, signal, cache: "no-store" });
      if (response.ok && response.body) {
        listener.onState(true);
        await read(response.body, listener);
      }
    } catch {
      // Broken or stopped: the loop decides.
    }
    if (signal.aborted) return;
    listener.onState(false);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function read(body: ReadableStream<Uint8Array>, listener: StreamListener): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const chunk = await reader.read();
    if (chunk.done) return;
    const blocks = (rest + chunk.value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) dispatch(block, listener);
  }
}

function dispatch(block: string, listener: StreamListener): void {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }
  if (data.length === 0) return;
  try {
    listener.onEvent(name, parseJson(data.join("\n")));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}
