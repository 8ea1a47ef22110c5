/**
 * Answers the requests of the engine protocol, whoever asks: a socket or the program that hosts the engine.
 * Invariant: parameters are checked before anything happens; every failure is a `BasinError`; what an answer says about
 * trials has been stored before.
 */
import type { z } from "zod";
import { BasinError, errorText } from "../core/errors.ts";
import type { FlatnessRequest } from "../core/flatness.ts";
import {
  type EngineMethod,
  type EngineParams,
  engineProtocolVersion,
  type EngineRequests,
  type EngineResult,
} from "../protocol/engine.ts";
import { breathe } from "./clock.ts";
import type { FlatnessJobs } from "./diagnostics/sharpnessJobs.ts";
import { exportText } from "./exportText.ts";
import { errorDetails, type EngineLog } from "./log.ts";
import { curvesOf, rowsOf, trialOf } from "./queries.ts";
import { requestSchemas } from "./requestSchemas.ts";
import { scheduleReport } from "./scheduleReport.ts";
import type { Studies } from "./studies.ts";
import { detailOf } from "./summary.ts";
import { engineVersion } from "./version.ts";

/** Who asks. */
export interface Caller {
  /** Identity: trials asked for by it go back when it leaves. */
  readonly owner: unknown;
  readonly signal?: AbortSignal;
}

export interface RequestParts {
  readonly workspace: string;
  readonly studies: Studies;
  readonly flatness: FlatnessJobs;
  readonly log: EngineLog;
  readonly revision: () => number;
  readonly clients: () => number;
  readonly startedAt: number;
  readonly now: () => number;
  /** Resolves when what an earlier engine left has been put in order. */
  readonly recovered: Promise<void>;
  readonly shutdown: (reason: string) => void;
}

type Handlers = {
  readonly [M in EngineMethod]: (params: EngineParams<M>, caller: Caller) => EngineResult<M> | Promise<EngineResult<M>>;
};

export type RequestHandler = <M extends EngineMethod>(
  method: M,
  params: unknown,
  caller: Caller,
) => Promise<EngineResult<M>>;

/** Whether `name` is a request of the protocol. */
export function isEngineMethod(name: string): name is EngineMethod {
  return Object.hasOwn(requestSchemas, name);
}

export function createRequestHandler(parts: RequestParts): RequestHandler {
  const handlers = handlersOf(parts);
  return async (method, params, caller) => {
    try {
      const schema: z.ZodType = requestSchemas[method];
      const parsed = schema.safeParse(params ?? {});
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        const where = issue === undefined || issue.path.length === 0 ? "its parameters" : issue.path.join(".");
        throw new BasinError("invalid-argument", `${method}: ${where}: ${issue?.message ?? "wrong"}.`);
      }
      if (method !== "initialize" && method !== "engine.status" && method !== "engine.shutdown") await parts.recovered;
      if (caller.signal?.aborted === true) throw new BasinError("cancelled", "Cancelled.");
      const handler = handlers[method] as (params: unknown, caller: Caller) => unknown;
      return (await handler(parsed.data, caller)) as EngineRequests[typeof method][1];
    } catch (error) {
      if (error instanceof BasinError) throw error;
      parts.log.error("A request failed", { method, ...errorDetails(error) });
      throw new BasinError(
        "internal",
        `Basin's engine failed at ${method}: ${errorText(error)}.`,
        "Its log has the details.",
        { cause: error },
      );
    }
  };
}

