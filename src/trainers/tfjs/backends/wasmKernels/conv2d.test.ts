import * as fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Tf } from "../../tf.ts";
import { expectAgreement, holds, loadBoth, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

const convolution = fc
  .record({
    samples: fc.integer({ min: 1, max: 5 }),
    height: fc.integer({ min: 1, max: 11 }),
    width: fc.integer({ min: 1, max: 11 }),
    inputs: fc.integer({ min: 1, max: 6 }),
    outputs: fc.integer({ min: 1, max: 6 }),
    rows: fc.integer({ min: 1, max: 5 }),
    columns: fc.integer({ min: 1, max: 5 }),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom("same" as const, "valid" as const),
    seed: fc.nat(),
  })
  .filter((c) => c.pad === "same" || (c.rows <= c.height && c.columns <= c.width));

type Convolution = typeof convolution extends fc.Arbitrary<infer T> ? T : never;

function gradients(c: Convolution, pad: Convolution["pad"] | number = c.pad) {
  const imageShape: [number, number, number, number] = [c.samples, c.height, c.width, c.inputs];
  const filterShape: [number, number, number, number] = [c.rows, c.columns, c.inputs, c.outputs];
  return (tf: Tf) => {
    const x = tf.tensor4d(values(`x${c.seed}`, imageShape), imageShape);
    const w = tf.tensor4d(values(`w${c.seed}`, filterShape), filterShape);
    // A loss whose gradient differs from cell to cell.
    return tf.grads((a, b) =>
      tf.sum(
        tf.square(
          tf.conv2d(
            a as Tensor4D,
            b as Tensor4D,
            c.strides,
            pad,
            "NHWC",
            1,
            pad === "same" || pad === "valid" ? undefined : "floor",
          ),
        ),
      ),
    )([x, w]);
  };
}

describe("gradients of a convolution on WebAssembly", () => {
  it("agree with the reference over shapes, strides and paddings", async () => {
    await holds(convolution, (c) => expectAgreement(tf, gradients(c)), 80);
  });

  it("agree for paddings given as numbers", async () => {
    // TensorFlow.js works out the result's size from the height's filter and stride alone, so both are kept square.
    const padded = fc
      .tuple(convolution, fc.integer({ min: 0, max: 3 }))
      .map(([c, pad]) => ({
        c: { ...c, columns: c.rows, strides: [c.strides[0], c.strides[0]] as [number, number] },
        pad,
      }))
      .filter(({ c, pad }) => c.rows <= Math.min(c.height, c.width) + 2 * pad);
    await holds(padded, ({ c, pad }) => expectAgreement(tf, gradients(c, pad)), 40);
  });

  it("agree at the sizes of a real layer", async () => {
    await expectAgreement(
      tf,
      gradients({
        samples: 6,
        height: 10,
        width: 9,
        inputs: 9,
        outputs: 20,
        rows: 3,
        columns: 3,
        strides: [1, 1],
        pad: "same",
        seed: 1,
      }),
    );
  });
});

describe("a convolution on WebAssembly", () => {
  const forward = convolution.chain((c) =>
    fc.record({
      c: fc.constant(c),
      dilations: fc.constantFrom<[number, number]>([1, 1], [2, 1], [1, 2], [3, 2]),
      padding: fc.constantFrom<"same" | "valid" | Explicit>("same", "valid", [
        [0, 0],
        [1, 2],
        [0, 3],
        [0, 0],
      ]),
      activation: fc.constantFrom("linear" as const, "relu" as const, "relu6" as const, "elu" as const),
      bias: fc.boolean(),
    }),
  );
  type Explicit = [[number, number], [number, number], [number, number], [number, number]];

  it("agrees with the reference over dilations, paddings, bias and activation", async () => {
    const fits = forward.filter(({ c, dilations, padding }) => {
      const [tall, wide] = [(c.rows - 1) * dilations[0] + 1, (c.columns - 1) * dilations[1] + 1];
      // Strides and dilations exclude each other upstream.
      if (Math.max(...dilations) > 1 && Math.max(...c.strides) > 1) return false;
      if (padding === "same") return true;
      return padding === "valid" ? tall <= c.height && wide <= c.width : tall <= c.height + 3 && wide <= c.width + 3;
    });
    await holds(
      fits,
      ({ c, dilations, padding, activation, bias }) =>
        expectAgreement(tf, (tf) => {
          const imageShape: [number, number, number, number] = [c.samples, c.height, c.width, c.inputs];
          const filterShape: [number, number, number, number] = [c.rows, c.columns, c.inputs, c.outputs];
          const x = tf.tensor4d(values(`x${c.seed}`, imageShape), imageShape);
          const filter = tf.tensor4d(values(`w${c.seed}`, filterShape), filterShape);
          return [
            tf.conv2d(x, filter, c.strides, padding, "NHWC", dilations),
            tf.fused.conv2d({
              x,
              filter,
              strides: c.strides,
              pad: padding,
              dilations,
              activation,
              ...(bias ? { bias: tf.tensor1d(values(`b${c.seed}`, [c.outputs])) } : {}),
            }),
          ];
        }),
      80,
    );
  });

  it("lets what is not a number through, and only where its window reaches", async () => {
    await expectAgreement(tf, (tf) => {
      const image = values("x", [1, 6, 6, 2]);
      image[30] = Number.NaN;
      image[3] = Number.POSITIVE_INFINITY;
      const filter = tf.tensor4d(values("w", [3, 3, 2, 5]), [3, 3, 2, 5]);
      return tf.conv2d(tf.tensor4d(image, [1, 6, 6, 2]), filter, 1, "same");
    });
  });
});
