/**
 * The best of all trials: one for one objective, an archive of trade-offs for several.
 * Invariant: no leader dominates another; with several objectives the archive holds at most `most`, the crowded go first.
 */
import type { Objective } from "../core/objective.ts";
import type { FinishedTrial } from "../core/trial.ts";
import { bestFirst, dominates, lossesOf } from "./ranking.ts";

/**
 * The leaders after one trial more: the same array when it is no better than what is there. Without a complete trial the best
 * pruned one leads. O(most^2) for several objectives, O(1) for one.
 */
export function withLeader(
  leaders: readonly FinishedTrial[],
  trial: FinishedTrial,
  objectives: readonly Objective[],
  most = 50,
): readonly FinishedTrial[] {
  if (bestFirst([trial], objectives).length === 0) return leaders;
  const isFirst = objectives.length === 1 || leaders.every(({ state }) => state !== "complete");
  if (isFirst || trial.state !== "complete")
    return isFirst && bestFirst([...leaders, trial], objectives)[0] === trial ? [trial] : leaders;
  const losses = lossesOf(trial, objectives)!;
  const others = leaders.map((leader) => ({ leader, losses: lossesOf(leader, objectives)! }));
  const isBeaten = others.some(
    (other) => dominates(other.losses, losses) || other.losses.every((value, i) => value === losses[i]),
  );
  if (isBeaten) return leaders;
  const left = others.filter((other) => !dominates(losses, other.losses)).map(({ leader }) => leader);
  return bestFirst([...left, trial], objectives).slice(0, most);
}

/** Whether `trial` may take the place of `other`: anything that is ranked but what is worse or dominated. */
export function holdsAgainst(trial: FinishedTrial, other: FinishedTrial, objectives: readonly Objective[]): boolean {
  const ranked = bestFirst([trial, other], objectives);
  if (!ranked.includes(trial)) return false;
  if (ranked[0] === trial) return true;
  const [own, its] = [lossesOf(trial, objectives), lossesOf(other, objectives)];
  if (trial.state !== "complete" || other.state !== "complete" || own === undefined || its === undefined) return false;
  return !dominates(its, own);
}
