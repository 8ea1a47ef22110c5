/** From a training script's config to a study: the lens on config.yaml. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { lens, openFile } from "../../scripts/workbench/browser.ts";
import { catalog } from "../../src/catalog.ts";
import { parseStudy } from "../../src/core/study/parse.ts";
import { eventually } from "./engineView.ts";
import { keepScreenshot, useSession } from "./session.ts";

describe("the lens on a config file", () => {
  const session = useSession({ workspace: "examples/pytorch-digits" });
  const studies = (): string[] => readdirSync(session().folder).filter((file) => file.endsWith(".study.yaml"));

  test("writes a valid study beside it and opens it", async () => {
    const { page, folder } = session();
    const before = new Set(studies());
    await openFile(page, "config.yaml");
    await lens(page, "Tune This Model").waitFor();
    await keepScreenshot(page, "tune-lens");
    await lens(page, "Tune This Model").click();
    await eventually("a study file is written", async () => studies().some((file) => !before.has(file)));
    const written = studies().find((file) => !before.has(file)) ?? "";
    await page.locator(`.tabs-container .tab.active[data-resource-name="${written}"]`).waitFor();

    const text = readFileSync(path.join(folder, written), "utf8");
    const { study, issues } = parseStudy(text, "yaml", catalog);
    expect(issues.filter((issue) => issue.severity === "error")).toEqual([]);
    expect(study?.space.length).toBeGreaterThan(0);
    await lens(page, "Start HPO Study").waitFor();
    await keepScreenshot(page, "tune-study", true);
  });
});
