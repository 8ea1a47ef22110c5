/**
 * Something a view pulled from the host, with the question it answers: held while the question stays the same.
 * Invariant: an answer to an older question never replaces one to a newer, and a failure keeps what was shown before.
 */
import { BasinError, errorText } from "../../src/core/errors.ts";

export class Pulled<T> {
  value: T | undefined;
  /** Why the latest question has no answer. */
  problem: BasinError | undefined;
  /** The question `value` answers. */
  key = "";
  private asked = "";

  /** Asks unless the answer is held already; resolves to whether anything changed. */
  async pull(key: string, fetch: () => Promise<T>): Promise<boolean> {
    if (key === this.key && this.problem === undefined && this.value !== undefined) return false;
    this.asked = key;
    try {
      const value = await fetch();
      if (this.asked !== key) return false;
      this.value = value;
      this.key = key;
      this.problem = undefined;
    } catch (error) {
      if (this.asked !== key) return false;
      const problem = error instanceof BasinError ? error : new BasinError("internal", errorText(error), "");
      if (problem.code === "cancelled") return false;
      this.problem = problem;
    }
    return true;
  }

  clear(): void {
    this.value = undefined;
    this.problem = undefined;
    this.key = "";
    this.asked = "";
  }
}
