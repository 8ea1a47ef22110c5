/**
 * What samplers are compared on: tables of real trainings and functions with known minima, under one measure.
 * Invariant: a task is minimised and deterministic; a normalised regret of 0 is the optimum, 1 a mediocre configuration.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { rngForKey } from "../../../src/core/rng.ts";
import { uniformParams } from "../../../src/core/space/configuration.ts";
import type { Params, ParamValue, Space } from "../../../src/core/space/parameter.ts";
import { functions, type TestFunction } from "./functions.ts";

export interface Task {
  readonly name: string;
  readonly family: string;
  readonly space: Space;
  evaluate(params: Params): number;
  /** Normalised regret of the best value so far. */
  regret(best: number): number;
}

interface TableFacts {
  readonly name: string;
  readonly family: string;
  readonly configs: number;
  readonly seeds: number;
  readonly maximize: boolean;
  readonly space: Readonly<Record<string, readonly ParamValue[]>>;
}

const functionFloor = 1e-9;

/** The tables in a folder with a manifest.json, as ../benchdata describes itself in its README. */
export function tableTasks(folder: string): Task[] {
  const tables = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8")) as readonly TableFacts[];
  return tables.map((table) => tableTask(table, readFileSync(path.join(folder, `${table.name}.f32`))));
}

function tableTask(table: TableFacts, bytes: Buffer): Task {
  const names = Object.keys(table.space);
  const size = names.reduce((product, name) => product * table.space[name]!.length, 1);
  if (bytes.length !== size * table.seeds * 4)
    throw new Error(`${table.name}: ${bytes.length} bytes, but ${size} configurations of ${table.seeds} seeds`);
  const losses = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    let sum = 0;
    let count = 0;
    for (let seed = 0; seed < table.seeds; seed++) {
      const value = bytes.readFloatLE(4 * (row * table.seeds + seed));
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    const mean = sum / count;
    // Errors over several decades are compared by their logarithm, accuracies as they are.
    losses[row] = table.maximize ? -mean : Math.log(mean);
  }
  const sorted = losses.toSorted();
  const best = sorted[0]!;
  const median = (sorted[(size - 1) >> 1]! + sorted[size >> 1]!) / 2;
  // Numbers are ordered: their place in the list is what a sampler sees. Names are categories.
  const space: Space = names.map((name) => {
    const choices = table.space[name]!;
    return choices.every((choice) => typeof choice === "number")
      ? { name, type: "int", low: 0, high: choices.length - 1, log: false }
      : { name, type: "categorical", choices };
  });
  return {
    name: table.name,
    family: table.family,
    space,
    evaluate(params) {
      let row = 0;
      for (const name of names) {
        const choices = table.space[name]!;
        const value = params[name]!;
        row = row * choices.length + (typeof value === "number" ? value : choices.indexOf(value));
      }
      return losses[row]!;
    },
    regret: (value) => (value - best) / (median - best),
  };
}

/** The synthetic functions; regret is on the function's own scale, over what ten random draws reach in the median. */
export function functionTasks(): Task[] {
  return functions.map((target) => {
    const reach = randomReach(target) - target.minimum;
    return {
      name: target.name,
      family: "functions",
      space: target.space,
      evaluate: target.evaluate,
      regret: (value) => Math.max(functionFloor, (value - target.minimum) / reach),
    };
  });
}

function randomReach(target: TestFunction): number {
  const bests = Array.from({ length: 501 }, (_, repeat) => {
    const rng = rngForKey(`reach of ${target.name}: ${repeat}`);
    return Math.min(...Array.from({ length: 10 }, () => target.evaluate(uniformParams(target.space, rng))));
  });
  return bests.toSorted((a, b) => a - b)[250]!;
}
