import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TrialColumns } from "../../src/core/columns.ts";
import { rngForKey } from "../../src/core/rng.ts";
import type { FlatnessJob } from "../../src/protocol/flatness.ts";
import type { DecisionRow } from "../../src/protocol/schedule.ts";
import { generateStudy } from "../gallery/generate.ts";
import { fghpoSchedule, withSharpness } from "../gallery/generateFlatness.ts";
import { remembered } from "../shared/remembered.ts";
import { logScale } from "../shared/scales.ts";
import { funnelOf } from "./funnelModel.ts";
import { gapsOf, gapTitle, gapValues } from "./generalisationGap.ts";
import { isolines } from "./isolines.ts";
import { bilinear, contourLevels, landscapeScale } from "./landscapeScale.ts";
import {
  cameraFor,
  defaultViewpoint,
  maxElevation,
  minElevation,
  paintOrder,
  pickPoint,
  turned,
} from "./projection.ts";
import { measuredColumns, sharpnessColumns } from "./sharpnessColumns.ts";
import { jobFor, subjectsOf } from "./subjects.ts";

const { columns } = generateStudy(60, { state: "complete", loss: false });

describe("lines of equal loss", () => {
  const at = (values: readonly number[], n: number, x: number, y: number): number => bilinear(values, n, x, y);

  it("property: end where linear interpolation along the edges gives the level, and separate what is above from what is below", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.integer(), (n, seed) => {
        const rng = rngForKey(`isolines:${seed}`);
        const values = Array.from({ length: n * n }, () => rng.next());
        const [line] = isolines(values, n, n, [0.5]);
        const { segments } = line!;
        for (let k = 0; k < segments.length; k += 2)
          expect(at(values, n, segments[k]!, segments[k + 1]!)).toBeCloseTo(0.5, 9);
        // Each edge of the grid with its ends on both sides is met once by every cell it belongs to.
        let crossings = 0;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            const cells = (inner: number): number => (inner > 0 && inner < n - 1 ? 2 : 1);
            const above = values[i * n + j]! >= 0.5;
            if (i + 1 < n && above !== values[(i + 1) * n + j]! >= 0.5) crossings += cells(j);
            if (j + 1 < n && above !== values[i * n + j + 1]! >= 0.5) crossings += cells(i);
          }
        expect(segments.length / 2).toBe(crossings);
      }),
    );
  });

  it("go round a bowl at the right distance and avoid what is no number", () => {
    const n = 41;
    const place = (k: number): number => (2 * k) / (n - 1) - 1;
    const bowl = Array.from({ length: n * n }, (_, k) => place(Math.floor(k / n)) ** 2 + place(k % n) ** 2);
    const { segments } = isolines(bowl, n, n, [0.25])[0]!;
    expect(segments.length).toBeGreaterThan(100);
    for (let k = 0; k < segments.length; k += 2)
      expect(Math.hypot(place(segments[k]!), place(segments[k + 1]!))).toBeCloseTo(0.5, 2);
    const holed = bowl.map((value, k) => (k === 20 * n + 30 ? Number.NaN : value));
    const open = isolines(holed, n, n, [0.25])[0]!.segments;
    expect(open.length).toBeLessThan(segments.length);
    expect(open.every(Number.isFinite)).toBe(true);
  });

  it("resolve a saddle by its middle", () => {
    const high = isolines([1, 0, 0, 1], 2, 2, [0.4])[0]!.segments;
    const low = isolines([1, 0, 0, 1], 2, 2, [0.6])[0]!.segments;
    expect(high).toHaveLength(8);
    expect(low).toHaveLength(8);
    // With a high middle the lines cut off the low corners (1, 0) and (0, 1); with a low one the high ones.
    const cuts = (segments: Float64Array, x: number, y: number): boolean =>
      [0, 4].some(
        (k) =>
          Math.hypot((segments[k]! + segments[k + 2]!) / 2 - x, (segments[k + 1]! + segments[k + 3]!) / 2 - y) < 0.5,
      );
    expect([cuts(high, 1, 0), cuts(high, 0, 0)]).toEqual([true, false]);
    expect([cuts(low, 1, 0), cuts(low, 0, 0)]).toEqual([false, true]);
  });
});

