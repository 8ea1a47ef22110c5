/**
 * What a client has read of a study must hold for ever after: kept, and compared with what is read next.
 */
import { expect } from "vitest";
import type { EngineClient } from "../../src/client/engineClient.types.ts";
import { BasinError } from "../../src/core/errors.ts";
import { trialStates } from "../../src/core/trial.ts";
import type { StudyDetail } from "../../src/protocol/engine.ts";
import { type FaultWorkspace, sleep } from "./faultFixture.ts";

/** Everything a client has been told and may rely on. */
export interface Told {
  readonly finals: Map<number, { state: string; value: number }>;
  readonly params: Map<number, string>;
  readonly reports: Map<number, Map<number, number>>;
}

export function nothingTold(): Told {
  return { finals: new Map(), params: new Map(), reports: new Map() };
}

/** Reads a study and fails the test where it contradicts what was told before. @param metric whose curves are compared */
export async function read(client: EngineClient, studyId: number, told: Told, metric = "loss"): Promise<void> {
  const columns = await client.request("trial.columns", { studyId });
  expect([...columns.number]).toEqual(Array.from({ length: columns.count }, (_, i) => i));
  for (let i = 0; i < columns.count; i++) {
    const state = trialStates[columns.state[i] ?? 0] ?? "";
    const value = columns.objectives[0]?.values[i] ?? Number.NaN;
    const before = told.finals.get(i);
    if (before !== undefined) expect({ number: i, state, value }).toEqual({ number: i, ...before });
    if (state === "complete" || state === "failed" || state === "pruned") told.finals.set(i, { state, value });
    const params = columns.params.map((param) => (param.kind === "number" ? param.values[i] : param.codes[i])).join();
    expect(told.params.get(i) ?? params).toBe(params);
    told.params.set(i, params);
  }
  for (const number of told.finals.keys()) expect(number).toBeLessThan(columns.count);
  const curves = await client.request("trial.curves", { studyId, metric, maxTrials: 100_000 });
  const now = new Map<number, Map<number, number>>();
  for (const [i, number] of curves.number.entries()) {
    const steps = new Map<number, number>();
    for (let k = curves.offsets[i] ?? 0; k < (curves.offsets[i + 1] ?? 0); k++)
      steps.set(curves.steps[k] ?? -1, curves.values[k] ?? -1);
    now.set(number, steps);
  }
  for (const [number, steps] of told.reports) {
    for (const [step, value] of steps) expect(now.get(number)?.get(step), `trial ${number}, step ${step}`).toBe(value);
  }
  for (const [number, steps] of now) told.reports.set(number, steps);
}

/** A fresh connection after a kill; the engine may still be on its way down. */
export async function connect(place: FaultWorkspace): Promise<EngineClient> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await place.connect();
    } catch (error) {
      if (!(error instanceof BasinError) || attempt > 5) throw error;
      await sleep(100);
    }
  }
}

/** Resolves when the study does not run any more. */
export async function untilDone(client: EngineClient, studyId: number): Promise<StudyDetail> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const study = await client.request("study.get", { studyId });
    if (study.state !== "running") return study;
    if (Date.now() > deadline) throw new Error(`the study does not end: ${JSON.stringify(study.counts)}`);
    await sleep(50);
  }
}
