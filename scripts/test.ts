/**
 * `npm test`: every check of the project in one run, one table, and `N passed, N failed` as its last line.
 * Invariant: exit code 0 only when every part that was asked for ran and nothing in it failed.
 * Usage: npm test [-- --only unit,e2e]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { aptInstall, works } from "./workbench/apt.ts";
import { softwareVulkan } from "./workbench/softwareVulkan.ts";
import { torchPython } from "./workbench/torchEnvironment.ts";

const root = path.resolve(import.meta.dirname, "..");
const results = path.join(root, "test-results");

interface Count {
  readonly passed: number;
  readonly failed: number;
}

interface Part {
  readonly name: string;
  readonly minutes: number;
  readonly run: (limitMs: number) => Promise<Count>;
}

const parts: readonly Part[] = [
  { name: "build", minutes: 3, run: (ms) => check(ms, ["node", "scripts/build.ts"]) },
  {
    name: "types",
    minutes: 3,
    run: (ms) => check(ms, ["tsc", "-p", "tsconfig.json"], ["tsc", "-p", "webview/tsconfig.json"]),
  },
  { name: "lint", minutes: 3, run: (ms) => check(ms, ["oxlint", "--deny-warnings"]) },
  { name: "format", minutes: 2, run: (ms) => check(ms, ["oxfmt", "--check"]) },
  { name: "schema", minutes: 2, run: (ms) => check(ms, ["node", "scripts/generateSchema.ts", "--check"]) },
  { name: "unit", minutes: 25, run: (ms) => vitest(ms, "unit", []) },
  { name: "webgpu", minutes: 6, run: webgpu },
  { name: "native", minutes: 6, run: native },
  { name: "python", minutes: 15, run: python },
  { name: "workbench", minutes: 6, run: (ms) => check(ms, ["node", "scripts/workbench/setup.ts"]) },
  { name: "host", minutes: 8, run: host },
  { name: "package", minutes: 3, run: (ms) => check(ms, ["node", "scripts/package.ts"]) },
  { name: "e2e", minutes: 20, run: (ms) => vitest(ms, "e2e", ["--config", "test/e2e/vitest.config.ts"]) },
];

/** Commands that either work or do not: each counts as one check, and the first that fails ends the part. */
async function check(limitMs: number, ...commands: readonly (readonly [string, ...string[]])[]): Promise<Count> {
  let passed = 0;
  for (const command of commands) {
    if ((await execute(command, limitMs)).code !== 0) return { passed, failed: 1 };
    passed++;
  }
  return { passed, failed: 0 };
}

