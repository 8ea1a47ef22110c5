/**
 * The update of Adam and AdamW in three shaders a variable instead of fourteen: a small step costs what its dispatches cost.
 * The formulas are those of training/optimizer.ts; training/fusedAdam.ts calls these kernels where a back end has them.
 */
import type { TensorInfo } from "../../tf.ts";
import { cellProgram, type WebgpuKernel } from "./kernel.ts";

/** Inputs mean and x; attributes decay and power: decay * mean + (1 - decay) * x^power, power 1 or 2. */
export const runningMean: WebgpuKernel = {
  name: "BasinRunningMean",
  make:
    ({ shade }) =>
    (inputs, attrs): TensorInfo => {
      const mean = inputs["mean"]!;
      const { decay, power } = attrs as { decay: number; power: 1 | 2 };
      const program = cellProgram({
        key: `basinRunningMean${power}`,
        inputs: ["mean", "x"],
        outputShape: mean.shape,
        uniforms: "decay : f32, share : f32,",
        body: `let value = x[index];
          setOutputAtIndex(index, uniforms.decay * mean[index] + uniforms.share * ${power === 2 ? "value * value" : "value"});`,
      });
      return shade(program, [mean, inputs["x"]!], "float32", [
        { type: "float32", data: [decay] },
        { type: "float32", data: [1 - decay] },
      ]);
    },
};

export interface AdamMove {
  readonly rate: number;
  /** 1 / (1 - beta^t) of the first and the second moment. */
  readonly firstScale: number;
  readonly secondScale: number;
  readonly epsilon: number;
  /** Decoupled weight decay. */
  readonly decay: number;
}

/** Inputs weights, first and second: the new weights. */
export const adamMove: WebgpuKernel = {
  name: "BasinAdamMove",
  make:
    ({ shade }) =>
    (inputs, attrs): TensorInfo => {
      const weights = inputs["weights"]!;
      const { rate, firstScale, secondScale, epsilon, decay } = attrs as unknown as AdamMove;
      const program = cellProgram({
        key: "basinAdamMove",
        inputs: ["weights", "first", "second"],
        outputShape: weights.shape,
        uniforms: "rate : f32, firstScale : f32, secondScale : f32, epsilon : f32, decay : f32,",
        body: `let weight = weights[index];
          let direction = first[index] * uniforms.firstScale
            / (sqrt(second[index] * uniforms.secondScale) + uniforms.epsilon);
          setOutputAtIndex(index, weight - uniforms.rate * (direction + uniforms.decay * weight));`,
      });
      return shade(
        program,
        [weights, inputs["first"]!, inputs["second"]!],
        "float32",
        [rate, firstScale, secondScale, epsilon, decay].map((value) => ({ type: "float32", data: [value] })),
      );
    },
};
