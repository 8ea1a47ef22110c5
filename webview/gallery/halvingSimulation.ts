/** Asynchronous halving and Hyperband on generated trials, for the gallery: events in simulated time, no real training. */
import type { SimulatedEntry, Simulation, SimulationInput } from "./schedules.ts";

const never = Number.POSITIVE_INFINITY;
const eta = 3;

const nth = (n: number): string =>
  `${n}${n % 10 === 1 && n % 100 !== 11 ? "st" : n % 10 === 2 && n % 100 !== 12 ? "nd" : n % 10 === 3 && n % 100 !== 13 ? "rd" : "th"}`;

/** Place of a value in a list kept best first; inserts it. */
function insert(list: SimulatedEntry[], entry: SimulatedEntry, better: SimulationInput["better"]): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (better(entry.value, list[middle]!.value)) high = middle;
    else low = middle + 1;
  }
  list.splice(low, 0, entry);
  return low + 1;
}

function geometric(first: number, last: number): readonly number[] {
  const steps: number[] = [];
  for (let step = last; step >= first; step = Math.floor(step / eta)) steps.unshift(step);
  return steps;
}

/** Trains a trial from one rung to the next in a slot; returns its stay there. */
function train(
  input: SimulationInput,
  simulation: Simulation,
  job: {
    bracket: number;
    rung: number;
    number: number;
    slot: number;
    start: number;
    from: number;
    last: boolean;
    to: number;
  },
): SimulatedEntry {
  const { bracket, rung, number, slot, start, from, last } = job;
  const failed = input.failsAt(number) < job.to;
  const to = failed ? Math.max(from, input.failsAt(number)) : job.to;
  const end = start + 350 + (to - from) * input.pace(number);
  simulation.attempts.push({
    number,
    slot,
    start,
    end,
    from,
    to,
    outcome: failed ? "failed" : last ? "complete" : "paused",
  });
  const value = failed ? Number.NaN : input.value(number, to);
  const entry: SimulatedEntry = {
    bracket,
    rung,
    number,
    value,
    entered: start,
    judged: end,
    promoted: never,
    stopped: never,
    last,
    failed,
  };
  simulation.entries.push(entry);
  return entry;
}

export function simulateHalving(input: SimulationInput): Simulation {
  const steps = geometric(1, input.maxSteps);
  const simulation: Simulation = {
    attempts: [],
    decisions: [],
    entries: [],
    lineage: [],
    brackets: [{ label: `Reduction factor ${eta}`, steps }],
  };
  const top = steps.length - 1;
  const ranked: SimulatedEntry[][] = steps.map(() => []);
  const free = new Float64Array(input.slots).fill(input.begin);
  const busy: (SimulatedEntry | undefined)[] = Array.from({ length: input.slots });
  let next = 0;
  let clock = input.begin;
  for (;;) {
    let slot = 0;
    for (let s = 1; s < input.slots; s++) if (free[s]! < free[slot]!) slot = s;
    clock = free[slot]!;
    if (clock === never) break;
    const done = busy[slot];
    busy[slot] = undefined;
    if (done !== undefined && !done.failed) {
      const place = insert(ranked[done.rung]!, done, input.better);
      const among = ranked[done.rung]!.length;
      if (!done.last) {
        const reason = `step ${steps[done.rung]}: ${done.value.toFixed(3)} is ${nth(place)} of ${among}, waits while the best ${Math.floor(among / eta)} go on`;
        simulation.decisions.push({
          at: clock,
          number: done.number,
          step: steps[done.rung]!,
          decision: "pause",
          reason,
        });
      }
    }
    let job: { number: number; rung: number; from: number } | undefined;
    for (let rung = top - 1; rung >= 0 && job === undefined; rung--) {
      const list = ranked[rung]!;
      for (let i = 0; i < Math.floor(list.length / eta); i++) {
        const entry = list[i]!;
        if (entry.promoted !== never) continue;
        entry.promoted = clock;
        const reason = `${nth(i + 1)} of ${list.length} at step ${steps[rung]} (${entry.value.toFixed(3)}), goes on to step ${steps[rung + 1]}`;
        simulation.decisions.push({ at: clock, number: entry.number, step: steps[rung]!, decision: "promote", reason });
        job = { number: entry.number, rung: rung + 1, from: steps[rung]! };
        break;
      }
    }
    if (job === undefined && next < input.columns.count) job = { number: next++, rung: 0, from: 0 };
    if (job === undefined) {
      // Waits for the next result of another slot, if one is to come.
      const others = Array.from(free).filter((time, s) => s !== slot && busy[s] !== undefined && time > clock);
      const soonest = others.reduce((a, b) => Math.min(a, b), never);
      free[slot] = soonest + 1;
      continue;
    }
    const start = clock + 40;
    const entry = train(input, simulation, {
      ...job,
      bracket: 0,
      slot,
      start,
      to: steps[job.rung]!,
      last: job.rung === top,
    });
    busy[slot] = entry;
    free[slot] = entry.judged;
  }
  const end = simulation.attempts.reduce((t, attempt) => Math.max(t, attempt.end), input.begin);
  for (const entry of simulation.entries) {
    if (entry.failed || entry.last || entry.promoted !== never) continue;
    entry.stopped = end;
    const reason = "better trials took the places above, and the study is over";
    simulation.decisions.push({ at: end, number: entry.number, step: steps[entry.rung]!, decision: "drop", reason });
  }
  return simulation;
}

