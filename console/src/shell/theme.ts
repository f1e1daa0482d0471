import { teller } from "../parts/told.ts";

export type Theme = "system" | "light" | "dark";

const KEY = "caracal.theme";
const { tell, useTold } = teller();

function chosen(): Theme {
  const theme = document.documentElement.dataset["theme"];
  return theme === "light" || theme === "dark" ? theme : "system";
}

/** Chooses a theme for this browser. */
export function setTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing has the theme until the page is closed.
  }
  tell();
}

export function useTheme(): Theme {
  return useTold(chosen);
}
