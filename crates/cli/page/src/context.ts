// What every view needs: the document, its phrases, the server.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { api } from "./api";
import type { Info } from "./contract";
import { readReference, type Reference, type Words } from "./document";
import { parseJson, type Json } from "./json";
import { Schemas } from "./schema";

/** What every view needs. */
export interface Workbench {
  reference: Reference;
  schemas: Schemas;
  words: Words;
  info: Info;
  reloadInfo(): void;
}

/** Fetches all of it from the server. */
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

/** What every view needs. Views are shown only once it is loaded. */
export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (!workbench) throw new Error("a view was shown before the document was loaded");
  return workbench;
}
