/**
 * All trials of a study as columns: what panels pull, and what counts, ranks and estimates are read from.
 * Invariant: entry i is trial i; after `load`, every change that was written to the store has also been written here. The
 * columns are built in pages with room for other work in between, so that 100,000 trials never stop the engine.
 */
import type { TrialColumns } from "../core/columns.ts";
import { BasinError } from "../core/errors.ts";
import { type Objective, toLoss } from "../core/objective.ts";
import type { Parameter, Params, Space } from "../core/space/parameter.ts";
import { isFinal, type TrialState, trialStates } from "../core/trial.ts";
import type { IndexedTrial, TrialStore } from "../storage/trialStore.ts";
import { breathe } from "./clock.ts";
import { type Column, GrowingColumns } from "./growingColumns.ts";
import { ParetoFront } from "./paretoFront.ts";
import { RankedTrials } from "./rankedTrials.ts";
import type { StudyFacts } from "./tally.ts";

const pageSize = 200;
/** Trials whose reports are read in one go. */
const openPage = 50;
/** Finished trials whose durations the estimate of the remaining time is made of. */
const rememberedDurations = 50;

export interface IndexChange {
  readonly state?: TrialState;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly slot?: number;
  readonly values?: readonly number[];
  readonly last?: { readonly step: number; readonly value: number };
  /** Last reported or final values. */
  readonly metrics?: Readonly<Record<string, number>> | ReadonlyMap<string, number>;
}

interface ParamStore {
  readonly parameter: Parameter;
  /** Values, or codes for a categorical parameter. */
  readonly column: Column<Float64Array> | Column<Int32Array>;
  readonly codes: ReadonlyMap<unknown, number>;
}

export class StudyIndex implements StudyFacts {
  readonly #store: TrialStore;
  readonly #studyId: number;
  readonly #objectives: readonly Objective[];
  readonly #columns = new GrowingColumns();
  readonly #state = this.#columns.bytes();
  readonly #lastValue = this.#columns.doubles();
  readonly #lastStep = this.#columns.doubles();
  readonly #startedAt = this.#columns.doubles();
  readonly #finishedAt = this.#columns.doubles();
  readonly #slot = this.#columns.ints();
  readonly #values: readonly Column<Float64Array>[];
  readonly #params: readonly ParamStore[];
  readonly #metrics = new Map<string, Column<Float64Array>>();
  readonly #counts = new Uint32Array(trialStates.length);
  readonly #complete: RankedTrials;
  readonly #pruned: RankedTrials;
  readonly #front = new ParetoFront();
  readonly #durations: number[] = [];
  #count = 0;
  #children = 0;
  #loading: Promise<void> | undefined;
  #loaded = false;

  constructor(store: TrialStore, studyId: number, objectives: readonly Objective[], space: Space) {
    this.#store = store;
    this.#studyId = studyId;
    this.#objectives = objectives;
    this.#values = objectives.map(() => this.#columns.doubles());
    this.#params = space
      .filter((parameter) => parameter.type !== "constant")
      .map((parameter) => ({
        parameter,
        column: parameter.type === "categorical" ? this.#columns.ints() : this.#columns.doubles(),
        codes: new Map(parameter.type === "categorical" ? parameter.choices.map((choice, i) => [choice, i]) : []),
      }));
    const direction = objectives[0]?.direction ?? "minimize";
    const first = this.#values[0];
    this.#complete = new RankedTrials((number) => toLoss(first?.data[number] ?? 0, direction));
    this.#pruned = new RankedTrials((number) => {
      const loss = toLoss(this.#lastValue.data[number] ?? Number.NaN, direction);
      return Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss;
    });
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  /** Whether somebody has asked for it: it is loaded or about to be. */
  get asked(): boolean {
    return this.#loading !== undefined;
  }

  get count(): number {
    return this.#count;
  }

  get children(): number {
    return this.#children;
  }

