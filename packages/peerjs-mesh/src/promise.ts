/**
 * A promise that can tell whether anybody listens to it: a rejection that nobody looks at by the next turn of the
 * event loop goes to `ignored`, and never becomes an unhandled rejection.
 */
export class Watched<T> extends Promise<T> {
  #watched = false;

  /** What `then` gives is an ordinary promise: its rejections are its owner's business. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  constructor(
    executor: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void,
    ignored: (reason: unknown) => void,
  ) {
    let failed = false;
    let look = (): void => void (failed = true);
    super((resolve, reject) => {
      const fail = (reason: unknown): void => {
        reject(reason);
        look();
      };
      try {
        executor(resolve, fail);
      } catch (cause) {
        fail(cause);
      }
    });
    // Only when it has failed: of ten thousand in a burst none has.
    look = () => {
      super.then(undefined, (reason: unknown) => {
        if (!this.#watched) setTimeout(() => this.#watched || ignored(reason));
      });
    };
    if (failed) look();
  }

  // `await` comes here too, because the class is not Promise itself.
  override then<A = T, B = never>(
    onResolved?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#watched = true;
    return super.then(onResolved, onRejected);
  }
}
