/**
 * Which of a population stay, after NSGA-III: whole fronts of non-domination first; of the front that does not fit, those whose
 * reference directions have the fewest. Source: K. Deb and H. Jain, "An evolutionary many-objective optimization algorithm using
 * reference-point-based nondominated sorting approach, part I" (IEEE TEC 2014), algorithms 1 to 4.
 * Invariant: the ideal point only ever gets better; the scale follows from ideal point and population.
 */
import type { Objective } from "../../core/objective.ts";
import type { Rng } from "../../core/rng.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { bestFirst, frontRanks, lossesOf } from "../ranking.ts";
import type { Survival } from "./evolution.ts";
import { associated, axisLengths, extremePoints, referencePoints, type Association } from "./referencePoints.ts";

interface Candidate {
  readonly trial: FinishedTrial;
  readonly losses: readonly number[];
}

/**
 * A survival for one fold: it remembers the ideal point of all it has seen. O(population (population + references) objectives).
 * @param tieBreaker the stream that decides between equally empty directions, and which of their points is taken, for the trial
 *   of a number
 */
export function nichingSurvival(
  objectives: readonly Objective[],
  population: number,
  tieBreaker: (number: number) => Rng,
): Survival {
  const references = referencePoints(objectives.length, population);
  const ideal = objectives.map(() => Infinity);
  return (members, size) => {
    const finite: Candidate[] = [];
    const others: FinishedTrial[] = [];
    for (const trial of members) {
      const losses = trial.state === "complete" ? lossesOf(trial, objectives) : undefined;
      if (losses?.every(Number.isFinite) === true) finite.push({ trial, losses });
      else others.push(trial);
    }
    for (const { losses } of finite) losses.forEach((loss, k) => (ideal[k] = Math.min(ideal[k]!, loss)));
    const newcomer = finite.at(-1);
    // The usual case, once the population is good: the newcomer is a front of its own, behind all others.
    if (members.length === size + 1 && newcomer?.trial === members.at(-1) && others.length === 0) {
      const ranks = frontRanks(finite.map(({ losses }) => losses));
      if (ranks.indexOf(Math.max(...ranks)) === ranks.length - 1) return members.slice(0, -1);
    }
    const rng = tieBreaker(members.at(-1)?.number ?? 0);
    const chosen = finite.length === 0 ? [] : niched(finite, ideal, references, Math.min(size, finite.length), rng);
    return [...chosen, ...bestFirst(others, objectives)].slice(0, size);
  };
}

/** `size` of the candidates, front by front, within a front those of the emptier directions first. */
function niched(
  candidates: readonly Candidate[],
  ideal: readonly number[],
  references: readonly (readonly number[])[],
  size: number,
  rng: Rng,
): FinishedTrial[] {
  const points = candidates.map(({ losses }) => losses);
  const ranks = frontRanks(points);
  const front = points.filter((_, i) => ranks[i] === 0);
  const lengths = axisLengths(extremePoints(front, ideal), ideal, front, points);
  const places = points.map((point) =>
    associated(
      point.map((value, k) => (value - ideal[k]!) / lengths[k]!),
      references,
    ),
  );
  const counts = references.map(() => 0);
  const order: number[] = [];
  for (let rank = 0; order.length < size; rank++) {
    const open = points.flatMap((_, i) => (ranks[i] === rank ? [i] : []));
    while (open.length > 0 && order.length < size) {
      const next = nextOf(open, places, counts, rng);
      counts[places[next]!.reference]! += 1;
      open.splice(open.indexOf(next), 1);
      order.push(next);
    }
  }
  return order.map((i) => candidates[i]!.trial);
}

/** Of the direction with the fewest members, one at random among equals: its nearest point if it has no member, else any. */
function nextOf(open: readonly number[], places: readonly Association[], counts: readonly number[], rng: Rng): number {
  const least = Math.min(...open.map((i) => counts[places[i]!.reference]!));
  const directions = [...new Set(open.map((i) => places[i]!.reference))].filter((j) => counts[j] === least);
  const direction = rng.choice(directions);
  const own = open.filter((i) => places[i]!.reference === direction);
  if (least > 0) return rng.choice(own);
  return own.reduce((nearest, i) => (places[i]!.distance < places[nearest]!.distance ? i : nearest));
}
