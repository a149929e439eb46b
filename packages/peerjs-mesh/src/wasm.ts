/** A member in the module; what each call does stands in crates/wasm (boundary.rs). */
export interface WasmMachine {
  input(now: number, kind: number, id: number, extra: number, bytes: Uint8Array): boolean;
  timeout(now: number): void;
  send(now: number, payload: Uint8Array, to: Uint8Array): number;
  set_init_data(now: number, data: Uint8Array): number;
  give(now: number, kinds: number): void;
  call_peer(now: number, id: Uint8Array): number;
  drop_host(now: number): void;
  set_hidden(now: number, hidden: boolean): void;
  leave(now: number, at_once: boolean): void;
  drain(): number;
  status(): number;
  free(): void;
}

/** The module, ready for use. */
export interface Wasm {
  readonly memory: { readonly buffer: ArrayBuffer };
  make(config: Uint8Array, seed: Uint8Array, now: number): WasmMachine;
}

/** Gets the module; at the first call of `mesh`, not before. */
export type Load = () => Promise<Wasm>;

/** Loads the module at the first call and shares it between all members of the page; a failure may be tried again. */
export function once(start: () => Promise<Wasm>): Load {
  let loading: Promise<Wasm> | undefined;
  return () => loading ??= start().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
}
