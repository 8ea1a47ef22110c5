/**
 * What the parameters of each request look like: a client may be of any version, or wrong.
 * Invariant: one schema per method of the protocol (the type checker holds them against each other).
 */
import { z } from "zod";
import { trialStates } from "../core/trial.ts";
import { flatnessQuestionSchema } from "./diagnostics/sharpnessRequest.ts";
import type { EngineMethod } from "../protocol/engine.ts";

const nothing = z.object({});
const studyId = z.int().nonnegative();
const study = z.object({ studyId });
const number = z.int().nonnegative();
const trial = z.object({ studyId, number });
const flatnessJob = z.object({ studyId, id: z.string().max(100) });
const layer = z.string().min(1).max(200).optional();
const count = z.int().min(1).max(10_000);
const paramValue = z.union([z.number(), z.string().max(10_000), z.boolean(), z.null()]);

export const requestSchemas = {
  initialize: z.object({ protocolVersion: z.int(), client: z.string().max(200), pid: z.int() }),
  "engine.status": nothing,
  "engine.shutdown": nothing,
  "study.list": nothing,
  "study.get": study,
  "study.start": z.object({
    path: z.string().min(1).max(10_000),
    text: z.string().max(1_000_000),
    mode: z.enum(["continue", "fresh"]),
  }),
  "study.pause": study,
  "study.resume": study,
  "study.stop": study,
  "study.delete": study,
  "study.log": z.object({ studyId, limit: count }),
  "study.export": z.object({ studyId, format: z.enum(["csv", "json"]) }),
  "study.schedule": study,
  "trial.rows": z.object({
    studyId,
    sort: z.enum(["best", "number"]),
    states: z.array(z.enum(trialStates)).optional(),
    offset: z.int().nonnegative(),
    limit: z.int().min(0).max(1000),
  }),
  "trial.columns": study,
  "trial.curves": z.object({
    studyId,
    metric: z.string().min(1).max(200),
    numbers: z.array(number).max(1_000_000).optional(),
    maxTrials: z.int().min(0),
  }),
  "trial.get": trial,
  "trial.stop": trial,
  "trial.enqueue": z.object({ studyId, params: z.record(z.string(), paramValue) }),
  "flatness.compute": z.object({ studyId, number, request: flatnessQuestionSchema }),
  "flatness.list": study,
  "flatness.result": flatnessJob,
  "flatness.cancel": flatnessJob,
  ask: z.object({ studyId, count }),
  tell: z.object({
    studyId,
    number,
    values: z.array(z.union([z.number(), z.nan(), z.literal(Infinity), z.literal(-Infinity)])).optional(),
    state: z.enum(["complete", "pruned", "failed"]).optional(),
  }),
  report: z.object({
    studyId,
    number,
    step: z.int().nonnegative(),
    value: z.union([z.number(), z.nan(), z.literal(Infinity), z.literal(-Infinity)]),
  }),
  "topology.report": z.object({ studyId, layer }),
  "topology.pair": z.object({ studyId, layer, numbers: z.tuple([number, number]) }),
  "topology.matrix": z.object({
    studyId,
    layer,
    numbers: z.array(number).max(10_000).optional(),
    start: z.boolean(),
  }),
  "topology.stop": study,
  "topology.drift": z.object({ studyId, layer, numbers: z.array(number).max(20) }),
} as const satisfies Record<EngineMethod, z.ZodType>;
