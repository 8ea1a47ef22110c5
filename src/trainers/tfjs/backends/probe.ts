/**
 * What `basin doctor` and `basin native` ask of one back end, in a process of its own: does it load and train, on what, how
 * fast, or why not. Invariant: never throws; a time is measured on as much of a batch as the time allows, and says on how much.
 */
import { errorText } from "../../../core/errors.ts";
import { yardsticks, type Yardstick } from "../yardstickAnswer.ts";
import { measureYardstick } from "../yardsticks.ts";
import type { BackendName } from "./backend.ts";
import { measureVariable, type ProbeResult } from "./probeAnswer.ts";
import { backendNamed, loadTried } from "./select.ts";
import { trialStep } from "./trialStep.ts";

function wanted(text: string | undefined): { readonly yardstick: Yardstick; readonly seconds: number } | undefined {
  const [name, seconds] = (text ?? "").split(" ");
  const yardstick = yardsticks.find((candidate) => candidate === name);
  return yardstick === undefined ? undefined : { yardstick, seconds: Number(seconds) > 0 ? Number(seconds) : 1 };
}

/** Never throws. */
export async function probe(
  name: BackendName,
  threads: number,
  measure: string | undefined = process.env[measureVariable],
): Promise<ProbeResult> {
  try {
    const started = performance.now();
    const usedThreads = Number.isInteger(threads) && threads > 0 ? threads : 1;
    const loaded = await loadTried(backendNamed(name), { threads: usedThreads });
    const loadMs = Math.round(performance.now() - started);
    const stepMs = Math.round(100 * (await trialStep(loaded))) / 100;
    const asked = wanted(measure);
    const measured =
      asked === undefined ? {} : { measured: await measureYardstick(loaded, asked.yardstick, asked.seconds) };
    const { device } = loaded;
    return {
      backend: name,
      ok: true,
      device,
      threads: loaded.threads,
      node: process.version,
      loadMs,
      stepMs,
      ...measured,
    };
  } catch (error) {
    return { backend: name, ok: false, reason: errorText(error) };
  }
}
