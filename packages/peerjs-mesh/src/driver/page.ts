/**
 * Watches what becomes of the page: whether anybody sees it, told at once if nobody does, and that it is about to stand
 * still. Gives what ends that. Where there is no document (a worker) there is nothing to watch.
 */
export function watch(hides: (hidden: boolean) => void, freezes: () => void): () => void {
  const page = globalThis.document as Document | undefined;
  if (!page) return () => undefined;
  const looks = (): void => hides(page.visibilityState === "hidden");
  page.addEventListener("visibilitychange", looks);
  page.addEventListener("freeze", freezes);
  if (page.visibilityState === "hidden") looks();
  return () => {
    page.removeEventListener("visibilitychange", looks);
    page.removeEventListener("freeze", freezes);
  };
}