function handlersOf(parts: RequestParts): Handlers {
  const { flatness, studies } = parts;
  /** The study with all that trainers have said stored. */
  const current = (id: number): ReturnType<Studies["get"]> => {
    const open = studies.get(id);
    open.runner.flush();
    return open;
  };
  return {
    initialize: ({ protocolVersion }) => {
      if (protocolVersion !== engineProtocolVersion) {
        throw new BasinError(
          "protocol-mismatch",
          `The engine (version ${engineVersion}) speaks protocol ${engineProtocolVersion}, its client ${protocolVersion}.`,
          "Update the older of the two, then restart the engine.",
        );
      }
      return { protocolVersion: engineProtocolVersion, engineVersion, pid: process.pid, workspace: parts.workspace };
    },
    "engine.status": () => ({
      pid: process.pid,
      uptimeMs: parts.now() - parts.startedAt,
      rssBytes: process.memoryUsage.rss(),
      clients: parts.clients(),
      runningStudies: studies.running,
      revision: parts.revision(),
    }),
    "engine.shutdown": () => {
      parts.shutdown("A client asked for it.");
      return null;
    },
    "study.list": () => studies.list(),
    "study.get": async ({ studyId }) => {
      const { study, runner } = current(studyId);
      const facts = await study.facts();
      return detailOf(study, runner, facts);
    },
    "study.start": (params) => studies.start(params),
    "study.pause": ({ studyId }) => {
      studies.pause(studyId);
      return null;
    },
    "study.resume": async ({ studyId }) => {
      await studies.resume(studyId);
      return null;
    },
    "study.stop": ({ studyId }) => {
      studies.stop(studyId);
      return null;
    },
    "study.delete": async ({ studyId }) => {
      studies.get(studyId);
      await flatness.drop(studyId);
      await studies.delete(studyId);
      return null;
    },
    "study.log": ({ studyId, limit }) => studies.get(studyId).study.log.lines(limit),
    "study.export": async ({ studyId, format }, { signal }) => ({
      text: await exportText(current(studyId).study, format, signal),
    }),
    "study.schedule": ({ studyId }) => {
      const { study, runner } = current(studyId);
      return scheduleReport(study, runner);
    },
    "trial.rows": (query) => {
      const { study, runner } = current(query.studyId);
      return rowsOf(study, runner, query);
    },
    "trial.columns": async ({ studyId }) => {
      const { study } = current(studyId);
      await study.index.load();
      const columns = study.index.columns(study.parts.revisions.of(studyId));
      // Copying and encoding 100,000 trials are some 20 ms each: not both in one turn.
      await breathe();
      return columns;
    },
    "trial.curves": (params, { signal }) => curvesOf(current(params.studyId).study, params, signal),
    "trial.get": ({ studyId, number }) => {
      const { study, runner } = current(studyId);
      return trialOf(study, runner, number);
    },
    "trial.stop": async ({ studyId, number }) => {
      await studies.stopTrial(studyId, number);
      return null;
    },
    "trial.enqueue": async ({ studyId, params }) => ({ number: await studies.enqueue(studyId, params) }),
    "flatness.compute": ({ studyId, number, request }) =>
      // The schema has filled in what a client may leave out.
      flatness.compute(studyId, number, request as FlatnessRequest),
    "flatness.list": ({ studyId }) => flatness.list(studyId),
    "flatness.result": ({ studyId, id }) => flatness.result(studyId, id),
    "flatness.cancel": async ({ studyId, id }) => {
      await flatness.cancel(studyId, id);
      return null;
    },
    ask: ({ studyId, count }, { owner }) => studies.external(studyId).ask(count, owner),
    tell: async (params, { owner }) => {
      await studies.external(params.studyId).tell(params, owner);
      return null;
    },
    "topology.report": ({ studyId, ...ask }) => current(studyId).study.topologyView.report(ask),
    "topology.pair": ({ studyId, ...ask }) => current(studyId).study.topologyView.pair(ask),
    "topology.matrix": ({ studyId, ...ask }) => current(studyId).study.topologyView.matrix(ask),
    "topology.stop": ({ studyId }) => {
      studies.get(studyId).study.topologyView.stop();
      return null;
    },
    "topology.drift": ({ studyId, ...ask }) => current(studyId).study.topologyView.drift(ask),
    report: (params, { owner }) => studies.external(params.studyId).report(params, owner),
  };
}
