import { useSyncExternalStore } from "react";

/** Where panels lie over the call; the style sheets have the same. */
const NARROW = "(max-width: 760px)";

function subscribe(listener: () => void): () => void {
  const query = matchMedia(NARROW);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

/** Whether there is too little room for a panel beside the call. */
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => matchMedia(NARROW).matches);