describe("the scale of losses", () => {
  it("holds all planes, is log when linear would show only the rim, and leaves out what is no number", () => {
    const scale = landscapeScale([{ losses: [0.1, 50] }, { losses: [Number.NaN, 0.02, Number.POSITIVE_INFINITY] }]);
    expect([scale.low, scale.high, scale.log]).toEqual([0.02, 50, true]);
    expect(landscapeScale([{ losses: [1, 3] }]).log).toBe(false);
    expect(landscapeScale([]).low).toBe(0);
  });

  it("property: levels lie strictly inside, increase, and are about as many as wanted", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 10, noNaN: true }),
        fc.double({ min: 1.05, max: 1e6, noNaN: true }),
        (low, ratio) => {
          const scale = landscapeScale([{ losses: [low, low * ratio] }]);
          const levels = contourLevels(scale, 9);
          expect(levels.length).toBeGreaterThanOrEqual(3);
          expect(levels.length).toBeLessThanOrEqual(30);
          levels.forEach((level, i) => {
            expect(level).toBeGreaterThan(i === 0 ? scale.low : levels[i - 1]!);
            expect(level).toBeLessThan(scale.high);
          });
        },
      ),
    );
    expect(contourLevels(logScale(0.1, 1000), 9)).toContain(1);
  });

  it("interpolates between places and is exact on them, also beside what is no number", () => {
    const values = [0, 1, 2, 4];
    expect(bilinear(values, 2, 0.5, 0.5)).toBe(1.75);
    expect(bilinear([0, 1, 2, Number.NaN], 2, 0, 1)).toBe(1);
    expect(bilinear([0, 1, 2, Number.NaN], 2, 0.5, 0.5)).toBeNaN();
  });
});

describe("the turning surface", () => {
  it("property: stays inside whatever the viewpoint, and keeps its size while it turns", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 360, noNaN: true }),
        fc.double({ min: minElevation, max: maxElevation, noNaN: true }),
        (azimuth, elevation) => {
          const camera = cameraFor({ azimuth, elevation }, 400, 300);
          for (const [x, y] of [
            [-0.5, -0.5],
            [0.5, -0.5],
            [0.5, 0.5],
            [-0.5, 0.5],
          ] as const)
            for (const z of [0, 1]) {
              const point = camera.project(x, y, z);
              expect(point.x).toBeGreaterThan(-1e-6);
              expect(point.x).toBeLessThan(400 + 1e-6);
              expect(point.y).toBeGreaterThan(-1e-6);
              expect(point.y).toBeLessThan(300 + 1e-6);
            }
          const [a, b] = [camera.project(0, 0, 0), camera.project(0, 0, 1)];
          expect(b.y).toBeLessThan(a.y);
        },
      ),
    );
  });

  it("turns round and stops at the elevation's ends", () => {
    expect(turned({ azimuth: 350, elevation: 30 }, 20, 0).azimuth).toBe(10);
    expect(turned({ azimuth: 10, elevation: 30 }, -20, 0).azimuth).toBe(350);
    expect(turned(defaultViewpoint, 0, 500).elevation).toBe(maxElevation);
    expect(turned(defaultViewpoint, 0, -500).elevation).toBe(minElevation);
  });

  it("paints every face once, the far ones first, and picks the near one of two at a place", () => {
    const n = 6;
    const camera = cameraFor({ azimuth: 20, elevation: 30 }, 300, 300);
    const points = Array.from({ length: n * n }, (_, k) =>
      camera.project(Math.floor(k / n) / (n - 1) - 0.5, 0.5 - (k % n) / (n - 1), 0.2),
    );
    const order = paintOrder(points, n);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: (n - 1) ** 2 }, (_, k) => k));
    const depth = (cell: number): number => points[Math.floor(cell / (n - 1)) * n + (cell % (n - 1))]!.depth;
    expect(depth(order[0]!)).toBeLessThan(depth(order.at(-1)!));
    expect(pickPoint(points, points[8]!.x + 1, points[8]!.y, 14)).toBe(8);
    expect(pickPoint(points, -100, -100, 14)).toBe(-1);
    const stacked = [
      { x: 5, y: 5, depth: 0 },
      { x: 5, y: 5, depth: 1 },
      { x: Number.NaN, y: 5, depth: 9 },
    ];
    expect(pickPoint(stacked, 5, 6, 10)).toBe(1);
  });
});

