/**
 * One study as the engine holds it: its record, what its text says, its trials and its log.
 * Invariant: `record` is what the store holds; a study whose stored text no longer parses can be looked at, exported and
 * deleted, but not run.
 */
import path from "node:path";
import { catalog } from "../catalog.ts";
import { BasinError } from "../core/errors.ts";
import type { Objective } from "../core/objective.ts";
import type { StudyDefinition } from "../core/study/definition.ts";
import { parseStudy } from "../core/study/parse.ts";
import { positionsOf } from "../core/study/positions.ts";
import { samplers } from "../samplers/registry.ts";
import type { Executor } from "../executors/executor.ts";
import type { StudyRecord, StudyState, TrialStore } from "../storage/trialStore.ts";
import { AttemptLog } from "./attemptLog.ts";
import type { Clock } from "./clock.ts";
import { EmbeddingPairs } from "./diagnostics/embeddingPairs.ts";
import type { RtdPool } from "./diagnostics/rtdPool.ts";
import { StudyTopology } from "./diagnostics/studyTopology.ts";
import { TopologyView } from "./diagnostics/topologyView.ts";
import type { EngineLog } from "./log.ts";
import type { Revisions } from "./revisions.ts";
import { samplerContextOf, samplerNeeds } from "./sampling/context.ts";
import { StudyIndex } from "./studyIndex.ts";
import { StudyLog } from "./studyLog.ts";
import { type StudyFacts, tallyOf } from "./tally.ts";
import { TrialBook } from "./trialBook.ts";

/** What all studies of an engine share. */
export interface EngineParts {
  readonly workspace: string;
  readonly store: TrialStore;
  readonly executor: Executor;
  readonly clock: Clock;
  readonly revisions: Revisions;
  readonly log: EngineLog;
  /** Where embeddings are compared. */
  readonly topology: RtdPool;
  /** The program of the thread of a heavy sampler. */
  readonly samplerThread: string;
  /** A study left `running` by itself. */
  readonly ended: (study: Study) => void;
}

export class Study {
  readonly id: number;
  readonly parts: EngineParts;
  readonly index: StudyIndex;
  readonly log: StudyLog;
  readonly attempts: AttemptLog;
  record: StudyRecord;
  definition: StudyDefinition | undefined;
  /** Why there is no definition. */
  problem = "";
  /** What a sampler that chooses for itself does with this study and why; undefined for all others. */
  samplerChoice: string | undefined;
  #book: TrialBook | undefined;
  #tally: Promise<StudyFacts> | undefined;
  #pairs: EmbeddingPairs | undefined;
  #topology: StudyTopology | undefined;
  #topologyView: TopologyView | undefined;

  constructor(parts: EngineParts, record: StudyRecord) {
    this.id = record.id;
    this.parts = parts;
    this.record = record;
    this.#parse();
    this.index = new StudyIndex(parts.store, record.id, this.objectives, this.definition?.space ?? []);
    this.attempts = new AttemptLog(parts.store, record.id);
    this.log = new StudyLog(parts.store, record.id, parts.clock);
  }

  get objectives(): readonly Objective[] {
    return this.definition?.objectives ?? [{ metric: this.record.objective, direction: "minimize" }];
  }

  /** Folder of the study file, absolute. */
  get folder(): string {
    return path.dirname(this.record.path);
  }

  /** "digits-mlp", and "digits-mlp #2" from the second generation on. */
  get title(): string {
    return this.record.generation === 1 ? this.record.name : `${this.record.name} #${this.record.generation}`;
  }

  /**
   * The study in numbers, to be used before anything else happens: from its index if that is needed anyway, or else counted
   * once, since an index that was never asked for never changes.
   */
  async facts(): Promise<StudyFacts> {
    if (!this.index.asked && this.record.state !== "running") {
      this.#tally ??= tallyOf(this.parts.store, this.id, this.objectives);
      try {
        const tally = await this.#tally;
        if (!this.index.loaded) return tally;
      } catch (error) {
        this.#tally = undefined;
        throw error;
      }
    }
    await this.index.load();
    return this.index;
  }

  /** Trials for working on; `load` it before use. */
  get book(): TrialBook {
    const needs = this.definition === undefined ? undefined : samplerNeeds(this.definition);
    this.#book ??= new TrialBook({
      store: this.parts.store,
      studyId: this.id,
      index: this.index,
      attempts: this.attempts,
      objective: this.record.objective,
      wantsReports: this.definition?.scheduler.kind !== "none",
      ...(needs === undefined ? {} : { needs }),
    });
    return this.#book;
  }

  /** Divergences between embeddings of its trials. */
  get pairs(): EmbeddingPairs {
    this.#pairs ??= new EmbeddingPairs(this.parts.workspace, this.id, this.parts.topology);
    return this.#pairs;
  }

  /** What is shown of its embeddings. */
  get topologyView(): TopologyView {
    this.#topologyView ??= new TopologyView(this);
    return this.#topologyView;
  }

  /** What `diagnostics.rtd` makes of its trials; undefined when it does not ask for it. */
  get topology(): StudyTopology | undefined {
    const plan = this.definition?.diagnostics?.rtd;
    if (this.definition === undefined || plan === undefined) return undefined;
    this.#topology ??= new StudyTopology(this, plan, this.definition.seed, this.pairs);
    return this.#topology;
  }

  /** @throws BasinError `invalid-study` when the stored text no longer parses */
  requireDefinition(): StudyDefinition {
    if (this.definition !== undefined) return this.definition;
    throw new BasinError("invalid-study", this.problem, "Correct the study file and start it again.");
  }

  setState(state: StudyState, reason: string): void {
    this.parts.store.setStudyState(this.id, state, reason, this.parts.clock.now());
    this.refresh();
  }

  setText(text: string): void {
    this.parts.store.updateStudyText(this.id, text);
    this.refresh();
    this.#parse();
  }

  /** Reads the record again and lets clients know. */
  refresh(): void {
    const record = this.parts.store.study(this.id);
    if (record !== undefined) this.record = record;
    this.touch();
  }

  touch(): void {
    this.parts.revisions.touch(this.id);
  }

  /** Milliseconds spent running up to now, pauses excluded. */
  elapsedMs(): number {
    const { elapsedMs, runningSince } = this.record;
    return elapsedMs + (runningSince === undefined ? 0 : Math.max(0, this.parts.clock.now() - runningSince));
  }

  #parse(): void {
    const result = definitionOf(this.record.text, this.record.format);
    this.definition = result.definition;
    const entry = samplers.find(({ kind }) => kind === this.definition?.sampler.kind);
    this.samplerChoice =
      this.definition === undefined ? undefined : entry?.explain?.(samplerContextOf(this.definition));
    this.problem =
      result.problem === "" ? "" : `The stored text of ${this.record.name} cannot be read: ${result.problem}`;
  }
}

/** The study a text describes, or the first error in words ("line 3: ..."). */
export function definitionOf(
  text: string,
  format: "yaml" | "json",
): { readonly definition: StudyDefinition | undefined; readonly problem: string } {
  const { study, issues } = parseStudy(text, format, catalog);
  if (study !== undefined) return { definition: study, problem: "" };
  const errors = issues.filter((issue) => issue.severity === "error");
  const first = errors[0];
  if (first === undefined) return { definition: undefined, problem: "it describes no study." };
  const { line } = positionsOf(text).at(first.range.start);
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return { definition: undefined, problem: `line ${line + 1}: ${first.message}${more}` };
}
