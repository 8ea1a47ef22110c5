/**
 * Which trials make a population: so many founders each, in the order of their numbers, and copies where their parents are.
 * Invariant: what is remembered follows from the study; trials that have not begun have no place yet.
 */
import { isBegun } from "./rungs.ts";
import type { ScheduledTrial, ScheduleView } from "./scheduler.ts";

export interface Population {
  /** How many the sampler or a person has made. */
  founders: number;
  /** Founders and copies that ended with an error. */
  failed: number;
  /** Those that were ended at a value that is no number. */
  broken: number;
  /** Who counts: in training, resting, or at the end. */
  members: ScheduledTrial[];
  readonly relatives: ScheduledTrial[];
}

/** Sorts a study's trials into populations, in order: so many founders each, and copies where their parents are. */
export function populationIndex(): (view: ScheduleView, size: number) => readonly Population[] {
  interface Memory {
    readonly trials: ScheduleView["trials"];
    readonly size: number;
    readonly populations: Population[];
    readonly home: Map<number, number>;
    /** Trials that have been sorted in. */
    sorted: number;
    begun: number;
  }
  let memory: Memory | undefined;
  /** O(trials) for what is sorted in, else O(members). */
  return ({ trials }, size) => {
    // Enqueued trials that have not begun are passed over; once they have, everybody finds their place anew.
    if (memory?.trials !== trials || memory.size !== size || memory.sorted > trials.size)
      memory = { trials, size, populations: [], home: new Map(), sorted: 0, begun: 0 };
    const { populations, home } = memory;
    let at = 0;
    let passed = false;
    for (const trial of trials.values()) {
      if (at++ < memory.sorted) continue;
      if (trial.parent === undefined && !isBegun(trial)) {
        passed = true;
        continue;
      }
      const own = trial.parent === undefined ? Math.floor(memory.begun++ / size) : (home.get(trial.parent.number) ?? 0);
      home.set(trial.number, own);
      while (populations.length <= own)
        populations.push({ founders: 0, failed: 0, broken: 0, members: [], relatives: [] });
      const population = populations[own]!;
      if (trial.parent === undefined) population.founders += 1;
      population.relatives.push(trial);
      population.members.push(trial);
    }
    memory.sorted = at;
    for (const population of populations) {
      if (!population.members.some(({ state }) => state === "failed" || state === "pruned")) continue;
      population.failed += population.members.filter(({ state }) => state === "failed").length;
      population.broken += population.members.filter(
        ({ state, reports }) => state === "pruned" && Number.isNaN(reports.at(-1)?.value),
      ).length;
      population.members = population.members.filter(({ state }) => state !== "failed" && state !== "pruned");
    }
    // Not remembered, so that the next question begins at the start.
    if (passed) memory = undefined;
    return populations;
  };
}
