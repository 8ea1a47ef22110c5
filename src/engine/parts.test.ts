import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StudyDefinition } from "../core/study/definition.ts";
import { eta, patienceOver, spentUp, targetReached, timeLeft, trialsLeft } from "./budget.ts";
import { Improvement } from "./improvement.ts";
import { identityChanges, listed } from "./identity.ts";
import { openEngineLog } from "./log.ts";
import { exitReason, finalValues } from "./outcome.ts";
import { ParetoFront } from "./paretoFront.ts";
import { RankedTrials } from "./rankedTrials.ts";
import { Revisions } from "./revisions.ts";
import { definitionOf } from "./study.ts";
import { studyText } from "./testing/engineFixture.ts";
import { lastLogLine, logTail } from "./trialLog.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-parts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function parsed(text: string): StudyDefinition {
  const { definition, problem } = definitionOf(text, "yaml");
  if (definition === undefined) throw new Error(problem);
  return definition;
}

describe("ranks and fronts", () => {
  it("keeps any mixture of single and bulk insertions sorted", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(5), fc.array(fc.nat(5), { maxLength: 20 })), { maxLength: 30 }),
        (batches) => {
          const keys: number[] = [];
          const ranked = new RankedTrials((number) => keys[number] ?? 0);
          for (const batch of batches) {
            const numbers = (Array.isArray(batch) ? batch : [batch]).map((key) => keys.push(key) - 1);
            if (Array.isArray(batch)) ranked.insertAll(numbers);
            else ranked.insert(numbers[0] ?? 0);
          }
          const expected = keys
            .map((key, number) => ({ key, number }))
            .sort((a, b) => a.key - b.key || a.number - b.number);
          expect(ranked.count).toBe(keys.length);
          expect(keys.map((_, rank) => ranked.at(rank))).toEqual(expected.map(({ number }) => number));
          expect(ranked.at(keys.length)).toBeUndefined();
        },
      ),
    );
  });

  it("counts the trials that nothing dominates", () => {
    const losses = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 25 });
    fc.assert(
      fc.property(losses, (points) => {
        const front = new ParetoFront();
        for (const [number, point] of points.entries()) front.add(number, point);
        const free = points.filter(([a, b]) => !points.some(([c, d]) => c <= a && d <= b && (c < a || d < b)));
        expect(front.size).toBe(free.length);
      }),
    );
  });
});

