import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import oracles from "../../test/fixtures/rtd/barcodes.json" with { type: "json" };
import { rngForKey } from "../core/rng.ts";
import { computeRtd } from "../topology/computeRtd.ts";
import { gaussianCloud } from "../topology/testing/matrices.ts";
import { npyBytes } from "../trainers/tfjs/data/testing/dataFiles.ts";
import { collapseLines, rtdLines, rtdObject, type RtdReport } from "./rtd.ts";
import { type CliBench, createCliBench } from "./testing.ts";

let bench: CliBench;
let folder = "";
beforeAll(async () => {
  bench = await createCliBench();
  folder = bench.workspace();
});
afterAll(() => bench.dispose());

type Rows = readonly (readonly number[])[];

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(path.join(folder, name), content);
  return name;
}

const csv = (name: string, rows: Rows): string => written(name, rows.map((row) => row.join()).join("\n"));

function npy(name: string, rows: Rows, fortran = false): string {
  const [count, width] = [rows.length, rows[0]?.length ?? 0];
  const values = fortran
    ? Float64Array.from({ length: count * width }, (_, k) => rows[k % count]?.[Math.floor(k / count)] ?? 0)
    : Float64Array.from(rows.flat());
  return written(name, npyBytes("<f8", [count, width], new Uint8Array(values.buffer), fortran));
}

interface Printed {
  readonly score: number;
  readonly trials: readonly { readonly barcodes: readonly Rows[]; readonly quantiles: readonly number[] }[];
}

