/**
 * The thread of a heavy sampler with trouble on demand: random search, but before it answers for trial n it looks for files
 * in the folder BASIN_TEST_TROUBLE.
 * `crash-n` ends the thread (and is removed: it happens once), `deadly-n` always does; `hang-n` computes while it is there;
 * `error-n` is an error of the sampler. The reasons say how many trials the thread was told of, and how many the study plans.
 */
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { parentPort } from "node:worker_threads";
import { BasinError } from "../../core/errors.ts";
import { randomSampler } from "../../samplers/random.ts";
import { samplerContextOf } from "../sampling/context.ts";
import { serveSampler } from "../sampling/serveSampler.ts";

const folder = process.env["BASIN_TEST_TROUBLE"] ?? "";
const trouble = (kind: string, number: number): string => path.join(folder, `${kind}-${number}`);

serveSampler(parentPort!, (definition) => {
  const own = randomSampler.create(samplerContextOf(definition), {});
  return {
    async suggest(request) {
      const { number, history, pending } = request;
      if (existsSync(trouble("deadly", number))) process.exit(7);
      if (existsSync(trouble("crash", number))) {
        rmSync(trouble("crash", number));
        process.exit(7);
      }
      while (existsSync(trouble("hang", number)));
      if (existsSync(trouble("error", number)))
        throw new BasinError("no-feasible-point", "Nothing left to try.", "Loosen a constraint.");
      const { params } = await own.suggest(request);
      const told = history.length + pending.filter(({ state }) => state === "paused").length;
      return { params, reason: `knows ${told}, plans ${definition.budget.trials}` };
    },
  };
});
