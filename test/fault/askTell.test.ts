/**
 * `basin ask-tell` with every sampler, killed between ask and tell and started again: no trial is lost or doubled, and the
 * configurations are those of a run that nothing disturbed. All studies begin with the trials of an earlier one, so that
 * models and not their start-ups answer. Trials 1 and 3 are always out at the kill; trial 4 has not been asked for, or is just
 * being asked for: what the database holds then says which undisturbed run it must equal.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CliBench, createCliBench } from "../../src/cli/testing.ts";
import { workspaceFiles } from "../../src/client/workspaceFiles.ts";
import type { Params } from "../../src/core/space/parameter.ts";
import { type RunningEngine, startEngine } from "../../src/engine/engine.ts";
import { silentLog } from "../../src/engine/log.ts";
import { samplers } from "../../src/samplers/registry.ts";
import { bundleEngine, faultWorkspace, isAlive, kill, sleep } from "./faultFixture.ts";

const trials = 6;
const earlier = 14;
/** Command lines at once. */
const atOnce = 2;

let bench: CliBench;
let template = "";

/** When trial 4 is asked for: once trials 1 and 3 are told, or while they are out. */
type Order = "later" | "sooner";
/** Configurations by number of the runs that nothing disturbs. */
const expected: Readonly<Record<Order, Map<string, readonly Params[]>>> = { later: new Map(), sooner: new Map() };
/** The samplers, every third of which is being asked for trial 4 when the kill comes. */
const runs = samplers.map(({ kind }, i) => ({ kind, asking: i % 3 === 0 }));

interface Asked {
  readonly number: number;
  readonly params: Params;
  readonly resumed?: boolean;
}

function text(name: string, sampler: string, count: number, more = ""): string {
  return `study: ${name}
objective: { metric: loss, direction: minimize }
space:
  x: { type: float, low: 0, high: 1 }
  n: { type: int, low: 1, high: 100, log: true }
  kind: { type: categorical, choices: [a, b, c] }
sampler: ${sampler}
budget: { trials: ${count}, parallel: 2 }
seed: 3
${more}`;
}

const study = (kind: string): string => text("toy", kind, trials, "warmStart: earlier\n");

function lossOf(params: Params): number {
  return (
    (Number(params["x"]) - 0.4) ** 2 + Math.abs(Number(params["n"]) - 9) / 100 + (params["kind"] === "b" ? 0 : 0.1)
  );
}

async function withEngine<T>(folder: string, work: (engine: RunningEngine) => Promise<T>): Promise<T> {
  const samplerThread = path.join(bench.dist, "sampler.cjs");
  const engine = await startEngine({ workspace: folder, foreground: true, log: silentLog, samplerThread });
  try {
    return await work(engine);
  } finally {
    await engine.close("test");
  }
}

beforeAll(async () => {
  bench = await createCliBench();
  template = mkdtempSync(path.join(os.tmpdir(), "basin-ask-tell-"));
  mkdirSync(path.join(template, ".vscode"));
  await withEngine(template, async (engine) => {
    const file = path.join(template, "earlier.study.yaml");
    const start = { path: file, text: text("earlier", "random", earlier), mode: "continue" } as const;
    const { studyId } = await engine.request("study.start", start);
    for (const { number, params } of (await engine.request("ask", { studyId, count: earlier })).trials) {
      const loss = lossOf(params);
      for (let step = 1; step <= 4; step++)
        await engine.request("report", { studyId, number, step, value: loss + 1 / step });
      await engine.request("tell", { studyId, number, values: [loss] });
    }
  });
  // What nothing disturbs, all in one engine on a copy.
  const folder = copyOf("undisturbed");
  await withEngine(folder, async (engine) => {
    const undisturbed = async (kind: string, order: Order): Promise<void> => {
      const file = path.join(folder, `${kind} ${order}.study.yaml`);
      const { studyId } = await engine.request("study.start", { path: file, text: study(kind), mode: "continue" });
      const params: Params[] = [];
      const ask = async (count: number): Promise<void> => {
        const asked = (await engine.request("ask", { studyId, count })).trials;
        for (const trial of asked) params[trial.number] = trial.params;
      };
      const tell = (number: number) =>
        engine.request("tell", { studyId, number, values: [lossOf(params[number] ?? {})] });
      await ask(1);
      await tell(0);
      await ask(2);
      await tell(2);
      await ask(1);
      if (order === "sooner") await ask(1);
      await tell(1);
      await tell(3);
      if (order === "later") await ask(1);
      await tell(4);
      await ask(1);
      await tell(5);
      expected[order].set(kind, params);
    };
    for (const { kind, asking } of runs) {
      await undisturbed(kind, "later");
      if (asking) await undisturbed(kind, "sooner");
    }
  });
}, 120_000);

afterAll(async () => {
  await bench.dispose();
  rmSync(template, { recursive: true, force: true });
});

/** The workspace with the earlier study in it, inside the bench's folder. */
function copyOf(name: string): string {
  const folder = path.join(bench.root, name);
  cpSync(template, folder, { recursive: true });
  return folder;
}