  /** Reads the store once; later calls wait for the same. O(trials), in pages. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    // Room for all at once: growing step by step would copy everything several times.
    this.#columns.reserve(this.#store.trialCount(this.#studyId));
    await this.#read();
    await settled(this.#complete);
    await settled(this.#pruned);
    // What was stored meanwhile; from the last page on nobody else has had a turn.
    await this.#read();
    this.#loaded = true;
    await this.#readOpenMetrics();
  }

  /** Metrics of trials under way stand in their reports, not yet in their records. */
  async #readOpenMetrics(): Promise<void> {
    // A scheduler may have paused thousands of them.
    for (let number = 0; number < this.#count; number++) {
      if (number % openPage === openPage - 1) await breathe();
      if (isFinal(this.stateOf(number))) continue;
      if (Number.isNaN(this.#lastStep.data[number] ?? Number.NaN)) continue;
      const metrics = new Map<string, number>();
      for (const report of this.#store.reports(this.#studyId, number)) metrics.set(report.metric, report.value);
      this.#writeMetrics(number, metrics);
    }
  }

  /** Reads on from the first trial that is not known, up to the last. */
  async #read(): Promise<void> {
    for (;;) {
      const page = this.#store.indexedTrials(this.#studyId, this.#count, pageSize);
      this.#columns.reserve(this.#count + page.length);
      const complete: number[] = [];
      const pruned: number[] = [];
      for (const record of page) {
        this.#write(record);
        if (record.state === "complete") complete.push(record.number);
        else if (record.state === "pruned") pruned.push(record.number);
      }
      this.#complete.insertAll(complete);
      this.#pruned.insertAll(pruned);
      if (page.length < pageSize) return;
      await breathe();
    }
  }

  /** A trial that has just been stored. */
  add(record: IndexedTrial): void {
    // The loader has not come that far: it will read the trial from the store.
    if (record.number !== this.#count) return;
    if (!this.#loaded) return;
    this.#columns.reserve(this.#count + 1);
    this.#write(record);
  }

  /** A change that has just been stored. */
  change(number: number, change: IndexChange): void {
    if (number >= this.#count) return;
    const { state, last } = change;
    if (last !== undefined) {
      this.#lastStep.data[number] = last.step;
      this.#lastValue.data[number] = last.value;
    }
    if (change.startedAt !== undefined) this.#startedAt.data[number] = change.startedAt;
    if (change.slot !== undefined) this.#slot.data[number] = change.slot;
    if (change.finishedAt !== undefined) this.#finishedAt.data[number] = change.finishedAt;
    if (change.values !== undefined) this.#writeValues(number, change.values);
    if (change.metrics !== undefined) this.#writeMetrics(number, change.metrics);
    if (state === undefined) return;
    const before = this.#state.data[number] ?? 0;
    this.#counts[before] = (this.#counts[before] ?? 1) - 1;
    this.#setState(number, state);
    if (state === "complete") this.#complete.insert(number);
    else if (state === "pruned") this.#pruned.insert(number);
  }

  stateOf(number: number): TrialState {
    return trialStates[this.#state.data[number] ?? 0] ?? "waiting";
  }

  counts(): Record<TrialState, number> {
    const counts = {} as Record<TrialState, number>;
    for (const [i, state] of trialStates.entries()) counts[state] = this.#counts[i] ?? 0;
    return counts;
  }

  /** Best complete trial by the first objective. */
  best(): number | undefined {
    return this.#complete.at(0);
  }

  get paretoSize(): number {
    return this.#front.size;
  }

  /** Mean of the last durations of finished trials, ms; NaN if there is none. */
  meanDuration(): number {
    const sum = this.#durations.reduce((total, duration) => total + duration, 0);
    return this.#durations.length === 0 ? Number.NaN : sum / this.#durations.length;
  }

  /** One metric's last values (a metric that is no objective); undefined if it was never reported. */
  metricNames(): string[] {
    return [...this.#metrics.keys()];
  }

  /**
   * Numbers of one page of the list, best first: complete trials by the first objective, pruned ones by their last value,
   * then running, waiting, paused and failed ones by number. O(page), or O(trials) bytes where a state has no ranks.
   */
  bestPage(states: ReadonlySet<TrialState>, offset: number, limit: number): { total: number; numbers: number[] } {
    const numbers: number[] = [];
    let total = 0;
    const take = (count: number, at: (rank: number) => number | undefined): void => {
      for (let rank = Math.max(0, offset - total); rank < count && numbers.length < limit; rank++) {
        const number = at(rank);
        if (number !== undefined) numbers.push(number);
      }
      total += count;
    };
    for (const state of ["complete", "pruned", "running", "waiting", "paused", "failed"] as const) {
      if (!states.has(state)) continue;
      if (state === "complete") take(this.#complete.count, (rank) => this.#complete.at(rank));
      else if (state === "pruned") take(this.#pruned.count, (rank) => this.#pruned.at(rank));
      else {
        const found = total + this.#countOf(state) > offset && numbers.length < limit ? this.#withState(state) : [];
        take(this.#countOf(state), (rank) => found[rank]);
      }
    }
    return { total, numbers };
  }

  /** Numbers of one page, newest first. O(trials) bytes with a filter, O(page) without. */
  newestPage(states: ReadonlySet<TrialState>, offset: number, limit: number): { total: number; numbers: number[] } {
    const numbers: number[] = [];
    let total = 0;
    for (const state of states) total += this.#countOf(state);
    if (total === this.#count) {
      for (let i = this.#count - 1 - offset; i >= 0 && numbers.length < limit; i--) numbers.push(i);
      return { total, numbers };
    }
    let skip = offset;
    for (let i = this.#count - 1; i >= 0 && numbers.length < limit; i--) {
      if (!states.has(this.stateOf(i))) continue;
      if (skip > 0) skip -= 1;
      else numbers.push(i);
    }
    return { total, numbers };
  }

  /** Copies of all columns; `load` must have been awaited. O(trials x columns), a move of memory. */
  columns(revision: number): TrialColumns {
    if (!this.#loaded) throw new BasinError("internal", "Columns were asked for before the study was read.");
    const count = this.#count;
    const numbers = new Int32Array(count);
    for (let i = 0; i < count; i++) numbers[i] = i;
    const doubles = (column: Column<Float64Array>): Float64Array => column.data.slice(0, count);
    const objectiveNames = new Set(this.#objectives.map((objective) => objective.metric));
    return {
      studyId: this.#studyId,
      revision,
      count,
      number: numbers,
      state: this.#state.data.slice(0, count),
      objectives: this.#objectives.map(({ metric, direction }, i) => ({
        metric,
        direction,
        values: this.#values[i]?.data.slice(0, count) ?? new Float64Array(count).fill(Number.NaN),
      })),
      params: this.#params.map(({ parameter, column }) => {
        if (parameter.type === "categorical") {
          return {
            kind: "category",
            name: parameter.name,
            categories: parameter.choices,
            codes: (column.data as Int32Array).slice(0, count),
          };
        }
        const numeric = parameter.type === "constant" ? undefined : parameter;
        return {
          kind: "number",
          name: parameter.name,
          scale: numeric?.log === true ? "log" : "linear",
          integer: parameter.type === "int",
          low: numeric?.low ?? Number.NaN,
          high: numeric?.high ?? Number.NaN,
          values: (column.data as Float64Array).slice(0, count),
        };
      }),
      metrics: [...this.#metrics]
        .filter(([metric]) => !objectiveNames.has(metric))
        .map(([metric, column]) => ({ metric, values: doubles(column) })),
      lastValue: doubles(this.#lastValue),
      lastStep: doubles(this.#lastStep),
      startedAt: doubles(this.#startedAt),
      finishedAt: doubles(this.#finishedAt),
      slot: this.#slot.data.slice(0, count),
    };
  }

  #write(record: IndexedTrial): void {
    const { number } = record;
    this.#count = number + 1;
    if (record.parent !== undefined) this.#children += 1;
    this.#writeParams(number, record.params);
    if (record.last !== undefined) {
      this.#lastStep.data[number] = record.last.step;
      this.#lastValue.data[number] = record.last.value;
    }
    if (record.startedAt !== undefined) this.#startedAt.data[number] = record.startedAt;
    if (record.finishedAt !== undefined) this.#finishedAt.data[number] = record.finishedAt;
    if (record.slot !== undefined) this.#slot.data[number] = record.slot;
    this.#writeValues(number, record.values);
    this.#writeMetrics(number, record.metrics);
    this.#setState(number, record.state);
  }

  #setState(number: number, state: TrialState): void {
    const code = trialStates.indexOf(state);
    this.#state.data[number] = code;
    this.#counts[code] = (this.#counts[code] ?? 0) + 1;
    if (state === "complete" && this.#values.length > 1) {
      this.#front.add(
        number,
        this.#objectives.map(({ direction }, i) => toLoss(this.#values[i]?.data[number] ?? Number.NaN, direction)),
      );
    }
    if (state === "complete" || state === "pruned" || state === "failed") {
      const duration = (this.#finishedAt.data[number] ?? Number.NaN) - (this.#startedAt.data[number] ?? Number.NaN);
      if (duration >= 0) this.#durations.push(duration);
      if (this.#durations.length > rememberedDurations) this.#durations.shift();
    }
  }

  #writeValues(number: number, values: readonly number[]): void {
    for (const [i, value] of values.entries()) {
      const column = this.#values[i];
      if (column !== undefined) column.data[number] = value;
    }
  }

  #writeMetrics(number: number, metrics: NonNullable<IndexChange["metrics"]>): void {
    const entries = metrics instanceof Map ? metrics : Object.entries(metrics as Record<string, number>);
    for (const [metric, value] of entries as Iterable<[string, number]>) {
      let column = this.#metrics.get(metric);
      if (column === undefined) this.#metrics.set(metric, (column = this.#columns.doubles()));
      column.data[number] = value;
    }
  }

  #writeParams(number: number, params: Params): void {
    for (const { parameter, column, codes } of this.#params) {
      const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
      if (parameter.type === "categorical") column.data[number] = codes.get(value) ?? -1;
      else if (typeof value === "number") column.data[number] = value;
    }
  }

  #countOf(state: TrialState): number {
    return this.#counts[trialStates.indexOf(state)] ?? 0;
  }

  #withState(state: TrialState): number[] {
    const code = trialStates.indexOf(state);
    const found: number[] = [];
    let i = this.#state.data.indexOf(code);
    while (i >= 0 && i < this.#count) {
      found.push(i);
      i = this.#state.data.indexOf(code, i + 1);
    }
    return found;
  }
}

/** Puts the ranks in order, a piece at a time. */
async function settled(ranks: RankedTrials): Promise<void> {
  const work = ranks.settling();
  while (work.next().done !== true) await breathe();
}
