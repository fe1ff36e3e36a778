// Addresses within the page: `#/traffic/request/12`.

import { useEffect, useState } from "preact/hooks";

/** The address of a view. */
export function link(...parts: (string | number)[]): string {
  return `#/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
}

/** Goes to a view. */
export function go(...parts: (string | number)[]): void {
  location.hash = link(...parts);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function current(): string[] {
  return location.hash.replace(/^#\/?/, "").split("/").map(decoded).filter((part) => part !== "");
}

/** The segments of the current address. */
export function useRoute(): string[] {
  const [route, setRoute] = useState(current);
  useEffect(() => {
    const changed = () => setRoute(current());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
