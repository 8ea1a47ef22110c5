import { beforeAll, expect, it } from "vitest";
import { cpuBackend } from "../backends/cpu.ts";
import type { Tensor, Tf } from "../tf.ts";
import { orderTape } from "./tape.ts";

let tf: Tf;
beforeAll(async () => {
  tf = (await cpuBackend.load({ threads: 1 })).tf;
});

/** Second derivative of f at x by two differentiations, the tape left as it is or put in order; 0 where it finds no way. */
async function second(f: (x: Tensor) => Tensor, x: number, order: boolean): Promise<number> {
  const engine = tf.engine();
  const result = tf.tidy(() => {
    const at = tf.scalar(x);
    const slope = (): Tensor => {
      const { grads } = engine.gradients(() => f(at), [at]);
      if (order) orderTape(tf);
      return grads[0]!;
    };
    const found = engine.gradients(slope, [at], undefined, true).grads[0];
    return found ?? tf.scalar(0);
  });
  const value = (await result.data())[0]!;
  result.dispose();
  return value;
}

it.each<[string, (x: Tensor) => Tensor, (x: number) => number]>([
  ["tanh", (x) => tf.tanh(x), (x) => -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2)],
  ["exp", (x) => tf.exp(x), Math.exp],
  ["exp of exp", (x) => tf.exp(tf.exp(x)), (x) => Math.exp(Math.exp(x) + x) * (1 + Math.exp(x))],
])("a second differentiation of %s is wrong as the tape stands and right in order", async (_, f, wanted) => {
  const before = tf.memory().numTensors;
  expect(Math.abs((await second(f, 0.4, false)) - wanted(0.4))).toBeGreaterThan(0.1);
  expect(await second(f, 0.4, true)).toBeCloseTo(wanted(0.4), 4);
  expect(tf.memory().numTensors).toBe(before);
});

it("a tape in order stays as it is", () => {
  const x = tf.scalar(2);
  tf.tidy(() =>
    tf.grad((at: Tensor) => {
      const y = tf.mul(tf.square(at), at);
      const before = [...tf.engine().state.activeTape];
      orderTape(tf);
      expect(tf.engine().state.activeTape).toEqual(before);
      return y;
    })(x),
  );
  x.dispose();
});
