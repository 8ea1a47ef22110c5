/** Studies whose trials send embeddings: what is scored, what guides the search, what the view is told. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { studyFolderOf, trialFolderOf } from "../../client/workspaceFiles.ts";
import { rngForKey } from "../../core/rng.ts";
import type { TrialJob } from "../../executors/executor.ts";
import { embeddingStatuses } from "../../protocol/topology.ts";
import { noiseCloud } from "../../topology/noise.ts";
import { pointCloud } from "../../topology/pointCloud.ts";
import { prepare } from "../../topology/preparation.ts";
import { divergence } from "../../topology/rtd.ts";
import type { TrainerEvent } from "../../trainers/protocol.ts";
import { createFakeExecutor, type FakeExecutor } from "../testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText, until, untilState } from "../testing/engineFixture.ts";

const count = 24;
const width = 6;
let fixture: Fixture | undefined;
afterEach(async () => {
  await fixture?.dispose();
  fixture = undefined;
});

/** A cloud in so many clusters, by what makes it. */
function cloudOf(key: string, clusters: number): Float32Array {
  const rng = rngForKey(`topology test ${key}`);
  return Float32Array.from(
    { length: count * width },
    (_, at) => 0.3 * rng.normal() + (Math.floor(at / width) % clusters) * 4 * (at % width === 0 ? 1 : 0),
  );
}

/** The embedding that a trial sends: its number of clusters follows from its first parameter. */
const pointsOf = ({ number, params }: Pick<TrialJob, "number" | "params">): Float32Array =>
  cloudOf(String(number), 1 + Math.floor(4 * Number(params["x"])));

function embeddingEvent(points: Float32Array, change: object = {}): TrainerEvent {
  const data = Buffer.from(points.buffer).toString("base64");
  const array = { shape: [points.length / width, width], data };
  return { type: "embedding", name: "penultimate", step: 2, indexHash: "probe", array, ...change };
}

/** Trials that report their loss, send an embedding and are done. */
const sending = (change: (job: TrialJob) => readonly TrainerEvent[] = (job) => [embeddingEvent(pointsOf(job))]) =>
  createFakeExecutor((job) => [
    { type: "report", step: 1, metrics: { loss: Number(job.params["x"]) } },
    ...change(job),
    { type: "done", metrics: { loss: Number(job.params["x"]) } },
  ]);

const text = (rtd: string, options: Parameters<typeof studyText>[0] = {}): string =>
  `${studyText({ trials: 8, ...options })}diagnostics: { rtd: { ${rtd} } }\n`;

async function play(study: string, executor: FakeExecutor = sending()): Promise<{ studyId: number; it: Fixture }> {
  const own = (fixture = await engineFixture(executor));
  const { studyId } = await own.start(study);
  await untilState(own, studyId, "complete");
  return { studyId, it: own };
}

/** Scores by number, once all are there. */
async function scores(own: Fixture, studyId: number, trials = 8): Promise<number[]> {
  return until(async () => {
    const { trials: columns } = await own.engine.request("topology.report", { studyId });
    const waiting = [...columns.status].some((status) => embeddingStatuses[status] === "waiting");
    return columns.number.length === trials && !waiting ? [...columns.score] : undefined;
  }, "scores");
}

const clouds = (own: Fixture, studyId: number, trials = 8): Promise<ReturnType<typeof prepare>[]> =>
  Promise.all(
    Array.from({ length: trials }, async (_, number) => {
      const { params } = await own.engine.request("trial.get", { studyId, number });
      return prepare(pointCloud(pointsOf({ number, params }), count, width));
    }),
  );

