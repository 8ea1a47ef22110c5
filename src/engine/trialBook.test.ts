import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { FinishedTrial } from "../core/trial.ts";
import { openSqliteStore, type SqliteStore } from "../storage/sqliteStore.ts";
import { AttemptLog } from "./attemptLog.ts";
import { finishedData, pendingData } from "./sampling/messages.ts";
import { StudyIndex } from "./studyIndex.ts";
import { type BookOptions, TrialBook } from "./trialBook.ts";

let folder = "";
let store: SqliteStore;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-book-"));
  store = openSqliteStore({ file: path.join(folder, "basin.db") });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(needs?: BookOptions["needs"]): Promise<TrialBook> {
  const index = new StudyIndex(store, 1, [{ metric: "loss", direction: "minimize" }], []);
  const attempts = new AttemptLog(store, 1);
  const options = { store, studyId: 1, index, attempts, objective: "loss", wantsReports: false };
  const book = new TrialBook(needs === undefined ? options : { ...options, needs });
  await book.load();
  return book;
}

/** One trial from its suggestion to its end. */
function run(
  book: TrialBook,
  reports: readonly number[],
  end: { readonly values: readonly number[]; readonly metrics: Readonly<Record<string, number>> },
): void {
  const { number } = book.add({ lr: 0.1, width: 8 }, "because", 1);
  book.start(number, { slot: 0, marker: `m${number}`, at: 2 });
  const stored = reports.map((value, i) => ({ step: i + 1, metric: "loss", value, at: 3 }));
  book.note(number, stored);
  book.report(number, stored, new Map([["loss", reports.at(-1) ?? Number.NaN]]));
  book.finish(number, { state: end.values.length > 0 ? "complete" : "pruned", ...end, reason: "", at: 4 });
}

const seen = (book: TrialBook): FinishedTrial[] => book.evidence.map(finishedData);

it("shows finished trials with what the sampler asks for, also after a restart", async () => {
  store.createStudy({ name: "a", path: "/a", text: "", format: "yaml", createdAt: 0, objective: "loss" });
  const gradients = await open("gradients");
  const curves = await open("curves");
  run(gradients, [3, 2], { values: [2], metrics: { loss: 2, "hypergradient.lr": -0.5, "hypergradient.x": NaN } });
  run(gradients, [4], { values: [], metrics: { loss: 4 } });
  const basics = [
    { number: 0, state: "complete", params: { lr: 0.1, width: 8 }, values: [2], last: { step: 2, value: 2 } },
    { number: 1, state: "pruned", params: { lr: 0.1, width: 8 }, values: [], last: { step: 1, value: 4 } },
  ];
  const gradient = [{ ...basics[0], gradient: { lr: -0.5 } }, basics[1]];
  expect(seen(gradients)).toEqual(gradient);
  expect(seen(await open("gradients"))).toEqual(gradient);
  expect(seen(await open())).toEqual(basics);
  expect(seen(curves)).toEqual([]);
  const again = await open("curves");
  run(again, [9, 8, 7], { values: [7], metrics: { loss: 7 } });
  const curve = [
    {
      ...basics[0],
      curve: [
        { step: 1, value: 3 },
        { step: 2, value: 2 },
      ],
    },
    { ...basics[1], curve: [{ step: 1, value: 4 }] },
    expect.objectContaining({
      number: 2,
      curve: [
        { step: 1, value: 9 },
        { step: 2, value: 8 },
        { step: 3, value: 7 },
      ],
    }),
  ];
  expect(seen(again)).toEqual(curve);
  expect(seen(await open("curves"))).toEqual(curve);
});

it("puts trials of earlier studies first", async () => {
  store.createStudy({ name: "a", path: "/a", text: "", format: "yaml", createdAt: 0, objective: "loss" });
  const book = await open();
  run(book, [1], { values: [1], metrics: { loss: 1 } });
  const earlier = [-2, -1].map((number): FinishedTrial => ({ number, state: "complete", params: {}, values: [5] }));
  book.warmStart(earlier);
  run(book, [2], { values: [2], metrics: { loss: 2 } });
  expect(book.evidence.map(({ number }) => number)).toEqual([-2, -1, 0, 1]);
  expect(book.history.map(({ number }) => number)).toEqual([0, 1]);
  book.warmStart([]);
  run(book, [3], { values: [3], metrics: { loss: 3 } });
  expect(book.evidence.map(({ number }) => number)).toEqual([0, 1, 2]);
});

it("shows what trials that are not finished have reported, to samplers of which it can matter, also after a restart", async () => {
  store.createStudy({ name: "a", path: "/a", text: "", format: "yaml", createdAt: 0, objective: "loss" });
  const book = await open("curves");
  const { number } = book.add({ lr: 0.1 }, "because", 1);
  book.start(number, { slot: 0, marker: "m", at: 2, untilStep: 2 });
  const reports = [3, 2].map((value, i) => ({ step: i + 1, value }));
  const stored = reports.map((report) => ({ ...report, metric: "loss", at: 3 }));
  book.note(number, stored);
  book.report(number, stored, new Map([["loss", 2]]));
  const own = { number, params: { lr: 0.1 }, last: reports[1], untilStep: 2 };
  expect(book.pending().map(pendingData)).toEqual([{ ...own, state: "running", curve: reports }]);
  book.suspend(number, "paused", "rung");
  expect(book.pending().map(pendingData)).toEqual([{ ...own, state: "paused", curve: reports }]);
  expect((await open("curves")).pending().map(pendingData)).toEqual([{ ...own, state: "paused", curve: reports }]);
  const plain = await open();
  expect(plain.pending().map(pendingData)).toEqual([{ ...own, state: "paused" }]);
  plain.start(number, { slot: 0, marker: "n", at: 4, untilStep: 6 });
  expect(plain.pending().map(pendingData)).toEqual([{ ...own, state: "running", untilStep: 6 }]);
});