describe("basin rtd", () => {
  it("prints score, parts and every bar of two files, as Ripser has them", { timeout: 60_000 }, async () => {
    const oracle = oracles.clusters_20;
    const { code, stdout, stderr } = await bench.run(folder, [
      "rtd",
      npy("p.npy", oracle.P, true),
      csv("q.csv", oracle.Q),
      "--json",
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    const found = JSON.parse(stdout) as Printed;
    expect(found).toMatchObject({ a: "p.npy", b: "q.csv", points: 20, batch: 20, scoreIs: "symmetric" });
    expect(found.score).toBeCloseTo(oracle.rtd, 12);
    expect(found.trials[0]?.quantiles[0]).toBeCloseTo(oracle.quantileP, 12);
    const sorted = (bars: Rows): Rows => bars.toSorted((p, q) => p[1]! - q[1]! || p[0]! - q[0]!);
    for (const [which, bars] of [oracle.barsPQ, oracle.barsQP].entries()) {
      const own = sorted(found.trials[0]?.barcodes[which] ?? []);
      expect(own).toHaveLength(bars.length);
      sorted(bars).forEach((bar, k) => {
        expect(own[k]?.[0]).toBeCloseTo(bar[0]!, 12);
        expect(own[k]?.[1]).toBeCloseTo(bar[1]!, 12);
      });
    }
    const directed = await bench.run(folder, ["rtd", "p.npy", "q.csv", "--json", "--directed"]);
    expect((JSON.parse(directed.stdout) as Printed).score).toBeCloseTo(oracle.rtdPQ, 12);
  });

  it("says it in words, and averages the subsets of a seed", { timeout: 60_000 }, async () => {
    const rng = rngForKey("cli");
    const rows = (width: number): Rows =>
      Array.from({ length: 60 }, () => Array.from({ length: width }, () => rng.normal()));
    const [a, b] = [npy("a.npy", rows(3)), npy("b.npy", rows(2))];
    const whole = await bench.run(folder, ["rtd", a, b]);
    expect(whole.stdout).toMatch(/^RTD \d\.\d+ {2}\(60 points\)\nRTD-Lite \d\.\d+\n\ndirection +sum +RTD-Lite +bars/);
    expect(whole.stdout).toMatch(/\nbeyond a\.npy +\d\.\d+ +\d\.\d+ +\d+ +\d\.\d+\nbeyond b\.npy /);
    expect(whole.stdout).toMatch(/\nlongest bars beyond b\.npy\n {2}birth +death +length\n/);
    const subsets = ["rtd", a, b, "--batch", "20", "--trials", "3"];
    const first = await bench.run(folder, [...subsets, "--seed", "4"]);
    expect(first.stdout).toContain("(mean of 3 random subsets of 20 of 60 points, seed 4)");
    const score = (text: string): string => text.split("\n")[0] ?? "";
    expect(score((await bench.run(folder, [...subsets, "--seed", "4"])).stdout)).toBe(score(first.stdout));
    expect(score((await bench.run(folder, [...subsets, "--seed", "5"])).stdout)).not.toBe(score(first.stdout));
  });

  it("refuses bad input at once, with 2 and what to do", { timeout: 60_000 }, async () => {
    const good = csv("good.csv", [
      [1, 2],
      [3, 5],
      [5, 6],
      [0, 9],
    ]);
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await bench.run(folder, ["rtd", ...args]);
      expect([code, stdout]).toEqual([2, ""]);
      return stderr;
    };
    expect(await refused(good, csv("three.csv", [[1], [2], [4]]))).toMatch(/4 and 3 points\.\n {2}RTD compares/);
    expect(await refused(good, csv("two.csv", [[1], [2]]))).toContain("two.csv has 2 points.");
    expect(await refused(written("empty.npy", npyBytes("<f4", [4, 0], new Uint8Array(0))), good)).toContain(
      "no columns",
    );
    expect(await refused(good, csv("inf.csv", [[1], [Infinity], [2], [4]]))).toContain("row 2, column 1 is Infinity");
    const many = written("many.npy", npyBytes("<f4", [40_000, 1], new Uint8Array(160_000)));
    expect(await refused(many, many)).toMatch(/40000 points; at most 32767.*\n {2}Compare random subsets/);
    expect(await refused(good, "nowhere.npy")).toContain("nowhere.npy cannot be read: it is not there.");
    expect(await refused(good, good, "--batch", "2")).toContain("batch is 2");
    expect(await refused(good, good, "--trials", "x")).toContain("whole number");
    expect(await refused(good)).toContain("missing required argument 'b'");
  });

  it("compares subsets of what is too large as a whole", { timeout: 60_000 }, async () => {
    const rng = rngForKey("large");
    const values = Float64Array.from({ length: 40_000 }, () => rng.next());
    const many = written("line.npy", npyBytes("<f8", [40_000, 1], new Uint8Array(values.buffer)));
    const { code, stdout } = await bench.run(folder, ["rtd", many, many, "--batch", "50"]);
    expect([code, stdout.split("\n")[0]]).toEqual([
      0,
      "RTD 0  (mean of 10 random subsets of 50 of 40000 points, seed 0)",
    ]);
  });

  it("flags an embedding that has collapsed", { timeout: 60_000 }, async () => {
    const one = csv("one.csv", [[2], [2], [2], [2]]);
    const { code, stdout, stderr } = await bench.run(folder, ["rtd", "good.csv", one, "--json"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^basin: warning: one\.csv has collapsed/);
    expect(JSON.parse(stdout)).toMatchObject({ score: 0, collapsed: [false, true] });
  });
});

describe("the report", () => {
  const rng = rngForKey("report");
  const result = computeRtd(gaussianCloud(30, 3, rng), gaussianCloud(30, 2, rng));
  const report: RtdReport = {
    names: ["a.npy", "b.npy"],
    widths: [3, 2],
    seed: 0,
    directed: true,
    result,
    elapsedMs: 1234,
  };

  it("scores one direction when told", () => {
    expect(rtdLines(report)[0]).toMatch(/\(30 points; one direction\)$/);
    expect(rtdObject(report)).toMatchObject({ score: result.directed[0], lite: result.directedLite[0] });
    expect(rtdObject({ ...report, directed: false })).toMatchObject({ score: result.score, lite: result.lite });
    expect(rtdLines(report).at(-1)).toBe("1.23 s");
    expect(collapseLines(report)).toEqual([]);
  });
});