/** A vitest run; the figures come from its JSON report, so that a run that dies half-way is never taken for a good one. */
async function vitest(
  limitMs: number,
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Count> {
  const report = path.join(results, `${name}.json`);
  rmSync(report, { force: true });
  const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
  const { code } = await execute(["vitest", "run", ...args, ...reporters], limitMs, env);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const figures = JSON.parse(readFileSync(report, "utf8")) as VitestReport;
  const brokenFiles = figures.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  const failed = figures.numFailedTests + brokenFiles;
  // Errors outside of any test show in the exit code only.
  return { passed: figures.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/** Training on WebGPU, compared with the reference back end, on a software adapter: right numbers, no speed. */
async function webgpu(limitMs: number): Promise<Count> {
  let adapter: ReturnType<typeof softwareVulkan>;
  try {
    adapter = softwareVulkan();
  } catch (error) {
    console.error(`The software adapter for WebGPU could not be installed: ${String(error)}`);
    return { passed: 0, failed: 1 };
  }
  if ("reason" in adapter) {
    console.log(`Skipped: ${adapter.reason}.`);
    return { passed: 0, failed: 0 };
  }
  return vitest(limitMs, "webgpu", ["--config", "test/webgpu/vitest.config.ts"], adapter.env);
}

/**
 * `basin native install` from PyPI, then the tests that train on it. Kept in .workbench for the next run; a machine that cannot
 * have it fails in CI and goes on elsewhere.
 */
async function native(limitMs: number): Promise<Count> {
  const env = { XDG_DATA_HOME: path.join(root, ".workbench", "native") };
  const begun = performance.now();
  const command = ["node", path.join("dist", "cli.cjs"), "native", "install", "--from-pypi"] as const;
  const { code, output } = await execute(command, limitMs, env);
  if (code !== 0) {
    if (process.env["CI"] !== undefined) return { passed: 0, failed: 1 };
    console.log(
      `Skipped: ${/basin: error: (.*)/u.exec(output)?.[1] ?? "TensorFlow's native part could not be installed"}`,
    );
    return { passed: 0, failed: 0 };
  }
  const left = limitMs - (performance.now() - begun);
  const tests = await vitest(left, "native", ["--config", "test/native/vitest.config.ts"], env);
  return { ...tests, passed: tests.passed + 1 };
}

/** The Python SDK's own tests, with the standard library only; then those of basin.torch, with PyTorch. */
async function python(limitMs: number): Promise<Count> {
  if (!works("python3", ["--version"]) && !aptInstall(["python3"])) {
    console.error("The SDK's tests need python3, which is not here and cannot be installed.");
    return { passed: 0, failed: 1 };
  }
  const alone = await unittest(limitMs, "python3", "python/tests");
  let torch: ReturnType<typeof torchPython>;
  try {
    torch = torchPython(root);
  } catch (error) {
    console.error(`PyTorch could not be installed: ${String(error)}`);
    return { ...alone, failed: alone.failed + 1 };
  }
  if ("reason" in torch) {
    console.log(`The tests of basin.torch are skipped: ${torch.reason}.`);
    return alone;
  }
  const withTorch = await unittest(limitMs, torch.python, "python/tests_torch");
  return { passed: alone.passed + withTorch.passed, failed: alone.failed + withTorch.failed };
}

/** A run of Python's unittest over a folder below python/. */
async function unittest(limitMs: number, program: string, folder: string): Promise<Count> {
  const args = ["-W", "error::ResourceWarning", "-m", "unittest", "discover", "-s", folder, "-t", "python"] as const;
  const { code, output } = await execute([program, ...args], limitMs);
  const ran = Number(/^Ran (\d+) tests?/mu.exec(output)?.[1] ?? 0);
  const bad = [...output.matchAll(/(?:failures|errors)=(\d+)/gu)].reduce((sum, match) => sum + Number(match[1]), 0);
  const failed = bad === 0 && (code !== 0 || ran === 0) ? 1 : bad;
  return { passed: Math.max(0, ran - bad), failed };
}

async function host(limitMs: number): Promise<Count> {
  const { code, output } = await execute(["node", "test/runners/runServer.ts"], limitMs);
  const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/u.exec(output) ?? [];
  if (passed === undefined || failed === undefined) return { passed: 0, failed: 1 };
  return { passed: Number(passed), failed: code !== 0 && failed === "0" ? 1 : Number(failed) };
}

let running: ChildProcess | undefined;

/** Runs a program in a process group of its own, shows what it prints, and ends the whole group when its time is up. */
function execute(
  command: readonly [string, ...string[]],
  limitMs: number,
  more: Readonly<Record<string, string>> = {},
): Promise<{ code: number; output: string }> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    // Not a terminal: a dot a test, without an escape sequence around each.
    const env = { ...process.env, NO_COLOR: "1", ...more };
    const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    running = child;
    let output = "";
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const) {
      from.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-100_000);
        to.write(text);
      });
    }
    const impatience = setTimeout(() => {
      console.error(`${command.join(" ")}: no end after ${(limitMs / 60_000).toFixed(0)} minutes`);
      endRunning("SIGKILL");
    }, limitMs);
    const end = (code: number): void => {
      clearTimeout(impatience);
      // What a program leaves behind in its group ends with it.
      endRunning("SIGKILL");
      running = undefined;
      resolve({ code, output });
    };
    child.once("error", (error) => {
      console.error(`${program}: ${error.message}`);
      end(1);
    });
    child.once("close", (code) => end(code ?? 1));
  });
}

function endRunning(signal: NodeJS.Signals): void {
  if (running?.pid === undefined) return;
  try {
    process.kill(-running.pid, signal);
  } catch {
    // Already gone.
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    endRunning("SIGTERM");
    process.exit(130);
  });
}

function chosenParts(): readonly Part[] {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  if (values.only === undefined) return parts;
  const names = values.only.split(",");
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(
      `There is no part ${unknown.join(", ")}; the parts are ${parts.map((part) => part.name).join(", ")}.`,
    );
    process.exit(2);
  }
  return parts.filter((part) => names.includes(part.name));
}

mkdirSync(results, { recursive: true });
const rows: (Count & { readonly name: string; readonly seconds: number })[] = [];
for (const part of chosenParts()) {
  console.log(`\n── ${part.name} ${"─".repeat(60 - part.name.length)}`);
  const begun = performance.now();
  const count = await part.run(part.minutes * 60_000);
  rows.push({ name: part.name, ...count, seconds: (performance.now() - begun) / 1000 });
}

console.log(`\n${"part".padEnd(12)}${"passed".padStart(8)}${"failed".padStart(8)}${"seconds".padStart(10)}`);
for (const row of rows) {
  const figures = [String(row.passed).padStart(8), String(row.failed).padStart(8), row.seconds.toFixed(1).padStart(10)];
  console.log(`${row.failed === 0 ? "✓" : "✗"} ${row.name.padEnd(10)}${figures.join("")}`);
}
const passed = rows.reduce((sum, row) => sum + row.passed, 0);
const failed = rows.reduce((sum, row) => sum + row.failed, 0);
process.exitCode = failed === 0 ? 0 : 1;
console.log(`\n${passed} passed, ${failed} failed`);
