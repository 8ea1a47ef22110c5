/**
 * The walk, the distances and the order of pairs in WebAssembly: what walk.ts, distances.ts and pairOrder.ts do, faster.
 * Invariant: the same results to the last bit; what does not fit into its 4 GiB, or the machine's memory, is left to those.
 */
import { barsByDirection, type Bars } from "./bars.ts";
import { pairCount } from "./condensed.ts";
import { kernelBase64 } from "./kernelBytes.ts";
import type { PairOrder } from "./pairOrder.ts";
import type { PointCloud } from "./pointCloud.ts";
import type { Preparation } from "./preparation.ts";
import type { Walk } from "./walk.ts";

/** See assembly/kernel.ts. Numbers named like arrays are addresses; above 2 GiB they come as negative ones. */
interface KernelExports {
  readonly memory: WebAssembly.Memory;
  /** First free byte. */
  readonly mark: () => number;
  readonly release: (mark: number) => void;
  readonly reserve: (bytes: number) => number;
  readonly distances: (points: number, count: number, width: number, out: number) => void;
  readonly order: (distances: number, count: number, pairs: number, sorted: number) => void;
  readonly start: (count: number, ...arrays: readonly number[]) => void;
  readonly advance: (events: number) => number;
  readonly progress: () => number;
  readonly bars: () => number;
  readonly births: () => number;
  readonly deaths: () => number;
  readonly directions: () => number;
}

export interface OrderedDistances extends PairOrder {
  readonly distances: Float64Array;
}

/** What a walk takes at most for each pair of points, and some room for long vectors; most of it is never touched. */
export const bytesAPair = 128;
/** What distances and their order take for each pair of points. */
const bytesToOrder = 40;
const memoryLimit = 0xf000_0000;
/** An instance that has grown larger than this is not kept: its memory never shrinks. */
const largestKept = 256 * 2 ** 20;

/** Compiled once; undefined where WebAssembly or its SIMD instructions are missing. */
let compiled: WebAssembly.Module | undefined;
let isCompiled = false;
let current: Kernel | undefined;

/** This thread's kernel; undefined where there can be none. */
export function sharedKernel(): Kernel | undefined {
  if (!isCompiled) {
    isCompiled = true;
    const bytes = Uint8Array.from(atob(kernelBase64), (letter) => letter.charCodeAt(0));
    if (typeof WebAssembly === "object" && WebAssembly.validate(bytes)) compiled = new WebAssembly.Module(bytes);
  }
  if (compiled !== undefined && (current === undefined || current.isSpoilt)) current = new Kernel(compiled);
  return current;
}

/** Whether WebAssembly gave up, for want of memory. */
export function isTrap(error: unknown): boolean {
  return error instanceof Error && error.name === "RuntimeError";
}

export class Kernel {
  readonly #exports: KernelExports;
  #isBusy = false;
  /** Whether it ran out of memory, or holds too much of it. */
  isSpoilt = false;

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module, {}).exports as unknown as KernelExports;
  }

  /** Distances of a cloud and its pairs by them; undefined when there is no room. */
  orderedDistances({ points, count, width }: PointCloud): OrderedDistances | undefined {
    const evenWidth = width + (width % 2);
    return this.#use(pairCount(count) * bytesToOrder + 8 * count * evenWidth, () => {
      const total = pairCount(count);
      const target = this.#reserve(8 * total);
      const source = this.#reserve(8 * count * evenWidth);
      const rows = this.#floats(source, count * evenWidth);
      if (evenWidth === width) rows.set(points);
      else
        for (let i = 0; i < count; i++) {
          rows.set(points.subarray(i * width, (i + 1) * width), i * evenWidth);
          rows[(i + 1) * evenWidth - 1] = 0;
        }
      this.#exports.distances(source, count, evenWidth, target);
      return { distances: this.#floats(target, total).slice(), ...this.#orderOf(target, count) };
    });
  }

  /** Pairs by their distance; undefined when there is no room. */
  pairOrder(distances: Float64Array, count: number): PairOrder | undefined {
    return this.#use(pairCount(count) * bytesToOrder, () => this.#orderOf(this.#put(distances), count));
  }

  /** A walk from its start, which `endWalk` must follow; undefined when there is no room or another walk is on its way. */
  startWalk(a: Preparation, b: Preparation): Walk | undefined {
    if (this.#isBusy || pairCount(a.count) * bytesAPair > memoryLimit) return undefined;
    this.#isBusy = true;
    const arrays = [a.distances, a.sorted, a.pairs, b.distances, b.sorted, b.pairs].map((list) => this.#put(list));
    const { start, advance, progress } = this.#exports;
    start(a.count, ...arrays);
    return { advance: (events) => advance(events) !== 0, progress, bars: () => this.#bars() };
  }

  /** Gives a walk's memory back. */
  endWalk(): void {
    this.#isBusy = false;
    this.#exports.release(0);
    this.isSpoilt ||= this.#exports.memory.buffer.byteLength > largestKept;
  }

  /** Runs `work`, and gives its memory back; undefined when there is not enough. */
  #use<T>(bytes: number, work: () => T): T | undefined {
    if (this.isSpoilt || bytes > memoryLimit) return undefined;
    const before = this.#exports.mark();
    try {
      return work();
    } catch (error) {
      if (!isTrap(error)) throw error;
      this.isSpoilt = true;
      return undefined;
    } finally {
      // A walk on its way keeps its memory; it lies below.
      this.#exports.release(before);
      this.isSpoilt ||= this.#exports.memory.buffer.byteLength > largestKept;
    }
  }

  #orderOf(distances: number, count: number): PairOrder {
    const total = pairCount(count);
    const pairs = this.#reserve(4 * total);
    const sorted = this.#reserve(8 * total);
    this.#exports.order(distances, count, pairs, sorted);
    return {
      pairs: new Uint32Array(this.#exports.memory.buffer, pairs, total).slice(),
      sorted: this.#floats(sorted, total).slice(),
    };
  }

  #bars(): readonly [Bars, Bars] {
    const { memory, bars, births, deaths, directions } = this.#exports;
    const count = bars();
    return barsByDirection(
      this.#floats(births() >>> 0, count),
      this.#floats(deaths() >>> 0, count),
      new Uint8Array(memory.buffer, directions() >>> 0, count),
      count,
    );
  }

  /** A view of the memory; it ends with the next thing reserved. */
  #floats(address: number, length: number): Float64Array {
    return new Float64Array(this.#exports.memory.buffer, address, length);
  }

  #reserve(bytes: number): number {
    return this.#exports.reserve(bytes) >>> 0;
  }

  #put(list: Float64Array | Uint32Array): number {
    const address = this.#reserve(list.byteLength);
    new Uint8Array(this.#exports.memory.buffer).set(
      new Uint8Array(list.buffer, list.byteOffset, list.byteLength),
      address,
    );
    return address;
  }
}
