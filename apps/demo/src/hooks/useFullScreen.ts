import { useEffect, useState, type RefObject } from "react";

/** Whether an element is over the whole screen, however it came there or went. */
export function useFullScreen(element: RefObject<Element | null>): boolean {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const changed = (): void => setFull(document.fullscreenElement !== null && document.fullscreenElement === element.current);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, [element]);
  return full;
}
