/** The example of topology, with each variant of TopoHyperDrive, on real trainings. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPlayer, type StudyPlayer } from "../../../test/bench/trainings/playStudy.ts";
import { samplerThreadFile } from "../distFolder.ts";

const example = path.resolve(import.meta.dirname, "../../../examples/digits");
const text = readFileSync(path.join(example, "topology.study.yaml"), "utf8")
  .replace(
    "budget: { trials: 16, parallel: 2 }",
    "budget: { trials: 7, parallel: 1 }\nsampler: { kind: tpe, startupTrials: 3 }",
  )
  .replace("epochs: 15", "epochs: 2");

let player: StudyPlayer;
beforeAll(async () => {
  player = await openPlayer({ files: [path.join(example, "digits.csv")], samplerThread: samplerThreadFile() });
});
afterAll(() => player.close());

it.each([
  ["one-to-noise", "objective"],
  ["one-to-noise", "second-objective"],
  ["one-to-top-performer", "second-objective"],
  ["one-to-all", "second-objective"],
])("runs with %s as %s", async (variant, use) => {
  const rtd = `rtd: { variant: ${variant}, use: ${use}, everyEpochs: 1 }`;
  const { state, trials } = await player.play(text.replace(/rtd: \{.*\}/u, rtd));
  expect(state).toBe("complete");
  expect(trials.map((trial) => trial.state)).toEqual(Array.from({ length: 7 }, () => "complete"));
  // Before a suggestion all that has ended is scored; the last trial's score comes after the study's end.
  const scores = trials.slice(0, 6).map(({ metrics }) => metrics["rtd"]);
  for (const score of scores) expect(score).toBeGreaterThanOrEqual(0);
  expect(scores.some((score) => score !== undefined && score > 1)).toBe(true);
  expect(trials.every(({ values }) => values.length === 1 && values[0]! > 0)).toBe(true);
});
