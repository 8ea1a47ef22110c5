/**
 * The fake host's answers about topology and flatness: pairs and landscapes are computed a little at a time, so that progress and
 * cancelling can be seen. Invariant: nothing is computed before it is asked for, unless the gallery says so.
 */
import type { TrialColumns } from "../../src/core/columns.ts";
import type { FlatnessRequest } from "../../src/core/flatness.ts";
import type { FlatnessJob, FlatnessQuestion } from "../../src/protocol/flatness.ts";
import type { PanelMethod, PanelRequests } from "../../src/protocol/panel.ts";
import { fghpoSchedule, flatnessResult } from "./generateFlatness.ts";
import { topologyDrift, topologyMatrix, topologyPair, topologyReport } from "./generateTopology.ts";

export interface DiagnosticOptions {
  /** Trials sent no embeddings; or one each. */
  readonly how: "all" | "none" | "little";
  readonly computed: boolean;
  /** The study's scheduler is FGHPO. */
  readonly fghpo: boolean;
}

const pairsAPull = 180;
const progressAPull = 0.17;

type Answers = {
  readonly [M in PanelMethod]?: (params: PanelRequests[M][0], columns: TrialColumns) => PanelRequests[M][1];
};

function requestOf(question: FlatnessQuestion): FlatnessRequest {
  const samples = question.samples ?? 1024;
  if (question.kind === "sharpness") return { estimators: ["exact-frobenius"], batch: 64, ...question, samples };
  if (question.kind === "line") return { points: 51, reach: 1, seed: 0, ...question, samples };
  if (question.kind === "plane") return { points: 25, reach: 1, seed: 0, ...question, samples };
  if (question.kind === "spectrum") return { steps: 20, starts: 1, points: 201, seed: 0, ...question, samples };
  return { points: 25, ...question, samples };
}

/** Jobs that go on by a step whenever someone looks. */
class Jobs {
  private readonly jobs = new Map<string, FlatnessJob>();
  private readonly computed: boolean;

  constructor(computed: boolean) {
    this.computed = computed;
  }

  ask(number: number, question: FlatnessQuestion): FlatnessJob {
    const request = requestOf(question);
    const to = request.kind === "path" ? `-${request.to}` : "";
    const id = `${number}-${request.kind}${to}`;
    const job: FlatnessJob = { id, number, request, state: "running", progress: 0, reason: "", at: this.jobs.size };
    this.jobs.set(id, job);
    return job;
  }

  list(columns: TrialColumns): readonly FlatnessJob[] {
    if (this.computed && this.jobs.size === 0) this.computeAll(columns);
    for (const [id, job] of this.jobs) {
      if (job.state !== "running") continue;
      const progress = Math.min(1, job.progress + progressAPull);
      this.jobs.set(id, { ...job, progress, state: progress === 1 ? "done" : "running" });
    }
    return [...this.jobs.values()];
  }

  private computeAll({ number }: TrialColumns): void {
    for (const n of number.subarray(0, 200)) {
      for (const kind of ["line", "plane", "spectrum"] as const) this.jobs.set(...this.done(this.ask(n, { kind })));
    }
    this.jobs.set(...this.done(this.ask(40, { kind: "path", to: 60 })));
  }

  private done(job: FlatnessJob): [string, FlatnessJob] {
    return [job.id, { ...job, state: "done", progress: 1 }];
  }

  cancel(id: string): void {
    const job = this.jobs.get(id);
    if (job !== undefined) this.jobs.set(id, { ...job, state: "cancelled" });
  }

  get(id: string): FlatnessJob | undefined {
    return this.jobs.get(id);
  }
}

export function diagnosticAnswers({
  how,
  computed,
  fghpo,
}: DiagnosticOptions): (method: PanelMethod, params: unknown, columns: TrialColumns) => unknown {
  let done = computed ? Number.POSITIVE_INFINITY : 0;
  const options = { none: how === "none", oneCheckpoint: how === "little" };
  const jobs = new Jobs(computed);
  const answers: Answers = {
    topology: (_params, columns) => topologyReport(columns, options),
    topologyPair: ({ numbers }, columns) => topologyPair(columns, numbers),
    topologyMatrix: ({ start }, columns) => {
      if (start) done += pairsAPull;
      return topologyMatrix(columns, options, done, start);
    },
    topologyStop: () => null,
    topologyDrift: ({ numbers }, columns) => topologyDrift(columns, numbers),
    flatnessCompute: ({ number, request }) => jobs.ask(number, request),
    flatnessList: (_params, columns) => jobs.list(columns),
    flatnessCancel: ({ id }) => {
      jobs.cancel(id);
      return null;
    },
    flatnessResult: ({ id }) => {
      const job = jobs.get(id)!;
      return flatnessResult(job.request.kind, job.number, job.request.kind === "path" ? job.request.to : 0);
    },
    ...(fghpo ? { schedule: (_params: null, columns: TrialColumns) => fghpoSchedule(columns) } : {}),
  };
  return (method, params, columns) =>
    (answers[method] as ((params: unknown, columns: TrialColumns) => unknown) | undefined)?.(params, columns);
}
