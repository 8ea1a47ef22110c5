/**
 * Pictures of the panel in every theme, size and state, to be looked at by a person.
 * Usage: node test/bench/uiShots.ts <folder> [substring of the names to take]
 */
import { mkdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buildGallery, launchBrowser, openPanel } from "./uiGallery.ts";

const out = path.resolve(process.argv[2] ?? path.join(os.tmpdir(), "basin-shots"));
const only = process.argv[3] ?? "";
const large = { width: 1400, height: 900 };
const medium = { width: 900, height: 600 };
const small = { width: 320, height: 700 };
const saved = (state: object): string => JSON.stringify(state);

const shots: readonly (readonly [string, Readonly<Record<string, string>>, { width: number; height: number }])[] = [
  ["overview-dark", { saved: saved({ view: "overview", selected: [40] }) }, large],
  ["overview-light", { theme: "light", saved: saved({ view: "overview", selected: [40] }) }, large],
  ["overview-hc", { theme: "hc", saved: saved({ view: "overview", selected: [40, 41] }) }, large],
  ["overview-medium", { view: "overview" }, medium],
  ["overview-small", { view: "overview" }, small],
  ["overview-small-noinspector", { theme: "light", saved: saved({ view: "overview", inspectorOpen: false }) }, small],
  ["overview-0", { study: "0", state: "created" }, medium],
  ["overview-3", { study: "3" }, medium],
  ["overview-loss", { loss: "1", saved: saved({ overviewAxis: "time" }) }, large],
  ["overview-10000", { study: "10000", state: "complete" }, large],
  [
    "overview-filter",
    { saved: saved({ filter: "val_accuracy > 0.9 and optimizer = adam", selected: [60, 70, 80] }) },
    large,
  ],
  ["overview-filter-error", { saved: saved({ filter: "val_acuracy > 0.9" }) }, medium],
  ["error", { failing: "1" }, medium],
  ["disconnected", { disconnected: "1" }, medium],
  ["loading", { delay: "60000" }, medium],
  ["parallel-dark", { saved: saved({ view: "parallel", selected: [40] }) }, large],
  [
    "parallel-light",
    {
      theme: "light",
      saved: saved({ view: "parallel", brushes: { learningRate: [[1e-3, 0.02]], optimizer: [[1, 1]] } }),
    },
    large,
  ],
  ["parallel-hc", { theme: "hc", view: "parallel" }, large],
  ["parallel-medium", { view: "parallel" }, medium],
  ["parallel-small", { view: "parallel" }, small],
  ["parallel-3", { study: "3", view: "parallel" }, medium],
  ["parallel-0", { study: "0", state: "created", view: "parallel" }, medium],
  ["parallel-10000", { study: "10000", view: "parallel", state: "complete" }, large],
  [
    "parallel-100000-brushed",
    {
      study: "100000",
      state: "complete",
      theme: "light",
      saved: saved({ view: "parallel", brushes: { val_accuracy: [[0.95, 1]] } }),
    },
    large,
  ],
  ["parallel-loss", { loss: "1", view: "parallel" }, large],
  ["curves-dark", { saved: saved({ view: "curves", selected: [40, 60] }) }, large],
  [
    "curves-light",
    { theme: "light", saved: saved({ view: "curves", curves: { metric: "val_loss", logY: true, smoothing: 0.6 } }) },
    large,
  ],
  ["curves-hc", { theme: "hc", view: "curves" }, large],
  ["curves-medium", { view: "curves" }, medium],
  ["curves-small", { view: "curves" }, small],
  ["curves-10000", { study: "10000", view: "curves" }, large],
  ["curves-0", { study: "0", state: "created", view: "curves" }, medium],
  ["curves-online", { scheduler: "asha", online: "1", saved: saved({ view: "curves", selected: [16] }) }, large],
  ["curves-population", { scheduler: "pbt", online: "1", theme: "light", view: "curves" }, large],
  ["rungs-dark", { scheduler: "asha", saved: saved({ view: "schedule", selected: [16] }) }, large],
  ["rungs-light", { scheduler: "hyperband", theme: "light", view: "schedule" }, large],
  ["rungs-hc", { scheduler: "asha", theme: "hc", view: "schedule" }, medium],
  ["rungs-small", { scheduler: "asha", view: "schedule" }, small],
  ["rungs-10000", { scheduler: "asha", study: "10000", state: "complete", view: "schedule" }, large],
  ["rungs-many-brackets", { scheduler: "hyperband", study: "10000", state: "complete", view: "schedule" }, large],
  ["rungs-median", { scheduler: "median", view: "schedule" }, medium],
  ["rungs-none", { scheduler: "none", view: "schedule" }, medium],
  ["rungs-0", { study: "0", state: "created", view: "schedule" }, medium],
  ["lineage-dark", { scheduler: "pbt", view: "schedule" }, large],
  [
    "lineage-light",
    {
      scheduler: "pbt",
      theme: "light",
      saved: saved({ view: "schedule", schedule: { bracket: "", mode: "lineage", axis: "learningRate" } }),
    },
    large,
  ],
  ["lineage-small", { scheduler: "pbt", view: "schedule" }, small],
  ["timeline-dark", { scheduler: "asha", saved: saved({ view: "timeline", selected: [16] }) }, large],
  ["timeline-light", { scheduler: "hyperband", theme: "light", view: "timeline" }, large],
  ["timeline-hc", { scheduler: "median", theme: "hc", view: "timeline" }, medium],
  ["timeline-small", { scheduler: "asha", view: "timeline" }, small],
  ["timeline-10000", { scheduler: "asha", study: "10000", state: "complete", view: "timeline" }, large],
  ["timeline-0", { study: "0", state: "created", view: "timeline" }, medium],
  ["topology-pairs-dark", { computed: "1", saved: saved({ view: "topology", selected: [40, 60] }) }, large],
  [
    "topology-pairs-light",
    { computed: "1", theme: "light", saved: saved({ view: "topology", selected: [40, 60], splitter: 0.7 }) },
    large,
  ],
  ["topology-pairs-hc", { computed: "1", theme: "hc", saved: saved({ view: "topology", selected: [40, 60] }) }, large],
  ["topology-pairs-medium", { computed: "1", view: "topology" }, medium],
  ["topology-pairs-small", { computed: "1", view: "topology" }, small],
  ["topology-offer", { view: "topology" }, large],
  ["topology-few", { computed: "1", study: "14", state: "complete", view: "topology" }, large],
  [
    "topology-trials-dark",
    { computed: "1", saved: saved({ view: "topology", selected: [40], topology: { section: "trials" } }) },
    large,
  ],
  [
    "topology-trials-light",
    {
      computed: "1",
      theme: "light",
      saved: saved({ view: "topology", topology: { section: "trials", against: "mean" } }),
    },
    large,
  ],
  [
    "topology-trials-small",
    { computed: "1", saved: saved({ view: "topology", topology: { section: "trials" } }) },
    small,
  ],
  [
    "topology-drift-dark",
    { saved: saved({ view: "topology", selected: [40, 60], topology: { section: "drift" } }) },
    large,
  ],
  [
    "topology-drift-one",
    { diagnostics: "little", saved: saved({ view: "topology", topology: { section: "drift" } }) },
    medium,
  ],
  ["topology-none", { diagnostics: "none", view: "topology" }, medium],
  ["topology-1000", { study: "1000", state: "complete", computed: "1", view: "topology" }, large],
  [
    "topology-4k",
    { computed: "1", saved: saved({ view: "topology", selected: [40, 60] }) },
    { width: 3840, height: 2160 },
  ],
  ["flatness-sharpness-dark", { sharpness: "1", saved: saved({ view: "flatness", selected: [40] }) }, large],
  [
    "flatness-sharpness-light",
    {
      sharpness: "1",
      theme: "light",
      saved: saved({ view: "flatness", flatness: { section: "sharpness", estimator: "sharpness.penultimate" } }),
    },
    large,
  ],
  ["flatness-sharpness-small", { sharpness: "1", view: "flatness" }, small],
  ["flatness-none", { view: "flatness" }, medium],
  ...(["line", "plane", "spectrum"] as const).flatMap((section) =>
    (["dark", "light", "hc"] as const).map(
      (theme) =>
        [
          `flatness-${section}-${theme}`,
          { computed: "1", theme, saved: saved({ view: "flatness", selected: [40, 60], flatness: { section } }) },
          large,
        ] as const,
    ),
  ),
  ...(["dark", "light"] as const).map(
    (theme) =>
      [
        `flatness-surface-${theme}`,
        {
          computed: "1",
          theme,
          saved: saved({ view: "flatness", selected: [40, 60], flatness: { section: "plane", display: "surface" } }),
        },
        large,
      ] as const,
  ),
  [
    "flatness-plane-small",
    { computed: "1", saved: saved({ view: "flatness", flatness: { section: "plane" } }) },
    small,
  ],
  [
    "flatness-surface-4k",
    {
      computed: "1",
      saved: saved({ view: "flatness", selected: [40, 60], flatness: { section: "plane", display: "surface" } }),
    },
    { width: 3840, height: 2160 },
  ],
  ["flatness-offer", { saved: saved({ view: "flatness", selected: [40, 60], flatness: { section: "line" } }) }, large],
  [
    "flatness-funnel-dark",
    { fghpo: "1", saved: saved({ view: "flatness", flatness: { section: "funnel" } }), state: "complete" },
    large,
  ],
  [
    "flatness-funnel-light",
    {
      fghpo: "1",
      theme: "light",
      saved: saved({ view: "flatness", flatness: { section: "funnel" } }),
      state: "complete",
    },
    medium,
  ],
  ["wide-4k", { saved: saved({ view: "parallel", selected: [40] }) }, { width: 3840, height: 2160 }],
];

await mkdir(out, { recursive: true });
const folder = path.join(os.tmpdir(), `basin-gallery-${process.pid}`);
await buildGallery(folder);
const browser = await launchBrowser();
let failed = false;
try {
  for (const [name, query, size] of shots) {
    if (!name.includes(only)) continue;
    const { page, errors } = await openPanel(browser, folder, query, size);
    await page.waitForTimeout(name.includes("0000") ? 2500 : 900);
    await page.screenshot({ path: path.join(out, `${name}.png`) });
    for (const error of errors) console.log(`${name}: ${error}`);
    failed ||= errors.length > 0;
    await page.context().close();
  }
} finally {
  await browser.close();
}
process.exitCode = failed ? 1 : 0;
