import * as fc from "fast-check";
import { expect, it } from "vitest";
import { BasinError } from "../core/errors.ts";
import { isFinal, nextStates, type FinalState, type TrialState } from "../core/trial.ts";
import { openSqliteStore } from "./sqliteStore.ts";

interface ModelTrial {
  state: TrialState;
  attempt: number;
  readonly params: Readonly<Record<string, number | string>>;
  values: readonly number[];
  /** `metric/step` -> value, first one kept. */
  readonly reports: Map<string, number>;
  last: { step: number; value: number } | undefined;
}

const value = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY));
const number = fc.nat(5);
const operation = fc.oneof(
  fc.record({
    op: fc.constant("add" as const),
    params: fc.dictionary(fc.string(), fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string())),
  }),
  fc.record({ op: fc.constant("start" as const), number }),
  fc.record({
    op: fc.constant("report" as const),
    number,
    reports: fc.array(
      fc.record({ step: fc.nat(6), metric: fc.constantFrom("loss", "acc", "__proto__"), value, at: fc.nat() }),
      { maxLength: 4 },
    ),
  }),
  fc.record({
    op: fc.constant("suspend" as const),
    number,
    to: fc.constantFrom("paused" as const, "waiting" as const),
  }),
  fc.record({
    op: fc.constant("finish" as const),
    number,
    to: fc.constantFrom<FinalState>("complete", "pruned", "failed"),
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
    replaced: fc.boolean(),
  }),
);

/** SQLite has one zero. */
const plain = (x: number): number => (x === 0 ? 0 : x);

it("agrees with a model in memory over any sequence of operations, and refuses the same ones", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const store = openSqliteStore({ file: ":memory:" });
      try {
        const study = store.createStudy({
          name: "s",
          path: "/s",
          text: "",
          format: "yaml",
          createdAt: 0,
          objective: "loss",
        });
        const model: ModelTrial[] = [];
        const order: number[] = [];
        const legal = (n: number, to: TrialState): boolean => {
          const trial = model[n];
          return trial !== undefined && nextStates[trial.state].includes(to);
        };
        const attempt = (allowed: boolean, work: () => void): boolean => {
          try {
            work();
          } catch (error) {
            expect(error).toBeInstanceOf(BasinError);
            expect(["wrong-state", "unknown-trial"]).toContain((error as BasinError).code);
            expect(allowed).toBe(false);
            return false;
          }
          expect(allowed).toBe(true);
          return true;
        };
        for (const step of operations) {
          switch (step.op) {
            case "add": {
              const added = store.addTrial(study.id, step.params, "because", 1);
              expect(added.number).toBe(model.length);
              model.push({
                state: "waiting",
                attempt: 0,
                params: step.params,
                values: [],
                reports: new Map(),
                last: undefined,
              });
              break;
            }
            case "start": {
              const done = attempt(legal(step.number, "running"), () => {
                store.startTrial(study.id, step.number, { slot: 0, marker: "m", at: 2 });
              });
              const trial = model[step.number];
              if (done && trial !== undefined) {
                trial.state = "running";
                trial.attempt += 1;
              }
              break;
            }
            case "report": {
              const trial = model[step.number];
              const done = attempt(step.reports.length === 0 || trial?.state === "running", () =>
                store.addReports(study.id, step.number, step.reports),
              );
              if (!done || trial === undefined) break;
              for (const report of step.reports) {
                const key = `${report.metric}/${report.step}`;
                if (!trial.reports.has(key)) trial.reports.set(key, plain(report.value));
                if (report.metric === "loss" && report.step > (trial.last?.step ?? -1)) {
                  trial.last = { step: report.step, value: plain(report.value) };
                }
              }
              break;
            }
            case "suspend": {
              const done = attempt(model[step.number]?.state === "running", () =>
                store.suspendTrial(study.id, step.number, step.to, "why"),
              );
              const trial = model[step.number];
              if (done && trial !== undefined) trial.state = step.to;
              break;
            }
            case "finish": {
              const values = step.to === "complete" ? step.values : [];
              const done = attempt(legal(step.number, step.to), () =>
                store.finishTrial(study.id, step.number, {
                  state: step.to,
                  values,
                  metrics: {},
                  reason: "",
                  at: 3,
                  ...(step.replaced
                    ? { child: { params: { of: step.number }, because: "", parent: { number: step.number, step: 1 } } }
                    : {}),
                }),
              );
              const trial = model[step.number];
              if (done && trial !== undefined) {
                trial.state = step.to;
                trial.values = values.map(plain);
                order.push(step.number);
                if (step.replaced) {
                  model.push({
                    state: "waiting",
                    attempt: 0,
                    params: { of: step.number },
                    values: [],
                    reports: new Map(),
                    last: undefined,
                  });
                }
              }
              break;
            }
          }
        }
        expect(store.finishOrder(study.id)).toEqual(order);
        expect(store.trialCount(study.id)).toBe(model.length);
        const trials = store.trials(study.id, 0, 1000);
        expect(trials.map((trial) => trial.number)).toEqual(model.map((_, i) => i));
        // What says less of a trial says the same of it.
        for (const [i, trial] of store.indexedTrials(study.id, 0, 1000).entries())
          expect(trials[i]).toMatchObject(trial);
        for (const [i, { isChild, ...trial }] of store.outcomes(study.id, 0, 1000).entries()) {
          expect(trials[i]).toMatchObject(trial);
          expect(isChild).toBe(trials[i]?.parent !== undefined);
        }
        expect(store.indexedTrials(study.id, 1, 2)).toHaveLength(trials.slice(1, 3).length);
        expect(store.openTrials(study.id).map((trial) => trial.number)).toEqual(
          model.flatMap((trial, i) => (isFinal(trial.state) ? [] : [i])),
        );
        for (const [i, expected] of model.entries()) {
          const trial = trials[i];
          expect(trial?.state).toBe(expected.state);
          expect(trial?.attempt).toBe(expected.attempt);
          const attempts = store.attempts(study.id, i, i + 1);
          expect(attempts.map((entry) => entry.attempt)).toEqual(attempts.map((_, k) => k + 1));
          expect(attempts.length).toBe(expected.attempt);
          // A trial that was finished while nobody worked on it keeps the end of its last attempt.
          expect(attempts.slice(0, -1).every((entry) => entry.endedAt !== undefined)).toBe(true);
          expect(attempts.at(-1)?.outcome === "running").toBe(expected.state === "running");
          expect(trial?.params).toEqual(JSON.parse(JSON.stringify(expected.params)));
          expect(trial?.values.map(plain)).toEqual(expected.values);
          expect(trial?.last).toEqual(expected.last);
          const reports = store.reports(study.id, i);
          expect(new Map(reports.map((report) => [`${report.metric}/${report.step}`, plain(report.value)]))).toEqual(
            expected.reports,
          );
          expect(reports.length).toBe(expected.reports.size);
        }
      } finally {
        store.close();
      }
    }),
    { numRuns: 200 },
  );
});
