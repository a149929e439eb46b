import type { MeshOptions } from "peerjs-mesh";

/** How long the server may take to answer, ms. Guess: a bad phone connection needs two. */
const PATIENCE = 8_000;

/** How to reach the signalling server: `peerjs-mesh serve` says so beside the page. */
export async function connection(signal: AbortSignal): Promise<NonNullable<MeshOptions["connection"]>> {
  const answer = await fetch("config.json", { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]), cache: "no-store" });
  if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
  return answer.json() as Promise<NonNullable<MeshOptions["connection"]>>;
}
