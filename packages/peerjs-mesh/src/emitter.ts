// What a listener takes is checked where it is added; the lists hold them all alike.
type Listener = (...args: any[]) => void;
interface Entry { call: Listener; once: boolean }

/** Listeners by event. A listener that throws harms no other, and no event throws for want of a listener. */
export class Emitter<Events extends { [name in keyof Events]: unknown[] }> {
  readonly #listeners = new Map<keyof Events, Entry[]>();

  /** Calls `listener` at each such event. */
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this {
    return this.#add(name, listener, false);
  }

  /** Calls `listener` at the next such event only. */
  once<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this {
    return this.#add(name, listener, true);
  }

  /** Calls `listener` no more; without `listener`, none of that event's. */
  off<Name extends keyof Events>(name: Name, listener?: (...args: Events[Name]) => void): this {
    if (listener === undefined) return this.removeAllListeners(name);
    const entry = this.#listeners.get(name)?.findLast((other) => other.call === listener);
    this.#keep(name, (other) => other !== entry);
    return this;
  }

  /** Node's other name for {@link on}. */
  addListener<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this {
    return this.on(name, listener);
  }

  /** Node's other name for {@link off}. */
  removeListener<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): this {
    return this.off(name, listener);
  }

  /** Forgets all listeners, or all of one event. */
  removeAllListeners(name?: keyof Events): this {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  /** How many listen to that event. */
  listenerCount(name: keyof Events): number {
    return this.#listeners.get(name)?.length ?? 0;
  }

  /** Tells all listeners. True when there was one. */
  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): boolean {
    const list = this.#listeners.get(name) ?? [];
    for (const entry of list) {
      if (entry.once) this.#keep(name, (other) => other !== entry);
      try {
        entry.call.apply(this, args);
      } catch (error) {
        report(error);
      }
    }
    return list.length > 0;
  }

  // The list is replaced, never changed: an event that is being told goes on with the one it began with.
  #keep(name: keyof Events, wanted: (entry: Entry) => boolean): void {
    this.#listeners.set(name, (this.#listeners.get(name) ?? []).filter(wanted));
  }

  #add(name: keyof Events, call: Listener, once: boolean): this {
    if (typeof call !== "function") throw new TypeError("a listener must be a function");
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), { call, once }]);
    return this;
  }
}

/** Tells the page's error handlers about an error of the program's own, after what runs now. */
function report(error: unknown): void {
  setTimeout(() => {
    if (typeof reportError === "function") reportError(error);
    else throw error;
  });
}
