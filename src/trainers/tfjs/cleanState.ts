/**
 * What a trial could leave behind in its process, taken down before and compared after.
 * Invariant: whatever is found here and is not as before makes the process unfit for the next trial: nothing is repaired, so
 * nothing is half repaired.
 */
import type { Tf } from "./tf.ts";

/** Counts and identities; equal states compare as equal texts and identical objects. */
export interface ProcessState {
  readonly facts: ReadonlyMap<string, unknown>;
}

/** Of a request that is under way for a moment, or of a promise: no leftovers. */
const passing = /^(?:Immediate|TickObject|FSReq\w*|\w*Wrap(?:Req)?|CloseReq|Microtask)$/;
const lasting = /^(?:PipeWrap|TCPSocketWrap|TCPServerWrap|TTYWrap|ProcessWrap|UDPWrap|FSEventWrap)$/;

/** Registered kernels, gradients and operations: TensorFlow.js keeps them in one map of maps. */
function registries(): [string, unknown][] {
  const globals: unknown = Reflect.get(globalThis, "_tfGlobals");
  const entries: [string, unknown][] = [];
  if (!(globals instanceof Map)) return entries;
  for (const [name, registry] of globals as Map<string, unknown>) {
    if (!(registry instanceof Map)) continue;
    for (const [key, value] of registry as Map<string, unknown>) entries.push([`${name} ${key}`, value]);
  }
  return entries;
}

/** What the engine keeps besides tensors; none of it is in its types. */
interface EngineInside {
  readonly state: { readonly registeredVariables: object; readonly scopeStack: readonly unknown[] };
}

function tensorFlowFacts(tf: Tf): [string, unknown][] {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  const { state } = tf.engine() as unknown as EngineInside;
  const flags = tf.env().getFlags();
  return [
    ["tensors", numTensors],
    ["data buffers of tensors", numDataBuffers],
    ["bytes of tensors", numBytes],
    ["variables", Object.keys(state.registeredVariables).length],
    ["open scopes", state.scopeStack.length],
    ["back end", tf.getBackend()],
    ...Object.entries(flags).map(([name, value]): [string, unknown] => [`flag ${name}`, value]),
  ];
}

/** Listeners of the process and its streams, by event. */
function listeners(): [string, unknown][] {
  const emitters = { process, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
  return Object.entries(emitters).flatMap(([name, emitter]) =>
    emitter
      .eventNames()
      .map((event): [string, unknown] => [
        `listeners of ${name} for ${String(event)}`,
        (emitter as NodeJS.EventEmitter).listenerCount(event),
      ]),
  );
}

/** Timers, sockets, workers and the like that are alive, by type. */
function resources(): [string, unknown][] {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    if (passing.test(type) && !lasting.test(type)) continue;
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts].map(([type, count]) => [`live ${type}`, count]);
}

/** @param tf the namespace in use, once it is loaded */
export function processState(tf: Tf | undefined): ProcessState {
  return {
    facts: new Map<string, unknown>([
      ...registries(),
      ...(tf === undefined ? [] : tensorFlowFacts(tf)),
      ...Object.entries(process.env).map(([name, value]): [string, unknown] => [`variable ${name}`, value]),
      ...Object.getOwnPropertyNames(globalThis).map((name): [string, unknown] => [`global ${name}`, true]),
      ["Math.random", Math.random],
      ["Date.now", Date.now],
      ["performance.now", Object.getOwnPropertyDescriptor(performance, "now")?.value],
      ["working folder", process.cwd()],
      ["exit code", process.exitCode],
      ...listeners(),
      ...resources(),
    ]),
  };
}

/** A flag is worked out when it is first asked for, and is then what it would have been before. */
const appearsLater = /^flag /;

/** What is not as before, in words; empty = nothing. */
export function differences(before: ProcessState, after: ProcessState): string[] {
  const found: string[] = [];
  for (const [name, value] of after.facts) {
    if (!before.facts.has(name)) {
      if (!appearsLater.test(name)) found.push(typeof value === "number" ? `${name}: ${value}` : `${name} is new`);
    } else if (!Object.is(before.facts.get(name), value)) {
      const old = before.facts.get(name);
      found.push(
        typeof value === "number" && typeof old === "number"
          ? `${name}: ${old} before, ${value} now`
          : `${name} has changed`,
      );
    }
  }
  for (const name of before.facts.keys())
    // What has been let go (a listener for once, a timer) is no leftover.
    if (!after.facts.has(name) && !/^(?:listeners|live) /.test(name)) found.push(`${name} is gone`);
  return found;
}
