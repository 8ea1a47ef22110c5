import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NativeProgress } from "../../native/progress.ts";
import { runInstallation, type InstallationResult } from "./nativeInstallation.ts";

let dist: string;
beforeEach(() => {
  dist = mkdtempSync(path.join(os.tmpdir(), "basin-host-"));
});
afterEach(() => rmSync(dist, { recursive: true, force: true }));

const say = (line: object): string => `console.log(${JSON.stringify(JSON.stringify(line))});`;
const progress = { type: "progress", step: "check", percent: 5, message: "Looking" };

function run(
  cli: string,
  options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: NativeProgress) => void;
    readonly python?: string;
  } = {},
): Promise<InstallationResult> {
  writeFileSync(path.join(dist, "cli.cjs"), cli);
  return runInstallation({
    variant: options.python === undefined ? "cpu" : "gpu",
    ...(options.python === undefined ? {} : { python: options.python }),
    distFolder: dist,
    execPath: process.execPath,
    env: process.env,
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => undefined),
    onLine: () => undefined,
  });
}

describe("an installation for the editor", () => {
  it("passes on progress and gives what was installed", async () => {
    const told: NativeProgress[] = [];
    const installed = { variant: "gpu", device: "GPU 0" };
    const cli = `
      console.log("a warning of some library");
      ${say(progress)}
      console.log(JSON.stringify({ type: "done", before: false, installed: { ...${JSON.stringify(installed)}, args: process.argv.slice(2) } }));
    `;
    const result = await run(cli, { onProgress: (line) => told.push(line), python: "/opt/my python" });
    expect(told).toEqual([progress]);
    expect(result).toMatchObject({ before: false, manifest: installed });
    expect(result.manifest).toMatchObject({
      args: ["native", "install", "--json", "--until-input-ends", "--gpu", "--python", "/opt/my python"],
    });
  });

  it("fails in the command's own words, or says how it ended when it had none", async () => {
    const failed = { type: "failed", cancelled: false, message: "No compiler.", hint: "Install g++." };
    await expect(run(`${say(failed)} process.exitCode = 1;`)).rejects.toMatchObject({
      code: "native-backend",
      message: "No compiler.",
      hint: "Install g++.",
    });
    await expect(run(`console.error("segment"); process.exit(3);`)).rejects.toThrow(
      /unexpectedly \(exit code 3\)\. segment/,
    );
    await expect(
      runInstallation({
        variant: "cpu",
        distFolder: dist,
        execPath: path.join(dist, "no-such-program"),
        env: process.env,
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onLine: () => undefined,
      }),
    ).rejects.toThrow(/could not be started/);
  });

  it("is cancelled by closing the command's input", async () => {
    const controller = new AbortController();
    const cancelled = { type: "failed", cancelled: true, message: "Cancelled.", hint: "" };
    const cli = `process.stdin.on("end", () => { ${say(cancelled)} process.exit(130); }).resume(); ${say(progress)}`;
    await expect(run(cli, { signal: controller.signal, onProgress: () => controller.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
  });
});
