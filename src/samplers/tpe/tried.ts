/**
 * Which configurations have been tried, where they can repeat at all: an active continuous parameter makes every one new.
 * Invariant: nothing is remembered of configurations that cannot repeat.
 */
import { paramsKey } from "../../core/space/configuration.ts";
import { gridCount } from "../../core/space/domain.ts";
import type { Params, Space } from "../../core/space/parameter.ts";

export class Tried {
  readonly #continuous: readonly string[];
  readonly #keys = new Set<string>();

  constructor(space: Space) {
    this.#continuous = space.filter((parameter) => gridCount(parameter) === Infinity).map(({ name }) => name);
  }

  add(params: Params): void {
    if (this.#canRepeat(params)) this.#keys.add(paramsKey(params));
  }

  /** Whether a configuration is neither among these nor among `others`. */
  test(others: readonly { readonly params: Params }[]): (params: Params) => boolean {
    const running = new Set(
      others.filter(({ params }) => this.#canRepeat(params)).map(({ params }) => paramsKey(params)),
    );
    return (params) => {
      if (!this.#canRepeat(params)) return true;
      const key = paramsKey(params);
      return !this.#keys.has(key) && !running.has(key);
    };
  }

  #canRepeat(params: Params): boolean {
    return !this.#continuous.some((name) => Object.hasOwn(params, name));
  }
}
