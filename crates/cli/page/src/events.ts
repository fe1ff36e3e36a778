// Server-sent events through `fetch`: an EventSource can't send the control token.

import { authorization } from "./api";
import { parseJson, type Json } from "./json";

/** What a stream tells its listener. */
export interface StreamListener {
  onEvent(name: string, data: Json): void;
  onState(connected: boolean): void;
}

const PAUSE_MS = 1000;

/** Listens until the function that it returns is called; connects anew where the stream breaks. */
export function listen(path: string, listener: StreamListener): () => void {
  const stop = new AbortController();
  void run(path, listener, stop.signal);
  return () => stop.abort();
}

async function run(path: string, listener: StreamListener, signal: AbortSignal): Promise<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    try {
      const headers = { ...authorization(), Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
      const response = await fetch(path, { headers, signal, cache: "no-store" });
      if (response.ok && response.body) {
        listener.onState(true);
        last = (await read(response.body, listener, last)) ?? last;
      }
    } catch {
      // Broken or stopped: the loop decides.
    }
    if (signal.aborted) return;
    listener.onState(false);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function read(body: ReadableStream<Uint8Array>, listener: StreamListener, last?: string): Promise<string | undefined> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    let chunk;
    try {
      chunk = await reader.read();
    } catch {
      return last;
    }
    if (chunk.done) return last;
    const blocks = (rest + chunk.value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) last = dispatch(block, listener) ?? last;
  }
}

function dispatch(block: string, listener: StreamListener): string | undefined {
  let name = "message";
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "event") name = value;
    else if (field === "id") id = value;
    else if (field === "data") data.push(value);
  }
  if (data.length > 0) {
    try {
      listener.onEvent(name, parseJson(data.join("\n")));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return id;
}
