/**
 * Decisions a second of every scheduler, and studies of simulated trials a second: `node test/bench/simulator.ts [trials] [kinds]`.
 * Invariant: nothing trains; what is measured is the schedulers and the simulator alone, on this machine's processor time.
 */
import { rngFor } from "../../src/core/rng.ts";
import { uniformParams } from "../../src/core/space/configuration.ts";
import type { Space } from "../../src/core/space/parameter.ts";
import { schedulers } from "../../src/schedulers/registry.ts";
import { crossingCurve, stragglers } from "../../src/schedulers/testing/curves.ts";
import { simulate } from "../../src/schedulers/testing/simulator.ts";

const trials = Number(process.argv[2] ?? 5000);
const kinds = process.argv.slice(3);
/** A model for each decision: what is asked of them is a study of their own size. */
const small: Readonly<Record<string, number>> = { "freeze-thaw": 30, pb2: 50 };
const space: Space = [
  { name: "rate", type: "float", low: 1e-4, high: 1, log: true },
  { name: "momentum", type: "float", low: 0, high: 0.99, log: false },
  { name: "batch", type: "int", low: 8, high: 512, log: true },
];

const seconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

console.log("scheduler              trials   steps  decisions  decisions/s  trials/s  mean µs of next / onReport");
for (const entry of schedulers.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))) {
  const count = Math.min(trials, small[entry.kind] ?? trials);
  const scheduler = entry.create({});
  const spent = { next: 0, report: 0 };
  const asked = { next: 0, report: 0 };
  const timed = {
    next: async (...args: Parameters<typeof scheduler.next>) => {
      const start = seconds();
      const answer = await scheduler.next(...args);
      spent.next += seconds() - start;
      asked.next += 1;
      return answer;
    },
    onReport: (...args: Parameters<typeof scheduler.onReport>) => {
      const start = seconds();
      const answer = scheduler.onReport(...args);
      spent.report += seconds() - start;
      asked.report += 1;
      return answer;
    },
  };
  const start = seconds();
  const { trained, answers } = await simulate({
    scheduler: () => timed,
    maxSteps: 27,
    maxTrials: count,
    parallel: 8,
    space,
    suggest: (number) => uniformParams(space, rngFor(1, number, "suggest")),
    curve: crossingCurve(1),
    duration: stragglers(1),
  });
  const total = seconds() - start;
  const inside = spent.next + spent.report;
  const mean = (kind: "next" | "report"): string => ((1e6 * spent[kind]) / Math.max(1, asked[kind])).toFixed(0);
  console.log(
    [
      entry.kind.padEnd(20),
      String(count).padStart(8),
      String(trained.length).padStart(7),
      String(answers.length).padStart(10),
      (answers.length / inside).toFixed(0).padStart(12),
      (count / total).toFixed(0).padStart(9),
      `  ${mean("next")} / ${mean("report")}`,
    ].join(" "),
  );
}
