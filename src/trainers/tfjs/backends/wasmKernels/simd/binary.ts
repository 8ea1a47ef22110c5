/**
 * The module of the project's own WebAssembly kernels, compiled for what this machine offers. Adding a kernel: a function in a
 * file beside this one and a line here.
 */
import { encodeModule, f32x4, twoStepMadd, type Code, type Madd } from "./assembler.ts";
import {
  columnLineFunction,
  columnLinesFunction,
  columnMomentsFunction,
  columnProductsFunction,
  columnSumFunction,
} from "./columns.ts";
import { addPartialsFunction, filterGradientFunction } from "./filterGradient.ts";
import { poolGradientFunction } from "./poolGradient.ts";
import { packFunction, productFunction } from "./product.ts";

const writers = {
  product: productFunction,
  pack: packFunction,
  filterGradient: filterGradientFunction,
  addPartials: addPartialsFunction,
  columnSum: columnSumFunction,
  columnMoments: columnMomentsFunction,
  columnProducts: columnProductsFunction,
  columnLine: columnLineFunction,
  columnLines: columnLinesFunction,
  poolGradient: poolGradientFunction,
} satisfies Record<string, (madd: Madd) => Code>;

export type KernelName = keyof typeof writers;

/** Their names in the module's order; a job names its function by its place here. */
export const functionNames = Object.keys(writers) as KernelName[];

export interface CompiledKernels {
  readonly module: WebAssembly.Module;
  /** Whether multiply-add is one instruction; without it products take about twice as long. */
  readonly fused: boolean;
}

function encode(madd: Madd, shared: boolean): Uint8Array<ArrayBuffer> {
  return encodeModule(
    functionNames.map((name) => ({ name, code: writers[name](madd) })),
    shared,
  );
}

/**
 * @param shared whether the memory is shared between threads
 * @throws WebAssembly.CompileError where there is no SIMD
 */
export function compileKernels(shared: boolean): CompiledKernels {
  const fused = encode(f32x4.relaxedMadd, shared);
  if (WebAssembly.validate(fused)) return { module: new WebAssembly.Module(fused), fused: true };
  return { module: new WebAssembly.Module(encode(twoStepMadd, shared)), fused: false };
}
