/** Population-based training on generated trials, for the gallery: founders, intervals, the worst copy the best. */
import { rngForKey } from "../../src/core/rng.ts";
import type { SimulatedEntry, Simulation, SimulationInput } from "./schedules.ts";

const never = Number.POSITIVE_INFINITY;
const interval = 3;

interface Member {
  number: number;
  value: number;
  /** Step its newest trial began after. */
  from: number;
}

/** Mutates the parameters of `input.columns` for the children: they are copies with a change. */
export function simulatePopulation(input: SimulationInput): Simulation {
  const rng = rngForKey("population");
  const size = Math.max(1, Math.min(input.columns.count, input.columns.count > 1000 ? 200 : 16));
  const intervals = Math.floor(input.maxSteps / interval);
  const steps = Array.from({ length: intervals }, (_, i) => (i + 1) * interval);
  const simulation: Simulation = {
    attempts: [],
    decisions: [],
    entries: [],
    lineage: [],
    brackets: [{ label: `Population of ${size}`, steps, capacities: steps.map(() => size) }],
  };
  const known = new Map<string, number>();
  const members: Member[] = Array.from({ length: size }, (_, number) => ({ number, value: 0.1, from: 0 }));
  const free = new Float64Array(input.slots).fill(input.begin);
  let next = size;
  for (const [rung, step] of steps.entries()) {
    const last = rung === intervals - 1;
    const stays: SimulatedEntry[] = members.map((member) => {
      const slot = free.indexOf(free.reduce((a, b) => Math.min(a, b), never));
      const start = free[slot]! + 40;
      const end = start + 350 + interval * input.pace(member.number);
      free[slot] = end;
      const target = input.value(member.number, input.maxSteps);
      member.value += (target - member.value) * 0.24 + 0.004 * rng.normal();
      known.set(`${member.number} ${step}`, member.value);
      const outcome = last ? "complete" : "paused";
      simulation.attempts.push({ number: member.number, slot, start, end, from: step - interval, to: step, outcome });
      const entry: SimulatedEntry = {
        bracket: 0,
        rung,
        number: member.number,
        value: member.value,
        entered: start,
        judged: end,
        promoted: never,
        stopped: never,
        last,
        failed: false,
      };
      simulation.entries.push(entry);
      return entry;
    });
    if (last) break;
    const order = members
      .map((_, i) => i)
      .sort((a, b) => (input.better(members[a]!.value, members[b]!.value) ? -1 : 1));
    const part = Math.max(1, Math.floor(size / 5));
    for (const [place, i] of order.entries()) {
      const member = members[i]!;
      const entry = stays[i]!;
      if (size < 4 || place < size - part || next >= input.columns.count) {
        entry.promoted = entry.judged + 1;
        continue;
      }
      const donor = members[order[rng.int(part)]!]!;
      entry.stopped = entry.judged + 1;
      const reason = `step ${step}: ${member.value.toFixed(3)} is ${place + 1}th of ${size}, goes on from trial ${donor.number} (${donor.value.toFixed(3)}) with another learningRate and dropout`;
      simulation.decisions.push({ at: entry.judged + 1, number: member.number, step, decision: "exploit", reason });
      for (const param of input.columns.params) {
        if (param.kind === "category") param.codes[next] = param.codes[donor.number]!;
        else {
          const changed =
            param.name === "learningRate" || param.name === "dropout" ? (rng.next() < 0.5 ? 0.8 : 1.25) : 1;
          const value = param.values[donor.number]! * changed;
          param.values[next] = Math.min(param.high, Math.max(param.low, value));
        }
      }
      simulation.lineage.push({ number: next, parent: donor.number, step });
      member.value = donor.value;
      member.number = next++;
      member.from = step;
    }
  }
  const plain = input.value;
  input.value = (number, step) =>
    known.get(`${number} ${Math.ceil(step / interval) * interval}`) ?? plain(number, step);
  return simulation;
}
