/**
 * Descents through a history: chains of trials in which each goes a step down the slope of the one before it.
 * Source: F. Pedregosa, "Hyperparameter optimization with approximate gradient" (HOAG), ICML 2016: projected gradient steps on
 * the (log) scale of the parameters, whose size grows by 1.05 where the loss fell as the slope foretold and shrinks where it
 * rose; first step as in the author's code, by the length of the first gradient. Added here: where the slope has turned along a
 * move, the step is that of the secant.
 * Invariant: a trial belongs to the chain whose next configuration it is, to the last digit, and else begins one: so chains
 * follow from the history alone, whoever proposed its trials. O(parameters) a trial.
 */
import type { Objective } from "../../core/objective.ts";
import { toLoss } from "../../core/objective.ts";
import { paramsKey, setOwn } from "../../core/space/configuration.ts";
import { fromUnit, gridCount, isNumeric, toUnit, type NumericParameter } from "../../core/space/domain.ts";
import type { Params, ParamValue, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";

/** Where a chain stands: the best of its trials, and what its slope is there. */
interface Place {
  readonly number: number;
  readonly params: Params;
  readonly loss: number;
  /** Derivative of the loss by each parameter's place in its unit interval; only parameters that have one. */
  readonly slope: ReadonlyMap<NumericParameter, number>;
}

export interface Chain {
  /** Number of the trial it began with. */
  readonly root: number;
  /** Trials in it. */
  length: number;
  place: Place;
  /** Unit lengths squared per loss: a move is `rate` times the slope. */
  rate: number;
  /** What to try next; undefined when the chain has ended. */
  next: Proposal | undefined;
}

export interface Proposal {
  readonly params: Params;
  readonly key: string;
  /** By how much the loss falls if the slope holds. */
  readonly foretold: number;
  /** Largest change of a parameter, as a share of its range. */
  readonly move: number;
  /** The rate of this move: less than the chain's where it would have been too long or not feasible. */
  readonly rate: number;
}

export interface ChainOptions {
  /** Root mean square of the first move over the parameters, as a share of their ranges. */
  readonly firstStep: number;
  /** A chain whose next move is smaller than this share of every range has ended. */
  readonly leastStep: number;
}

/** Pedregosa 2016: the step grows slowly and shrinks fast. */
const growth = 1.05;
const shrinkage = 0.5;
/**
 * The loss has fallen as foretold when it fell by at least this share of it (Armijo's condition with 1/4, as in the author's
 * code), and a rise of this share of the k-th tolerance, 0.1 * 0.9^k of the loss, is not yet a rise: slopes are that inexact.
 */
const sufficient = 0.25;
const firstTolerance = 0.1;
const toleranceDecay = 0.9;
/** After a rise to where the slope has turned, the next step goes to where a straight line between both slopes is zero. */
const leastShare = 0.1;
/** No move is longer in any parameter, whatever the slope: it is known at one point only. */
const longestMove = 0.25;
/** Halvings of a move that breaks a constraint. */
const halvings = 8;

export interface Chains {
  readonly all: Chain[];
  /** Chains by the key of what they would try next. */
  readonly waiting: Map<string, Chain>;
  readonly tried: Set<string>;
  /** Complete trials with and without a usable slope. */
  sloped: number;
  slopeless: number;
}

export function noChains(): Chains {
  return { all: [], waiting: new Map(), tried: new Set(), sloped: 0, slopeless: 0 };
}

export interface ChainContext {
  readonly movable: ReadonlyMap<string, NumericParameter>;
  readonly objective: Objective;
  readonly isFeasible: (params: Params) => boolean;
  readonly options: ChainOptions;
}

/** Parameters that can be moved along a slope: numbers in steps too small to see, on which no other parameter depends. */
export function movableOf(space: Space): ReadonlyMap<string, NumericParameter> {
  const parents = new Set(space.flatMap(({ when }) => Object.keys(when ?? {})));
  return new Map(
    space
      .filter(isNumeric)
      .filter((parameter) => gridCount(parameter) === Infinity && !parents.has(parameter.name))
      .map((parameter) => [parameter.name, parameter]),
  );
}

/** Takes one finished trial in. */
export function takeTrial(chains: Chains, trial: FinishedTrial, context: ChainContext): void {
  const key = paramsKey(trial.params);
  const chain = chains.waiting.get(key);
  const place = placeOf(trial, context);
  if (trial.state === "complete") {
    if (place === undefined) chains.slopeless++;
    else chains.sloped++;
  }
  const known = chains.tried.has(key);
  chains.tried.add(key);
  if (chain !== undefined) {
    chains.waiting.delete(key);
    goOn(chains, chain, place, context);
  } else if (place !== undefined && !known) {
    const norm = Math.hypot(...place.slope.values());
    const rate = (context.options.firstStep * Math.sqrt(place.slope.size)) / norm;
    const begun: Chain = { root: trial.number, length: 1, place, rate, next: undefined };
    chains.all.push(begun);
    propose(chains, begun, context);
  }
}

/** A trial of the chain has finished: with a place to go on from, or (failed, pruned, without a slope) without one. */
function goOn(chains: Chains, chain: Chain, place: Place | undefined, context: ChainContext): void {
  const { next, place: from } = chain;
  if (next === undefined) return;
  chain.length++;
  if (place === undefined) chain.rate = next.rate * shrinkage;
  else {
    const { length, before, after, slope } = along(from, place);
    // Where a straight line between both slopes along the move is zero, as a share of the move; beyond it while they agree.
    const zero = before / (before - after);
    const slack = sufficient * firstTolerance * toleranceDecay ** chain.length * Math.abs(from.loss);
    if (!(place.loss <= from.loss + slack)) {
      chain.rate = next.rate * (after > 0 ? Math.max(leastShare, Math.min(shrinkage, zero)) : shrinkage);
    } else {
      if (after > 0) chain.rate = next.rate * zero;
      else if (from.loss - place.loss >= sufficient * next.foretold)
        // A slope that flattens does not shorten the step as long as it shows the same way.
        chain.rate = Math.max(chain.rate, slope > 0 ? length / slope : 0) * growth;
      chain.place = place;
    }
  }
  propose(chains, chain, context);
}

/** A move: its length, the slopes along it at both ends, and the length of the slope at the second, over what has moved. */
function along(from: Place, to: Place): { length: number; before: number; after: number; slope: number } {
  let squares = 0;
  let before = 0;
  let after = 0;
  let slopes = 0;
  for (const [parameter, slope] of from.slope) {
    const at = (place: Place): number => toUnit(parameter, place.params[parameter.name]!);
    const moved = at(to) - at(from);
    const there = to.slope.get(parameter) ?? 0;
    if (moved === 0) continue;
    squares += moved * moved;
    before += slope * moved;
    after += there * moved;
    slopes += there * there;
  }
  return { length: Math.sqrt(squares), before, after, slope: Math.sqrt(slopes) };
}

/** Sets what the chain tries next: a step down the slope from its place, back inside the bounds; nothing when that is too short. */
function propose(chains: Chains, chain: Chain, { isFeasible, options }: ChainContext): void {
  const { place } = chain;
  chain.next = undefined;
  const steepest = Math.max(...[...place.slope.values()].map(Math.abs));
  for (let share = Math.min(1, longestMove / (chain.rate * steepest)), i = 0; i <= halvings; share /= 2, i++) {
    let move = 0;
    let foretold = 0;
    const moved: Record<string, ParamValue> = { ...place.params };
    for (const [parameter, slope] of place.slope) {
      const from = toUnit(parameter, place.params[parameter.name]!);
      const to = Math.max(0, Math.min(1, from - share * chain.rate * slope));
      move = Math.max(move, Math.abs(to - from));
      foretold += slope * (from - to);
      setOwn(moved, parameter.name, fromUnit(parameter, to));
    }
    // Not `<`: a slope beyond all measure makes a move that is not a number.
    if (!(move >= options.leastStep)) return;
    const key = paramsKey(moved);
    if (chains.tried.has(key) || chains.waiting.has(key)) return;
    if (!isFeasible(moved)) continue;
    chain.next = { params: moved, key, foretold, move, rate: share * chain.rate };
    chains.waiting.set(key, chain);
    return;
  }
}

/** Undefined for a trial without a finite loss or without a slope to follow. */
function placeOf(trial: FinishedTrial, { movable, objective }: ChainContext): Place | undefined {
  const value = trial.values[0];
  if (trial.state !== "complete" || value === undefined || !Number.isFinite(value) || trial.gradient === undefined)
    return undefined;
  const slope = new Map<NumericParameter, number>();
  for (const [name, parameter] of movable) {
    const at = Object.hasOwn(trial.params, name) ? trial.params[name] : undefined;
    const derivative = Object.hasOwn(trial.gradient, name) ? trial.gradient[name]! : Number.NaN;
    if (typeof at !== "number") continue;
    // d(value)/d(unit) = d(value)/d(parameter) * d(parameter)/d(unit).
    const width = parameter.log ? at * Math.log(parameter.high / parameter.low) : parameter.high - parameter.low;
    const slopeAt = toLoss(derivative * width, objective.direction);
    if (Number.isFinite(slopeAt)) slope.set(parameter, slopeAt);
  }
  if (![...slope.values()].some((x) => x !== 0)) return undefined;
  return { number: trial.number, params: trial.params, loss: toLoss(value, objective.direction), slope };
}
