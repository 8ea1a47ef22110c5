/** What trials show at rungs as observations: what counts, in which order, and when an instance must not answer any more. */
import { expect, it } from "vitest";
import { rngForKey } from "../core/rng.ts";
import type { FinishedTrial, PendingTrial } from "../core/trial.ts";
import { observingRungs, withRungsObserved } from "./rungObservations.ts";
import type { Sampler, SuggestRequest } from "./sampler.ts";

const finished = (number: number): FinishedTrial => ({ number, state: "complete", params: {}, values: [number] });
const paused = (number: number, step: number, value = 0): PendingTrial => ({
  number,
  state: "paused",
  params: { x: number },
  last: { step, value },
});
const running: PendingTrial = { number: 9, state: "running", params: {}, last: { step: 1, value: 5 } };
const requestOf = (history: readonly FinishedTrial[], pending: readonly PendingTrial[]): SuggestRequest => ({
  history,
  pending,
  number: 20,
  rng: rngForKey("paused"),
  untilStep: 3,
});

it("puts what is paused and has shown something behind the finished trials, by number, as pruned", () => {
  const waiting: PendingTrial = { number: 7, state: "paused", params: {} };
  const { history, pending, untilStep } = withRungsObserved(
    requestOf([finished(4)], [{ ...paused(8, 3), curve: [{ step: 3, value: 0 }] }, waiting, paused(2, 1), running]),
  );
  expect(history.map(({ number, state, last }) => [number, state, last?.step])).toEqual([
    [4, "complete", undefined],
    [2, "pruned", 1],
    [8, "pruned", 3],
  ]);
  expect(history.map(({ curve }) => curve?.length)).toEqual([undefined, undefined, 1]);
  expect(pending).toEqual([waiting, running]);
  expect(untilStep).toBe(3);
  const plain = requestOf([finished(0)], [running, waiting]);
  expect(withRungsObserved(plain)).toBe(plain);
});

it("keeps what a running trial has shown at its highest rung, whatever it has reported since", () => {
  const curve = [1, 2, 3, 4, 5].map((step) => ({ step, value: 10 - step }));
  const onItsWay: PendingTrial = { number: 5, state: "running", params: {}, last: curve[4]!, curve, untilStep: 9 };
  const beginner: PendingTrial = { number: 6, state: "running", params: {}, last: curve[0]!, curve: curve.slice(0, 1) };
  const shown = (pending: readonly PendingTrial[], judged: readonly number[]): (number | undefined)[][] =>
    withRungsObserved(
      requestOf(
        judged.map((untilStep, number): FinishedTrial => ({ ...finished(number), untilStep })),
        pending,
      ),
    )
      .history.slice(judged.length)
      .map(({ number, last, untilStep, curve: reports }) => [number, last?.step, untilStep, reports?.length]);
  expect(shown([onItsWay, beginner], [3])).toEqual([[5, 3, 3, 3]]);
  expect(shown([onItsWay, beginner], [1, 3])).toEqual([
    [5, 3, 3, 3],
    [6, 1, 1, 1],
  ]);
  // As it was when it was paused there, and until it comes to a rung that is known.
  const atRest: PendingTrial = { number: 5, state: "paused", params: {}, last: curve[2]!, untilStep: 3 };
  expect(shown([atRest], []).map((row) => row.slice(0, 3))).toEqual([[5, 3, 3]]);
  expect(shown([onItsWay, { ...atRest, number: 4 }], []).map((row) => row.slice(0, 3))).toEqual([
    [4, 3, 3],
    [5, 3, 3],
  ]);
  // Nobody is judged before step 9: nothing has been shown.
  const plain = requestOf([], [onItsWay, beginner]);
  expect(withRungsObserved(plain)).toBe(plain);
});

it("asks an instance as long as trials are only added to what it has seen", async () => {
  let made = 0;
  const make = (): Sampler => {
    const name = `instance ${made++}`;
    let seen: readonly FinishedTrial[] = [];
    return {
      suggest: ({ history }) => {
        // What every sampler may rely on.
        expect(history.slice(0, seen.length).map(({ number, last }) => [number, last?.step])).toEqual(
          seen.map(({ number, last }) => [number, last?.step]),
        );
        seen = history;
        return { params: {}, reason: name };
      },
    };
  };
  const sampler = observingRungs(make);
  const answers: string[] = [];
  for (const [history, pending] of [
    [[], [running]],
    [[], [paused(0, 1)]],
    [[], [paused(0, 1), paused(1, 1)]],
    // Trial 0 goes on, shows something new, and ends.
    [[], [paused(1, 1)]],
    [[], [paused(0, 3), paused(1, 1)]],
    [[], [paused(0, 3, 1), paused(1, 1)]],
    [[finished(0)], [paused(1, 1)]],
    [[finished(0)], [paused(1, 1), paused(2, 1)]],
    // Nothing is paused: the instance of finished trials alone.
    [[finished(0)], []],
    [[finished(0), finished(1)], [running]],
  ] as const)
    answers.push((await sampler.suggest(requestOf(history, pending))).reason);
  expect(answers.map((reason) => Number(reason.split(" ")[1]))).toEqual([0, 1, 1, 2, 3, 4, 5, 5, 0, 0]);
});
