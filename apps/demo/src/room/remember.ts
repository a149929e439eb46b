/** What this page keeps on this device for the next time. Where it may keep nothing, it forgets. */

export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(`peerjs-mesh:${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`peerjs-mesh:${key}`, value);
  } catch {
    // Private windows and full discs: the call goes on without.
  }
}

export const recallFlag = (key: string, fallback: boolean): boolean => {
  const kept = recall(key);
  return kept === undefined ? fallback : kept === "yes";
};

export const rememberFlag = (key: string, value: boolean): void => remember(key, value ? "yes" : "no");
