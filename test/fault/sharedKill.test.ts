/**
 * SIGKILL at random moments while trainer processes serve several trials each: nothing is lost, nothing mixed, and every
 * result is what a process for each trial gives. The seed of the moments is printed; BASIN_FAULT_SEED repeats a run.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { trainerLogOf, workspaceFiles } from "../../src/client/workspaceFiles.ts";
import { rngForKey } from "../../src/core/rng.ts";
import {
  builtInText,
  bundleEngine,
  endEngine,
  type FaultWorkspace,
  faultWorkspace,
  isAlive,
  kill,
  sleep,
} from "./faultFixture.ts";
import { connect, nothingTold, read, type Told, untilDone } from "./told.ts";

const trials = 24;
const kills = 8;
const seed = process.env["BASIN_FAULT_SEED"] ?? String(Date.now());

let engine: { bundle: string; folder: string };
const workspaces: FaultWorkspace[] = [];
beforeAll(async () => {
  engine = await bundleEngine(true);
});
afterEach(({ task }) => {
  for (const place of workspaces.splice(0)) {
    if (task.result?.state === "fail") console.log(place.logs());
    place.dispose();
  }
});
afterAll(() => rmSync(engine.folder, { recursive: true, force: true }));

/** Runs the study without a fault; what it told at the end. */
async function undisturbed(): Promise<Told> {
  const place = faultWorkspace(engine.bundle);
  workspaces.push(place);
  const told = nothingTold();
  const client = await connect(place);
  const text = builtInText(trials, 2, "fresh");
  const { studyId } = await client.request("study.start", { path: place.studyPath, text, mode: "continue" });
  const end = await untilDone(client, studyId);
  expect(end.counts).toMatchObject({ complete: trials, failed: 0 });
  await read(client, studyId, told, "val_loss");
  client.dispose();
  return told;
}

it(`loses and mixes nothing over ${kills} kills (seed ${seed})`, { timeout: 300_000 }, async () => {
  console.log(`fault seed ${seed}`);
  const rng = rngForKey(`fault/shared/${seed}`);
  const place = faultWorkspace(engine.bundle);
  workspaces.push(place);
  const told = nothingTold();
  let client = await connect(place);
  const text = builtInText(trials, 2, "shared");
  const { studyId } = await client.request("study.start", { path: place.studyPath, text, mode: "continue" });
  const pids = new Set<number>();
  let killedTrainers = 0;
  for (let round = 0; round < kills; round++) {
    await sleep(rng.int(600));
    await read(client, studyId, told, "val_loss");
    if ((await client.request("study.get", { studyId })).state === "complete") break;
    const pid = place.enginePid();
    expect(pid, "a living engine").toBeDefined();
    const trainers = place.trainers();
    for (const trainer of trainers) pids.add(trainer);
    const victim = rng.choice(["engine", "trainer", "trainer", "both"]);
    if (victim !== "engine") {
      const doomed = victim === "both" ? trainers : trainers.slice(0, 1);
      for (const trainer of doomed) kill(-trainer);
      killedTrainers += doomed.length;
    }
    if (victim === "trainer") continue;
    kill(-(pid ?? 0));
    kill(pid ?? 0);
    client.dispose();
    while (isAlive(pid ?? 0)) await sleep(5);
    client = await connect(place);
    // The new engine has ended what the old one left before it started anything itself.
    const study = await client.request("study.get", { studyId });
    expect(study.counts.running).toBe(study.slots.length);
    await read(client, studyId, told, "val_loss");
  }
  const end = await untilDone(client, studyId);
  await read(client, studyId, told, "val_loss");
  expect(end.counts).toMatchObject({ running: 0, waiting: 0, paused: 0 });
  expect(end.counts.complete + end.counts.failed).toBe(trials);
  expect(end.counts.failed, "only trials of killed trainers fail").toBeLessThanOrEqual(killedTrainers);
  for (const trainer of place.trainers()) pids.add(trainer);

  // Every trial's log holds that trial, whichever process wrote it.
  for (let number = 0; number < trials; number++) {
    const file = trainerLogOf(place.folder, studyId, number);
    const log = existsSync(file) ? readFileSync(file, "utf8") : "";
    for (const [, of] of log.matchAll(/^\[basin: trial (\d+),/gm)) expect(Number(of)).toBe(number);
  }
  await endEngine(place, client);
  expect(place.integrity()).toBe("ok");
  expect(place.trainers(), "no trainer is left").toEqual([]);

  const fresh = await undisturbed();
  for (const [number, { state, value }] of told.finals) {
    expect(told.params.get(number)).toBe(fresh.params.get(number));
    if (state === "complete") expect(value, `trial ${number}`).toBe(fresh.finals.get(number)?.value);
    // Also of trials that were killed: what they had reported by then.
    for (const [step, loss] of told.reports.get(number) ?? [])
      expect(loss, `trial ${number}, step ${step}`).toBe(fresh.reports.get(number)?.get(step));
  }
  const started = /Trainer process \d+ for/g;
  const processes = [...readFileSync(workspaceFiles(place.folder).log, "utf8").matchAll(started)].length;
  expect(processes, "processes served several trials each").toBeLessThan(trials);
  console.log(`processes: ${processes}, trials: ${trials}, failed: ${end.counts.failed}`);
});
