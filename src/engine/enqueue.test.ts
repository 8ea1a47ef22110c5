import { afterEach, expect, it } from "vitest";
import { BasinError } from "../core/errors.ts";
import type { Params } from "../core/space/parameter.ts";
import { createFakeExecutor } from "./testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText } from "./testing/engineFixture.ts";

let fixture: Fixture;
afterEach(async () => {
  await fixture.dispose();
});

const none = createFakeExecutor(() => []);
const outside = (changes: Parameters<typeof studyText>[0] = {}): string =>
  studyText({ trainer: "{ kind: none }", trials: 20, ...changes });

const enqueue = (studyId: number, params: Params): Promise<{ number: number }> =>
  fixture.engine.request("trial.enqueue", { studyId, params });

it("hands out enqueued configurations first, also after a restart", async () => {
  fixture = await engineFixture(none);
  const { studyId } = await fixture.start(outside());
  const ask = async (count: number) => (await fixture.engine.request("ask", { studyId, count })).trials;
  expect((await ask(1))[0]).toMatchObject({ number: 0 });
  expect(await enqueue(studyId, { x: 0.125, n: 7, kind: "b" })).toEqual({ number: 1 });
  expect(await enqueue(studyId, { x: 0.25 })).toEqual({ number: 2 });
  await fixture.restart(none);
  // Interrupted ones go before: somebody may still be working on them.
  expect(await ask(4)).toEqual([
    expect.objectContaining({ number: 0, resumed: true }),
    { number: 1, params: { x: 0.125, n: 7, kind: "b" }, resumed: false },
    { number: 2, params: expect.objectContaining({ x: 0.25 }) as Params, resumed: false },
    expect.objectContaining({ number: 3, resumed: false }),
  ]);
});

it("says which constraint a configuration violates, and completes one within them", async () => {
  fixture = await engineFixture(none);
  const text = `${outside()}constraints: [ "x * n <= 40", "n >= 2" ]\n`;
  const { studyId } = await fixture.start(text);
  const refused = async (params: Params): Promise<BasinError> => {
    const error: unknown = await enqueue(studyId, params).catch((thrown: unknown) => thrown);
    if (!(error instanceof BasinError)) throw new Error(`not refused: ${String(error)}`);
    return error;
  };
  expect(await refused({ x: 0.9, n: 90, kind: "a" })).toMatchObject({
    code: "invalid-params",
    message: "The configuration violates x * n <= 40.",
  });
  expect((await refused({ n: 1 })).message).toBe(
    "No values for the other parameters were found that satisfy the constraints (x * n <= 40; n >= 2).",
  );
  const { number } = await enqueue(studyId, { n: 100 });
  const { params } = await fixture.engine.request("trial.get", { studyId, number });
  expect(Number(params["x"])).toBeLessThanOrEqual(0.4);
});
