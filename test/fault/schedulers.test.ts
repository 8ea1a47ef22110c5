/**
 * SIGKILL of the engine at random moments under every scheduler. With one slot, a study that was killed ends with the trials and
 * decisions of one that was not; with several, what must hold of any study holds. BASIN_FAULT_SEED repeats a run.
 */
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { trialFolderOf, workspaceFiles } from "../../src/client/workspaceFiles.ts";
import { type Rng, rngForKey } from "../../src/core/rng.ts";
import { isFinal } from "../../src/core/trial.ts";
import { schedulers } from "../../src/schedulers/registry.ts";
import { openSqliteStore } from "../../src/storage/sqliteStore.ts";
import type { StoredAttempt, StoredDecision, TrialRecord } from "../../src/storage/trialStore.ts";
import {
  builtInText,
  bundleEngine,
  endEngine,
  type FaultWorkspace,
  faultWorkspace,
  kill,
  sleep,
} from "./faultFixture.ts";
import { connect, untilDone } from "./told.ts";

const seed = process.env["BASIN_FAULT_SEED"] ?? String(Date.now());
const steps = 9;
const trainer = path.resolve(import.meta.dirname, "../fixtures/trainers/resumable.mjs");

let engine: { bundle: string; folder: string };
beforeAll(async () => {
  console.log(`fault seed ${seed}`);
  engine = await bundleEngine(true);
});
afterAll(() => rmSync(engine.folder, { recursive: true, force: true }));

/** Each with the sampler it is made for, or one whose suggestions follow from a trial's number. */
const text = (scheduler: string, trials: number, parallel: number): string => `study: fault
objective: { metric: loss, direction: minimize }
trainer: { kind: command, run: [${JSON.stringify(process.execPath)}, train.mjs], epochs: ${steps}, env: { STEPS: "${steps}" } }
space:
  x: { type: float, low: 0, high: 1, kind: nonStructural }
  n: { type: int, low: 1, high: 1000, log: true, kind: nonStructural }
sampler: { kind: ${schedulers.find(({ kind }) => kind === scheduler)?.sampler ?? "random"} }
scheduler: { kind: ${scheduler} }
budget: { trials: ${trials}, parallel: ${parallel} }
seed: 11
`;

interface Left {
  readonly trials: readonly TrialRecord[];
  readonly decisions: readonly StoredDecision[];
  readonly attempts: readonly StoredAttempt[];
  /** Steps of each trial in the order in which a trainer trained them. */
  readonly trained: readonly (readonly number[])[];
  readonly reason: string;
}

/** Runs a study to its end, the engine killed now and then. @param kills how often */
async function run(study: string, kills: number, rng: Rng): Promise<Left> {
  const place = faultWorkspace(engine.bundle);
  try {
    cpSync(trainer, path.join(place.folder, "train.mjs"));
    return await runIn(place, study, kills, rng);
  } catch (error) {
    console.log(place.logs());
    throw error;
  } finally {
    place.dispose();
  }
}

async function runIn(place: FaultWorkspace, study: string, kills: number, rng: Rng): Promise<Left> {
  let client = await connect(place);
  const { studyId } = await client.request("study.start", { path: place.studyPath, text: study, mode: "continue" });
  for (let i = 0; i < kills; i++) {
    await sleep(100 + rng.int(400));
    const pid = place.enginePid();
    if (pid !== undefined) kill(pid);
    client.dispose();
    // A study that is over may have no engine any more.
    while (place.enginePid() !== undefined) await sleep(5);
    client = await connect(place);
  }
  const { reason } = await untilDone(client, studyId);
  await endEngine(place, client);
  const store = openSqliteStore({ file: workspaceFiles(place.folder).database });
  try {
    const all = store.trials(studyId, 0, 10_000);
    const trained = all.map(({ number }) => {
      const file = path.join(trialFolderOf(place.folder, studyId, number), "trained.txt");
      return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
    });
    const decisions = store.decisions(studyId, 10_000);
    return { trials: all, decisions, attempts: store.attempts(studyId, 0, 10_000), trained, reason };
  } finally {
    store.close();
  }
}

