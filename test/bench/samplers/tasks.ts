/**
 * What samplers are compared on: tables of real trainings and functions with known minima, under one measure.
 * Invariant: a task is minimised and a function of its seed; a normalised regret of 0 is the optimum, 1 a mediocre configuration.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { rngForKey } from "../../../src/core/rng.ts";
import { uniformParams } from "../../../src/core/space/configuration.ts";
import type { Params, ParamValue, Space } from "../../../src/core/space/parameter.ts";
import { dominates } from "../../../src/samplers/ranking.ts";
import { functions, type TestFunction } from "./functions.ts";
import { hypervolumeBySlices, tradeOffs } from "./tradeoffs.ts";

export interface Task {
  readonly name: string;
  readonly family: string;
  readonly space: Space;
  /** How many values a trial has. */
  readonly objectives: number;
  /** A study of its own: what a sampler is told of a configuration, and how well the study stands after it. */
  play(seed: number): (params: Params) => Outcome;
}

export interface Outcome {
  readonly values: readonly number[];
  /** Normalised regret of what the study would recommend now. */
  readonly regret: number;
}

/** Tasks of one exact value: the recommendation is the best one so far. */
function exactly(evaluate: (params: Params) => number, regret: (best: number) => number): Task["play"] {
  return () => {
    let best = Infinity;
    return (params) => {
      const value = evaluate(params);
      best = Math.min(best, value);
      return { values: [value], regret: regret(best) };
    };
  };
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
    objectives: 1,
    play: exactly(
      (params) => {
        let row = 0;
        for (const name of names) {
          const choices = table.space[name]!;
          const value = params[name]!;
          row = row * choices.length + (typeof value === "number" ? value : choices.indexOf(value));
        }
        return losses[row]!;
      },
      (value) => (value - best) / (median - best),
    ),
  };
}

/** The synthetic functions; regret is on the function's own scale, over what ten random draws reach in the median. */
export function functionTasks(): Task[] {
  return functions.map((target) => {
    const reach = randomReach(target) - target.minimum;
    const regret = (value: number): number => Math.max(functionFloor, (value - target.minimum) / reach);
    const { noise } = target;
    return {
      name: target.name,
      family: "functions",
      space: target.space,
      objectives: 1,
      play: noise === undefined ? exactly(target.evaluate, regret) : noisily(target, noise, regret),
    };
  });
}

/** The recommendation is what looks best under the noise; it is judged without. */
function noisily(target: TestFunction, noise: number, regret: (best: number) => number): Task["play"] {
  return (seed) => {
    const rng = rngForKey(`noise of ${target.name}: ${seed}`);
    let seen = Infinity;
    let exactOfSeen = Infinity;
    return (params) => {
      const exact = target.evaluate(params);
      const value = exact + noise * rng.normal();
      if (value < seen) [seen, exactOfSeen] = [value, exact];
      return { values: [value], regret: regret(exactOfSeen) };
    };
  };
}

/** The share of the front's hypervolume that is not yet covered. */
export function tradeOffTasks(): Task[] {
  return tradeOffs.map((target) => ({
    name: target.name,
    family: "trade-offs",
    space: target.space,
    objectives: target.reference.length,
    play: () => {
      let front: (readonly number[])[] = [];
      return (params) => {
        const values = target.evaluate(params);
        if (!front.some((other) => dominates(other, values)))
          front = [...front.filter((other) => !dominates(values, other)), values];
        return { values, regret: Math.max(0, 1 - hypervolumeBySlices(front, target.reference) / target.hypervolume) };
      };
    },
  }));
}

function randomReach(target: TestFunction): number {
  const bests = Array.from({ length: 501 }, (_, repeat) => {
    const rng = rngForKey(`reach of ${target.name}: ${repeat}`);
    return Math.min(...Array.from({ length: 10 }, () => target.evaluate(uniformParams(target.space, rng))));
  });
  return bests.toSorted((a, b) => a - b)[250]!;
}
