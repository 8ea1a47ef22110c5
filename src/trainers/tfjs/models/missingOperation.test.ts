import { beforeAll, expect, it } from "vitest";
import { cpuBackend } from "../backends/cpu.ts";
import type { Tf } from "../tf.ts";
import { explainMissingOperation } from "./missingOperation.ts";

let tf: Tf;
beforeAll(async () => {
  tf = (await cpuBackend.load({ threads: 1 })).tf;
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

it("names the operation that a back end lacks", () => {
  const kernel = tf.getKernel("Selu", "cpu");
  tf.unregisterKernel("Selu", "cpu");
  try {
    const error = errorOf(() => tf.tidy(() => tf.selu(tf.tensor1d([1]))));
    expect(explainMissingOperation(error, "cpu")).toMatchObject({
      code: "trainer",
      message: "The model uses the operation Selu, which the back end cpu does not have.",
    });
  } finally {
    tf.registerKernel(kernel);
  }
});

it("names the operation that has no gradient", () => {
  const error = errorOf(() =>
    tf.tidy(() => tf.grad((x) => tf.sum(tf.cast(tf.equal(x, 1), "float32")))(tf.tensor1d([1]))),
  );
  expect(explainMissingOperation(error, "wasm")).toMatchObject({
    message: "The model uses the operation Equal, through which TensorFlow.js cannot compute gradients.",
  });
});

it("leaves other errors alone", () => {
  const error = new Error("out of cheese");
  expect(explainMissingOperation(error, "wasm")).toBe(error);
});
