/**
 * What opening a large study may do in one turn of the event loop, counted in rows and comparisons: on a busy machine a time
 * is no property of the code.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { generatedStudyText, generateStudy } from "../storage/testing/generateStudy.ts";
import { openSqliteStore, type SqliteStore } from "../storage/sqliteStore.ts";
import type { TrialStore } from "../storage/trialStore.ts";
import { breathe } from "./clock.ts";
import { mergePiece, RankedTrials } from "./rankedTrials.ts";
import { definitionOf } from "./study.ts";
import { StudyIndex } from "./studyIndex.ts";
import { tallyOf } from "./tally.ts";

const trials = 5_000;
let folder = "";
let store: SqliteStore;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-large-"));
  const file = path.join(folder, "basin.db");
  generateStudy({ file, name: "large", path: "/w/large.study.yaml", trials });
  store = openSqliteStore({ file });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Most rows that `work` took from the store in one turn, and all of them. */
async function rowsOf(work: (store: TrialStore) => Promise<unknown>): Promise<{ most: number; all: number }> {
  let inTurn = 0;
  let most = 0;
  let all = 0;
  const counted = new Proxy<TrialStore>(store, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(member, target, args);
        const rows = Array.isArray(result) ? result.length : 1;
        inTurn += rows;
        all += rows;
        most = Math.max(most, inTurn);
        return result;
      };
    },
  });
  let on = true;
  const next = (): void => {
    inTurn = 0;
    if (on) setImmediate(next);
  };
  setImmediate(next);
  await work(counted);
  on = false;
  await breathe();
  return { most, all };
}

function newIndex(from: TrialStore): StudyIndex {
  const { definition } = definitionOf(generatedStudyText("large", trials), "yaml");
  if (definition === undefined) throw new Error("the generated text is no study");
  return new StudyIndex(from, 1, definition.objectives, definition.space);
}

it("counts a study as its index does, each with few rows in a turn", async () => {
  const index = newIndex(store);
  const objectives = [{ metric: "val_accuracy", direction: "maximize" }] as const;
  const loaded = await rowsOf((counted) => {
    const other = newIndex(counted);
    return other.load();
  });
  const tallied = await rowsOf((counted) => tallyOf(counted, 1, objectives));
  for (const { most, all } of [loaded, tallied]) {
    expect(all).toBeGreaterThanOrEqual(trials);
    expect(most).toBeLessThanOrEqual(500);
  }
  await index.load();
  const tally = await tallyOf(store, 1, objectives);
  expect(tally.counts()).toEqual(index.counts());
  expect(tally.count).toBe(index.count);
  expect(tally.best()).toBe(index.best());
});

it("does not lose what is stored while it loads", async () => {
  const index = newIndex(store);
  const loading = index.load();
  let turn = 0;
  while (!index.loaded) {
    await breathe();
    if (turn++ % 5 === 0) index.add(store.addTrial(1, { depth: turn }, "", 1));
  }
  await loading;
  expect(index.count).toBe(store.trialCount(1));
  expect(index.columns(1).params.find(({ name }) => name === "depth")).toMatchObject({ name: "depth" });
  expect(index.counts().waiting).toBe(store.openTrials(1).length);
});

it("ranks many trials in pieces of bounded work, whatever happens in between", () => {
  const key = (number: number): number => (number * 7919) % 10_007;
  const filled = (): RankedTrials => {
    const ranked = new RankedTrials(key);
    for (let from = 0; from < 40_000; from += 200) ranked.insertAll(Array.from({ length: 200 }, (_, i) => from + i));
    return ranked;
  };
  const sorted = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => i).sort((a, b) => key(a) - key(b) || a - b);
  const ranked = filled();
  const work = ranked.settling();
  let pieces = 1;
  while (work.next().done !== true) pieces += 1;
  // Eight levels of merging, 200 runs of 200.
  expect(pieces).toBeGreaterThanOrEqual((7 * 40_000) / mergePiece);
  expect(Array.from({ length: 40_000 }, (_, rank) => ranked.at(rank))).toEqual(sorted(40_000));

  const disturbed = filled();
  const slow = disturbed.settling();
  slow.next();
  disturbed.insertAll([40_000, 40_001]);
  slow.next();
  expect(disturbed.count).toBe(40_002);
  expect(disturbed.at(0)).toBe(sorted(40_002)[0]);
  disturbed.insert(40_002);
  while (slow.next().done !== true);
  expect(disturbed.count).toBe(40_003);
  expect(Array.from({ length: 40_003 }, (_, rank) => disturbed.at(rank))).toEqual(sorted(40_003));
});
