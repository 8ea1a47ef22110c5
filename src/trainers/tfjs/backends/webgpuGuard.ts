/**
 * Turns what WebGPU only whispers into errors: a lost device, a full memory, an operation that was refused.
 * Invariant: once the device has failed every read rejects with the reason, so no number computed after it is ever used.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { backend_util } from "@tensorflow/tfjs-core";
import { BasinError } from "../../../core/errors.ts";

export interface DeviceGuard {
  /** Why the device cannot be used any more; undefined while it can. */
  readonly failure: BasinError | undefined;
}

function lost(info: GPUDeviceLostInfo): BasinError {
  return new BasinError(
    "trainer",
    `The GPU was lost while it was computing: ${info.message.trim() || info.reason || "the driver gives no reason"}.`,
    "Another program may have filled its memory, the driver may have been reset, or a single step took too long. Start the trial again, with a smaller batchSize if it happens again.",
  );
}

function refused(error: GPUError): BasinError {
  const message = error.message.trim().split("\n")[0]!.slice(0, 500);
  return error instanceof GPUOutOfMemoryError
    ? new BasinError(
        "trainer",
        `The GPU's memory is full: ${message}`,
        "Use a smaller batchSize or a smaller model, or run fewer trials at a time.",
      )
    : new BasinError("trainer", `The GPU refused an operation: ${message}`, 'Set "backend: auto" under trainer.');
}

/** Watches the device, and makes the back end's reads fail with it. */
export function guardDevice(device: GPUDevice, backend: WebGPUBackend): DeviceGuard {
  let failure: BasinError | undefined;
  const ended = device.lost.then((info) => {
    failure ??= lost(info);
    throw failure;
  });
  // A device that is lost while nobody reads must not end the process.
  ended.catch(() => undefined);
  device.addEventListener("uncapturederror", (event) => {
    failure ??= refused((event as GPUUncapturedErrorEvent).error);
    // What fails the trial need not be printed, too, once for each operation that follows.
    event.preventDefault();
  });

  const read = backend.read.bind(backend);
  backend.read = async (dataId: object): Promise<backend_util.TypedArray> => {
    if (failure !== undefined) throw failure;
    let values: Awaited<ReturnType<typeof read>>;
    try {
      values = await Promise.race([read(dataId), ended]);
    } catch (error) {
      throw failure ?? error;
    }
    if (failure !== undefined) throw failure;
    return values as backend_util.TypedArray;
  };
  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId: object) => {
    const { values, dtype } = backend.tensorMap.get(dataId);
    // What has not been sent to the GPU yet is still here; a complex tensor asks again for its parts.
    if (values !== null && values !== undefined) return values;
    if (dtype === "complex64") return readSync(dataId);
    throw new BasinError(
      "trainer",
      "Values on a GPU can only be read asynchronously with WebGPU.",
      'Use "await tensor.data()" in place of dataSync() and arraySync(), or set "backend: wasm" under trainer.',
    );
  };
  return {
    get failure() {
      return failure;
    },
  };
}
