import { afterEach, expect, it } from "vitest";
import { BasinError } from "../core/errors.ts";
import { createFakeExecutor, curve } from "./testing/fakeExecutor.ts";
import { engineFixture, type Fixture, studyText, untilState } from "./testing/engineFixture.ts";

let fixture: Fixture;
afterEach(async () => {
  await fixture.dispose();
});

const executor = () => createFakeExecutor(() => curve("loss", [1]));
const within = (text: string, constraint: string): string => `${text}constraints: [ ${JSON.stringify(constraint)} ]\n`;
/** Nothing but numbers that a person counts on one hand. */
const small = (text: string): string => text.replace(/ {2}x: .*\n {2}n: .*\n/, "  n: { type: int, low: 1, high: 5 }\n");
const never = "none of 20100 random configurations satisfies the constraints";

it("refuses a small space without a feasible configuration before anything starts", async () => {
  fixture = await engineFixture(executor());
  const error: unknown = await fixture
    .start(within(small(studyText({ trials: 3 })), "n * n == 7"))
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BasinError);
  expect(error).toMatchObject({ code: "invalid-study" });
  expect((error as BasinError).message).toContain("No configuration satisfies this constraint.");
  expect(await fixture.engine.request("study.list", {})).toEqual([]);
});

it("fails a large one after a bounded number of draws, in its own process or a thread, and says so", async () => {
  fixture = await engineFixture(executor());
  for (const kind of ["random", "gp"]) {
    const { studyId } = await fixture.start(
      within(studyText({ name: kind, trials: 3, sampler: `{ kind: ${kind} }` }), "x == 0.123 and n > 0"),
    );
    const study = await untilState(fixture, studyId, "failed", "complete");
    expect(study).toMatchObject({ state: "failed", counts: { complete: 0 } });
    expect(study.reason).toContain(never);
    expect(study.reason).toContain("Loosen a constraint or widen a range");
    const log = await fixture.engine.request("study.log", { studyId, limit: 10 });
    expect(log.at(-1)).toMatchObject({ level: "error" });
  }
});

it("answers whoever asks for a trial with the same words", async () => {
  fixture = await engineFixture(executor());
  const text = within(studyText({ trainer: "{ kind: none }", trials: 3 }), "x == 0.123 and n > 0");
  const { studyId } = await fixture.start(text);
  const asked = fixture.engine.request("ask", { studyId, count: 1 });
  await expect(asked).rejects.toMatchObject({ code: "no-feasible-point" });
  await expect(asked).rejects.toThrow(never);
});

it("tries the only configurations that a small space leaves, exactly", async () => {
  const jobs = executor();
  fixture = await engineFixture(jobs);
  const text = small(studyText({ trials: 12 })).replace("high: 5", "high: 5000");
  const { studyId } = await fixture.start(within(text, "n == 4711 and kind != 'a'"));
  await untilState(fixture, studyId, "complete");
  const kinds = jobs.jobs.map(({ params }) => {
    expect(params["n"]).toBe(4711);
    return params["kind"];
  });
  expect([...new Set(kinds)].toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(["b", "c"]);
});
