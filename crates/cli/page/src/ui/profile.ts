// Profiles are keyed by tag: their schema is built from what the document says about the tags.

import { useMemo } from "preact/hooks";
import { useWorkbench } from "../context";
import type { Schema } from "../document";
import type { Json } from "../json";

/** Describes the fields of a profile. */
export function useProfileSchema(): Schema {
  const { reference, schemas } = useWorkbench();
  return useMemo(() => {
    const tags = reference.schemas["ProfileTag"];
    const shape = tags && schemas.shape(tags);
    const options = shape?.kind === "choice" ? shape.options : [];
    const properties: Record<string, Json> = Object.fromEntries(options.map((option) => [String(option.value), { description: option.description }]));
    return { type: "object", properties };
  }, [reference, schemas]);
}