describe("the generalisation gap", () => {
  const made = (
    objective: string,
    direction: "maximize" | "minimize",
    metrics: readonly (readonly [string, number])[],
  ): TrialColumns => ({
    ...columns,
    count: 1,
    objectives: [{ metric: objective, direction, values: Float64Array.of(0.9) }],
    metrics: metrics.map(([metric, value]) => ({ metric, values: Float64Array.of(value) })),
  });

  it("pairs validation with training, losses first, and grows as generalisation gets worse", () => {
    const study = made("val_accuracy", "maximize", [
      ["accuracy", 1],
      ["val_loss", 0.5],
      ["loss", 0.2],
    ]);
    const gaps = gapsOf(study);
    expect(gaps.map(gapTitle)).toEqual(["val_loss − loss", "accuracy − val_accuracy"]);
    expect(gapValues(study, gaps[0]!)[0]).toBeCloseTo(0.3);
    expect(gapValues(study, gaps[1]!)[0]).toBeCloseTo(0.1);
  });

  it("knows train_ names and minimised objectives, and finds none without a partner", () => {
    expect(gapsOf(made("val_score", "minimize", [["train_score", 1]]))).toEqual([
      { training: "train_score", validation: "val_score", rising: false },
    ]);
    expect(gapsOf(made("val_accuracy", "maximize", [["test_accuracy", 1]]))).toEqual([]);
  });
});

describe("sharpness columns", () => {
  it("are found by name, in the order of the estimators, with their description; empty ones are not offered", () => {
    const study = withSharpness(columns);
    const found = sharpnessColumns({
      ...study,
      metrics: [
        { metric: "sharpness.mine", values: Float64Array.of(1) },
        ...study.metrics,
        { metric: "sharpness.sam", values: new Float64Array(60).fill(Number.NaN) },
      ],
    });
    expect(found.map(({ metric }) => metric)).toEqual([
      "sharpness.penultimate",
      "sharpness.rms",
      "sharpness.exact-frobenius",
      "sharpness.keskar",
      "sharpness.mine",
    ]);
    expect(found[0]).toMatchObject({ label: "Penultimate ratio", dependsOnBatchSize: true });
    expect(found.at(-1)).toMatchObject({ label: "mine", formula: "" });
  });
});

describe("what was measured on request", () => {
  const request = { kind: "sharpness", estimators: ["rms"], batch: 64, samples: 1024 } as const;

  it("is a column of its own, of the probe that most were measured on", () => {
    const found = measuredColumns(
      [
        { number: 5, request, values: { rms: 1, "exact-trace": 4, "hutchinson-trace.se": 9 } },
        { number: 7, request, values: { rms: 2 } },
        { number: 8, request: { ...request, samples: 64 }, values: { rms: 3 } },
        { number: 99, request, values: { rms: 4 } },
      ],
      10,
      (number) => (number < 10 ? number : -1),
    );
    expect(found.map(({ metric }) => metric)).toEqual(["on request: rms", "on request: exact-trace"]);
    expect(found[0]!.label).toBe("RMS ratio (1024 samples, batches of 64)");
    expect([...found[0]!.values.keys()].filter((row) => !Number.isNaN(found[0]!.values[row]!))).toEqual([5, 7]);
    expect(measuredColumns([], 3, () => -1)).toEqual([]);
  });
});

