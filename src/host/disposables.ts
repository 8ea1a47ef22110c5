/**
 * The one helper for things that must be given back.
 * Invariant: a scope disposes each entry once, last added first, and goes on when one of them throws.
 */

export interface Disposable {
  dispose(): unknown;
}

export interface Scope extends Disposable {
  /** Takes charge of `item`; on a scope already disposed it is disposed at once. */
  add<T extends Disposable>(item: T): T;
  /** Takes charge of a clean-up function. */
  defer(cleanUp: () => unknown): void;
  readonly disposed: boolean;
}

export function createScope(): Scope {
  const items: Disposable[] = [];
  let disposed = false;
  const scope: Scope = {
    add(item) {
      if (disposed) item.dispose();
      else items.push(item);
      return item;
    },
    defer(cleanUp) {
      scope.add({ dispose: cleanUp });
    },
    get disposed() {
      return disposed;
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      const failures: unknown[] = [];
      for (const item of items.splice(0).toReversed()) {
        try {
          item.dispose();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, "Some resources could not be given back");
    },
  };
  return scope;
}
