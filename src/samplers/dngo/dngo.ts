/**
 * Deep networks for global optimisation: a Bayesian linear regression on the last layer of a small network, so that a model of
 * thousands of trials costs what a network does and not the cube of their number.
 * Source: J. Snoek et al., "Scalable Bayesian Optimization Using Deep Neural Networks" (ICML 2015): three layers of 50 tanh units,
 * expected improvement; precisions by the evidence instead of slice sampling, and a constant instead of a quadratic mean.
 * Invariant: networks are trained at lengths of the history that follow from it alone: from scratch at lengths that grow by a
 * half, and on from there at lengths that grow by a fifth; so a study that goes on in another process proposes the same.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import type { Objective } from "../../core/objective.ts";
import type { Rng } from "../../core/rng.ts";
import { defineSampler } from "../entry.ts";
import { logExpectedImprovement } from "../gp/acquisition.ts";
import type { Features } from "../gp/features.ts";
import type { Landscape } from "../gp/landscape.ts";
import { createModelSampler, type Moment, type Observation, type View } from "../gp/modelSampler.ts";
import { chosenRows, chosenTrialsOption, combined, grownLength, randomWeights, standardised } from "../gp/values.ts";
import { fitEvidence, type Regression } from "./evidence.ts";
import { inputsOf, type Inputs } from "./inputs.ts";
import { copyOf, createNetwork, train, width, type Network } from "./network.ts";

export const dngoSampler = defineSampler(
  {
    kind: "dngo",
    label: "Neural network (DNGO)",
    summary: "Bayesian optimisation with a small neural network. Hundreds to thousands of trials.",
    source: "J. Snoek et al., Scalable Bayesian Optimization Using Deep Neural Networks (ICML 2015)",
    heavy: true,
    options: z.strictObject({
      startupTrials: z.int().min(2).default(20).describe("Sobol points before the model takes over."),
      steps: z
        .int()
        .min(10)
        .max(20_000)
        .default(500)
        .describe("Training steps of a network at most; six for each trial while there are few."),
      maxTrials: chosenTrialsOption(20_000, 2000),
    }),
  },
  (context, options) => {
    const networks = context.rng.fork("networks");
    return createModelSampler(context, options.startupTrials, (features, first) =>
      viewer(features, context.objectives, first, options, networks),
    );
  },
);

interface DngoOptions {
  readonly steps: number;
  readonly maxTrials: number;
}

const training = { batch: 10, rate: 0.01, decay: 1e-4 };
/** Steps from scratch, for each trial. */
const stepsPerTrial = 6;
/** Growth of the lengths at which a network starts from scratch. */
const freshGrowth = 1.5;
/** Growth of the lengths at which it is trained on. */
const laterGrowth = 1.2;
/** Share of the steps from scratch that a network is trained on with. */
const laterShare = 0.2;
/** The best trials: near them is where candidates are drawn. */
const elites = 5;
/** A prediction costs about as much as that of a Gaussian process with so many trials. */
const equivalentTrials = 120;
/** What is not variance but rounding. */
const leastVariance = 1e-12;

interface Trained {
  readonly length: number;
  readonly network: Network;
}

function viewer(
  features: Features,
  objectives: readonly Objective[],
  first: number,
  { steps, maxTrials }: DngoOptions,
  networks: Rng,
): (moment: Moment) => View {
  const inputs = inputsOf(features);
  let seen: readonly Observation[] | undefined;
  let fresh: Trained | undefined;
  let latest: (Trained & { readonly rows: Map<Observation, Float64Array> }) | undefined;

  /** Few trials are soon learned, and better not by heart: an early network owes its doubts to what it has not been taught. */
  const stepsAt = (length: number): number => Math.min(steps, stepsPerTrial * length);
  /** Trains on the trials up to a length. */
  const trained = (network: Network, observations: readonly Observation[], length: number, count: number): void => {
    const losses = combined(observations.slice(0, length), objectives, undefined);
    const rows = chosenRows(losses, maxTrials);
    const values = standardised(Float64Array.from(rows, (row) => losses[row]!));
    const read = rows.map((row) => inputs.of(observations[row]!.point));
    train(network, read, values, { ...training, steps: count }, networks.fork(`order ${length}`));
  };
  const networkOf = (observations: readonly Observation[]): NonNullable<typeof latest> => {
    if (seen !== observations) [seen, fresh, latest] = [observations, undefined, undefined];
    const length = grownLength(observations.length, first, laterGrowth);
    if (latest?.length === length) return latest;
    const start = grownLength(length, first, freshGrowth);
    if (fresh?.length !== start) {
      fresh = { length: start, network: createNetwork(inputs.count, networks.fork(`weights ${start}`)) };
      trained(fresh.network, observations, start, stepsAt(start));
    }
    let { network } = fresh;
    if (length > start) {
      network = copyOf(network, inputs.count, networks);
      trained(network, observations, length, Math.ceil(laterShare * stepsAt(start)));
    }
    latest = { length, network, rows: new Map() };
    return latest;
  };

  return ({ observations, pending, rng }) => {
    const { network, rows } = networkOf(observations);
    const basis = (points: readonly Float64Array[]): Float64Array[] =>
      network.features(points.map((point) => inputs.of(point))).map((layer) => {
        const row = new Float64Array(width + 1).fill(1);
        row.set(layer);
        return row;
      });
    const weights = objectives.length === 1 ? undefined : randomWeights(objectives.length, rng);
    const losses = combined(observations, objectives, weights);
    const chosen = chosenRows(losses, maxTrials).map((row) => ({
      observation: observations[row]!,
      loss: losses[row]!,
    }));
    const values = standardised(Float64Array.from(chosen, ({ loss }) => loss));
    const unknown = chosen.filter(({ observation }) => !rows.has(observation)).map(({ observation }) => observation);
    basis(unknown.map(({ point }) => point)).forEach((row, i) => rows.set(unknown[i]!, row));
    const design = chosen.map(({ observation }) => rows.get(observation)!);
    const fitted = fitEvidence({ rows: design, values });
    const running = basis(pending);
    const regression = running.reduce((so, row) => so.believing(row), fitted);
    const best = [...design, ...running].reduce((least, row) => Math.min(least, regression.mean(row)), Infinity);
    const good = chosen
      .toSorted((a, b) => a.loss - b.loss)
      .slice(0, elites)
      .map(({ observation }) => observation.params);
    return {
      landscape: landscapeOf(network, inputs, basis, regression, best),
      good,
      reason: (height) =>
        `expected improvement ${formatNumber(height === undefined ? 0 : Math.exp(height))} of a standard deviation by a network`,
    };
  };
}

function landscapeOf(
  network: Network,
  inputs: Inputs,
  basis: (points: readonly Float64Array[]) => Float64Array[],
  regression: Regression,
  best: number,
): Landscape {
  const at = (row: Float64Array): ReturnType<typeof logExpectedImprovement> => {
    const { mean, variance } = regression.predict(row);
    return logExpectedImprovement(mean, Math.max(leastVariance, variance), best);
  };
  return {
    size: equivalentTrials,
    heights: (points) => Float64Array.from(basis(points), (row) => at(row).value),
    slope(point) {
      const row = basis([point])[0]!;
      const { value, byMean, byVariance } = at(row);
      const variance = regression.varianceSlope(row);
      const byFeatures = variance
        .map((slope, i) => byMean * regression.weights[i]! + byVariance * slope)
        .subarray(0, width);
      return { height: value, gradient: inputs.pullBack(point, network.pullBack(inputs.of(point), byFeatures)) };
    },
  };
}
