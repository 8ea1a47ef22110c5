import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLocalExecutor } from "./localExecutor.ts";
import { commandJob, record, repositoryRoot, temporaryFolder, trainersFolder } from "./testing.ts";

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => (place = temporaryFolder("executor")));
afterEach(() => place.remove());

const executor = createLocalExecutor({ distFolder: path.join(repositoryRoot, "dist"), gpus: [] });
const node = process.execPath;
const script = (name: string): string => path.join(trainersFolder, name);

describe("a trainer that behaves", () => {
  it("sends its events in order, then exactly one exit", async () => {
    const job = commandJob({ run: [node, script("steady.mjs")], folder: place.folder, params: { lr: 0.1 } });
    const run = record(executor, job);
    expect(await run.exit).toEqual({ kind: "exited", code: 0 });
    expect(run.events.map((event) => event.type)).toEqual(["started", "report", "report", "report", "done"]);
    expect(run.warnings).toEqual([]);
    expect(readFileSync(path.join(job.trialFolder, "trainer.log"), "utf8")).toContain('params {"lr":0.1}');
    expect(JSON.parse(readFileSync(path.join(job.trialFolder, "params.json"), "utf8"))).toEqual({ lr: 0.1 });
    expect(run.trial.pid).toBeGreaterThan(0);
    expect(run.late).toEqual([]);
  });
});
