/**
 * SIGKILL at random moments over engine, trainers and both at once; what a client has read must never be missing afterwards.
 * The seed of the moments is printed; BASIN_FAULT_SEED repeats a run.
 */
import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { rngForKey } from "../../src/core/rng.ts";
import type { Params } from "../../src/core/space/parameter.ts";
import { bundleEngine, endEngine, type FaultWorkspace, faultWorkspace, isAlive, kill, sleep } from "./faultFixture.ts";
import { connect, nothingTold, read, untilDone } from "./told.ts";

const kills = 30;
const seed = process.env["BASIN_FAULT_SEED"] ?? String(Date.now());

let engine: { bundle: string; folder: string };
let workspace: FaultWorkspace | undefined;
beforeAll(async () => {
  engine = await bundleEngine();
});
afterEach(({ task }) => {
  if (task.result?.state === "fail" && workspace !== undefined) console.log(workspace.logs());
  workspace?.dispose();
});
afterAll(() => rmSync(engine.folder, { recursive: true, force: true }));

it(`loses nothing over ${kills} kills (seed ${seed})`, { timeout: 300_000 }, async () => {
  console.log(`fault seed ${seed}`);
  const rng = rngForKey(`fault/${seed}`);
  const place = (workspace = faultWorkspace(engine.bundle));
  const told = nothingTold();
  let budget = 60;
  let client = await connect(place);
  const { studyId } = await client.request("study.start", {
    path: place.studyPath,
    text: place.text(budget, 2),
    mode: "continue",
  });
  const done: Record<string, number> = { engine: 0, trainer: 0, both: 0 };
  let killedTrainers = 0;
  for (let round = 0; round < kills; round++) {
    await sleep(rng.int(500));
    await read(client, studyId, told);
    if ((await client.request("study.get", { studyId })).state === "complete") {
      budget += 40;
      const again = await client.request("study.start", {
        path: place.studyPath,
        text: place.text(budget, 2),
        mode: "continue",
      });
      expect(again).toMatchObject({ studyId, how: "continued" });
      await sleep(rng.int(300));
    }
    const pid = place.enginePid();
    expect(pid, "a living engine").toBeDefined();
    const trainers = place.trainers();
    const victim = rng.choice(["engine", "engine", "trainer", "both"]);
    if (victim === "trainer" && trainers.length > 0) {
      kill(rng.choice(trainers));
      killedTrainers++;
      done["trainer"] = (done["trainer"] ?? 0) + 1;
      continue;
    }
    const kind = victim === "both" ? "both" : "engine";
    done[kind] = (done[kind] ?? 0) + 1;
    // A request under way, which may or may not be answered.
    const asked = client.request("study.get", { studyId }).catch(() => undefined);
    if (kind === "both") {
      for (const trainer of trainers) kill(-trainer);
      // The engine may live long enough to see them die; it then records them as failed, as it should.
      killedTrainers += trainers.length;
    }
    kill(-(pid ?? 0));
    kill(pid ?? 0);
    await asked;
    client.dispose();
    while (isAlive(pid ?? 0)) await sleep(5);
    // Now and then somebody else is the first to open what was left.
    if (rng.next() < 0.5) expect(place.integrity()).toBe("ok");
    client = await connect(place);
    const study = await client.request("study.get", { studyId });
    expect(study.counts.running, "only what the new engine runs is running").toBe(study.slots.length);
    expect(["running", "complete"]).toContain(study.state);
    await read(client, studyId, told);
  }
  const end = await untilDone(client, studyId);
  await read(client, studyId, told);
  expect(end.state).toBe("complete");
  expect(end.counts).toMatchObject({ running: 0, waiting: 0, paused: 0 });
  expect(end.counts.complete + end.counts.failed).toBe(budget);
  expect(end.counts.failed, "only killed trainers fail").toBeLessThanOrEqual(killedTrainers);
  expect(told.finals.size).toBe(budget);
  const best = Math.min(...[...told.finals.values()].map(({ value }) => (Number.isNaN(value) ? Infinity : value)));
  expect(end.best?.values).toEqual([best]);
  await endEngine(place, client);
  expect(place.integrity()).toBe("ok");
  expect(place.trainers(), "no trainer is left").toEqual([]);
  console.log(
    `kills: ${JSON.stringify(done)}, trials: ${budget}, reports read: ${[...told.reports.values()].reduce((n, steps) => n + steps.size, 0)}`,
  );
});

it("suggests the same parameters when the engine is killed on the way", { timeout: 200_000 }, async () => {
  const rng = rngForKey(`fault/sequence/${seed}`);
  const trials = 16;
  const sequence = async (interruptions: number): Promise<Params[]> => {
    const place = (workspace = faultWorkspace(engine.bundle));
    let client = await connect(place);
    const { studyId } = await client.request("study.start", {
      path: place.studyPath,
      text: place.text(trials, 1),
      mode: "continue",
    });
    for (let i = 0; i < interruptions; i++) {
      // From some trial on, at any moment of it.
      const from = 3 * (i + 1);
      while ((await client.request("study.get", { studyId })).counts.complete < from) await sleep(10);
      await sleep(rng.int(150));
      const pid = place.enginePid() ?? 0;
      kill(pid);
      client.dispose();
      while (isAlive(pid)) await sleep(5);
      client = await connect(place);
    }
    const end = await untilDone(client, studyId);
    expect(end.counts.complete).toBe(trials);
    const { rows } = await client.request("trial.rows", { studyId, sort: "number", offset: 0, limit: 1000 });
    client.dispose();
    place.dispose();
    return rows.toReversed().map((row) => row.params);
  };
  const whole = await sequence(0);
  expect(whole).toHaveLength(trials);
  expect(await sequence(4)).toEqual(whole);
});
