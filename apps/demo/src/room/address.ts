/** The page's own address: it always leads into the room that is shown, so that it can be sent, kept and opened again. */

import { linkTo } from "./names.js";

/** Puts a room into the address. `fresh`: it was made up here, and may still be called otherwise, also after a reload. */
export function showInAddress(room: string, fresh = false): void {
  try {
    history.replaceState(fresh ? { fresh } : null, "", linkTo(room));
  } catch {
    // Some browsers allow so many changes in half a minute: the one before stands, and joining puts it right.
  }
}

/** Takes the room out of it again. */
export const clearAddress = (): void => history.replaceState(null, "", location.pathname + location.search);

/** Whether the address's room was made up here, and not named by a link. */
export const madeUpHere = (): boolean => (history.state as { fresh?: boolean } | null)?.fresh === true;
