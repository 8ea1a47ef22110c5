/** The log of a study that is deleted while something is still at work for it. */
import { expect, it } from "vitest";
import type { TrialStore } from "../storage/trialStore.ts";
import type { Clock } from "./clock.ts";
import { StudyLog } from "./studyLog.ts";

it("writes in batches, and nothing any more once its study is deleted", () => {
  const due: (() => void)[] = [];
  const clock: Clock = {
    now: () => 5,
    after: (_, work) => {
      due.push(work);
      return () => void due.splice(due.indexOf(work), 1);
    },
  };
  const written: string[][] = [];
  let deleted = false;
  const store = {
    addLog: (_: number, lines: readonly { readonly message: string }[]) => {
      if (deleted) throw new Error("There is no such study.");
      written.push(lines.map(({ message }) => message));
    },
  } as unknown as TrialStore;
  const log = new StudyLog(store, 3, clock);
  const pass = (): void => {
    for (const work of due.splice(0)) work();
  };

  log.add("info", "runner", "one");
  log.add("info", "runner", "two");
  pass();
  expect(written).toEqual([["one", "two"]]);

  log.add("info", "runner", "lost with its study");
  log.drop();
  deleted = true;
  // A diagnostic that was under way ends now.
  log.add("warning", "runner", "too late");
  expect(due).toEqual([]);
  pass();
  log.flush();
  expect(written).toHaveLength(1);
});
