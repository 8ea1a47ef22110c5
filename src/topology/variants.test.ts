import { expect, it } from "vitest";
import { type Score, type ScoreSource, type VariantOptions, VariantScores } from "./variants.ts";

const plain = (rtd: number): Score => ({ rtd, lite: rtd / 2, forward: rtd, backward: rtd });

/** Trials at places on a line; what is between two of them is how far they are apart. Noise is at 100. */
function line(places: readonly number[]): ScoreSource & { readonly asked: string[] } {
  const asked: string[] = [];
  const apart = (a: number, b: number): number => Math.abs(places[a]! - places[b]!);
  return {
    asked,
    noise: (number) => Promise.resolve(plain(100 - places[number]!)),
    pair: (a, b) => {
      asked.push(`${a}-${b}`);
      return Promise.resolve(plain(apart(a, b)));
    },
    lite: (a, b) => Promise.resolve(apart(a, b) / 2),
  };
}

async function scored(options: VariantOptions, places: readonly number[], losses: readonly number[]) {
  const source = line(places);
  const scores = new VariantScores(options, source);
  const changed: boolean[] = [];
  for (const [number, loss] of losses.entries()) changed.push(await scores.add({ number, loss }));
  return { values: losses.map((_, number) => scores.scores.get(number)?.rtd), changed, scores, asked: source.asked };
}

it("compares with noise, whoever else there is", async () => {
  const { values, changed } = await scored(
    { variant: "one-to-noise", refresh: "frozen", references: 16 },
    [1, 5, 2],
    [3, 2, 1],
  );
  expect(values).toEqual([99, 95, 98]);
  expect(changed).toEqual([false, false, false]);
});

it("compares with the best of the trials before, and keeps that", async () => {
  const { values, changed } = await scored(
    { variant: "one-to-top-performer", refresh: "frozen", references: 16 },
    [1, 5, 2, 9],
    [3, 4, 1, 2],
  );
  // Nobody before the first; then trial 0 twice; then trial 2.
  expect(values).toEqual([0, 4, 1, 7]);
  expect(changed).toEqual([false, false, false, false]);
});

it("follows the best trial, and computes again only when it changes", async () => {
  const { values, changed, scores, asked } = await scored(
    { variant: "one-to-top-performer", refresh: "refresh", references: 16 },
    [1, 5, 2, 9],
    [3, 4, 1, 2],
  );
  expect(values).toEqual([1, 3, 0, 7]);
  expect(changed).toEqual([false, false, true, false]);
  expect(scores.topPerformer).toBe(2);
  expect(asked).toEqual(["1-0", "0-2", "1-2", "3-2"]);
});

it("compares with all that were there before, or with all there are", async () => {
  const options = { variant: "one-to-all", references: 16 } as const;
  const frozen = await scored({ ...options, refresh: "frozen" }, [0, 4, 10], [1, 1, 1]);
  expect(frozen.values).toEqual([0, 4, 8]);
  const followed = await scored({ ...options, refresh: "refresh" }, [0, 4, 10], [1, 1, 1]);
  expect(followed.values).toEqual([7, 5, 8]);
  expect(followed.changed).toEqual([false, true, true]);
});

it("compares with few that are far apart where there are many", async () => {
  const places = [0, 1, 10, 5, 5.1, 5.2];
  const { scores, asked } = await scored(
    { variant: "one-to-all", refresh: "frozen", references: 3 },
    places,
    places.map(() => 1),
  );
  expect(scores.references).toEqual([0, 2, 3]);
  expect(asked.filter((pair) => pair.startsWith("5-"))).toEqual(["5-0", "5-2", "5-3"]);
});

it("passes on that a divergence could not be computed", async () => {
  const scores = new VariantScores(
    { variant: "one-to-noise", refresh: "frozen", references: 16 },
    { ...line([1]), noise: () => Promise.reject(new Error("no")) },
  );
  await expect(scores.add({ number: 0, loss: 1 })).rejects.toThrow("no");
  expect(scores.scores.size).toBe(0);
});
