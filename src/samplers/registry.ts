/**
 * All samplers. A new one is one file and one line here.
 * Invariant: kinds are unique.
 */
import { BasinError } from "../core/errors.ts";
import type { Choice } from "../core/study/definition.ts";
import { autoSampler } from "./auto/auto.ts";
import { bohbSampler } from "./bohb/bohb.ts";
import { cmaesSampler } from "./cmaes/cmaes.ts";
import { dehbSampler } from "./dehb/dehb.ts";
import { differentialEvolutionSampler } from "./differentialEvolution/differentialEvolution.ts";
import { dngoSampler } from "./dngo/dngo.ts";
import type { SamplerEntry } from "./entry.ts";
import { geneticSampler } from "./evolution/genetic.ts";
import { nsga2Sampler } from "./evolution/nsga2.ts";
import { nsga3Sampler } from "./evolution/nsga3.ts";
import { freezeThawSampler } from "./freezeThaw/freezeThaw.ts";
import { gpSampler } from "./gp/gp.ts";
import { gridSampler } from "./grid/grid.ts";
import { heboSampler } from "./hebo/hebo.ts";
import { hoagSampler } from "./hoag/hoag.ts";
import { priorbandSampler } from "./priorband/priorband.ts";
import { mesSampler } from "./mes/mes.ts";
import { psoSampler } from "./pso/pso.ts";
import { hyprlSampler } from "./hyprl/hyprl.ts";
import { modelRlSampler } from "./modelRl/modelRl.ts";
import { randomSampler } from "./random.ts";
import type { Sampler, SamplerContext } from "./sampler.ts";
import { smacSampler } from "./smac/smac.ts";
import { sobolSampler } from "./sobol/sobol.ts";
import { tabuSampler } from "./tabu/tabu.ts";
import { tpeSampler } from "./tpe/tpe.ts";
import { turboSampler } from "./turbo/turbo.ts";

export const samplers: readonly SamplerEntry[] = [
  autoSampler,
  tpeSampler,
  gpSampler,
  heboSampler,
  turboSampler,
  smacSampler,
  mesSampler,
  dngoSampler,
  randomSampler,
  cmaesSampler,
  geneticSampler,
  differentialEvolutionSampler,
  psoSampler,
  tabuSampler,
  nsga2Sampler,
  nsga3Sampler,
  priorbandSampler,
  bohbSampler,
  dehbSampler,
  freezeThawSampler,
  hyprlSampler,
  modelRlSampler,
  hoagSampler,
  sobolSampler,
  gridSampler,
];

/**
 * The sampler a study asks for.
 * @throws BasinError `invalid-study` for an unknown kind or a wrong option
 */
export function createSampler(choice: Choice, context: SamplerContext): Sampler {
  const entry = samplers.find((candidate) => candidate.kind === choice.kind);
  if (entry !== undefined) return entry.create(context, choice.options);
  const known = samplers.map((candidate) => candidate.kind).join(", ");
  throw new BasinError("invalid-study", `There is no sampler "${choice.kind}".`, `Known samplers: ${known}.`);
}
