/**
 * What a back end of the built-in trainer is: a way to load TensorFlow.js and what training needs to know about it.
 * Invariant: `load` either gives a namespace that is set to this back end and ready, or throws a BackendUnavailable that says
 * in words for a person why not; it never ends the process.
 */
import type { TfjsBackendName } from "../../../core/study/definition.ts";
import type { Tensor, Tf } from "../tf.ts";

export type BackendName = Exclude<TfjsBackendName, "auto">;

export interface LoadOptions {
  /** Threads to compute with; 0 = one. Back ends without threads ignore it. */
  readonly threads: number;
  /** The model is dense layers only: an automatic choice then prefers the back end with the cheapest step. */
  readonly dense?: boolean;
}

/** Direct access to a tensor's values where they lie in this process's memory. */
export interface HostMemory {
  /** The float32 values of `tensor`, not a copy. Valid until the next operation of the back end. */
  view(tensor: Tensor): Float32Array;
}

export interface LoadedBackend {
  readonly tf: Tf;
  readonly name: BackendName;
  /** What it computes on, for the record: "CPU, WebAssembly SIMD", "GPU", ... */
  readonly device: string;
  readonly threads: number;
  /** Bytes the activations of one forward and backward pass may take; larger batches are split (see training/microBatch). */
  readonly activationBudget: number;
  /** Present where reading a tensor costs nothing: optimizers and metrics then work on the values directly. */
  readonly host?: HostMemory;
  /** Set where a device computes beside this process: reading a tensor waits for it, so training reads several steps at once. */
  readonly readsLate?: boolean;
  /** Bytes of the largest tensor it can hold; undefined = no limit of its own. */
  readonly largestTensor?: number;
}

export interface Backend {
  readonly name: BackendName;
  /** Whether more than one thread can be used, and pays for convolutions. */
  readonly threaded: boolean;
  /**
   * Present where loading brings native code into the process, which could end it: what tells this code from other versions of
   * it, or undefined when none would be loaded. An automatic choice tries it in a process of its own first (see crashGuard).
   */
  identity?(): string | undefined;
  load(options: LoadOptions): Promise<LoadedBackend>;
}

/** A back end that cannot be used here; the message is for a person. */
export class BackendUnavailable extends Error {
  readonly backend: BackendName;

  constructor(backend: BackendName, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "BackendUnavailable";
    this.backend = backend;
  }
}