/** What has to be the same. */
function outcome({ trials, decisions, reason }: Left): unknown {
  return {
    reason,
    trials: trials.map(({ number, state, params, values, parent, last, untilStep }) => ({
      number,
      state,
      params,
      values,
      parent,
      last,
      untilStep,
    })),
    decisions: decisions.map(({ number, step, decision, reason: why, child }) => ({
      number,
      step,
      decision,
      why,
      child,
    })),
  };
}

/** What holds of every study, however it was interrupted. */
function checkInvariants({ trials, decisions, attempts, trained }: Left, budget: number, kills: number): void {
  expect(trials.map(({ number }) => number)).toEqual(trials.map((_, i) => i));
  expect(trials.filter(({ parent }) => parent === undefined).length).toBeLessThanOrEqual(budget);
  for (const { reason, decision } of decisions) expect(reason, decision).toMatch(/\S/);
  expect(trials.every(({ state }) => isFinal(state) || state === "paused")).toBe(true);
  expect(trials.some(({ state }) => state === "complete")).toBe(true);
  for (const { state, reason } of trials) expect(state, reason).not.toBe("failed");
  expect(attempts.every(({ endedAt, outcome: end }) => endedAt !== undefined && end !== "running")).toBe(true);
  let again = 0;
  for (const [number, list] of trained.entries()) {
    const from = trials[number]?.parent?.step ?? 0;
    // No step is left out, and none is trained before the one below it.
    const first = [...new Set(list)];
    expect(first).toEqual(first.map((_, i) => from + 1 + i));
    again += list.length - first.length;
  }
  // A kill costs each trial under way the step it was at, and no other.
  expect(again).toBeLessThanOrEqual(kills * 4);
}

const kinds = schedulers.map(({ kind }) => kind);

for (const kind of kinds) {
  it.concurrent(`${kind}, one slot: killed is as undisturbed`, { timeout: 120_000 }, async () => {
    const rng = rngForKey(`fault/schedulers/${kind}/${seed}`);
    const trials = 8;
    const study = text(kind, trials, 1);
    const [whole, killed] = await Promise.all([run(study, 0, rng), run(study, 4, rng)]);
    checkInvariants(whole, trials, 0);
    checkInvariants(killed, trials, 4);
    expect(outcome(killed)).toEqual(outcome(whole));
  });
}

for (const kind of kinds) {
  it.concurrent(`${kind}, three slots: what must hold holds`, { timeout: 120_000 }, async () => {
    const rng = rngForKey(`fault/slots/${kind}/${seed}`);
    checkInvariants(await run(text(kind, 8, 3), 2, rng), 8, 2);
  });
}

for (const kind of ["asha", "pbt", "fghpo, keep: 2"]) {
  it.concurrent(
    `${kind} and the built-in trainer: killed is as undisturbed, to the last digit`,
    { timeout: 120_000 },
    async () => {
      const rng = rngForKey(`fault/builtIn/${kind}/${seed}`);
      const study = `${builtInText(6, 1, "shared").replace("epochs: 6", `epochs: ${steps}`)}scheduler: { kind: ${kind} }\n`;
      const [whole, killed] = await Promise.all([run(study, 0, rng), run(study, 4, rng)]);
      expect(outcome(killed)).toEqual(outcome(whole));
      expect(whole.decisions.length).toBeGreaterThan(5);
      // Undisturbed, every epoch is trained once.
      for (const { number, last, parent } of whole.trials) {
        const own = whole.attempts.filter((attempt) => attempt.number === number);
        const trained = own.reduce((sum, { fromStep = 0, toStep = 0 }) => sum + toStep - fromStep, 0);
        expect(trained, `trial ${number}`).toBe(last === undefined ? 0 : last.step - (parent?.step ?? 0));
      }
    },
  );
}
