import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateStudy } from "../gallery/generate.ts";
import { PointGrid } from "../shared/pointGrid.ts";
import { PaintQueue, type Painter } from "../shared/progressive.ts";
import { historyOf } from "./history.ts";

describe("historyOf", () => {
  it.each(["number", "time"] as const)("improves strictly over %s and ends at the incumbent", (axis) => {
    for (const loss of [false, true]) {
      const { columns, study } = generateStudy(200, { state: "complete", loss });
      const history = historyOf(columns, axis);
      const sign = loss ? -1 : 1;
      for (let i = 1; i < history.bestY.length; i++) {
        expect(sign * (history.bestY[i]! - history.bestY[i - 1]!)).toBeGreaterThan(0);
        expect(history.bestX[i]!).toBeGreaterThanOrEqual(history.bestX[i - 1]!);
      }
      expect(history.bestY.at(-1)).toBe(study.best?.values[0]);
      expect(columns.objectives[0]!.values[history.incumbent]).toBe(study.best?.values[0]);
    }
  });
  it("is empty without trials", () => {
    const { columns } = generateStudy(0, { state: "created", loss: false });
    expect(historyOf(columns, "time")).toMatchObject({ incumbent: -1 });
  });
});

describe("PointGrid", () => {
  it("finds what a search of all points finds", () => {
    const point = fc.tuple(fc.double({ min: 0, max: 300, noNaN: true }), fc.double({ min: 0, max: 200, noNaN: true }));
    fc.assert(
      fc.property(fc.array(point, { maxLength: 80 }), point, ([...points], [x, y]) => {
        const xs = Float32Array.from(points, ([px]) => px);
        const ys = Float32Array.from(points, ([, py]) => py);
        const found = new PointGrid(xs, ys, 300, 200).nearest(x, y, 20);
        const distance = (i: number): number => Math.hypot(xs[i]! - x, ys[i]! - y);
        const closest = Math.min(...[...xs.keys()].map(distance), Number.POSITIVE_INFINITY);
        if (found < 0) expect(closest).toBeGreaterThan(20 - 1e-3);
        else expect(distance(found)).toBeCloseTo(closest, 3);
      }),
    );
  });
  it("leaves out points without a place and those that are hidden", () => {
    const grid = new PointGrid(
      Float32Array.of(5, Number.NaN, 6),
      Float32Array.of(5, 5, 6),
      10,
      10,
      Uint8Array.of(0, 1, 1),
    );
    expect(grid.nearest(5, 5, 8)).toBe(2);
    expect([...grid.inside(0, 0, 10, 10)]).toEqual([2]);
  });
});

describe("PaintQueue", () => {
  it("stops at the budget, goes on later, and drops a replaced painter", () => {
    let time = 0;
    const queue = new PaintQueue(() => time);
    const done: string[] = [];
    const painter = function* (name: string, pieces: number): Painter {
      for (let i = 0; i < pieces; i++) {
        time += 3;
        done.push(name);
        yield;
      }
    };
    queue.set("a", painter("a", 10));
    expect(queue.run(8)).toBe(true);
    expect(done.length).toBe(3);
    queue.set("a", painter("b", 1));
    expect(queue.run(8)).toBe(false);
    expect(done).toEqual(["a", "a", "a", "b"]);
  });
});
