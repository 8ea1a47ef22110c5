/**
 * The samples of a study as the file names them: splits that leave rows, keys that belong together.
 * Invariant: what comes back has a task and no key with the value undefined; whether the files are there is not asked here.
 */
import type { Report } from "./checks.ts";
import type { DataSpec } from "./definition.ts";
import type { RawData } from "./dataSchema.ts";
import type { Path } from "./source.ts";

const at: Path = ["trainer", "data"];

export function checkData(raw: RawData, report: Report): DataSpec {
  const test = raw.test ?? 0;
  if (raw.validation + test >= 1) {
    report.error(
      [...at, "test"],
      `\`validation\` (${raw.validation}) and \`test\` (${test}) leave no rows to train on. Together they must stay below 1.`,
    );
  }
  if ("testFeatures" in raw || "testLabels" in raw) {
    const missing =
      raw.testFeatures === undefined ? "testFeatures" : raw.testLabels === undefined ? "testLabels" : undefined;
    const given = missing === "testLabels" ? "testFeatures" : "testLabels";
    if (missing !== undefined && raw[given] !== undefined) {
      report.errorAtKey(
        [...at, given],
        `\`${given}\` needs \`${missing}\`: an official test part has features and labels.`,
      );
    }
  }
  if ("csv" in raw && raw.augment !== undefined && raw.image === undefined) {
    report.errorAtKey(
      [...at, "augment"],
      "Only images can be augmented: write `image: [height, width, channels]` as well, for example `image: [8, 8, 1]`.",
    );
  }
  const spec = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
  return { task: "classification", ...spec } as unknown as DataSpec;
}