/** A conversation with `basin ask-tell`. */
function talk(folder: string) {
  const cli = bench.start(folder, ["ask-tell", "toy.study.yaml"]);
  let answers = 0;
  const write = (message: object): void => void cli.child.stdin.write(`${JSON.stringify(message)}\n`);
  const say = async <T>(message: object): Promise<T> => {
    answers += 1;
    const position = answers;
    write(message);
    const [line = ""] = await cli.saw(new RegExp(`^(?:.*\\n){${position - 1}}(.*)\\n`)).then((match) => match.slice(1));
    return JSON.parse(line) as T;
  };
  return {
    cli,
    write,
    say,
    ask: async (count: number) => (await say<{ trials: readonly Asked[] }>({ ask: count })).trials,
    tell: ({ number, params }: Asked) => say<object>({ tell: { number, values: [lossOf(params)] } }),
    kill: async (): Promise<void> => {
      cli.child.kill("SIGKILL");
      await cli.finished;
    },
  };
}

/** Trials that the database of a killed process holds for the study. */
function stored(folder: string): number {
  const db = new Database(workspaceFiles(folder).database, { timeout: 10_000 });
  try {
    const count = "SELECT count(*) FROM trials JOIN studies ON studies.id = study_id WHERE studies.name = 'toy'";
    return Number(db.prepare(count).pluck().get());
  } finally {
    db.close();
  }
}

/** Drives a study through a kill; resolves with the configurations by number, and with the run that they must equal. */
async function disturbed(kind: string, asking: boolean): Promise<{ params: readonly Params[]; order: Order }> {
  const folder = copyOf(`with ${kind}`);
  writeFileSync(path.join(folder, "toy.study.yaml"), study(kind));
  const params: Params[] = [];
  const first = talk(folder);
  const [zero] = await first.ask(1);
  params[0] = zero!.params;
  expect(await first.tell(zero!)).toEqual({ ok: true, number: 0 });
  const [one, two] = await first.ask(2);
  params[2] = two!.params;
  expect(await first.tell(two!)).toEqual({ ok: true, number: 2 });
  const [three] = await first.ask(1);
  expect(three?.number).toBe(3);
  // Trials 1 and 3 are out, and the next one is being asked for, or not yet.
  if (asking) first.write({ ask: 1 });
  await first.kill();
  const order = stored(folder) > 4 ? "sooner" : "later";
  if (!asking) expect(order).toBe("later");
  const second = talk(folder);
  for (const { number, params: before } of [one!, three!]) {
    const [again] = await second.ask(1);
    expect(again).toEqual({ number, params: before, resumed: true });
    params[number] = before;
    expect(await second.tell(again!)).toEqual({ ok: true, number });
  }
  for (let number = 4; number < trials; number++) {
    const [trial] = await second.ask(1);
    expect(trial?.number).toBe(number);
    // Only what was there before the kill can come back.
    if (trial?.resumed === true) expect({ number, order }).toEqual({ number: 4, order: "sooner" });
    params[number] = trial!.params;
    await second.tell(trial!);
  }
  expect(await second.say({ ask: 1 })).toMatchObject({ trials: [], done: true });
  // Told twice is refused: nothing is counted twice.
  expect(await second.tell(zero!)).toMatchObject({ error: { code: "wrong-state" } });
  second.cli.child.stdin.end();
  expect((await second.cli.finished).code).toBe(0);
  return { params, order };
}

it(
  "goes on with every sampler where it was killed, with the configurations of an undisturbed run",
  { timeout: 180_000 },
  async () => {
    const waiting = [...runs];
    const different: string[] = [];
    const lane = async (): Promise<void> => {
      for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
        const { kind, asking } = run;
        const { params, order } = await disturbed(kind, asking).catch((error: unknown) => {
          throw new Error(`sampler ${kind}`, { cause: error });
        });
        if (JSON.stringify(params) !== JSON.stringify(expected[order].get(kind))) different.push(`${kind} ${order}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    expect(different).toEqual([]);
    expect(expected.later.size).toBe(samplers.length);
  },
);

it("goes on when the engine that it talks to is killed", { timeout: 120_000 }, async () => {
  const { bundle, folder: built } = await bundleEngine();
  const place = faultWorkspace(bundle);
  try {
    rmSync(place.folder, { recursive: true, force: true });
    cpSync(template, place.folder, { recursive: true });
    writeFileSync(path.join(place.folder, "toy.study.yaml"), study("auto"));
    const client = await place.connect();
    const first = talk(place.folder);
    const [zero] = await first.ask(1);
    await first.tell(zero!);
    const [one, two] = await first.ask(2);
    await first.tell(two!);
    const [three] = await first.ask(1);
    const pid = place.enginePid() ?? 0;
    expect(pid).not.toBe(first.cli.child.pid);
    kill(pid);
    client.dispose();
    while (isAlive(pid)) await sleep(5);
    // What is told now reaches nobody, and is said to.
    expect(await first.tell(one!)).toMatchObject({ error: { code: "engine-unavailable" } });
    await first.kill();
    const second = talk(place.folder);
    for (const trial of [one!, three!]) {
      expect(await second.ask(1)).toEqual([{ ...trial, resumed: true }]);
      await second.tell(trial);
    }
    const [four] = await second.ask(1);
    expect([zero, one, two, three, four].map((trial) => trial?.params)).toEqual(
      expected.later.get("auto")?.slice(0, 5),
    );
    await second.kill();
  } finally {
    place.dispose();
    rmSync(built, { recursive: true, force: true });
  }
});
