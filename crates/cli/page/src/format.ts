// Times and amounts for display.

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The latest valid date; what others send may be anything. */
const LAST_MS = 8.64e15;

/** The time of day, with milliseconds. */
export function clock(milliseconds: number): string {
  if (Math.abs(milliseconds) > LAST_MS) return String(milliseconds);
  return `${time.format(milliseconds)}.${String(Math.floor(milliseconds) % 1000).padStart(3, "0")}`;
}

/** Date and time. */
export function moment(milliseconds: number): string {
  if (Math.abs(milliseconds) > LAST_MS) return `${milliseconds / 1000} s since 1970`;
  return full.format(milliseconds);
}

/** How long something took. */
export function took(micros: number): string {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1_000_000) return `${(micros / 1000).toFixed(micros < 10_000 ? 1 : 0)} ms`;
  return `${(micros / 1_000_000).toFixed(1)} s`;
}

/** The window of a quota. */
export function windowOf(seconds: number): string {
  if (seconds === 1) return "per second";
  if (seconds === 60) return "per minute";
  if (seconds === 86_400) return "per day";
  return `per ${seconds} s`;
}

/** The name of a family or an outcome, for display. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** A count with its noun. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
