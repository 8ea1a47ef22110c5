/**
 * What `basin doctor` asks of one back end: does it load, on what, how fast is a small training step, or why not.
 */
import { errorText } from "../../../core/errors.ts";
import type { BackendName } from "./backend.ts";
import { backendNamed } from "./select.ts";
import { trialStep } from "./trialStep.ts";

export type ProbeResult =
  | {
      readonly backend: string;
      readonly ok: true;
      readonly device: string;
      readonly threads: number;
      readonly loadMs: number;
      readonly stepMs: number;
    }
  | { readonly backend: string; readonly ok: false; readonly reason: string };

/** Median milliseconds of a step are taken over this many, after the first. */
const steps = 9;

/** Never throws. */
export async function probe(name: BackendName, threads: number): Promise<ProbeResult> {
  try {
    const started = performance.now();
    const loaded = await backendNamed(name).load({ threads: Number.isInteger(threads) && threads > 0 ? threads : 1 });
    const loadMs = performance.now() - started;
    await trialStep(loaded);
    const times: number[] = [];
    for (let i = 0; i < steps; i++) times.push(await trialStep(loaded));
    times.sort((a, b) => a - b);
    const round = (ms: number): number => Math.round(ms * 100) / 100;
    return {
      backend: name,
      ok: true,
      device: loaded.device,
      threads: loaded.threads,
      loadMs: round(loadMs),
      stepMs: round(times[steps >> 1]!),
    };
  } catch (error) {
    return { backend: name, ok: false, reason: errorText(error) };
  }
}
