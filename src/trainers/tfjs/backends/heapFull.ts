/**
 * The heap of the WebAssembly back end is full: a step may try again with fewer samples at a time.
 */
export class HeapFull extends Error {
  /** @param bytes that were asked for */
  constructor(bytes: number) {
    super(
      `The WebAssembly heap (4 GiB) is full: ${Math.ceil(bytes / 1024 ** 2)} MiB more do not fit. Use a smaller batchSize or a smaller model.`,
    );
    this.name = "HeapFull";
  }
}
