import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../executors/local/testing.ts";
import { resolveProgram } from "./program.ts";

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => (place = temporaryFolder("program")));
afterEach(() => place.remove());

function executable(...names: string[]): string {
  const file = path.join(place.folder, ...names);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, 0o755);
  return file;
}

describe("resolveProgram", () => {
  it("leaves programs on PATH alone and resolves relative ones against the folder", () => {
    expect(resolveProgram({ program: "make", cwd: "/w", env: {} })).toEqual({ program: "make", note: "" });
    expect(resolveProgram({ program: "./train.sh", cwd: "/w/a", env: {} }).program).toBe("/w/a/train.sh");
    expect(resolveProgram({ program: "/opt/run", cwd: "/w", env: {} }).program).toBe("/opt/run");
  });

  it("takes python3 when there is no python, and says so", () => {
    const bin = path.dirname(executable("bin", "python3"));
    const { program, note } = resolveProgram({ program: "python", cwd: place.folder, env: { PATH: bin } });
    expect(program).toBe("python3");
    expect(note).toContain("python3 is used");
    executable("bin", "python");
    expect(resolveProgram({ program: "python", cwd: place.folder, env: { PATH: bin } }).program).toBe("python");
  });

  it("prefers the workspace's .venv, found upwards but not above the workspace", () => {
    const python = executable("work", ".venv", "bin", "python");
    const cwd = path.join(place.folder, "work", "deep", "er");
    mkdirSync(cwd, { recursive: true });
    const env = { PATH: "" };
    const found = resolveProgram({ program: "python3", cwd, env, platform: "linux" });
    expect(found).toEqual({ program: python, note: `python3 is ${python}` });
    // An environment that the user has activated is the user's choice.
    expect(resolveProgram({ program: "python3", cwd, env: { ...env, VIRTUAL_ENV: "/v" } }).program).toBe("python3");
    mkdirSync(path.join(place.folder, "work", "deep", ".basin"));
    expect(resolveProgram({ program: "python3", cwd, env }).program).toBe("python3");
  });
});
