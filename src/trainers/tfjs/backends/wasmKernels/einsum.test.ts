import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { Tensor, Tf } from "../../tf.ts";
import { parseEquation } from "./einsum.ts";
import { expectAgreement, holds, loadBoth, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

const sizes: Readonly<Record<string, number>> = { a: 2, b: 3, c: 4, d: 5, e: 2 };
const letters = fc
  .subarray(["a", "b", "c", "d", "e"], { minLength: 1, maxLength: 4 })
  .chain((subset) => fc.shuffledSubarray(subset, { minLength: subset.length }));
const equation = fc
  .tuple(letters, letters, fc.nat())
  .chain(([one, two, seed]) =>
    fc
      .shuffledSubarray([...new Set([...one, ...two])])
      .map((output) => ({ one: one.join(""), two: two.join(""), output: output.join(""), seed })),
  );

function operand(tf: Tf, name: string, of: string): Tensor {
  const shape = Array.from(of).map((letter) => sizes[letter]!);
  return tf.tensor(values(name, shape), shape);
}

interface Equation {
  readonly one: string;
  readonly two: string;
  readonly output: string;
  readonly seed: number;
}

/** The sum written out: both tensors along all indices, multiplied, summed, turned. The reference's own misses some sums. */
function writtenOut(tf: Tf, { one, two, output }: Equation, x: Tensor, y: Tensor): Tensor {
  const all = [...new Set(one + two)].sort();
  const aligned = (tensor: Tensor, of: string): Tensor =>
    tf.reshape(
      tf.transpose(
        tensor,
        all.filter((letter) => of.includes(letter)).map((letter) => of.indexOf(letter)),
      ),
      all.map((letter) => (of.includes(letter) ? sizes[letter]! : 1)),
    );
  const summed = all.flatMap((letter, i) => (output.includes(letter) ? [] : [i]));
  const left = all.filter((letter) => output.includes(letter));
  const products = tf.mul(aligned(x, one), aligned(y, two));
  const sum = summed.length === 0 ? products : tf.sum(products, summed);
  return left.length === 0
    ? sum
    : tf.transpose(
        sum,
        Array.from(output).map((letter) => left.indexOf(letter)),
      );
}

it("sums products", async () => {
  await holds(
    equation,
    (e) => {
      const compute =
        (sum: (tf: Tf, x: Tensor, y: Tensor) => Tensor) =>
        (tf: Tf): Tensor =>
          sum(tf, operand(tf, `x${e.seed}`, e.one), operand(tf, `y${e.seed}`, e.two));
      return expectAgreement(
        tf,
        compute((tf, x, y) => tf.einsum(`${e.one},${e.two}->${e.output}`, x, y)),
        1e-4,
        compute((tf, x, y) => writtenOut(tf, e, x, y)),
      );
    },
    80,
  );
});

it("takes one tensor, and three", async () => {
  const [x, y, z] = ["ab", "bc", "cd"].map((of, i) => (tf: Tf) => operand(tf, String(i), of));
  await expectAgreement(
    tf,
    (tf) => [
      tf.einsum("abc->ca", operand(tf, "x", "abc")),
      tf.einsum("ab->ab", x!(tf)),
      tf.einsum("ab,bc,cd->ad", x!(tf), y!(tf), z!(tf)),
    ],
    1e-4,
    (tf) => [
      tf.transpose(tf.sum(operand(tf, "x", "abc"), 1)),
      tf.clone(x!(tf)),
      tf.matMul(tf.matMul(x!(tf), y!(tf)), z!(tf)),
    ],
  );
});

it("has gradients: those of the same sum written out", async () => {
  await holds(equation, (e) => {
    const gradients =
      (sum: (tf: Tf, x: Tensor, y: Tensor) => Tensor) =>
      (tf: Tf): Tensor[] => {
        const weights = operand(tf, `w${e.seed}`, e.output);
        return tf.grads((x, y) => tf.sum(tf.mul(weights, sum(tf, x, y))))([
          operand(tf, `x${e.seed}`, e.one),
          operand(tf, `y${e.seed}`, e.two),
        ]);
      };
    return expectAgreement(
      tf,
      gradients((tf, x, y) => tf.einsum(`${e.one},${e.two}->${e.output}`, x, y)),
      1e-4,
      gradients((tf, x, y) => writtenOut(tf, e, x, y)),
    );
  });
});

it("refuses what it cannot read", () => {
  expect(() => parseEquation("ab,bc", 2)).toThrow(/not supported/);
  expect(() => parseEquation("aab->b", 1)).toThrow(/not supported/);
  expect(() => parseEquation("ab->c", 1)).toThrow(/unknown index "c"/);
});
