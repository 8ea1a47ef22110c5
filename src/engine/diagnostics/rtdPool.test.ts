import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import { noiseCloud, shuffledRows } from "../../topology/noise.ts";
import { pointCloud } from "../../topology/pointCloud.ts";
import { bytesOf, prepare } from "../../topology/preparation.ts";
import { divergence, liteDivergence } from "../../topology/rtd.ts";
import { gaussianCloud } from "../../topology/testing/matrices.ts";
import { breathe } from "../clock.ts";
import { rtdThreadFile } from "../distFolder.ts";
import { until } from "../testing/engineFixture.ts";
import { useThreadStage } from "../testing/threadStage.ts";
import { PreparationCache } from "./preparationCache.ts";
import { type Embedding, RtdPool, type RtdPoolOptions } from "./rtdPool.ts";

const troubled = path.resolve(import.meta.dirname, "../testing/troubledRtd.ts");
const stage = useThreadStage();
const { clock, timers, trouble, warn, warnings } = stage;
let pool: RtdPool | undefined;

afterEach(() => pool?.end());

function open(options: Partial<RtdPoolOptions> = {}): RtdPool {
  return (pool = new RtdPool({ file: troubled, clock, warn, ...options }));
}

const loaded = (): string[] => readFileSync(path.join(stage.folder, "loaded"), "utf8").trimEnd().split("\n");
/** A noise whose width is its name. */
const noise = (width: number, count = 40): Embedding => ({
  key: `noise ${width} ${count}`,
  source: { kind: "noise", seed: 1, count, width },
});
const prepared = (width: number, count = 40): ReturnType<typeof prepare> => prepare(noiseCloud(1, count, width));

it("answers as the library does, from files, clouds and noise", async () => {
  const far = open({ file: rtdThreadFile() });
  const cloud = gaussianCloud(30, 4, rngForKey("pool"));
  const file = path.join(stage.folder, "embedding.csv");
  writeFileSync(file, Array.from({ length: 30 }, (_, k) => cloud.points.subarray(4 * k, 4 * k + 4).join()).join("\n"));
  const near = prepare(cloud);
  const fromFile: Embedding = { key: "file", source: { kind: "file", file } };
  const fromCloud: Embedding = { key: "cloud", source: { kind: "cloud", cloud } };
  expect((await far.compare(fromFile, fromCloud)).score).toBe(0);
  const expected = divergence(near, prepared(3, 30));
  expect(await far.compare(fromFile, noise(3, 30))).toEqual({ ...expected, isLimited: false });
  expect(await far.lite(noise(3, 30), fromCloud)).toEqual(liteDivergence(prepared(3, 30), near));
  const shuffled: Embedding = { key: "shuffled", source: { kind: "shuffled", file, seed: 2 } };
  expect((await far.compare(fromFile, shuffled)).score).toBe(divergence(near, prepare(shuffledRows(2, cloud))).score);
  expect(await far.check(fromFile)).toEqual({ count: 30, isCollapsed: false, scale: near.scale });
  const one = pointCloud(new Float32Array(60).fill(2), 30, 2);
  expect(await far.compare(fromFile, { key: "one", source: { kind: "cloud", cloud: one } })).toMatchObject({
    score: 0,
    collapsed: [false, true],
  });
});

it("prepares each embedding once for all its pairs, on several threads", async () => {
  const far = open({ threads: 2 });
  const widths = [3, 4, 5, 6];
  const pairs = widths.flatMap((one) => widths.filter((other) => other > one).map((other) => [one, other] as const));
  const scores = await Promise.all(pairs.map(([one, other]) => far.compare(noise(one), noise(other))));
  expect(scores.map(({ score }) => score)).toEqual(
    pairs.map(([one, other]) => divergence(prepared(one), prepared(other)).score),
  );
  expect(loaded().toSorted()).toEqual(["3", "4", "5", "6"]);
});