describe("budget", () => {
  const budget = { trials: 10, time: 60, parallel: 2 };
  it("counts what is left", () => {
    expect([trialsLeft(budget, 4), trialsLeft(budget, 12), trialsLeft({ parallel: 1 }, 4)]).toEqual([6, 0, Infinity]);
    expect([timeLeft(budget, 20_000), timeLeft(budget, 90_000), timeLeft({ parallel: 1 }, 0)]).toEqual([
      40_000,
      0,
      Infinity,
    ]);
  });
  it("estimates the rest from durations, slots and what is under way, never past the time budget", () => {
    const base = { budget: { trials: 10, parallel: 2 }, elapsedMs: 0, waiting: 0 };
    expect(eta({ ...base, given: 0, meanDuration: Number.NaN, running: [] })).toBeUndefined();
    expect(eta({ ...base, given: 4, meanDuration: 1000, running: [] })).toBe(3000);
    expect(eta({ ...base, given: 10, meanDuration: 1000, running: [400, 5000] })).toBe(300);
    expect(eta({ ...base, budget, given: 4, meanDuration: 1e6, running: [], elapsedMs: 50_000 })).toBe(10_000);
  });
  it("estimates by steps where trials end early, within the epochs that are left", () => {
    const spent = { steps: 100, busyMs: 200_000, gpuMs: 0, begun: 20 };
    const base = {
      budget: { trials: 30, parallel: 2 },
      given: 20,
      elapsedMs: 0,
      waiting: 0,
      meanDuration: 1,
      running: [],
    };
    // Ten more trials of five steps, two seconds each, in two slots; then what is under way.
    expect(eta({ ...base, training: { spent, ahead: 0 } })).toBe(50_000);
    expect(eta({ ...base, training: { spent, ahead: 10 } })).toBe(60_000);
    const budget = { epochs: 110, parallel: 2 };
    expect(eta({ ...base, budget, training: { spent, ahead: 10 } })).toBe(10_000);
  });
  it("ends by what is used up", () => {
    const spent = { steps: 100, busyMs: 7_200_000, gpuMs: 3_600_000, begun: 5 };
    expect(spentUp({ parallel: 1 }, spent)).toBeUndefined();
    expect(spentUp({ parallel: 1, epochs: 101, gpuHours: 1.1 }, spent)).toBeUndefined();
    expect(spentUp({ parallel: 1, epochs: 100 }, spent)?.why).toBe("budget of 100 epochs is used");
    expect(spentUp({ parallel: 1, gpuHours: 1 }, spent)?.why).toBe("budget of 1 GPU-hours is used");
    expect(patienceOver({ parallel: 1, patience: 3 }, 2)).toBeUndefined();
  });
  it("counts trials since the last better one, however often it is asked", () => {
    const outcome = fc.record({
      state: fc.constantFrom("complete" as const, "pruned" as const, "failed" as const),
      values: fc.array(fc.nat(5), { minLength: 2, maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 20 }), fc.nat(20), fc.constantFrom(1, 2), (all, cut, count) => {
        const objectives = ["a", "b"].slice(0, count).map((metric) => ({ metric, direction: "minimize" as const }));
        const history = all.map(({ state, values }, number) => ({ number, state, values: values.slice(0, count) }));
        const kept = history.filter(({ state }) => state !== "failed");
        const isBetter = (i: number): boolean =>
          kept[i]!.state === "complete" &&
          kept.slice(0, i).every(({ state, values }) => state !== "complete" || !noWorse(values, kept[i]!.values));
        const better = kept.findLastIndex((_, i) => isBetter(i));
        const once = new Improvement(objectives).since(history);
        const twice = new Improvement(objectives);
        twice.since(history.slice(0, cut));
        expect(once).toBe(better < 0 ? 0 : kept.length - 1 - better);
        expect(twice.since(history)).toBe(once);
      }),
    );
    // One objective: at least as good; several: as good in all and better in one, since equal ones share the front.
    function noWorse(a: readonly number[], b: readonly number[]): boolean {
      if (a.length === 1) return a[0]! <= b[0]!;
      return a.every((x, i) => x <= b[i]!) && a.some((x, i) => x < b[i]!);
    }
  });
  it("reaches a target in the objective's direction, all of them if there are several", () => {
    expect(targetReached([{ metric: "acc", direction: "maximize", target: 0.9 }], [0.9])).toContain("acc 0.9");
    expect(targetReached([{ metric: "acc", direction: "maximize", target: 0.9 }], [0.8])).toBeUndefined();
    expect(targetReached([{ metric: "acc", direction: "maximize" }], [1])).toBeUndefined();
    const two = [
      { metric: "a", direction: "minimize", target: 1 } as const,
      { metric: "b", direction: "minimize", target: 1 } as const,
    ];
    expect(targetReached(two, [0, 2])).toBeUndefined();
    expect(targetReached(two, [0, 1])).toBeDefined();
  });
});

describe("identity of a study", () => {
  it.each([
    [{ trials: 20 }, []],
    [{ parallel: 7 }, []],
    [{ objective: "{ metric: loss, direction: minimize, target: 0.5 }" }, []],
    [{ seed: 2 }, ["seed"]],
    [{ high: 2 }, ["search space"]],
    [{ sampler: "{ kind: tpe }", scheduler: "{ kind: median }" }, ["sampler", "scheduler"]],
    [{ trainer: "{ kind: none }" }, ["trainer"]],
    [{ objective: "{ metric: loss, direction: maximize }" }, ["objective"]],
  ])("%o changes %j", (change, expected) => {
    expect(identityChanges(parsed(studyText({ trials: 5 })), parsed(studyText({ trials: 5, ...change })))).toEqual(
      expected,
    );
  });
  it("lets diagnostics change, unless something is chosen by them", () => {
    const of = (diagnostics: string): StudyDefinition =>
      parsed(`${studyText({ trials: 5 })}\ndiagnostics: ${diagnostics}\n`);
    const before = parsed(studyText({ trials: 5 }));
    expect(identityChanges(before, of("{ sharpness: {}, rtd: {} }"))).toEqual([]);
    expect(identityChanges(before, of("{ rtd: { use: second-objective } }"))).toEqual(["optimised topology"]);
    const sharp = (diagnostics: string): StudyDefinition =>
      parsed(
        `${studyText({ trials: 5, objective: "{ metric: sharpness.rms, direction: minimize }" })}\ndiagnostics: ${diagnostics}\n`,
      );
    expect(identityChanges(sharp("{ sharpness: {} }"), sharp("{ sharpness: { batch: 8 } }"))).toEqual([
      "optimised sharpness",
    ]);
    expect(identityChanges(of("{ rtd: { use: objective, samples: 64 } }"), of("{ rtd: { use: objective } }"))).toEqual([
      "optimised topology",
    ]);
  });
  it("includes what is tuned online", () => {
    const text = studyText({ trials: 5 });
    const tuned = `${text.replace("x:", "lr:")}tuneOnline: [lr]\n`;
    expect(identityChanges(parsed(tuned), parsed(tuned.replace("[lr]", "{ parameters: [lr], rule: raw }")))).toEqual([
      "online tuning",
    ]);
  });
  it("lists names for people", () => {
    expect([listed(["seed"]), listed(["a", "b"]), listed(["a", "b", "c"])]).toEqual([
      "the seed",
      "the a and the b",
      "the a, the b and the c",
    ]);
  });
});

