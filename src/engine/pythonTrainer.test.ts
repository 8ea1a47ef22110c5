/** Python programs under schedulers, through the SDK and real processes: paused, resumed, pruned, copied. */
import { copyFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { trainerLogOf, trialFolderOf, workspaceFiles } from "../client/workspaceFiles.ts";
import { createLocalExecutor } from "../executors/local/localExecutor.ts";
import { repositoryRoot, trainersFolder } from "../executors/local/testing.ts";
import { openSqliteStore } from "../storage/sqliteStore.ts";
import type { StoredDecision, TrialRecord } from "../storage/trialStore.ts";
import { engineFixture, type Fixture, studyText, untilState } from "./testing/engineFixture.ts";

let fixture: Fixture | undefined;
afterEach(async () => {
  await fixture?.dispose();
  fixture = undefined;
});

interface Ran {
  readonly place: Fixture;
  readonly studyId: number;
  readonly trials: readonly TrialRecord[];
  readonly decisions: readonly StoredDecision[];
}

async function run(scheduler: string, trials: number, parallel: number): Promise<Ran> {
  const place = (fixture = await engineFixture(
    createLocalExecutor({ distFolder: path.join(repositoryRoot, "dist"), gpus: [] }),
  ));
  copyFileSync(path.join(trainersFolder, "sdkPopulation.py"), path.join(place.workspace, "train.py"));
  const { studyId } = await place.start(
    studyText({
      trials,
      parallel,
      scheduler,
      trainer: "{ kind: command, run: [python3, train.py], epochs: 9 }",
    }).replace(
      /^space:[^]*?^sampler/m,
      "space:\n  x: { type: float, low: 0.1, high: 0.9, kind: nonStructural }\nsampler",
    ),
  );
  await untilState(place, studyId, "complete", "failed");
  const store = openSqliteStore({ file: workspaceFiles(place.workspace).database });
  try {
    return { place, studyId, trials: store.trials(studyId, 0, 1000), decisions: store.decisions(studyId, 1000) };
  } finally {
    store.close();
  }
}

const trained = ({ place, studyId }: Ran, number: number): number[] =>
  readFileSync(path.join(trialFolderOf(place.workspace, studyId, number), "trained.txt"), "utf8")
    .trim()
    .split("\n")
    .map(Number);

const logOf = ({ place, studyId }: Ran, number: number): string =>
  readFileSync(trainerLogOf(place.workspace, studyId, number), "utf8");

it("pauses at its rungs under ASHA and goes on where it was", async () => {
  const ran = await run("{ kind: asha, eta: 3 }", 9, 2);
  const { trials, decisions } = ran;
  expect(trials.filter(({ state }) => state === "failed")).toEqual([]);
  expect(trials.some(({ state }) => state === "complete")).toBe(true);
  const promoted = decisions.filter(({ decision }) => decision === "promote");
  expect(promoted.length).toBeGreaterThan(2);
  expect(decisions.filter(({ decision }) => decision === "pause").length).toBeGreaterThanOrEqual(9);
  for (const { number, attempt, last } of trials) {
    // Each epoch once, whatever it was paused for.
    expect(trained(ran, number)).toEqual(Array.from({ length: last!.step }, (_, i) => i + 1));
    expect(logOf(ran, number).includes("going on after epoch")).toBe(attempt > 1);
  }
  const { trainedSteps, fullSteps } = await ran.place.engine.request("study.schedule", { studyId: ran.studyId });
  expect(trainedSteps).toBe(trials.reduce((sum, { last }) => sum + last!.step, 0));
  expect(fullSteps).toBe(81);
});

it("is pruned by the median rule", async () => {
  const { trials, decisions } = await run("{ kind: median, startupTrials: 2 }", 8, 1);
  const pruned = trials.filter(({ state }) => state === "pruned");
  expect(pruned.length).toBeGreaterThan(0);
  expect(decisions.map(({ number, decision }) => [number, decision])).toEqual(
    pruned.map(({ number }) => [number, "stop"]),
  );
  expect(trials.filter(({ state }) => state === "failed")).toEqual([]);
});

it("goes on from another member's weights in a population", async () => {
  const ran = await run("{ kind: pbt, interval: 3, quantile: 0.3 }", 4, 1);
  const { trials } = ran;
  expect(trials.filter(({ state }) => state === "failed")).toEqual([]);
  const children = trials.filter(({ parent }) => parent !== undefined);
  expect(children.length).toBeGreaterThan(0);
  for (const { number, parent } of children) {
    expect(parent!.step).toBeGreaterThan(0);
    expect(trained(ran, number)[0]).toBe(parent!.step + 1);
    const own = path.join(trialFolderOf(ran.place.workspace, ran.studyId, number), "checkpoints");
    expect(logOf(ran, number)).toContain(`going on after epoch ${parent!.step} from ${own}`);
  }
});