it("keeps no more than it may", async () => {
  const far = open({ cacheBytes: 2 * bytesOf(40) });
  for (const other of [4, 5, 4]) await far.compare(noise(3), noise(other));
  // 3 was used again each time, so it stays; 4 had to go for 5.
  expect(loaded()).toEqual(["3", "4", "5", "4"]);

  const cache = new PreparationCache(2 * bytesOf(40));
  for (const width of [3, 4, 5]) await cache.get(String(width), async () => prepared(width));
  expect(cache.bytes).toBe(2 * bytesOf(40));
  await cache.get("large", async () => prepared(3, 80));
  expect(cache.bytes).toBe(2 * bytesOf(40));
  await expect(cache.get("bad", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect((await cache.get("bad", async () => prepared(3))).count).toBe(40);
});

it("leaves the engine free while sixteen references are scored at 500 samples", async () => {
  const far = open({ file: rtdThreadFile() });
  let turns = 0;
  let over = false;
  const tick = (): void => {
    turns += 1;
    if (!over) setImmediate(tick);
  };
  setImmediate(tick);
  const reference = noise(64, 500);
  const scores = await Promise.all(Array.from({ length: 16 }, (_, k) => far.compare(noise(16 + k, 500), reference)));
  over = true;
  await breathe();
  expect(scores.every(({ score, isLimited }) => score > 0 && !isLimited)).toBe(true);
  // Were it computed here, there would be about two turns a pair.
  expect(turns).toBeGreaterThan(200);
});

it("goes on while a thread computes, for as long as that takes", async () => {
  const far = open();
  trouble("hang-3");
  const answer = far.compare(noise(3), noise(4));
  let done = false;
  void answer.then(() => (done = true));
  for (let turn = 0; turn < 200; turn++) await breathe();
  expect(done).toBe(false);
  rmSync(path.join(stage.folder, "hang-3"));
  expect((await answer).score).toBe(divergence(prepared(3), prepared(4)).score);
});

it("breaks off what waits at once and what runs soon, and then serves the others", async () => {
  const far = open();
  trouble("hang-3");
  const [first, second] = [new AbortController(), new AbortController()];
  const running = far.compare(noise(3), noise(4), { signal: first.signal });
  const waiting = far.compare(noise(5), noise(6), { signal: second.signal });
  const last = far.compare(noise(7), noise(8));
  expect(far.waiting).toBe(2);
  second.abort();
  await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  first.abort();
  rmSync(path.join(stage.folder, "hang-3"));
  await expect(running).rejects.toMatchObject({ code: "cancelled" });
  expect((await last).score).toBeGreaterThan(0);
  // In the middle of a walk: it says how far it is, and hears that it is enough.
  const third = new AbortController();
  const shares: number[] = [];
  const large = far.compare(noise(64, 2200), noise(65, 2200), {
    signal: third.signal,
    onProgress: (share) => {
      shares.push(share);
      third.abort();
    },
  });
  await expect(large).rejects.toMatchObject({ code: "cancelled" });
  expect(shares[0]).toBeGreaterThan(0);
  expect(shares[0]).toBeLessThan(1);
  await expect(far.compare(noise(3), noise(4), { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "cancelled",
  });
});

it("answers with RTD-Lite when a pair takes too long, and says so", async () => {
  const far = open({ limitMs: 0 });
  const found = await far.compare(noise(16, 300), noise(17, 300));
  const { lite, directed } = liteDivergence(prepared(16, 300), prepared(17, 300));
  expect(found).toMatchObject({ isLimited: true, score: lite, lite });
  expect(found.directions.map(({ total, births }) => [total, births.length])).toEqual(directed.map((sum) => [sum, 0]));
});

it("tries a pair again whose thread was lost, and gives it up the second time; others are served", async () => {
  const far = open();
  trouble("crash-3");
  expect((await far.compare(noise(3), noise(4))).score).toBe(divergence(prepared(3), prepared(4)).score);
  expect(warnings).toEqual([
    "The topology of noise 3 40 and noise 4 40 is computed again: its thread ended with code 7.",
  ]);
  trouble("deadly-5");
  const [bad, good] = [far.compare(noise(5), noise(4)), far.compare(noise(6), noise(4))];
  await expect(bad).rejects.toMatchObject({ code: "internal", message: expect.stringContaining("code 7") as string });
  expect((await good).score).toBeGreaterThan(0);
});

it("hands on what is wrong with an embedding, and goes on", async () => {
  const far = open({ file: rtdThreadFile() });
  const file = path.join(stage.folder, "bad.csv");
  writeFileSync(file, "1,2\n3,nan\n5,6\n");
  const bad: Embedding = { key: "bad", source: { kind: "file", file } };
  await expect(far.compare(bad, noise(3))).rejects.toMatchObject({
    code: "invalid-argument",
    message: `${file}: the number in row 2, column 2 is NaN.`,
  });
  await expect(far.check(bad)).rejects.toThrow("row 2, column 2");
  await expect(far.compare(noise(3), noise(4, 41))).rejects.toThrow("40 and 41 points");
  expect((await far.compare(noise(3), noise(4))).score).toBeGreaterThan(0);
});

it("ends threads that have nothing to do and starts them again; ends all at once when told", async () => {
  const far = open();
  const before = (await far.compare(noise(3), noise(4))).score;
  await until(() => timers.length === 1, "the rest");
  timers[0]?.();
  expect((await far.compare(noise(3), noise(4))).score).toBe(before);
  // What was prepared outlives the threads.
  expect(loaded()).toEqual(["3", "4"]);
  trouble("hang-5");
  const [running, waiting] = [far.compare(noise(5), noise(3)), far.compare(noise(3), noise(4))];
  await until(() => loaded().length === 3, "the work");
  await Promise.all([
    far.end(),
    expect(running).rejects.toMatchObject({ code: "cancelled" }),
    expect(waiting).rejects.toMatchObject({ code: "cancelled" }),
  ]);
  await expect(far.compare(noise(3), noise(4))).rejects.toMatchObject({ code: "cancelled" });
});
