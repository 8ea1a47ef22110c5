/**
 * Sums over products of tensors by index letters, which upstream lacks: two operands at a time become one batched matrix
 * product. Nowhere has TensorFlow.js a gradient for it; one is registered here, for every back end.
 */
import type { Tensor, TensorInfo, Tf } from "../../tf.ts";
import { product, type KernelContext, type WasmKernel } from "./kernel.ts";

interface Operand {
  readonly letters: string;
  readonly tensor: TensorInfo;
  /** Whether it is freed after use. */
  readonly own: boolean;
}

/** "ab,bc->ac" in its parts; throws for what is not supported. */
export function parseEquation(equation: string, operands: number): { inputs: string[]; output: string } {
  const [left, output, ...more] = equation.replaceAll(" ", "").split("->");
  const inputs = (left ?? "").split(",");
  const twice = [...inputs, output ?? ""].find((letters) => new Set(letters).size !== letters.length);
  if (output === undefined || more.length > 0 || inputs.length !== operands || twice !== undefined)
    throw new Error(`The einsum equation "${equation}" is not supported for ${operands} tensors.`);
  const unknown = Array.from(output).find((letter) => !inputs.some((letters) => letters.includes(letter)));
  if (unknown !== undefined)
    throw new Error(`The einsum equation "${equation}" asks for an unknown index "${unknown}".`);
  return { inputs, output };
}

function sizesOf(equation: string, inputs: readonly string[], tensors: readonly TensorInfo[]): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((letters, i) => {
    const { shape } = tensors[i]!;
    if (shape.length !== letters.length)
      throw new Error(
        `The einsum equation "${equation}" gives tensor ${i + 1} ${letters.length} indices, but it has ${shape.length}.`,
      );
    Array.from(letters).forEach((letter, at) => {
      const known = sizes.get(letter) ?? shape[at]!;
      if (known !== shape[at])
        throw new Error(
          `In the einsum equation "${equation}" the index "${letter}" has two sizes: ${known} and ${shape[at]}.`,
        );
      sizes.set(letter, known);
    });
  });
  return sizes;
}

export const einsum: WasmKernel = {
  name: "Einsum",
  make: (context) => (inputs, attrs) => {
    const { run, free, view, share } = context;
    const { equation } = attrs as unknown as { equation: string };
    const tensors = Object.keys(inputs)
      .sort((a, b) => Number(a) - Number(b))
      .map((key) => inputs[key]!);
    const { inputs: letters, output } = parseEquation(equation, tensors.length);
    const sizes = sizesOf(equation, letters, tensors);
    const size = (of: string): number => product(Array.from(of).map((letter) => sizes.get(letter)!));
    const shape = (of: string): number[] => Array.from(of).map((letter) => sizes.get(letter)!);

    const done = ({ tensor, own }: Operand): void => {
      if (own) free(tensor);
    };
    const arranged = (operand: Operand, order: string): Operand => {
      if (order === operand.letters) return operand;
      const perm = Array.from(order).map((letter) => operand.letters.indexOf(letter));
      const tensor = run("Transpose", { x: operand.tensor }, { perm });
      done(operand);
      return { letters: order, tensor, own: true };
    };
    /** Sums over the indices that nobody else asks for. */
    const reduced = (operand: Operand, kept: string): Operand => {
      const stay = Array.from(operand.letters)
        .filter((letter) => kept.includes(letter))
        .join("");
      if (stay === operand.letters) return operand;
      const last = arranged(
        operand,
        stay +
          Array.from(operand.letters)
            .filter((letter) => !kept.includes(letter))
            .join(""),
      );
      const flat = view(last.tensor, [size(stay), last.tensor.shape.slice(stay.length).reduce((a, b) => a * b, 1)]);
      const tensor = run("Sum", { x: flat }, { axis: [1], keepDims: false });
      done(last);
      tensor.shape = shape(stay);
      return { letters: stay, tensor, own: true };
    };
    const multiplied = (a: Operand, b: Operand, kept: string): Operand => {
      const [one, two] = [reduced(a, b.letters + kept), reduced(b, a.letters + kept)];
      const both = Array.from(one.letters).filter((letter) => two.letters.includes(letter));
      const batch = both.filter((letter) => kept.includes(letter)).join("");
      const summed = both.filter((letter) => !kept.includes(letter)).join("");
      const left = Array.from(one.letters)
        .filter((letter) => !two.letters.includes(letter))
        .join("");
      const right = Array.from(two.letters)
        .filter((letter) => !one.letters.includes(letter))
        .join("");
      const [x, y] = [arranged(one, batch + left + summed), arranged(two, batch + summed + right)];
      const result = run(
        "BatchMatMul",
        {
          a: view(x.tensor, [size(batch), size(left), size(summed)]),
          b: view(y.tensor, [size(batch), size(summed), size(right)]),
        },
        { transposeA: false, transposeB: false },
      );
      done(x);
      done(y);
      result.shape = shape(batch + left + right);
      return { letters: batch + left + right, tensor: result, own: true };
    };

    let total: Operand = { letters: letters[0]!, tensor: tensors[0]!, own: false };
    tensors.slice(1).forEach((tensor, i) => {
      const kept = letters.slice(i + 2).join("") + output;
      total = multiplied(total, { letters: letters[i + 1]!, tensor, own: false }, kept);
    });
    const result = arranged(reduced(total, output), output);
    return result.own ? result.tensor : share(result.tensor);
  },
};

/** The gradient by each operand is again such a sum: of dy and the other operands. */
export function registerEinsumGradient({ tf }: KernelContext): void {
  if (tf.getGradient("Einsum") !== undefined) return;
  tf.registerGradient({
    kernelName: "Einsum",
    saveAllInputs: true,
    gradFunc: (dy, saved, attrs) => {
      const tensors = saved as Tensor[];
      const { inputs, output } = parseEquation((attrs as unknown as { equation: string }).equation, tensors.length);
      const gradient = (i: number): Tensor => byOperand(tf, dy as Tensor, tensors, inputs, output, i);
      return Object.fromEntries(tensors.map((_, i) => [i, () => gradient(i)]));
    },
  });
}

function byOperand(
  tf: Tf,
  dy: Tensor,
  tensors: readonly Tensor[],
  inputs: readonly string[],
  output: string,
  i: number,
): Tensor {
  const own = inputs[i]!;
  const others = inputs.filter((_, j) => j !== i);
  // An index of this operand alone was summed over: its gradient is the same along it.
  const known = Array.from(own).filter(
    (letter) => output.includes(letter) || others.some((letters) => letters.includes(letter)),
  );
  const parts = [dy, ...tensors.filter((_, j) => j !== i)];
  const sum = tf.einsum(`${[output, ...others].join(",")}->${known.join("")}`, ...parts);
  if (known.length === own.length) return sum;
  const { shape } = tensors[i]!;
  const open = Array.from(own).map((letter, at) => (known.includes(letter) ? shape[at]! : 1));
  return tf.broadcastTo(tf.reshape(sum, open), shape);
}