it("scores every trial against one draw of noise, and keeps the scores with the trials", async () => {
  const { studyId, it: own } = await play(text("noiseWidth: 16"));
  const found = await scores(own, studyId);
  const noise = prepare(noiseCloud(1, count, 16));
  const expected = (await clouds(own, studyId)).map((cloud) => divergence(cloud, noise).score);
  expect(found).toEqual(expected);
  const columns = await own.engine.request("trial.columns", { studyId });
  expect([...columns.metrics.find(({ metric }) => metric === "rtd")!.values]).toEqual(expected);
  // They are there after a restart, and nothing is computed again.
  await own.restart(sending());
  expect((await own.engine.request("trial.get", { studyId, number: 3 })).metrics["rtd"]).toBe(expected[3]);
  const kept = readFileSync(path.join(studyFolderOf(own.workspace, studyId), "rtd.jsonl"), "utf8");
  expect(await scores(own, studyId)).toEqual(expected);
  expect(readFileSync(path.join(studyFolderOf(own.workspace, studyId), "rtd.jsonl"), "utf8")).toBe(kept);
});

it("compares with the best trial, and follows it", async () => {
  const { studyId, it: own } = await play(text("variant: one-to-top-performer"));
  const found = await scores(own, studyId);
  const all = await clouds(own, studyId);
  const best = (await own.study(studyId)).best!.number;
  expect(found).toEqual(all.map((cloud, number) => (number === best ? 0 : divergence(cloud, all[best]!).score)));
  const { plan } = await own.engine.request("topology.report", { studyId });
  expect(plan).toMatchObject({ variant: "one-to-top-performer", against: `the best trial; now that is trial ${best}` });
});

it("flags what cannot be scored, and scores the rest", async () => {
  const odd = sending((job) => {
    const points = pointsOf(job);
    switch (job.number) {
      case 1:
        return [];
      case 2:
        return [embeddingEvent(points.fill(1))];
      case 3:
        return [embeddingEvent(points.fill(Number.NaN, 5, 6))];
      case 4:
        return [embeddingEvent(points.slice(0, 12 * width))];
      case 5:
        return [embeddingEvent(points, { indexHash: "others" })];
      default:
        return [embeddingEvent(points)];
    }
  });
  const { studyId, it: own } = await play(text("noiseWidth: 16"), odd);
  const found = await scores(own, studyId, 7);
  const { trials } = await own.engine.request("topology.report", { studyId });
  expect([...trials.number]).toEqual([0, 2, 3, 4, 5, 6, 7]);
  expect([...trials.status].map((status) => embeddingStatuses[status])).toEqual([
    "scored",
    "collapsed",
    "not-finite",
    "wrong-size",
    "other-samples",
    "scored",
    "scored",
  ]);
  expect(found.map((score) => Number.isNaN(score))).toEqual([false, true, true, true, true, false, false]);
  // Collapsed is no topology at all; the others have no number that could be mistaken for one.
  expect((await own.engine.request("trial.get", { studyId, number: 2 })).metrics["rtd"]).toBe(0);
  expect((await own.engine.request("trial.get", { studyId, number: 3 })).metrics).not.toHaveProperty("rtd");
  expect((await own.study(studyId)).counts.complete).toBe(8);
  await expect(own.engine.request("topology.pair", { studyId, numbers: [0, 3] })).rejects.toThrow(/not finite/u);
});

it.each([
  ["objective", "use: objective, noiseWidth: 16"],
  ["second-objective", "use: second-objective, variant: one-to-all, references: 3, refresh: refresh"],
] as const)(
  "guides the search as %s, the same after a restart, and names the best by the study's objective",
  async (_use, rtd) => {
    const study = text(rtd, { trials: 16, sampler: "{ kind: tpe, startupTrials: 4 }" });
    const { studyId, it: own } = await play(study);
    const paramsOf = async (id: number): Promise<string[]> => {
      const { rows } = await own.engine.request("trial.rows", { studyId: id, sort: "number", offset: 0, limit: 100 });
      return rows.toSorted((a, b) => a.number - b.number).map(({ params }) => JSON.stringify(params));
    };
    const whole = await paramsOf(studyId);
    const best = (await own.study(studyId)).best!;
    const columns = await own.engine.request("trial.columns", { studyId });
    expect(best.values[0]).toBe(Math.min(...columns.objectives[0]!.values));
    expect(columns.objectives.map(({ metric }) => metric)).toEqual(["loss"]);
    // The same search without it goes elsewhere.
    const plain = await own.start(studyText({ name: "plain", trials: 16, sampler: "{ kind: tpe, startupTrials: 4 }" }));
    await untilState(own, plain.studyId, "complete");
    expect(await paramsOf(plain.studyId)).not.toEqual(whole);
    // Ended and begun again in the middle, it goes the same way.
    const half = await own.start(study.replace("trials: 16", "trials: 9"), "fresh");
    await untilState(own, half.studyId, "complete");
    await own.restart(sending());
    const again = await own.start(study);
    await untilState(own, again.studyId, "complete");
    expect(again.studyId).toBe(half.studyId);
    expect(await paramsOf(again.studyId)).toEqual(whole);
  },
);

