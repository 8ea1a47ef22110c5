/**
 * One suggestion in a process of its own: a request as JSON in the first argument, the configuration as JSON on standard output.
 */
import { createSampler } from "../../src/samplers/registry.ts";
import { samplerStream } from "../../src/samplers/sampler.ts";
import { rngFor } from "../../src/core/rng.ts";
import { historyOf, spaces } from "./spaces.ts";

const request = JSON.parse(process.argv[2] ?? "{}") as { kind: string; space: string; count: number };
const space = spaces[request.space]!;
const sampler = createSampler(
  { kind: request.kind, options: {} },
  {
    space,
    objectives: [{ metric: "loss", direction: "minimize" }],
    isFeasible: () => true,
    parallel: 1,
    rng: samplerStream(7),
  },
);
const { params } = await sampler.suggest({
  history: historyOf(space, { count: request.count }),
  pending: [],
  number: request.count,
  rng: rngFor(7, request.count, "suggest"),
});
process.stdout.write(JSON.stringify(Object.entries(params)));