describe("the funnel", () => {
  const report = fghpoSchedule(columns);

  it("narrows, and gives every discarded configuration one reason", () => {
    const { stages, reasons, open } = funnelOf(report, [7, 3, 1]);
    const counts = stages.map(({ numbers }) => numbers.length);
    expect(counts[0]).toBe(50);
    expect(counts[2]).toBe(10);
    for (let i = 1; i < counts.length; i++) {
      expect(counts[i]).toBeLessThanOrEqual(counts[i - 1]!);
      for (const number of stages[i]!.numbers) expect(stages[i - 1]!.numbers).toContain(number);
    }
    const discarded = reasons.flatMap(({ numbers }) => numbers);
    expect(new Set(discarded).size).toBe(discarded.length);
    expect(discarded.length + counts[2]! + open).toBe(50);
    expect(reasons.map(({ at }) => at).sort()).toEqual(["gate", "rank", "value"]);
    expect(reasons.reduce((sum, { at, numbers }) => (at === "rank" ? sum : sum - numbers.length), 50)).toBe(counts[1]);
  });

  it("counts what is not judged yet as open, and has a best only among those trained in full", () => {
    const [screened, full] = report.brackets[0]!.rungs;
    const early = {
      brackets: [
        {
          label: "Funnel",
          rungs: [
            { ...screened!, entries: screened!.entries.map((entry) => ({ ...entry, outcome: "waiting" as const })) },
            { ...full!, entries: [] },
          ],
        },
      ],
      decisions: report.decisions.slice(0, 5),
    };
    expect(funnelOf(early, [])).toMatchObject({ open: 45 });
    expect(funnelOf(early, []).stages[3]!.numbers).toEqual([]);
    const outside = report.decisions[0]!.number;
    const { stages } = funnelOf(report, [outside, full!.entries[4]!.number]);
    expect(stages[3]!.numbers).toEqual([full!.entries[4]!.number]);
    expect(funnelOf({ brackets: [], decisions: [] }, []).stages[0]!.numbers).toEqual([]);
  });

  it("reads the scheduler's words: a note about the loss does not make a rank a gate; failures have no decision", () => {
    const entry = (
      number: number,
      outcome: "stopped" | "failed",
    ): { number: number; value: number; outcome: typeof outcome } => ({
      number,
      value: Number.NaN,
      outcome,
    });
    const decision = (number: number, reason: string): DecisionRow => ({
      at: 0,
      number,
      step: 1,
      decision: "drop",
      reason,
    });
    const { reasons, stages } = funnelOf(
      {
        brackets: [
          {
            label: "Funnel",
            rungs: [
              {
                step: 1,
                entries: [
                  entry(0, "stopped"),
                  entry(1, "failed"),
                  entry(2, "stopped"),
                  entry(3, "stopped"),
                  entry(4, "stopped"),
                ],
              },
              { step: 9, entries: [] },
            ],
          },
        ],
        decisions: [
          decision(
            0,
            "sharpness.rms 3 is rank 4 of 9; 2 are kept; without baseline_loss and a training loss nobody can tell who has begun to learn",
          ),
          decision(2, "gate: the loss after step 1 is not finite"),
          decision(3, "sharpness.rms is no number: none was reported"),
        ],
      },
      [],
    );
    expect(
      Object.fromEntries(reasons.map(({ at, numbers, example }) => [`${at}:${numbers.join()}`, example.slice(0, 12)])),
    ).toEqual({
      "rank:0": "sharpness.rm",
      "failed:1": "its training",
      "gate:2": "gate: the lo",
      "value:3": "sharpness.rm",
      "rank:4": "stopped; the",
    });
    expect(stages.map(({ numbers }) => numbers.length)).toEqual([5, 2, 0, 0]);
  });
});

describe("whose weights and which job", () => {
  const job = (id: string, part: Partial<FlatnessJob>): FlatnessJob => ({
    id,
    number: 3,
    request: { kind: "plane", samples: 1024, points: 25, reach: 1, seed: 0 },
    state: "done",
    progress: 1,
    reason: "",
    at: 1,
    ...part,
  });

  it("takes the selection, else the best", () => {
    expect(subjectsOf([4, 6, 8], 1, 2)).toEqual([4, 6]);
    expect(subjectsOf([], 1, 2)).toEqual([1]);
    expect(subjectsOf([], -1, 2)).toEqual([]);
  });

  it("prefers what is finished, then what runs, then the latest; cancelled ones count as none", () => {
    const jobs = [
      job("old", { at: 1 }),
      job("new", { at: 5 }),
      job("running", { state: "running", at: 9 }),
      job("cancelled", { state: "cancelled", number: 4 }),
      job("path", { request: { kind: "path", to: 7, points: 25, samples: 1024 } }),
    ];
    expect(jobFor(jobs, "plane", 3)?.id).toBe("new");
    expect(jobFor(jobs.slice(2), "plane", 3)?.id).toBe("running");
    expect(jobFor(jobs, "plane", 4)).toBeUndefined();
    expect(jobFor(jobs, "path", 3, 7)?.id).toBe("path");
    expect(jobFor(jobs, "path", 3, 8)).toBeUndefined();
  });

  it("what is remembered is made again only for other ingredients", () => {
    const held = remembered<number>();
    let made = 0;
    const make = (): number => ++made;
    const part = {};
    expect([held([part], make), held([part], make), held([{}], make), held([part, part], make)]).toEqual([1, 1, 2, 3]);
  });
});
