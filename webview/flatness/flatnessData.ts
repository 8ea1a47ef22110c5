/**
 * What the Flatness view has pulled: jobs, results, the schedule.
 * Invariant: a result is asked for once and kept; nothing is computed that a person has not asked for.
 */
import type { FlatnessKind, FlatnessResult } from "../../src/core/flatness.ts";
import type { FlatnessJob, FlatnessQuestion } from "../../src/protocol/flatness.ts";
import type { ScheduleReport } from "../../src/protocol/schedule.ts";
import type { PanelContext } from "../shared/panelElement.ts";
import type { Pullable } from "../shared/liveData.ts";
import { Pulled } from "../shared/pulled.ts";
import type { Measured } from "./sharpnessColumns.ts";
import { jobFor } from "./subjects.ts";

/** Results kept; a plane of 25 x 25 takes 5 kB. */
const keptResults = 60;

export type ResultOf<K extends FlatnessKind> = Extract<FlatnessResult, { kind: K }>;

export class FlatnessData implements Pullable {
  readonly jobs = new Pulled<readonly FlatnessJob[]>();
  readonly schedule = new Pulled<ScheduleReport>();
  private readonly results = new Map<string, FlatnessResult>();
  private readonly wanted = new Set<string>();
  private readonly panel: PanelContext;
  private readonly signal: AbortSignal;
  private asked = 0;
  /** Why the latest result could not be had. */
  problem = "";

  constructor(panel: PanelContext, signal: AbortSignal) {
    this.panel = panel;
    this.signal = signal;
  }

  async pull(again: boolean): Promise<void> {
    const { store, actions } = this.panel;
    const { signal } = this;
    if (again) {
      this.jobs.problem = undefined;
      this.schedule.problem = undefined;
      this.problem = "";
    }
    const about = `${store.state.studyId}:${store.columns?.revision ?? 0}`;
    const { section } = store.state.flatness;
    if (section === "funnel") await this.schedule.pull(about, () => actions.request("schedule", null, { signal }));
    if (section !== "funnel") {
      const key = this.unfinished ? `${about}:${this.asked++}` : about;
      await this.jobs.pull(key, () => actions.request("flatnessList", null, { signal }));
      await this.pullResults();
    }
  }

  /** Something is computed or waits, so that the next pull should come soon. */
  get unfinished(): boolean {
    return this.jobs.value?.some(({ state }) => state === "running" || state === "waiting") ?? false;
  }

  job(kind: FlatnessKind, number: number, to?: number): FlatnessJob | undefined {
    return jobFor(this.jobs.value ?? [], kind, number, to);
  }

  /** The result, if it is here; else it comes with the next pull when its job is done. */
  result<K extends FlatnessKind>(kind: K, number: number, to?: number): ResultOf<K> | undefined {
    const job = this.job(kind, number, to);
    if (job?.state !== "done") return undefined;
    const held = this.results.get(job.id);
    if (held === undefined) this.wanted.add(job.id);
    return held?.kind === kind ? (held as ResultOf<K>) : undefined;
  }

  /** Measures that were made on request; those that are not here yet come with the next pull. */
  measured(): readonly Measured[] {
    const found: Measured[] = [];
    for (const { id, number, request, state } of this.jobs.value ?? []) {
      if (request.kind !== "sharpness" || state !== "done") continue;
      const result = this.results.get(id);
      if (result === undefined) this.wanted.add(id);
      else if (result.kind === "sharpness") found.push({ number, request, values: result.values });
    }
    return found;
  }

  /** Changes with every result that arrives. */
  get resultCount(): number {
    return this.results.size;
  }

  get hasWanted(): boolean {
    return this.wanted.size > 0 && this.problem === "";
  }

  private async pullResults(): Promise<void> {
    for (const id of this.wanted) {
      try {
        const result = await this.panel.actions.request("flatnessResult", { id }, { signal: this.signal });
        this.wanted.delete(id);
        this.results.set(id, result);
        // Measures are small and shown all at once; pictures are large and shown by twos and fours.
        const pictures = [...this.results].filter(([, { kind }]) => kind !== "sharpness");
        if (pictures.length > keptResults) this.results.delete(pictures[0]![0]);
      } catch (error) {
        if (this.signal.aborted) return;
        this.problem = error instanceof Error ? error.message : String(error);
        return;
      }
    }
  }

  async compute(number: number, question: FlatnessQuestion): Promise<void> {
    if (await this.panel.actions.act("flatnessCompute", { number, request: question })) this.jobs.key = "";
  }

  async cancel(id: string): Promise<void> {
    if (await this.panel.actions.act("flatnessCancel", { id })) this.jobs.key = "";
  }
}
