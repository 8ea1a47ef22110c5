/**
 * The rows of one study that the Trials view shows: filtered, sorted and cut to the loaded pages.
 * Invariant: never pulls more rows than are shown; expressions are evaluated on columns, in steps that let the editor breathe.
 */
import { trialStates, type TrialState } from "../../core/trial.ts";
import type { TrialColumns } from "../../core/columns.ts";
import type { EngineMethod, EngineParams, EngineResult, TrialRow } from "../../protocol/engine.ts";
import { matchingTrials, rowOf, sortTrials, type TrialFilter } from "./trialFilter.ts";

export type TrialSort = "best" | "number";

export interface TrialPage {
  readonly rows: readonly TrialRow[];
  /** Trials that pass the filter, shown or not. */
  readonly total: number;
}

export type EngineRequest = <M extends EngineMethod>(method: M, params: EngineParams<M>) => Promise<EngineResult<M>>;

export interface PageQuery {
  readonly studyId: number;
  readonly sort: TrialSort;
  readonly filter: TrialFilter | undefined;
  readonly limit: number;
}

/** Running trials are few and are what one wants to see: they stand above the sorted rest. */
const runningLimit = 64;

export async function fetchPage(request: EngineRequest, query: PageQuery): Promise<TrialPage> {
  const { studyId, sort, filter, limit } = query;
  if (filter?.expression !== undefined) return await filteredPage(await request("trial.columns", { studyId }), query);
  const wanted = filter?.states ?? trialStates;
  if (sort === "number" || !wanted.includes("running")) {
    const page = await request("trial.rows", {
      studyId,
      sort,
      offset: 0,
      limit,
      ...(filter?.states === undefined ? {} : { states: wanted }),
    });
    return { rows: page.rows, total: page.total };
  }
  const rest = wanted.filter((state): state is Exclude<TrialState, "running"> => state !== "running");
  const [running, others] = await Promise.all([
    request("trial.rows", {
      studyId,
      sort: "number",
      states: ["running"],
      offset: 0,
      limit: Math.min(limit, runningLimit),
    }),
    rest.length === 0 ? undefined : request("trial.rows", { studyId, sort, states: rest, offset: 0, limit }),
  ]);
  // The two answers are of two moments: a trial that ended in between would stand in both.
  const seen = new Set(others?.rows.map((row) => row.number));
  const top = running.rows.filter((row) => !seen.has(row.number));
  return { rows: [...top, ...(others?.rows ?? [])].slice(0, limit), total: running.total + (others?.total ?? 0) };
}

async function filteredPage(columns: TrialColumns, query: PageQuery): Promise<TrialPage> {
  const { filter, sort, limit } = query;
  if (filter?.expression === undefined) return { rows: [], total: 0 };
  const work = matchingTrials(columns, filter.expression);
  for (;;) {
    const step = work.next();
    if (step.done === true) {
      const indices = sortTrials(columns, step.value, sort);
      return { rows: indices.slice(0, limit).map((i) => rowOf(columns, i)), total: indices.length };
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
