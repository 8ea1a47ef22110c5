/**
 * Whether a native package trains on this machine: a step of the built-in trainer in a process of its own.
 * Invariant: a library that crashes or hangs costs that process only.
 */
import { backendNames, candidateVariable, type NativeVariant } from "./layout.ts";
import { runProgram } from "./processes.ts";

export interface TryOptions {
  readonly variant: NativeVariant;
  readonly node: string;
  readonly trainer: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export type Trial =
  | { readonly ok: true; readonly device: string; readonly node: string }
  | { readonly ok: false; readonly reason: string };

/** Loading a gigabyte from a cold disk takes its time. */
const limitMs = 180_000;

/** @throws BasinError `cancelled` */
export async function tryPackage(options: TryOptions, packageFolder: string): Promise<Trial> {
  const { how, stdout, tail, ok } = await runProgram(options.node, {
    args: [options.trainer, "--probe", backendNames[options.variant]],
    env: { ...options.env, [candidateVariable]: packageFolder },
    timeoutMs: limitMs,
    signal: options.signal,
  });
  const answer = answerOf(stdout);
  if (answer?.["ok"] === true)
    return {
      ok: true,
      device: String(answer["device"]),
      node: typeof answer["node"] === "string" ? answer["node"] : "",
    };
  if (typeof answer?.["reason"] === "string") return { ok: false, reason: answer["reason"] };
  return { ok: false, reason: ok ? "the probe gave no answer" : `the probe ended with ${how}. ${tail}`.trim() };
}

/** The last line of a program's output as an object. */
export function answerOf(stdout: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
