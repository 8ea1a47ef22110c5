/**
 * How the panel behaves with 100, 10,000 and 100,000 trials in Chromium: first paint, brush frames, table scroll, memory.
 * The fake host posts real typed arrays. Usage: node test/bench/ui.ts [--json file]; scripting times are wall times inside
 * the page, so other load on the machine shows in them. Nothing here passes or fails.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { buildGallery, launchBrowser, openPanel } from "./uiGallery.ts";

const sizes = [100, 10_000, 100_000] as const;
const viewport = { width: 1400, height: 900 };

interface Row {
  readonly trials: number;
  /** Navigation start to the first frame with the header and table rows, ms; generating the fake study taken off. */
  readonly firstPaintMs: number;
  /** Scripting per animation frame while a brush is dragged: median, 95th percentile, worst; ms. */
  readonly brushMedianMs: number;
  readonly brush95Ms: number;
  readonly brushWorstMs: number;
  /** From the last pointer move until nothing is left to draw, ms. */
  readonly brushSettleMs: number;
  /** Scripting of one pointer move over the lines, ms (median). */
  readonly hoverMs: number;
  /** Scripting per frame while the table scrolls, ms (95th percentile), and frames a second. */
  readonly scroll95Ms: number;
  readonly scrollFps: number;
  readonly heapMb: number;
}

interface FrameLog {
  readonly frames: number[];
  readonly gaps: number[];
}

/**
 * Counts the scripting of each frame: every callback of requestAnimationFrame, event listener and microtask between the
 * start of a frame's input and its end, by wrapping what the panel uses. Installed before the page's scripts.
 */
function instrument(): void {
  const log: FrameLog = { frames: [], gaps: [] };
  let spent = 0;
  let depth = 0;
  const timed = <A extends unknown[]>(run: (...args: A) => unknown): ((...args: A) => unknown) => {
    return function (this: unknown, ...args: A): unknown {
      if (depth > 0) return run.apply(this, args);
      depth++;
      const began = performance.now();
      try {
        return run.apply(this, args);
      } finally {
        depth--;
        spent += performance.now() - began;
      }
    };
  };
  const request = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => request(timed(callback) as FrameRequestCallback);
  const add = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    if (typeof listener === "function") {
      add.call(this, type, timed(listener as (event: Event) => unknown) as EventListener, options);
    } else if (listener !== null && typeof listener === "object") {
      const wrapped = timed((event: Event) => listener.handleEvent(event));
      add.call(this, type, wrapped as EventListener, options);
    }
  };
  // Lit redraws in microtasks: run them through a wrapper as well.
  const then = Promise.prototype.then;
  Promise.prototype.then = function (resolve, reject) {
    return then.call(this, typeof resolve === "function" ? (timed(resolve as (x: unknown) => unknown) as never) : resolve, reject) as never;
  };
  let last = performance.now();
  const tick = (): void => {
    const now = performance.now();
    log.gaps.push(now - last);
    log.frames.push(spent);
    last = now;
    spent = 0;
    request(tick);
  };
  request(tick);
  Object.assign(window, { frameLog: log });
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

async function framesDuring(page: Page, act: () => Promise<void>): Promise<FrameLog> {
  await page.evaluate(() => {
    const { frameLog } = window as unknown as { frameLog: FrameLog };
    frameLog.frames.length = 0;
    frameLog.gaps.length = 0;
  });
  await act();
  return await page.evaluate(() => (window as unknown as { frameLog: FrameLog }).frameLog);
}

/** Until a second has passed with next to no scripting. */
async function settled(page: Page): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    const { frames } = await framesDuring(page, () => page.waitForTimeout(400));
    quiet = frames.every((spent) => spent < 2) ? quiet + 1 : 0;
  }
}

async function measure(browser: Browser, folder: string, trials: number): Promise<Row> {
  const query = { study: String(trials), state: "complete", saved: JSON.stringify({ view: "parallel", inspectorOpen: false }) };
  const { page, errors } = await openPanel(browser, folder, query, viewport, instrument);
  await page.waitForFunction(() => {
    const panel = document.querySelector("basin-panel")?.shadowRoot;
    return (panel?.querySelector("basin-table")?.shadowRoot?.querySelectorAll(".row").length ?? 0) > 3;
  });
  const firstPaintMs = await page.evaluate(() => {
    const generated = performance.measure("generated", "generate-start", "generate-end").duration;
    const painted = performance.getEntriesByName("basin-first-rows")[0]?.startTime ?? performance.now();
    return painted - generated;
  });
  await settled(page);

  const title = await page.locator("basin-parallel-chart button.axis", { hasText: "learningRate" }).boundingBox();
  const plot = await page.locator("basin-parallel-chart .plot").boundingBox();
  if (title === null || plot === null) throw new Error("The parallel plot is not on the page.");
  const x = title.x + title.width / 2;
  const steps = 60;
  const brush = await framesDuring(page, async () => {
    await page.mouse.move(x, plot.y + 80);
    await page.mouse.down();
    for (let i = 0; i < steps; i++) await page.mouse.move(x, plot.y + 82 + i * 3);
    await page.mouse.up();
  });
  const began = performance.now();
  const quiet = await framesDuring(page, () => settled(page));
  void quiet;
  const brushSettleMs = Math.max(0, performance.now() - began - 800);
  const brushed = brush.frames.filter((spent) => spent > 0.2);

  await page.mouse.move(plot.x + 20, plot.y + 40);
  const hover = await framesDuring(page, async () => {
    for (let i = 0; i < 40; i++) await page.mouse.move(plot.x + 200 + i * 5, plot.y + 120 + (i % 7) * 8);
  });

  const table = await page.locator("basin-table .scroller").boundingBox();
  if (table === null) throw new Error("The table is not on the page.");
  await page.mouse.move(table.x + 300, table.y + 100);
  await settled(page);
  const scroll = await framesDuring(page, async () => {
    for (let i = 0; i < 60; i++) await page.mouse.wheel(0, 400);
  });
  await settled(page);
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  if (errors.length > 0) throw new Error(`The page reported errors:\n${errors.join("\n")}`);
  await page.context().close();
  const scrolled = scroll.gaps.slice(1);
  return {
    trials,
    firstPaintMs,
    brushMedianMs: quantile(brushed, 0.5),
    brush95Ms: quantile(brushed, 0.95),
    brushWorstMs: quantile(brushed, 1),
    brushSettleMs,
    hoverMs: quantile(hover.frames.filter((spent) => spent > 0.05), 0.5),
    scroll95Ms: quantile(scroll.frames, 0.95),
    scrollFps: 1000 / (scrolled.reduce((sum, gap) => sum + gap, 0) / Math.max(1, scrolled.length)),
    heapMb: usedSize / 2 ** 20,
  };
}

const folder = path.join(os.tmpdir(), `basin-ui-bench-${process.pid}`);
await mkdir(folder, { recursive: true });
await buildGallery(folder);
const browser = await launchBrowser();
const rows: Row[] = [];
try {
  for (const trials of sizes) rows.push(await measure(browser, folder, trials));
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
const shown = rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Math.round(value * 10) / 10])));
console.table(shown);
const at = process.argv.indexOf("--json");
const file = path.resolve(at > 0 ? (process.argv[at + 1] ?? "ui.json") : path.join(import.meta.dirname, "../../out/bench/ui.json"));
await mkdir(path.dirname(file), { recursive: true });
await writeFile(file, `${JSON.stringify({ node: process.version, chromium: browser.version(), cpus: os.cpus().length, viewport, rows }, null, 2)}\n`);
console.log(`Written to ${file}`);
