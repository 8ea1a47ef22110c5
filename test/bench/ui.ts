/**
 * How the panel behaves with 100, 10,000 and 100,000 trials in Chromium: first paint, brush frames, table scroll, memory.
 * The fake host posts real typed arrays. Usage: node test/bench/ui.ts [--json file]
 * Scripting is CPU time of the page's main thread; the two wall times (first paint, frames a second) include other load on
 * the machine and software rendering. Nothing here passes or fails.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { blankPage, buildGallery, launchBrowser, panelUrl } from "./uiGallery.ts";
import { quantile, traced } from "./uiTrace.ts";

const sizes = [100, 10_000, 100_000] as const;
const viewport = { width: 1400, height: 900 };

interface Row {
  readonly trials: number;
  /** Wall ms from navigation to the frame with the first table rows; generating the fake study taken off. */
  readonly firstPaintMs: number;
  /** CPU ms of scripting from navigation to that frame; the script that generates the study left out. */
  readonly loadCpuMs: number;
  /** CPU ms of scripting a frame while a brush is dragged over 180 pixels in 60 moves. */
  readonly brushMedianMs: number;
  readonly brush95Ms: number;
  readonly brushWorstMs: number;
  /** The same for the pointer moving over the lines. */
  readonly hover95Ms: number;
  /** The same for 60 turns of the wheel over the table, and frames a second (wall). */
  readonly scroll95Ms: number;
  readonly scrollFps: number;
  readonly heapMb: number;
}

/** Until the page has been quiet for a while: timers fire when they are due and frames follow each other. */
async function settled(page: Page): Promise<void> {
  // As text: the types of the page are not those of this program.
  await page.evaluate(`(async () => {
    for (let calm = 0; calm < 20 && performance.now() < 180000; ) {
      const began = performance.now();
      await new Promise((resolve) => requestAnimationFrame(resolve));
      calm = performance.now() - began < 60 ? calm + 1 : 0;
    }
  })()`);
  await page.waitForTimeout(300);
}

async function boxOf(page: Page, selector: string): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await page.locator(selector).first().boundingBox();
  if (box === null) throw new Error(`${selector} is not on the page.`);
  return box;
}

async function measure(browser: Browser, folder: string, trials: number): Promise<Row> {
  const query = {
    study: String(trials),
    state: "complete",
    saved: JSON.stringify({ view: "parallel", inspectorOpen: false }),
  };
  const { page, errors } = await blankPage(browser, folder, viewport);
  const load = await traced(browser, page, "gallery.js", async () => {
    await page.goto(panelUrl(query));
    await page.waitForFunction(() => performance.getEntriesByName("basin-first-rows").length > 0, undefined, {
      timeout: 120_000,
    });
  });
  await settled(page);
  const firstPaintMs = await page.evaluate(() => {
    const generated = performance.measure("generated", "generate-start", "generate-end").duration;
    return (performance.getEntriesByName("basin-first-rows")[0]?.startTime ?? Number.NaN) - generated;
  });

  const title = await boxOf(page, 'basin-parallel-chart button.axis:has-text("learningRate")');
  const plot = await boxOf(page, "basin-parallel-chart .plot");
  const x = title.x + title.width / 2;
  const brush = await traced(browser, page, undefined, async () => {
    await page.mouse.move(x, plot.y + 80);
    await page.mouse.down();
    for (let i = 0; i < 60; i++) await page.mouse.move(x, plot.y + 82 + i * 3);
    await page.mouse.up();
  });
  await settled(page);
  await page.mouse.move(plot.x + 20, plot.y + 40);
  const hover = await traced(browser, page, undefined, async () => {
    for (let i = 0; i < 40; i++) await page.mouse.move(plot.x + 200 + i * 5, plot.y + 120 + (i % 7) * 8);
  });
  const table = await boxOf(page, "basin-table .scroller");
  await page.mouse.move(table.x + 300, table.y + 100);
  await settled(page);
  const scroll = await traced(browser, page, undefined, async () => {
    for (let i = 0; i < 60; i++) await page.mouse.wheel(0, 400);
  });
  await settled(page);
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize = 0 } = (await session.send("Runtime.getHeapUsage")) as {
    usedSize: number;
    backingStorageSize?: number;
  };
  if (errors.length > 0) throw new Error(`The page reported errors:\n${errors.join("\n")}`);
  await page.context().close();
  return {
    trials,
    firstPaintMs,
    loadCpuMs: load.scriptMs.reduce((sum, ms) => sum + ms, 0),
    brushMedianMs: quantile(brush.scriptMs, 0.5),
    brush95Ms: quantile(brush.scriptMs, 0.95),
    brushWorstMs: quantile(brush.scriptMs, 1),
    hover95Ms: quantile(hover.scriptMs, 0.95),
    scroll95Ms: quantile(scroll.scriptMs, 0.95),
    scrollFps: scroll.spanMs > 0 ? (1000 * (scroll.frames - 1)) / scroll.spanMs : Number.NaN,
    heapMb: (usedSize + backingStorageSize) / 2 ** 20,
  };
}

const folder = path.join(os.tmpdir(), `basin-ui-bench-${process.pid}`);
await mkdir(folder, { recursive: true });
await buildGallery(folder);
const browser = await launchBrowser();
const rows: Row[] = [];
try {
  for (const trials of sizes) rows.push(await measure(browser, folder, trials));
  const shown = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Math.round(value * 10) / 10])),
  );
  console.table(shown);
  const at = process.argv.indexOf("--json");
  const file = path.resolve(
    at > 0 ? (process.argv[at + 1] ?? "ui.json") : path.join(import.meta.dirname, "../../out/bench/ui.json"),
  );
  await mkdir(path.dirname(file), { recursive: true });
  const machine = {
    node: process.version,
    chromium: browser.version(),
    cpus: os.cpus().length,
    load: os.loadavg(),
    viewport,
  };
  await writeFile(file, `${JSON.stringify({ ...machine, rows }, null, 2)}\n`);
  console.log(`Written to ${file}`);
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