it("compares two trials bar by bar, and all of them in the background", async () => {
  const { studyId, it: own } = await play(text("noiseWidth: 16"));
  const all = await clouds(own, studyId);
  const expected = divergence(all[2]!, all[5]!);
  const pair = await own.engine.request("topology.pair", { studyId, numbers: [2, 5] });
  expect(pair).toMatchObject({ score: expected.score, lite: expected.lite, samples: count, layer: "penultimate" });
  expect(pair.a).toEqual({ number: 2, step: 2, width, quantile: all[2]!.scale });
  pair.directions.forEach((bars, i) => {
    const own2 = expected.directions[i as 0 | 1];
    expect(bars.bars).toBe(own2.births.length);
    const lengths = [...bars.deaths].map((death, k) => death - bars.births[k]!);
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    expect(bars.total).toBe(own2.total);
  });

  expect(await own.engine.request("topology.matrix", { studyId, start: false })).toMatchObject({
    state: "idle",
    done: 0,
    pairs: 28,
  });
  await own.engine.request("topology.matrix", { studyId, start: true });
  const matrix = await until(async () => {
    const now = await own.engine.request("topology.matrix", { studyId, start: false });
    return now.state === "complete" ? now : undefined;
  }, "the matrix");
  const numbers = [...matrix.number];
  expect(numbers.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  numbers.forEach((a, i) =>
    numbers.forEach((b, j) => {
      const score = a === b ? 0 : divergence(all[Math.max(a, b)]!, all[Math.min(a, b)]!).score;
      expect(matrix.scores[i * 8 + j]).toBeCloseTo(score, 9);
    }),
  );
  expect(matrix.joins.length).toBe(14);
  expect([...matrix.x].some((value) => Number.isNaN(value))).toBe(false);
});

it("tells how an embedding moved from checkpoint to checkpoint", async () => {
  const steps = sending((job) =>
    [1, 2, 4].map((step) => embeddingEvent(cloudOf(`${job.number} ${step}`, step), { step })),
  );
  const { studyId, it: own } = await play(text("noiseWidth: 16, everyEpochs: 1", { trials: 2 }), steps);
  const drift = await own.engine.request("topology.drift", { studyId, numbers: [0, 1] });
  expect([...drift.offsets]).toEqual([0, 2, 4]);
  expect([...drift.fromSteps]).toEqual([1, 2, 1, 2]);
  expect([...drift.steps]).toEqual([2, 4, 2, 4]);
  const at = (step: number): ReturnType<typeof prepare> =>
    prepare(pointCloud(cloudOf(`1 ${step}`, step), count, width));
  expect(drift.scores[3]).toBe(divergence(at(2), at(4)).score);
});

it("reads what a killed engine left half written", async () => {
  const { studyId, it: own } = await play(text("noiseWidth: 16", { trials: 2 }));
  const expected = await scores(own, studyId, 2);
  const folder = trialFolderOf(own.workspace, studyId, 0);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "embeddings.jsonl"), '\n{"name":"penul', { flag: "a" });
  writeFileSync(path.join(studyFolderOf(own.workspace, studyId), "rtd.jsonl"), '\n["penultimate|0', { flag: "a" });
  await own.restart(sending());
  expect(await scores(own, studyId, 2)).toEqual(expected);
});
