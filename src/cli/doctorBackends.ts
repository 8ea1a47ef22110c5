/**
 * What `basin doctor` says about the training back ends: each loads, trains and is measured in processes of its own, one after
 * another, so that neither a crash nor a timing touches another.
 * Invariant: never throws; a back end that is measured is measured with as many threads as a trial of one slot would get.
 */
import os from "node:os";
import path from "node:path";
import { errorText } from "../core/errors.ts";
import { tfjsBackendNames } from "../core/study/definition.ts";
import { chooseNode } from "../executors/local/nodePath.ts";
import { runProgram } from "../native/processes.ts";
import { answerOf } from "../native/tryOut.ts";
import { forgetVerdicts } from "../trainers/tfjs/backends/crashGuard.ts";
import { measureVariable, type ProbeResult } from "../trainers/tfjs/backends/probeAnswer.ts";
import type { Measured } from "../trainers/tfjs/yardstickAnswer.ts";
import type { Finding } from "./doctor.ts";

export interface BackendReport {
  readonly backend: string;
  readonly works: boolean;
  /** What it computes on; empty when it does not work. */
  readonly device: string;
  /** Why it does not work, or could not be measured, in words; empty when all is well. */
  readonly reason: string;
  /** MLP 64-256-128-10, batch 128, Adam. */
  readonly mlp: Measured | null;
  /** CNN 32x32x3, two times 32 and two times 64 filters with a pool after each two, dense 128, batch 128, Adam. */
  readonly cnn: Measured | null;
}

interface Asked {
  readonly name: string;
  readonly threads: number;
  readonly measure?: string;
}

/** Seconds of timed steps: enough for a steady median, little enough for a person who waits. */
const mlpSeconds = 1;
const cnnSeconds = 3;
const loadLimitMs = 60_000;
const measureLimitMs = 120_000;

/** Asks all back ends. @param tell what is being looked at, for a person who waits */
export async function backendReports(
  distFolder: string,
  quick: boolean,
  tell: (what: string) => void,
): Promise<BackendReport[]> {
  // What crashed a while ago is tried again now, and by the next trial.
  forgetVerdicts(process.env);
  const electron = process.versions["electron"] !== undefined;
  const node = await chooseNode({ env: process.env, execPath: process.execPath, electron });
  const ask = (asked: Asked): Promise<ProbeResult> => probeApart(path.join(distFolder, "trainer.cjs"), node, asked);
  const reports: BackendReport[] = [];
  for (const name of tfjsBackendNames.filter((name) => name !== "auto")) {
    tell(`Looking at ${name}`);
    reports.push(await reportOf(name, quick, tell, ask));
  }
  return reports;
}

async function reportOf(
  name: string,
  quick: boolean,
  tell: (what: string) => void,
  ask: (asked: Asked) => Promise<ProbeResult>,
): Promise<BackendReport> {
  const loaded = await ask({ name, threads: 1 });
  if (!loaded.ok) return { backend: name, works: false, device: "", reason: loaded.reason, mlp: null, cnn: null };
  const works = { backend: name, works: true, device: loaded.device };
  if (quick) return { ...works, reason: "", mlp: null, cnn: null };
  tell(`Measuring ${name}`);
  const mlp = await ask({ name, threads: 1, measure: `mlp ${mlpSeconds}` });
  const cnn = await ask({ name, threads: os.availableParallelism(), measure: `cnn ${cnnSeconds}` });
  const failures = [mlp, cnn].flatMap((result) => (result.ok ? [] : [result.reason]));
  return { ...works, reason: failures.join(" "), mlp: measuredOf(mlp), cnn: measuredOf(cnn) };
}

function measuredOf(result: ProbeResult): Measured | null {
  return result.ok ? (result.measured ?? null) : null;
}

async function probeApart(
  trainer: string,
  node: { readonly path: string; readonly env: Readonly<Record<string, string>> },
  { name, threads, measure }: Asked,
): Promise<ProbeResult> {
  const timeoutMs = measure === undefined ? loadLimitMs : measureLimitMs;
  const env = { ...process.env, ...node.env, BASIN_THREADS: String(threads), [measureVariable]: measure ?? "" };
  try {
    const signal = new AbortController().signal;
    const { stdout, how, tail, ok } = await runProgram(node.path, {
      args: [trainer, "--probe", name],
      env,
      timeoutMs,
      signal,
    });
    const answer = answerOf(stdout);
    if (answer?.["backend"] === name) return answer as unknown as ProbeResult;
    const said = tail.split("\n").at(-1) ?? "";
    const reason = ok
      ? "It gave no answer."
      : `The process that tried it ended: ${how}.${said === "" ? "" : ` It said: ${said}`}`;
    return { backend: name, ok: false, reason };
  } catch (error) {
    return { backend: name, ok: false, reason: errorText(error) };
  }
}

const reinstall: Readonly<Record<string, string>> = {
  wasm: "Reinstall Basin: WebAssembly comes with it.",
  cpu: "Reinstall Basin: the plain JavaScript back end comes with it.",
};

/** A report as a line of the doctor's table. */
export function backendFinding(report: BackendReport): Finding {
  const { backend, works, device, reason, mlp, cnn } = report;
  const what = `TensorFlow.js ${backend}`;
  const needed = backend === "wasm";
  if (!works)
    return { what, ok: false, needed, detail: firstSentence(reason), hint: rest(reason) || (reinstall[backend] ?? "") };
  const parts = [
    device,
    ...(mlp === null ? [] : [`MLP ${timeText(mlp)} a step`]),
    ...(cnn === null ? [] : [`CNN ${timeText(cnn)} a step, ${cnn.gigaflops} GFLOP/s`]),
    ...(reason === "" ? [] : [`not measured in full: ${reason}`]),
  ];
  return { what, ok: true, needed, detail: parts.join("; "), hint: "" };
}

/** "4.1 ms (1 thread)", "about 62 s (1 thread, from a batch of 2)". */
function timeText({ stepMs, threads, samples }: Measured): string {
  const time = stepMs >= 10_000 ? `${(stepMs / 1000).toPrecision(3)} s` : `${stepMs} ms`;
  const ran = `${threads} thread${threads === 1 ? "" : "s"}`;
  return samples < 128 ? `about ${time} (${ran}, from a batch of ${samples})` : `${time} (${ran})`;
}

/** Reasons open with what is the matter, and go on with what to do. */
function firstSentence(text: string): string {
  const end = /[.!]\s+(?=[A-Z])/.exec(text)?.index;
  const sentence = (end === undefined ? text : text.slice(0, end + 1)).split("\n")[0] ?? "";
  return sentence.length > 200 ? `${sentence.slice(0, 197)}...` : sentence;
}

function rest(text: string): string {
  const end = /[.!]\s+(?=[A-Z])/.exec(text);
  return end === null ? "" : text.slice(end.index + end[0].length).trim();
}
