/**
 * `basin ask-tell` with every sampler, killed between ask and tell and started again: no trial is lost or doubled, and the
 * configurations are those of a run that nothing disturbed. All studies begin with the trials of an earlier one, so that
 * models and not their start-ups answer.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CliBench, createCliBench } from "../../src/cli/testing.ts";
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
const expected = new Map<string, readonly Params[]>();

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
    for (const { kind } of samplers) {
      const file = path.join(folder, `${kind}.study.yaml`);
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
      await tell(1);
      for (let number = 3; number < trials; number++) {
        await ask(1);
        await tell(number);
      }
      expected.set(kind, params);
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

/** Drives a study through a kill; resolves with the configurations by number. */
async function disturbed(kind: string): Promise<readonly Params[]> {
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
  // Trial 1 is out, and the next one is being asked for.
  first.write({ ask: 1 });
  await first.kill();
  const second = talk(folder);
  const [again] = await second.ask(1);
  expect(again).toEqual({ number: 1, params: one!.params, resumed: true });
  params[1] = again!.params;
  expect(await second.tell(again!)).toEqual({ ok: true, number: 1 });
  for (let number = 3; number < trials; number++) {
    const [trial] = await second.ask(1);
    expect(trial?.number).toBe(number);
    params[number] = trial!.params;
    await second.tell(trial!);
  }
  expect(await second.say({ ask: 1 })).toMatchObject({ trials: [], done: true });
  // Told twice is refused: nothing is counted twice.
  expect(await second.tell(zero!)).toMatchObject({ error: { code: "wrong-state" } });
  second.cli.child.stdin.end();
  expect((await second.cli.finished).code).toBe(0);
  return params;
}

it(
  "goes on with every sampler where it was killed, with the configurations of an undisturbed run",
  { timeout: 180_000 },
  async () => {
    const waiting = samplers.map(({ kind }) => kind);
    const different: string[] = [];
    const lane = async (): Promise<void> => {
      for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) {
        const params = await disturbed(kind).catch((error: unknown) => {
          throw new Error(`sampler ${kind}`, { cause: error });
        });
        if (JSON.stringify(params) !== JSON.stringify(expected.get(kind))) different.push(kind);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    expect(different).toEqual([]);
    expect(expected.size).toBe(samplers.length);
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
    const pid = place.enginePid() ?? 0;
    expect(pid).not.toBe(first.cli.child.pid);
    kill(pid);
    client.dispose();
    while (isAlive(pid)) await sleep(5);
    // What is told now reaches nobody, and is said to.
    expect(await first.tell(one!)).toMatchObject({ error: { code: "engine-unavailable" } });
    await first.kill();
    const second = talk(place.folder);
    expect(await second.ask(1)).toEqual([{ ...one, resumed: true }]);
    await second.tell(one!);
    const [three] = await second.ask(1);
    expect([zero, one, two, three].map((trial) => trial?.params)).toEqual(expected.get("auto")?.slice(0, 4));
    await second.kill();
  } finally {
    place.dispose();
    rmSync(built, { recursive: true, force: true });
  }
});
