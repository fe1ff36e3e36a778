// Light, dark, or the system's theme.

import { Store } from "./store";

/** A choice of theme. */
export type Theme = "system" | "light" | "dark";

const KEY = "tencent-chat-theme";

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

/** The current choice. */
export const theme = new Store<Theme>(stored());

function apply(choice: Theme): void {
  if (choice === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
}

/** Changes the choice and stores it. */
export function setTheme(choice: Theme): void {
  localStorage.setItem(KEY, choice);
  theme.set(choice);
  apply(choice);
}

apply(theme.value);
