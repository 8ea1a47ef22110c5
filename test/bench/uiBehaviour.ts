/**
 * The panel used by mouse and keyboard in Chromium, against the gallery's host: brushes, selection, table, exports, live
 * updates. Prints one line a check and fails if any does. Usage: node test/bench/uiBehaviour.ts
 */
import { mkdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import type { PanelState } from "../../src/protocol/panel.ts";
import { buildGallery, launchBrowser, openPanel } from "./uiGallery.ts";

interface Sent {
  readonly method: string;
  readonly params: { readonly text?: string; readonly numbers?: readonly number[]; readonly pngBase64?: string };
}

const failures: string[] = [];
function check(what: string, holds: boolean, seen: unknown = ""): void {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${holds ? "" : `: ${JSON.stringify(seen)}`}`);
  if (!holds) failures.push(what);
}

const pause = 250;
/** Longer than the panel waits before it saves its state. */
const saved = 500;

class PanelPage {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }
  async count(): Promise<string> {
    return await this.page.locator("basin-table .count").innerText();
  }
  async state(): Promise<PanelState> {
    await this.page.waitForTimeout(saved);
    return await this.page.evaluate<PanelState>("window.basinHost.state");
  }
  async sent(method: string): Promise<readonly Sent[]> {
    await this.page.waitForTimeout(pause);
    const all = await this.page.evaluate<readonly Sent[]>("window.basinHost.sent");
    return all.filter((message) => message.method === method);
  }
  async box(selector: string): Promise<{ x: number; y: number; width: number; height: number }> {
    const box = await this.page.locator(selector).first().boundingBox();
    if (box === null) throw new Error(`${selector} is not on the page.`);
    return box;
  }
  async drag(points: readonly (readonly [number, number])[]): Promise<void> {
    const [first, ...rest] = points;
    await this.page.mouse.move(...first!);
    await this.page.mouse.down();
    for (const point of rest) await this.page.mouse.move(...point);
    await this.page.mouse.up();
    await this.page.waitForTimeout(pause);
  }
  async keys(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
    await this.page.waitForTimeout(pause);
  }
  async filter(text: string): Promise<void> {
    await this.page.locator("basin-filter vscode-text-field input").fill(text);
    await this.page.waitForTimeout(saved);
  }
}

async function parallel(panel: PanelPage): Promise<void> {
  const { page } = panel;
  const axis = (name: string): string => `basin-parallel-chart button.axis:has-text("${name}")`;
  const title = await panel.box(axis("learningRate"));
  const plot = await panel.box("basin-parallel-chart .plot");
  const x = title.x + title.width / 2;
  await panel.drag([
    [x, plot.y + 120],
    [x, plot.y + 150],
    [x, plot.y + 220],
  ]);
  check("a drag along an axis brushes", /of 100/.test(await panel.count()), await panel.count());
  await panel.drag([
    [x, plot.y + 300],
    [x, plot.y + 320],
    [x, plot.y + 330],
  ]);
  const two = (await panel.state()).brushes["learningRate"] ?? [];
  check("a second brush on the same axis", two.length === 2, two);
  await panel.drag([
    [x, plot.y + 170],
    [x, plot.y + 180],
    [x, plot.y + 190],
  ]);
  const moved = (await panel.state()).brushes["learningRate"] ?? [];
  check("a drag inside a brush moves it", moved.length === 2 && moved[1]![1] < two[1]![1], moved);
  await page.mouse.dblclick(x, plot.y + 190);
  check("a double-click clears one brush", ((await panel.state()).brushes["learningRate"] ?? []).length === 1);
  await panel.keys("Escape");
  check("Esc clears the brushes", (await panel.count()) === "100 trials", await panel.count());
  const before = await page.locator("basin-parallel-chart button.axis").allInnerTexts();
  await panel.drag([
    [x, title.y + 8],
    [x - 100, title.y + 8],
    [x - 240, title.y + 8],
  ]);
  const after = await page.locator("basin-parallel-chart button.axis").allInnerTexts();
  check("a title is dragged to another place", before.join() !== after.join() && after.at(-1) === before.at(-1), after);
  await page.locator(axis("dropout")).dblclick();
  await page.waitForTimeout(pause);
  check("a double-click on a title turns the axis", (await page.locator(axis("dropout")).innerText()).includes("↓"));
  let tip = "";
  for (let y = 150; y < 260 && tip === ""; y += 3) {
    await page.mouse.move(plot.x + 360, plot.y + y);
    tip = await page.locator("basin-parallel-chart .tip").innerText();
  }
  check("hovering names the trial", /#\d+ · /.test(tip), tip);
  await page.mouse.down();
  await page.mouse.up();
  check("a click selects", (await panel.sent("select")).length === 1 && /1 selected/.test(await panel.count()));
  await page.evaluate('window.basinHost.push({ type: "selection", numbers: [5, 6] })');
  check(
    "the explorer's selection is taken and not echoed",
    (await panel.sent("select")).length === 1 && /2 selected/.test(await panel.count()),
  );
  for (const [item, method] of [
    ["Save as SVG", "saveText"],
    ["Save as PNG", "saveImage"],
  ] as const) {
    await page.locator("basin-parallel basin-menu[label='Chart Actions'] button.tool").click();
    await page.locator("basin-parallel .item", { hasText: item }).click();
    await page.waitForTimeout(saved);
    const last = (await panel.sent(method)).at(-1)?.params;
    check(item, last?.text?.startsWith("<svg") === true || last?.pngBase64?.startsWith("iVBOR") === true);
  }
}

async function table(panel: PanelPage): Promise<void> {
  const { page } = panel;
  await page.locator("basin-table .scroller").focus();
  await panel.keys("Escape");
  check("Esc clears the selection", (await panel.count()) === "100 trials", await panel.count());
  await panel.keys("ArrowDown", "ArrowDown", "Space");
  check("Space selects", /1 selected/.test(await panel.count()));
  await panel.keys("Shift+ArrowDown", "Shift+ArrowDown");
  check("Shift+arrows select a range", /3 selected/.test(await panel.count()));
  await panel.keys("Control+a");
  check("Ctrl+A selects all shown", /100 selected/.test(await panel.count()));
  await panel.keys("Control+c");
  check("Ctrl+C copies rows", (await panel.sent("copyText")).at(-1)?.params.text?.split("\n").length === 102);
  await panel.keys("End");
  check("End goes to the last row", await page.locator("basin-table .row.active").isVisible());
  await page.locator("basin-table .head button", { hasText: "depth" }).click();
  const sorted = page.locator("basin-table [role=columnheader][aria-sort=ascending]");
  check("a click on a header sorts", (await sorted.innerText()).includes("depth"));
  await panel.filter("optimizer = adam and depth >= 3");
  const good = await panel.count();
  check("the filter filters", /of 100/.test(good), good);
  await panel.filter("optimizer = ");
  const problem = page.locator("basin-table .problem");
  check("a wrong filter says so and the last one stays", (await problem.isVisible()) && (await panel.count()) === good);
  await panel.filter("");
  const chip = page.locator("basin-header .chip", { hasText: "pruned" });
  await chip.click();
  check("a chip of the header filters", /^\d+ of 100/.test(await panel.count()));
  await chip.click();
  await page.locator("basin-table basin-menu[label=Columns] button.tool").click();
  await panel.keys("d", "Enter");
  check(
    "the column chooser hides a column",
    (await panel.state()).hiddenColumns.join() === "depth",
    (await panel.state()).hiddenColumns,
  );
  await panel.keys("Enter", "Escape");
  check("and closes on Esc", !(await page.locator("basin-table basin-menu[label=Columns] .menu").isVisible()));
}

async function otherViews(panel: PanelPage): Promise<void> {
  const { page } = panel;
  await page.locator("basin-tabs #tab-parallel").focus();
  await panel.keys("ArrowRight");
  await page.locator("basin-curves-chart .plot").focus();
  await panel.keys("ArrowDown", "ArrowLeft");
  const tip = await page.locator("basin-curves-chart .tip").innerText();
  check("arrows move along a curve", /step \d+/.test(tip), tip);
  await page.locator("basin-tabs #tab-curves").focus();
  await panel.keys("Home");
  await page.locator("basin-history .plot").focus();
  await panel.keys("ArrowRight", "ArrowRight", "Enter");
  check("arrows and Enter open a point of the history", /1 selected/.test(await panel.count()));
  const plot = await panel.box("basin-history .plot");
  await panel.drag([
    [plot.x + 100, plot.y + 20],
    [plot.x + 200, plot.y + 100],
    [plot.x + 300, plot.y + 200],
  ]);
  check("a drag over points selects them", /\d+ selected/.test(await panel.count()), await panel.count());
  await page.locator("basin-splitter div").focus();
  await panel.keys("ArrowUp");
  check("arrows move the splitter", Math.abs((await panel.state()).splitter - 0.48) < 1e-6);
  const row = await panel.box("basin-table .row");
  await page.mouse.move(row.x + 100, row.y + 30);
  const first = await page.locator("basin-table .row").first().innerText();
  await page.evaluate("window.basinHost.grow(140)");
  await page.waitForTimeout(1000);
  check(
    "new trials move nothing under the pointer",
    first === (await page.locator("basin-table .row").first().innerText()) && /140/.test(await panel.count()),
  );
  await page.locator("basin-table .row").first().click();
  await page.waitForTimeout(pause);
  await page.locator("basin-inspector vscode-button", { hasText: "Enqueue" }).click();
  await page.waitForTimeout(pause);
  check("the inspector enqueues a trial again", /Enqueued/.test(await page.locator("basin-panel .notice").innerText()));
}

/** The picture of a chart as SVG text, by its menu; `at` = which of several menus. */
async function svgOf(panel: PanelPage, view: string, at = 0): Promise<string> {
  const menu = panel.page.locator(`${view} basin-menu[label='Chart Actions']`).nth(at);
  await menu.locator("button.tool").click();
  await menu.locator(".item", { hasText: "Save as SVG" }).click();
  await panel.page.waitForTimeout(pause);
  return (await panel.sent("saveText")).at(-1)?.params.text ?? "";
}

async function schedule(panel: PanelPage): Promise<void> {
  const { page } = panel;
  const tip = page.locator("basin-lineage-chart .tip, basin-rungs-chart .tip");
  check(
    "what was saved is said",
    /Trained [\d,]+ of [\d,]+ epochs/.test(await page.locator("basin-schedule .saved").innerText()),
  );
  await page.locator("basin-lineage-chart .plot").focus();
  await panel.keys("End", "ArrowLeft");
  check(
    "arrows move through the lineage",
    /copied #\d+ at epoch \d+/.test(await tip.innerText()),
    await tip.innerText(),
  );
  await panel.keys("Enter");
  check(
    "Enter selects and the log shows that trial alone",
    (await page.locator("basin-decisions button", { hasText: "Only #" }).count()) === 1,
  );
  await page.locator("basin-decisions button", { hasText: "Only #" }).click();
  const lines = await page.locator("basin-decisions li").count();
  check("all decisions come back", lines > 1, lines);
  check("the lineage is a picture", (await svgOf(panel, "basin-schedule")).includes("member of the population"));
  await page.locator("basin-schedule .toggle button", { hasText: "Rungs" }).click();
  await page.locator("basin-rungs-chart .plot").focus();
  await panel.keys("Home", "ArrowRight");
  const described = await tip.innerText();
  check("arrows follow a trial to its next rung", /#\d+ · epoch 6 · val_accuracy/.test(described), described);
  check("rungs are a picture", (await svgOf(panel, "basin-schedule")).includes("judged at epoch"));
  await page.locator("basin-decisions li").first().hover();
  await page.locator("basin-decisions .chips button").first().click();
  check(
    "kinds of decisions filter",
    (await page.locator("basin-decisions .chips button[aria-pressed=true]").count()) === 1,
  );
}

async function timeline(panel: PanelPage): Promise<void> {
  const { page } = panel;
  await page.locator("basin-tabs #tab-timeline").click();
  await page.locator("basin-timeline-chart .plot").focus();
  await panel.keys("ArrowRight", "ArrowDown");
  const tip = page.locator("basin-timeline-chart .tip");
  const described = await tip.innerText();
  check("arrows move between slots", /#\d+ · \w+ · slot 2\nepochs? \d+/.test(described), described);
  const before = await panel.count();
  await panel.keys("Enter");
  check("Enter selects", /1 selected/.test(await panel.count()), before);
  await panel.keys("+", "+");
  check("plus zooms", (await svgOf(panel, "basin-timeline")).includes("busy in view"));
  await page.locator("basin-timeline-chart .plot").focus();
  await panel.keys("0");
  check("zero shows everything", !(await svgOf(panel, "basin-timeline")).includes("in view"));
  const plot = await panel.box("basin-timeline-chart .plot");
  await page.mouse.move(plot.x + 200, plot.y + 60);
  await page.mouse.wheel(0, -400);
  check("the wheel zooms", (await svgOf(panel, "basin-timeline")).includes("busy in view"));
  await page.mouse.move(plot.x + 300, plot.y + 60);
  check("hovering names the trial", /#\d+/.test(await tip.innerText()), await tip.innerText());
  await panel.drag([
    [plot.x + 400, plot.y + 60],
    [plot.x + 300, plot.y + 60],
    [plot.x + 200, plot.y + 60],
  ]);
  check("a drag moves and selects nothing", /1 selected/.test(await panel.count()));
}

async function topology(panel: PanelPage): Promise<void> {
  const { page } = panel;
  const view = page.locator("basin-topology");
  const radio = (name: string): Promise<void> => view.locator(".toggle button", { hasText: name }).click();
  await view.locator("vscode-button", { hasText: "Compare" }).first().click();
  await view.locator("basin-rtd-matrix").waitFor();
  check("pairs come little by little", await view.locator("progress").isVisible());
  await view.locator("button.link", { hasText: "Cancel" }).click();
  const rest = view.locator("vscode-button", { hasText: "Compare the Rest" });
  await rest.waitFor();
  check("cancelling keeps what is known", await view.locator("basin-rtd-matrix").isVisible());
  await rest.click();
  await view.locator("progress").waitFor();
  await view.locator("progress").waitFor({ state: "detached", timeout: 30_000 });
  await page.locator("basin-rtd-matrix .plot").focus();
  await panel.keys("ArrowRight", "ArrowDown", "ArrowRight");
  const tip = await page.locator("basin-rtd-matrix .tip").innerText();
  check("arrows move between pairs", /#\d+ and #\d+ · RTD \d/.test(tip), tip);
  await panel.keys("Enter");
  check("Enter selects both", /2 selected/.test(await panel.count()), await panel.count());
  const pair = /#(\d+) and #(\d+)/
    .exec(tip)!
    .slice(1)
    .map(Number)
    .sort((a, b) => a - b);
  const caption = await page.locator("basin-rtd-barcode table caption").first().innerText();
  check("the barcode is of the selected pair", caption.includes(`In #${pair[1]}, not in #${pair[0]}`), caption);
  await page.locator("basin-rtd-barcode .plot").focus();
  await panel.keys("ArrowDown", "ArrowRight");
  const bar = await page.locator("basin-rtd-barcode .tip").innerText();
  check("arrows tell a bar's birth, death and length", /birth .* death .* length/.test(bar), bar);
  check("the matrix is a picture", (await svgOf(panel, "basin-topology")).includes("average linkage"));
  check("the barcode is a picture", (await svgOf(panel, "basin-topology", 1)).includes("0.9-quantile"));
  const flagged = view.locator(".flags button").first();
  await flagged.click();
  check("a flag leads to its trial", /1 selected/.test(await panel.count()));
  await radio("Trials");
  await page.waitForTimeout(pause);
  const map = await panel.box("#map .plot");
  await panel.drag([
    [map.x + 40, map.y + 40],
    [map.x + 200, map.y + 150],
    [map.x + map.width - 10, map.y + map.height - 30],
  ]);
  check("a drag over the map selects", /\d\d selected/.test(await panel.count()), await panel.count());
  await panel.keys("Escape");
  await page.locator("#scatter .plot").focus();
  await panel.keys("ArrowRight", "Enter");
  check("arrows and Enter select in the scatter", /1 selected/.test(await panel.count()), await panel.count());
  await radio("Drift");
  await page.waitForTimeout(pause);
  check("drift is a picture", (await svgOf(panel, "basin-topology")).includes("RTD to the checkpoint before"));
  check("what is chosen is kept", (await panel.state()).topology.section === "drift");
}

async function flatness(panel: PanelPage): Promise<void> {
  const { page } = panel;
  const view = page.locator("basin-flatness");
  await page.locator("basin-tabs #tab-flatness").click();
  await page.waitForTimeout(pause);
  check(
    "a correlation has an interval",
    /Spearman .*95 %.* n \d+/.test(await view.locator(".pane").first().innerText()),
  );
  const radio = (name: string): Promise<void> => view.locator(".toggle button", { hasText: name }).click();
  await radio("2-D");
  await view.locator("vscode-button", { hasText: "Compute" }).click();
  await view.locator("progress").waitFor();
  await view.locator("button.link", { hasText: "Cancel" }).click();
  await view.locator("vscode-button", { hasText: "Compute" }).click();
  await view.locator("basin-loss-contour").waitFor();
  await page.locator("basin-loss-contour .plot").focus();
  await panel.keys("ArrowUp", "ArrowUp");
  const tip = await page.locator("basin-loss-contour .tip").innerText();
  check("arrows go over the plane from its middle", tip.startsWith("0, 0.08333 · loss "), tip);
  check("the plane is a picture", (await svgOf(panel, "basin-flatness")).includes("<image"));
  await radio("Surface");
  await page.waitForTimeout(pause);
  const flat = await svgOf(panel, "basin-flatness");
  await page.locator("basin-loss-surface .plot").focus();
  await panel.keys("ArrowLeft", "ArrowUp");
  const turned = await svgOf(panel, "basin-flatness");
  check("arrows turn the surface", flat.includes("<path") && turned !== flat);
  await page.locator("basin-loss-surface .plot").focus();
  await panel.keys("Home");
  check("Home turns it back", (await svgOf(panel, "basin-flatness")) === flat);
  const box = await panel.box("basin-loss-surface .plot");
  await panel.drag([
    [box.x + 200, box.y + 150],
    [box.x + 260, box.y + 150],
    [box.x + 300, box.y + 170],
  ]);
  check("a drag turns it", (await svgOf(panel, "basin-flatness")) !== flat);
  await radio("Funnel");
  await page.waitForTimeout(pause);
  await page.locator("basin-fghpo-funnel .plot").focus();
  await panel.keys("ArrowRight", "ArrowRight", "ArrowRight", "Enter");
  check("a stage of the funnel selects its trials", /10 selected/.test(await panel.count()), await panel.count());
}

const folder = path.join(os.tmpdir(), `basin-ui-behaviour-${process.pid}`);
await mkdir(folder, { recursive: true });
await buildGallery(folder);
const browser = await launchBrowser();
try {
  const size = { width: 1400, height: 900 };
  const { page, errors } = await openPanel(
    browser,
    folder,
    { study: "100", view: "parallel", state: "complete" },
    size,
  );
  await page.waitForTimeout(1000);
  const panel = new PanelPage(page);
  await parallel(panel);
  await table(panel);
  await otherViews(panel);
  const population = await openPanel(browser, folder, { study: "100", view: "schedule", scheduler: "pbt" }, size);
  await population.page.waitForTimeout(1000);
  const scheduled = new PanelPage(population.page);
  await schedule(scheduled);
  await timeline(scheduled);
  errors.push(...population.errors);
  const query = { study: "100", view: "topology", state: "complete", sharpness: "1", fghpo: "1" };
  const diagnosed = await openPanel(browser, folder, query, size);
  await diagnosed.page.waitForTimeout(1000);
  await topology(new PanelPage(diagnosed.page));
  await flatness(new PanelPage(diagnosed.page));
  errors.push(...diagnosed.errors);
  check("nothing was reported on the console", errors.length === 0, errors);
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failures.length === 0 ? 0 : 1;
