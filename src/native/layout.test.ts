import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installLines } from "./installLines.ts";
import { manifestFile, nativeHome, packageFolder, readManifest, writeManifest, type NativeManifest } from "./layout.ts";
import { progressOf, type InstallStep } from "./progress.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), "basin-layout-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const manifest: NativeManifest = {
  format: 1,
  variant: "cpu",
  folder: "cpu-1",
  origin: "wheel",
  from: "a.whl",
  libtensorflow: "2.21.0",
  device: "CPU",
  node: "v24.0.0",
  installedAt: "2026-01-01T00:00:00.000Z",
};

describe("the folder for native packages", () => {
  it("is the one each system has for the data of programs", () => {
    const absolute = path.resolve("/data");
    expect(nativeHome({ XDG_DATA_HOME: absolute }, "linux")).toContain(
      path.join(absolute, "basin", "native", "linux-"),
    );
    expect(nativeHome({ HOME: "/home/ada" }, "linux")).toContain(path.join("/home/ada", ".local", "share", "basin"));
    // A relative one does not count.
    expect(nativeHome({ XDG_DATA_HOME: "data", HOME: "/home/ada" }, "linux")).toContain("/home/ada");
    expect(nativeHome({ HOME: "/Users/ada" }, "darwin")).toContain(
      path.join("Library", "Application Support", "basin"),
    );
    expect(nativeHome({ LOCALAPPDATA: "C:\\data" }, "win32")).toContain("C:\\data");
    expect(path.basename(nativeHome({}))).toBe(`${process.platform}-${process.arch}-tfjs4.22.0`);
  });
});

describe("a manifest", () => {
  it("counts only when it is whole, of its variant, and its package is there", () => {
    expect(readManifest(home, "cpu")).toBeUndefined();
    writeManifest(home, manifest);
    expect(readManifest(home, "cpu")).toBeUndefined();
    mkdirSync(packageFolder(path.join(home, manifest.folder), "cpu"), { recursive: true });
    expect(readManifest(home, "cpu")).toEqual(manifest);
    expect(readManifest(home, "gpu")).toBeUndefined();
    for (const text of [
      "",
      "null",
      "[]",
      "{",
      JSON.stringify({ ...manifest, format: 2 }),
      JSON.stringify({ ...manifest, variant: "gpu" }),
    ]) {
      writeFileSync(manifestFile(home, "cpu"), text);
      expect(readManifest(home, "cpu"), text).toBeUndefined();
    }
  });

  it("cannot lead out of the folder", () => {
    const outside = path.join(home, "inner");
    mkdirSync(packageFolder(path.join(home, "cpu-1"), "cpu"), { recursive: true });
    writeManifest(outside, { ...manifest, folder: "../cpu-1" });
    expect(readManifest(outside, "cpu")).toBeUndefined();
  });
});

describe("progress", () => {
  it("grows from 0 to 100 whatever fractions are told", () => {
    const steps: InstallStep[] = ["check", "packages", "official", "library", "compile", "try", "finish"];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(steps.length - 1), fc.double()), { maxLength: 40 }), (told) => {
        const percents: number[] = [];
        const tell = progressOf(({ percent }) => percents.push(percent));
        for (const [index, fraction] of told.toSorted((a, b) => a[0] - b[0])) tell(steps[index]!, "x", fraction);
        expect(percents).toEqual(percents.toSorted((a, b) => a - b));
        expect(percents.every((percent) => percent >= 0 && percent <= 100)).toBe(true);
      }),
    );
  });

  it("is read from a stream in pieces of any size, whatever else is printed", () => {
    const line = { type: "progress", step: "check", percent: 1, message: "é\n" } as const;
    const text = `a warning\n${JSON.stringify(line)}\n{"type":"other"}\n${JSON.stringify(line)}\nrest`;
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const seen: unknown[] = [];
        let rest = "";
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        for (let i = 1; i < places.length; i++) {
          const read = installLines(rest + text.slice(places[i - 1], places[i]));
          seen.push(...read.lines);
          rest = read.rest;
        }
        expect(seen).toEqual([line, line]);
        expect(rest).toBe("rest");
      }),
    );
  });
});
