import { describe, expect, it } from "vitest";
import { rngFor } from "../core/rng.ts";
import { uniformParams } from "../core/space/configuration.ts";
import type { Space } from "../core/space/parameter.ts";
import { freezeThawScheduler } from "./freezeThaw.ts";
import type { ScheduledTrial } from "./scheduler.ts";
import { simulate, type Simulation } from "./testing/simulator.ts";

const space: Space = [{ name: "x", type: "float", low: 0, high: 1, log: false }];

/** Curves fall to an end that is lowest at x = 0.3; those that end lowest are not the first to fall. */
function study(more: Partial<Simulation> = {}): Simulation {
  return {
    scheduler: () => freezeThawScheduler.create({}),
    maxSteps: 12,
    maxTrials: 10,
    parallel: 1,
    seed: 4,
    space,
    suggest: (number) => uniformParams(space, rngFor(4, number, "suggest")),
    curve: ({ params }, step) => {
      const x = Number(params["x"]);
      return (x - 0.3) ** 2 + 1 / (1 + step);
    },
    ...more,
  };
}

const end = ({ params }: ScheduledTrial): number => (Number(params["x"]) - 0.3) ** 2;

describe("freeze-thaw", () => {
  it("trains the trials that end lowest to their end, and leaves the others frozen", async () => {
    const { trials, trained, waits } = await simulate(study());
    const byEnd = [...trials.values()].sort((a, b) => end(a) - end(b));
    expect(byEnd[0]).toMatchObject({ state: "complete" });
    const steps = byEnd.map(({ reports }) => reports.length);
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    expect(sum(steps.slice(0, 3))).toBeGreaterThan(sum(steps.slice(-3)));
    expect(trained.length).toBeLessThan(0.7 * 10 * 12);
    for (const { begun } of waits) expect(begun).toBe(10);
  });

  it("says what it expects, and goes interval by interval", async () => {
    const { answers } = await simulate(study({ scheduler: () => freezeThawScheduler.create({ interval: 3 }) }));
    const said = answers.flatMap(({ answer }) => ("reason" in answer ? [answer.reason ?? ""] : []));
    expect(
      said.some((reason) =>
        /^expected improvement [\d.e−-]+ spreads of the results, the most of \d+ frozen trials?, goes on from step 3 to 6$/.test(
          reason,
        ),
      ),
    ).toBe(true);
    expect(said.some((reason) => /^step 3: [\d.]+, freezes$/.test(reason))).toBe(true);
    expect(said.at(-1)).toMatch(/^the budget of 10 trials is used and no frozen trial/);
  });

  it("gives others a turn while it computes, and decides the same with a fresh instance", async () => {
    let turns = 0;
    const once = freezeThawScheduler.create({});
    const breathing = {
      ...once,
      next: (view: Parameters<typeof once.next>[0]) =>
        once.next({
          ...view,
          breathe: () => {
            turns += 1;
            return Promise.resolve();
          },
        }),
    };
    const whole = await simulate(study({ scheduler: () => breathing, parallel: 2 }));
    expect(turns).toBeGreaterThan(5);
    const rebuilt = await simulate(study({ scheduler: () => freezeThawScheduler.create({}), parallel: 2 }));
    expect(rebuilt.answers).toEqual(whole.answers);
  });
});