export function simulateHyperband(input: SimulationInput): Simulation {
  const all = geometric(1, input.maxSteps);
  const max = all.length - 1;
  const brackets: { label: string; steps: readonly number[]; capacities: readonly number[] }[] = [];
  const simulation: Simulation = { attempts: [], decisions: [], entries: [], lineage: [], brackets };
  const free = new Float64Array(input.slots).fill(input.begin);
  let next = 0;
  for (let s = max, round = 1; next < input.columns.count; s = s === 0 ? max : s - 1, round += s === max ? 1 : 0) {
    const steps = all.slice(max - s);
    const first = Math.ceil(((max + 1) / (s + 1)) * eta ** s);
    const capacities = steps.map((_, i) => Math.max(1, Math.floor(first / eta ** i)));
    const bracket = brackets.length;
    brackets.push({ label: `Round ${round}, bracket ${s}`, steps, capacities });
    let numbers = Array.from({ length: Math.min(first, input.columns.count - next) }, (_, i) => next + i);
    next += numbers.length;
    for (let rung = 0; rung < steps.length && numbers.length > 0; rung++) {
      const stays = numbers.map((number) => {
        const slot = free.indexOf(free.reduce((a, b) => Math.min(a, b), never));
        const start = free[slot]! + 40;
        const from = rung === 0 ? 0 : steps[rung - 1]!;
        const last = rung === steps.length - 1;
        const entry = train(input, simulation, { bracket, rung, number, slot, start, from, last, to: steps[rung]! });
        free[slot] = entry.judged;
        return entry;
      });
      // Everyone waits for the last one: that is what makes it synchronous.
      const barrier = free.reduce((a, b) => Math.max(a, b), input.begin);
      free.fill(barrier);
      const ranked = stays.filter((e) => !e.failed).sort((a, b) => (input.better(a.value, b.value) ? -1 : 1));
      const kept = rung === steps.length - 1 ? 0 : capacities[rung + 1]!;
      for (const [i, entry] of ranked.entries()) {
        if (entry.last) continue;
        const place = `step ${steps[rung]}: ${entry.value.toFixed(3)} is ${nth(i + 1)} of ${ranked.length}`;
        const up = i < kept;
        if (up) entry.promoted = barrier;
        else entry.stopped = barrier;
        simulation.decisions.push({
          at: barrier,
          number: entry.number,
          step: steps[rung]!,
          decision: up ? "promote" : "stop",
          reason: up ? `${place}, goes on to step ${steps[rung + 1]}` : `${place}, the best ${kept} go on`,
        });
      }
      numbers = ranked.slice(0, kept).map((entry) => entry.number);
    }
  }
  return simulation;
}
