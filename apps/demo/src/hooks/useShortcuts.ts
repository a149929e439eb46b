import { useEffect } from "react";

/** Elements in which a letter is text. */
const TYPING = "input, textarea, select, [contenteditable]";

/** Calls the action of a key that is pressed alone; never while somebody types. */
export function useShortcuts(actions: Record<string, () => void>, on: boolean): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      const escape = event.key === "Escape";
      if (!escape && (!on || (event.target instanceof Element && event.target.closest(TYPING)))) return;
      const action = actions[escape ? "Escape" : event.key.toLowerCase()];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [actions, on]);
}
