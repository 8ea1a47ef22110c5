import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliBench, createCliBench, studyText } from "./testing.ts";

let bench: CliBench;
beforeAll(async () => {
  bench = await createCliBench();
});
afterAll(() => bench.dispose());

function workspaceWith(text: string, name = "toy.study.yaml"): string {
  const folder = bench.workspace();
  writeFileSync(path.join(folder, name), text);
  return folder;
}

function lastJson(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Record<string, unknown>;
}

/** `number` column of an export, in order. */
async function numbersOf(folder: string): Promise<number[]> {
  const { stdout } = await bench.run(folder, ["export", "toy"]);
  return stdout
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => Number(line.split(",")[0]));
}

describe("basin run", () => {
  it("runs a study to its end, one line a trial, and says where to look", async () => {
    const folder = workspaceWith(studyText());
    const { code, stdout, stderr } = await bench.run(folder, ["run", "toy.study.yaml"]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const lines = stdout
      .split("\n")
      .filter((line) => /^\[\d\/5\] {2}trial \d {2}acc 0\.\d+ {2}\d+\.\d s {2}x=\S+ optimizer=\S+/.test(line));
    expect(lines).toHaveLength(5);
    expect(stdout).toMatch(/Best: trial \d with acc 0\.\d+\n {4}x {10}0\.\d+\n {4}optimizer {2}\w+\n/);
    expect(stdout).toContain(`open ${folder}, then "Basin: Open Study Panel"`);
    expect(stdout).toContain("basin show toy.study.yaml");

    const listed = await bench.run(folder, ["list"]);
    expect(listed.stdout).toMatch(
      /^id +study +state +trials +best +file\n1 +toy #1 +complete +5\/5 +acc 0\.\d+ +toy\.study\.yaml\n$/,
    );
    expect((await bench.run(folder, ["show", "toy"])).stdout).toMatch(/\ntrial +state +acc +parameters\n\d +complete /);
    expect((await bench.run(folder, ["show", "toy", "2"])).stdout).toContain("trial 2 complete");
    expect((await bench.run(folder, ["export", "toy", "--format", "csv", "-o", "out.csv"])).code).toBe(0);
    expect(readFileSync(path.join(folder, "out.csv"), "utf8").trimEnd().split("\n")).toHaveLength(6);
  });

  it("prints the result as the last line with --json, goes on with more trials, and starts afresh when told", async () => {
    const folder = workspaceWith(studyText({ trials: 3 }));
    const first = await bench.run(folder, ["run", "toy.study.yaml", "--json"]);
    expect(first.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(lastJson(first.stdout)).toMatchObject({
      study: "toy",
      state: "complete",
      generation: 1,
      trials: { complete: 3 },
      best: { params: { optimizer: expect.any(String) as string } },
    });
    const more = await bench.run(folder, ["run", "toy.study.yaml", "--json", "--trials", "5", "--parallel", "1"]);
    expect(lastJson(more.stdout)).toMatchObject({ generation: 1, trials: { complete: 5 } });
    const again = await bench.run(folder, ["run", "toy.study.yaml", "--json"]);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("is complete");
    const fresh = await bench.run(folder, ["run", "toy.study.yaml", "--json", "--fresh"]);
    expect(lastJson(fresh.stdout)).toMatchObject({ generation: 2, trials: { complete: 3 } });
    // The same seed: the same study again, but for what parallel slots saw of each other.
    expect((lastJson(fresh.stdout)["best"] as { number: number }).number).toBe(
      (lastJson(first.stdout)["best"] as { number: number }).number,
    );
  });

  it("shows every error of a study at its place, exits with 2 and starts nothing", async () => {
    const folder = workspaceWith(studyText().replace("maximize", "up").replace("high: 1", "high: -1"));
    const { code, stdout, stderr } = await bench.run(folder, ["run", "toy.study.yaml"]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^toy\.study\.yaml:3:38: error: .*direction/m);
    expect(stderr).toMatch(/^toy\.study\.yaml:6:\d+: error: /m);
    expect(existsSync(path.join(folder, ".basin"))).toBe(false);
    expect((await bench.run(folder, ["run", "no.study.yaml"])).code).toBe(2);
    expect((await bench.run(folder, ["run", "train.mjs"])).stderr).toContain("not a study file");
    expect((await bench.run(folder, ["run", "toy.study.yaml", "--trials", "0"])).code).toBe(2);
    expect((await bench.run(folder, ["nonsense"])).code).toBe(2);
  });

  it("fails with 1 when every trial fails", async () => {
    const folder = workspaceWith(studyText({ trials: 2, env: "{ broken: 'yes' }" }));
    const { code, stdout } = await bench.run(folder, ["run", "toy.study.yaml"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/trial \d {2}failed: /);
    expect(stdout).toContain("No trial has been completed.");
  });

  it("pauses at Ctrl-C, puts running trials back and goes on later without giving a number twice", async () => {
    const folder = workspaceWith(studyText({ trials: 8, env: "{ slow: '120' }" }));
    const first = bench.start(folder, ["run", "toy.study.yaml"]);
    await first.saw(/^\[2\/8\]/m);
    first.child.kill("SIGINT");
    const { code, stdout } = await first.finished;
    expect(code).toBe(130);
    expect(stdout).toMatch(/Paused toy at \d of 8 trials/);
    expect(stdout).toContain("Go on with: basin run toy.study.yaml");
    expect((await bench.run(folder, ["list"])).stdout).toContain(" paused ");
    const second = await bench.run(folder, ["run", "toy.study.yaml"]);
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/Continues toy/);
    expect(await numbersOf(folder)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect((await bench.run(folder, ["list"])).stdout).toContain(" 8/8 ");
  });

  it("is seen and paused by another command", async () => {
    const folder = workspaceWith(studyText({ trials: 30, env: "{ slow: '120' }" }));
    const runner = bench.start(folder, ["run", "toy.study.yaml"]);
    await runner.saw(/^\[ 1\/30\]/m);
    expect((await bench.run(folder, ["list"])).stdout).toContain(" running ");
    const paused = await bench.run(folder, ["pause", "toy.study.yaml"]);
    expect(paused.stdout).toMatch(/^Paused toy at \d+ of 30 trials/);
    expect((await runner.finished).code).toBe(130);
    const without = await bench.run(folder, ["resume", "toy"]);
    expect(without.code).toBe(1);
    expect(without.stderr).toContain("No engine runs");
  });

  it("resumes nothing by looking at a study that was cut off", async () => {
    const folder = workspaceWith(studyText({ trials: 30, env: "{ slow: '120' }" }));
    const runner = bench.start(folder, ["run", "toy.study.yaml"]);
    await runner.saw(/^\[ 2\/30\]/m);
    runner.child.kill("SIGKILL");
    await runner.finished;
    const first = await bench.run(folder, ["list"]);
    expect(first.stdout).toMatch(/toy #1 +paused +\d+\/30/);
    expect((await bench.run(folder, ["list"])).stdout).toBe(first.stdout);
    expect((await bench.run(folder, ["run", "toy.study.yaml", "--trials", "5"])).code).toBe(0);
    expect(await numbersOf(folder)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("basin ask-tell", () => {
  const external = studyText({ trainer: "{ kind: none }", trials: 4 });

  /** A session that is talked to line by line. */
  function talk(folder: string) {
    const cli = bench.start(folder, ["ask-tell", "toy.study.yaml"]);
    let answers = 0;
    const say = async (line: string): Promise<Record<string, unknown>> => {
      cli.child.stdin.write(`${line}\n`);
      answers += 1;
      const match = await cli.saw(new RegExp(`^(?:.*\\n){${answers - 1}}(.*)\\n`));
      return JSON.parse(match[1] ?? "") as Record<string, unknown>;
    };
    return { cli, say };
  }

  it("answers every line, and changes nothing for one it does not understand", async () => {
    const folder = workspaceWith(external);
    const input = [
      '{"ask": 2}',
      "nonsense",
      '{"ask": 0}',
      '{"tell": {"number": 0}}',
      '{"say": 1}',
      '{"tell": {"number": 7, "values": [1]}}',
      '{"report": {"number": 0, "step": 1, "value": 0.5}}',
      '{"tell": {"number": 0, "values": [0.5, 1]}}',
      '{"tell": {"number": 0, "values": [0.5]}}',
      '{"tell": {"number": 0, "values": [0.5]}}',
      '{"tell": {"number": 1, "state": "failed"}}',
    ];
    const { code, stdout } = await bench.run(folder, ["ask-tell", "toy.study.yaml"], `${input.join("\n")}\n`);
    expect(code).toBe(0);
    const answers = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers).toHaveLength(input.length);
    expect(answers[0]).toMatchObject({
      trials: [{ number: 0, params: { optimizer: expect.any(String) as string } }, { number: 1 }],
    });
    const codes = answers.map((answer) => (answer["error"] as { code: string } | undefined)?.code);
    expect(codes).toEqual([
      undefined,
      "invalid-argument",
      "invalid-argument",
      "invalid-argument",
      "invalid-argument",
      "unknown-trial",
      undefined,
      "invalid-argument",
      undefined,
      "wrong-state",
      undefined,
    ]);
    expect(answers[6]).toEqual({ decision: "continue", reason: "" });
    expect((await bench.run(folder, ["list"])).stdout).toContain(" 2/4 ");
  });

  it("loses and doubles no trial when it is killed between ask and tell", async () => {
    const folder = workspaceWith(external);
    const told = new Map<number, string>();
    for (let round = 0; ; round++) {
      const { cli, say } = talk(folder);
      const answer = await say('{"ask": 2}');
      const trials = answer["trials"] as { number: number; params: object; resumed?: boolean }[];
      if (trials.length === 0) {
        expect(answer["done"]).toBe(true);
        cli.child.stdin.end();
        expect((await cli.finished).code).toBe(0);
        break;
      }
      for (const trial of trials) expect(told.has(trial.number)).toBe(false);
      // The second one of every round is asked for and never told: the next round gets it again, unchanged.
      const [first, second] = trials;
      expect(await say(`{"tell": {"number": ${first!.number}, "values": [${first!.number}]}}`)).toEqual({
        ok: true,
        number: first!.number,
      });
      told.set(first!.number, JSON.stringify(first!.params));
      if (round > 0) expect(first!.resumed).toBe(true);
      cli.child.kill("SIGKILL");
      await cli.finished;
      if (second === undefined) continue;
      const next = talk(folder);
      const again = (
        (await next.say('{"ask": 1}'))["trials"] as { number: number; params: object; resumed?: boolean }[]
      )[0]!;
      expect(again).toEqual({ number: second.number, params: second.params, resumed: true });
      next.cli.child.kill("SIGKILL");
      await next.cli.finished;
    }
    expect([...told.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    const { stdout } = await bench.run(folder, ["export", "toy"]);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").slice(0, 3));
    expect(rows).toEqual([0, 1, 2, 3].map((number) => [String(number), "complete", String(number)]));
  });

  it("is handed configurations of a person first", async () => {
    const folder = workspaceWith(external);
    const enqueue = (params: string) => bench.run(folder, ["enqueue", "toy.study.yaml", "--params", params]);
    expect(await enqueue('{"x": 0.5}')).toMatchObject({ code: 2, stdout: "" });
    const first = await bench.run(folder, ["ask-tell", "toy.study.yaml"], '{"ask": 1}\n');
    const two = '[{"x": 0.25, "optimizer": "adam"}, {"x": 0.75}]';
    const added = await enqueue(two);
    expect(added.stdout).toMatch(/^Trial 1 of toy: x=0.25 optimizer=adam\nTrial 2 of toy: x=0.75 optimizer=\w+\n/);
    for (const [params, word] of [
      ['{"x": 7}', "x must be between 0 and 1, not 7"],
      ['{"y": 7}', "y is not a parameter of this study"],
      ["x=7", "not JSON"],
      ["[1]", "must be an object"],
    ] as const) {
      const refused = await enqueue(params);
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toContain(word);
    }
    const { stdout } = await bench.run(folder, ["ask-tell", "toy.study.yaml"], '{"ask": 4}\n');
    const { trials } = JSON.parse(stdout) as { trials: { number: number; params: { x: number } }[] };
    expect(trials.map(({ number }) => number)).toEqual([0, 1, 2, 3]);
    expect(first.stdout).toContain(JSON.stringify(trials[0]?.params));
    expect(trials.slice(1, 3).map(({ params }) => params.x)).toEqual([0.25, 0.75]);
  });

  it("refuses studies that have a trainer, and run refuses those that have none", async () => {
    const folder = workspaceWith(studyText());
    expect(await bench.run(folder, ["ask-tell", "toy.study.yaml"])).toMatchObject({ code: 2, stdout: "" });
    writeFileSync(path.join(folder, "outside.study.yaml"), external);
    const refused = await bench.run(folder, ["run", "outside.study.yaml"]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("basin ask-tell outside.study.yaml");
  });
});

describe("an old Node", () => {
  it("is told before anything is loaded, and left for the one that comes with the package", async () => {
    const folder = bench.workspace();
    const pretend = path.join(bench.root, "pretend.cjs");
    writeFileSync(
      pretend,
      'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.9.0" } });',
    );
    const old = bench.start(folder, ["list"], ["--require", pretend]);
    expect(await old.finished).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("needs Node 22.14.0 or newer") as string,
    });
    const bin = path.join(path.dirname(bench.dist), "node_modules", ".bin");
    mkdirSync(bin, { recursive: true });
    symlinkSync(process.execPath, path.join(bin, "node"));
    const found = bench.start(folder, ["list"], ["--require", pretend]);
    expect(await found.finished).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("No study has been started") as string,
    });
  });
});
