// What every view knows: the document, its phrases, the server.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { api } from "./api";
import type { Info } from "./contract";
import { readReference, type Reference, type Words } from "./document";
import { parseJson, type Json } from "./json";
import { Schemas } from "./schema";

/** What every view knows. */
export interface Workbench {
  reference: Reference;
  schemas: Schemas;
  words: Words;
  info: Info;
  reloadInfo(): void;
}

/** Asks the server for all of it. */
export async function loadWorkbench(): Promise<Omit<Workbench, "reloadInfo">> {
  const [document, info, words] = await Promise.all([
    api.get<Json>("openapi.json"),
    api.get<Info>("info"),
    fetch("/assets/words.json").then(async (response) => parseJson(await response.text()) as unknown as Words),
  ]);
  const reference = readReference(document);
  return { reference, schemas: new Schemas(reference), words, info };
}

export const WorkbenchContext = createContext<Workbench | undefined>(undefined);

/** What every view knows. Views are only shown once it is there. */
export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (!workbench) throw new Error("no view is shown before the document is read");
  return workbench;
}
