import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { crashReason, forgetVerdicts, verdictFolder, type Outcome } from "./crashGuard.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-verdicts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const works: Outcome = { kind: "works" };
const day = 24 * 3_600_000;

describe("a native library", () => {
  it("is tried apart once for the same files, and again for others", async () => {
    const tried = vi.fn(async () => works);
    expect(await crashReason("tfjs-node", "a", tried, folder)).toBeUndefined();
    expect(await crashReason("tfjs-node", "a", tried, folder, Date.now() + 10 * day)).toBeUndefined();
    expect(tried).toHaveBeenCalledTimes(1);
    await crashReason("tfjs-node", "b", tried, folder);
    await crashReason("webgpu", "b", tried, folder);
    expect(tried).toHaveBeenCalledTimes(3);
  });

  it("that crashes is left alone for a day, with the reason", async () => {
    const crash = vi.fn(async (): Promise<Outcome> => ({ kind: "crashes", reason: "SIGSEGV" }));
    for (const hours of [0, 12, 23])
      expect(await crashReason("tfjs-node", "a", crash, folder, hours * 3_600_000)).toMatch(
        /ended the process that tried it \(SIGSEGV\).*basin doctor/,
      );
    expect(crash).toHaveBeenCalledTimes(1);
    const well = vi.fn(async () => works);
    expect(await crashReason("tfjs-node", "a", well, folder, day + 1)).toBeUndefined();
    expect(well).toHaveBeenCalledTimes(1);
  });

  it("that refuses is asked again soon", async () => {
    const refuse = vi.fn(async (): Promise<Outcome> => ({ kind: "refuses", reason: "No GPU here." }));
    for (const minutes of [0, 9, 11])
      expect(await crashReason("webgpu", "a", refuse, folder, minutes * 60_000)).toBe("No GPU here.");
    expect(refuse).toHaveBeenCalledTimes(2);
  });

  it("is tried each time where nothing can be remembered, and anew where memory is damaged or was forgotten", async () => {
    const tried = vi.fn(async () => works);
    const file = path.join(folder, "file");
    writeFileSync(file, "");
    await crashReason("tfjs-node", "a", tried, path.join(file, "below"));
    await crashReason("tfjs-node", "a", tried, path.join(file, "below"));
    expect(tried).toHaveBeenCalledTimes(2);
    writeFileSync(path.join(folder, "tfjs-node.json"), "{");
    await crashReason("tfjs-node", "a", tried, folder);
    expect(tried).toHaveBeenCalledTimes(3);
    const env = { XDG_DATA_HOME: folder };
    await crashReason("tfjs-node", "a", tried, verdictFolder(env));
    forgetVerdicts(env);
    await crashReason("tfjs-node", "a", tried, verdictFolder(env));
    expect(tried).toHaveBeenCalledTimes(5);
  });
});
