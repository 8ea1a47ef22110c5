/**
 * Scripting per frame out of a Chromium trace. CPU time of the page's main thread (`tdur`), so other load on the machine
 * does not count. Invariant: nested events are counted once.
 */
import type { Browser, Page } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly url?: string } };
}

const scripting = new Set([
  "EvaluateScript",
  "FunctionCall",
  "EventDispatch",
  "FireAnimationFrame",
  "RunMicrotasks",
  "TimerFire",
  "HandlePostMessage",
  "v8.evaluateModule",
]);

export interface FrameTimes {
  /** CPU ms of scripting in each frame that had any. */
  readonly scriptMs: readonly number[];
  /** Frames the page's main thread committed, and over how many ms. */
  readonly frames: number;
  readonly spanMs: number;
}

/** Runs `act` and says what the page's main thread did in each frame meanwhile, a script of that name left out. */
export async function traced(
  browser: Browser,
  page: Page,
  leftOut: string | undefined,
  act: () => Promise<void>,
): Promise<FrameTimes> {
  await browser.startTracing(page, { categories: ["devtools.timeline", "disabled-by-default-devtools.timeline"] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const commits = traceEvents.filter((event) => event.name === "BeginCommitCompositorFrame");
  const perThread = new Map<string, number>();
  for (const { pid, tid } of commits) perThread.set(`${pid}/${tid}`, (perThread.get(`${pid}/${tid}`) ?? 0) + 1);
  const [busiest] = [...perThread].sort((a, b) => b[1] - a[1])[0] ?? [""];
  const ours = (event: TraceEvent): boolean => `${event.pid}/${event.tid}` === busiest;
  const ends = commits
    .filter(ours)
    .map((event) => event.ts)
    .sort((a, b) => a - b);
  const calls = traceEvents
    .filter((event) => event.ph === "X" && ours(event) && scripting.has(event.name))
    .sort((a, b) => a.ts - b.ts);
  const perFrame = new Map<number, number>();
  let coveredTo = 0;
  let frame = 0;
  for (const { name, ts, dur = 0, tdur = 0, args } of calls) {
    if (ts < coveredTo) continue;
    coveredTo = ts + dur;
    if (name === "EvaluateScript" && leftOut !== undefined && args?.data?.url?.endsWith(leftOut) === true) continue;
    while (frame < ends.length && ends[frame]! < ts) frame++;
    perFrame.set(frame, (perFrame.get(frame) ?? 0) + tdur / 1000);
  }
  return {
    scriptMs: [...perFrame.values()],
    frames: ends.length,
    spanMs: ((ends.at(-1) ?? 0) - (ends[0] ?? 0)) / 1000,
  };
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
