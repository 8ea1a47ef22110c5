import { beforeAll, expect, it } from "vitest";
import type { LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import type { Score } from "./head.ts";
import { createScoreReader } from "./scoreReader.ts";

const head = { output: "logits" as const, width: 2, labelSmoothing: 0 };

let backend: LoadedBackend;
beforeAll(async () => {
  backend = await cpuBackend.load({ threads: 1 });
});

/** Feeds steps of two micro-batches, each taking `stepMs`; gives how many scores came with each step, and all of them. */
async function feed(late: boolean, steps: number, stepMs: number): Promise<{ counts: number[]; scores: Score[] }> {
  const { tf } = backend;
  const before = tf.memory().numTensors;
  let clock = 0;
  const reader = createScoreReader(tf, head, late, () => clock);
  const counts: number[] = [];
  const scores: Score[] = [];
  for (let step = 0; step < steps; step++) {
    for (const rows of [2, 1]) {
      const logits = Array.from({ length: rows }, (_, i) => [step + i, 1]);
      reader.add(tf.tensor2d(logits), new Float32Array(rows).fill(step % 2));
    }
    clock += stepMs;
    const known = await reader.endStep();
    counts.push(known.length);
    scores.push(...known);
  }
  scores.push(...(await reader.settle()));
  expect(await reader.settle()).toEqual([]);
  reader.add(tf.tensor2d([[1, 2]]), Float32Array.of(0));
  reader.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return { counts, scores };
}

it("gives each step's score once, in order, the same however many are read at a time", async () => {
  const each = await feed(false, 40, 1);
  const late = await feed(true, 40, 1);
  expect(each.counts).toEqual(Array.from({ length: 40 }, () => 1));
  expect(late.scores).toEqual(each.scores);
  expect(late.scores).toHaveLength(40);
});

it("begins with one step and leaves at most sixteen unread", async () => {
  const { counts } = await feed(true, 40, 1);
  expect(counts[0]).toBe(1);
  expect(Math.max(...counts)).toBe(16);
});

it("reads slow steps sooner", async () => {
  expect((await feed(true, 20, 1000)).counts).toEqual(Array.from({ length: 20 }, () => 1));
  expect(Math.max(...(await feed(true, 20, 30)).counts)).toBe(3);
});