describe("reasons", () => {
  const limits = { gpus: 0, timeout: 60, heartbeat: 5 };
  it("name what happened and the last line", () => {
    expect(exitReason({ kind: "exited", code: 2 }, limits, "KeyError: 'lr'")).toBe(
      "The trainer failed with exit code 2. Its last line: KeyError: 'lr'",
    );
    expect(exitReason({ kind: "killed", cause: "timeout" }, limits, "")).toContain("60 s");
    expect(exitReason({ kind: "killed", cause: "heartbeat" }, limits, "")).toContain("5 s");
    expect(
      exitReason({ kind: "killed", cause: "heartbeat", detail: "12 min without a sign of life" }, limits, ""),
    ).toBe("Ended after 12 min without a sign of life: it hangs. It printed nothing.");
    expect(exitReason({ kind: "killed", cause: "memory", detail: "it held 12 GB" }, limits, "")).toMatch(
      /before the system had to kill.*it held 12 GB.*smaller batch/,
    );
    expect(exitReason({ kind: "exited", code: 1 }, limits, "x".repeat(10_000)).length).toBeLessThan(500);
  });
  it("take infinities as values and NaN as a failure", () => {
    const objectives = [{ metric: "loss", direction: "minimize" } as const];
    expect(finalValues(objectives, new Map([["loss", Infinity]]))).toEqual({ ok: true, values: [Infinity] });
    expect(finalValues(objectives, new Map([["loss", Number.NaN]]))).toMatchObject({ ok: false });
    expect(finalValues(objectives, new Map())).toMatchObject({
      reason: expect.stringContaining("no metric") as string,
    });
  });
});

describe("logs", () => {
  it("turn over at their limit and stay one JSON object a line", () => {
    const file = path.join(folder, "engine.log");
    const log = openEngineLog(file, () => 0, 2000);
    for (let i = 0; i < 100; i++) log.info(`line ${i}`, { i });
    expect(existsSync(`${file}.1`)).toBe(true);
    expect(statSync(file).size + statSync(`${file}.1`).size).toBeLessThanOrEqual(4000);
    const last = readFileSync(file, "utf8").trim().split("\n").at(-1) ?? "";
    expect(JSON.parse(last)).toEqual({ at: "1970-01-01T00:00:00.000Z", level: "info", message: "line 99", i: 99 });
    const lost = openEngineLog(path.join(folder, "no", "such", "folder.log"), () => 0);
    lost.error("is not thrown");
  });
  it("of a trainer are read from the end", async () => {
    const file = path.join(folder, "trainer.log");
    writeFileSync(file, Array.from({ length: 5000 }, (_, i) => `line ${i}\n`).join(""));
    expect(await logTail(file)).toEqual(Array.from({ length: 50 }, (_, i) => `line ${4950 + i}`));
    expect((await logTail(file, 5000, 100)).every((line) => /^line \d{4}$/.test(line))).toBe(true);
    writeFileSync(file, "first\nlast one\n\n  \n");
    expect(lastLogLine(file)).toBe("last one");
    expect(lastLogLine(path.join(folder, "none"))).toBe("");
    expect(await logTail(path.join(folder, "none"))).toEqual([]);
  });
});

it("coalesces changes into at most ten notifications a second, the last one included", () => {
  let now = 0;
  let due: { at: number; work: () => void } | undefined;
  const sent: { revision: number; studies: readonly { id: number; revision: number }[] }[] = [];
  const clock = {
    now: () => now,
    after: (ms: number, work: () => void) => {
      due = { at: now + ms, work };
      return () => (due = undefined);
    },
  };
  const revisions = new Revisions(clock, (params) => void sent.push(params));
  for (; now < 1000; now += 5) {
    revisions.touch(now % 2);
    if (due !== undefined && due.at <= now) {
      const { work } = due;
      due = undefined;
      work();
    }
  }
  due?.work();
  expect(sent.length).toBeLessThanOrEqual(11);
  expect(sent.length).toBeGreaterThanOrEqual(9);
  expect(sent.at(-1)?.revision).toBe(revisions.current);
  expect(revisions.snapshot().studies).toHaveLength(2);
});
