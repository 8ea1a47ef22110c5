/**
 * Topology of a study's trials: each complete trial's embedding is scored as `diagnostics.rtd` says, in the order in which the
 * trials ended, and the scores become metrics of the trials (`rtd`, `rtd.lite`, `rtd.forward`, `rtd.backward`).
 * Invariant: scores follow from the finished trials alone, so a study resumed in another process has the same; nothing is
 * computed in the engine's own thread; an embedding that cannot be scored never fails its trial.
 */
import { BasinError, errorText } from "../../core/errors.ts";
import { toLoss } from "../../core/objective.ts";
import type { RtdDiagnostics } from "../../core/study/diagnostics.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import type { EmbeddingStatus } from "../../protocol/topology.ts";
import { noScore, type Score, type ScoreSource, VariantScores } from "../../topology/variants.ts";
import { breathe } from "../clock.ts";
import { errorDetails } from "../log.ts";
import type { Study } from "../study.ts";
import type { EmbeddingPairs, KnownScore } from "./embeddingPairs.ts";
import { embeddingsOf, type Probe, shapeOf, statusOf, type TrialEmbedding } from "./trialEmbeddings.ts";

/** What is known of one complete trial. */
export interface TrialTopology {
  readonly number: number;
  readonly status: EmbeddingStatus;
  readonly width: number;
  readonly embedding: TrialEmbedding | undefined;
}

/** Names under which a trial carries its scores. */
function metricsOf({ rtd, lite, forward, backward }: Score): Readonly<Record<string, number>> {
  return { rtd, "rtd.lite": lite, "rtd.forward": forward, "rtd.backward": backward };
}

export class StudyTopology {
  readonly #study: Study;
  readonly #pairs: EmbeddingPairs;
  readonly #plan: RtdDiagnostics;
  readonly #seed: number;
  readonly #scores: VariantScores;
  readonly #known = new Map<number, TrialTopology>();
  /** How many entries of the book's history have been taken in. */
  #taken = 0;
  /** Rises when scores of earlier trials change: what was made of them before is void. */
  #version = 0;
  #probe: Probe | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(study: Study, plan: RtdDiagnostics, seed: number, pairs: EmbeddingPairs) {
    this.#study = study;
    this.#plan = plan;
    this.#seed = seed;
    this.#pairs = pairs;
    this.#scores = new VariantScores(plan, this.#source());
  }

  get plan(): RtdDiagnostics {
    return this.#plan;
  }

  get version(): number {
    return this.#version;
  }

  /** Complete trials that have been looked at, by number; lives. */
  get known(): ReadonlyMap<number, TrialTopology> {
    return this.#known;
  }

  scoreOf(number: number): Score | undefined {
    return this.#scores.scores.get(number);
  }

  /** For a person, what scores are measured against. */
  get against(): string {
    const { variant, noiseWidth, refresh } = this.#plan;
    if (variant === "one-to-noise") {
      if (noiseWidth === "shuffle") return "each embedding with its rows shuffled";
      const width = noiseWidth === "match" ? "as wide as the embedding" : `${noiseWidth} wide`;
      return `one fixed draw of noise, ${width}`;
    }
    const when = refresh === "frozen" ? ", as it was when the trial ended" : "";
    if (variant === "one-to-top-performer") {
      const best = this.#scores.topPerformer;
      return best === undefined ? `the best trial${when}` : `the best trial${when}; now that is trial ${best}`;
    }
    const { length } = this.#scores.references;
    return `the mean over ${length} ${length === 1 ? "trial" : "trials"} that are far apart${when}`;
  }

  /**
   * Takes in all trials that have ended. Resolves when they are scored.
   * @throws BasinError `cancelled` when the engine ends; `storage`
   */
  catchUp(): Promise<void> {
    const turn = this.#working.then(() => this.#catchUp());
    this.#working = turn.catch(() => undefined);
    return turn;
  }

  /** The same for whoever does not wait for it. */
  follow(): void {
    this.catchUp().catch((error: unknown) => {
      if (error instanceof BasinError && error.code === "cancelled") return;
      this.#study.parts.log.error("Topology could not be computed", { study: this.#study.id, ...errorDetails(error) });
    });
  }

  async #catchUp(): Promise<void> {
    await Promise.all([this.#pairs.load(), this.#study.book.load()]);
    const { history } = this.#study.book;
    while (this.#taken < history.length) {
      const trial = history[this.#taken]!;
      if (trial.state === "complete") await this.#take(trial);
      this.#taken += 1;
      await breathe();
    }
  }

  async #take(trial: FinishedTrial): Promise<void> {
    const { number } = trial;
    const { workspace } = this.#study.parts;
    const { layer } = this.#plan;
    const all = embeddingsOf(workspace, this.#study.id, number).filter(
      (one) => layer === undefined || one.layer === layer,
    );
    const embedding = all.at(-1);
    const shape = embedding === undefined ? undefined : shapeOf(embedding);
    let status = statusOf(embedding, shape, this.#probe);
    if (status === "usable") {
      try {
        const { isCollapsed } = await this.#pairs.check(embedding!);
        status = isCollapsed ? "collapsed" : "scored";
      } catch (error) {
        if (!(error instanceof BasinError) || error.code !== "invalid-argument") throw error;
        this.#say(number, errorText(error));
        status = "not-finite";
      }
    }
    this.#known.set(number, { number, status, width: shape?.width ?? 0, embedding });
    if (status !== "scored") {
      if (status !== "not-finite") this.#say(number, reasons[status]);
      // A collapsed representation has no topology: its divergence is 0, and says so.
      if (status === "collapsed") this.#keep([number], () => noScore);
      return;
    }
    this.#probe ??= { count: shape!.count, indexHash: embedding!.indexHash };
    try {
      const [objective] = this.#study.objectives;
      const loss = toLoss(trial.values[0] ?? Number.NaN, objective!.direction);
      const changed = await this.#scores.add({ number, loss });
      if (changed) this.#version += 1;
      this.#keep(changed ? this.#scores.scores.keys() : [number], (one) => this.#scores.scores.get(one));
    } catch (error) {
      this.#known.set(number, { number, status: "waiting", width: shape!.width, embedding });
      if (error instanceof BasinError && error.code === "cancelled") throw error;
      this.#say(number, errorText(error));
    }
  }

  /** Stores scores with their trials. */
  #keep(numbers: Iterable<number>, scoreOf: (number: number) => Score | undefined): void {
    const changes = [...numbers].flatMap((number) => {
      const score = scoreOf(number);
      return score === undefined ? [] : [{ number, metrics: metricsOf(score) }];
    });
    this.#study.book.amend(changes);
    this.#study.touch();
  }

  #say(number: number, reason: string): void {
    this.#study.log.add("warning", "runner", `Trial ${number} has no topology: ${reason}`, number);
  }

  #source(): ScoreSource {
    const of = (number: number): TrialEmbedding => {
      const { embedding } = this.#known.get(number) ?? {};
      if (embedding === undefined) throw new BasinError("internal", `Trial ${number} has no embedding.`);
      return embedding;
    };
    return {
      noise: async (number) => whole(await this.#pairs.noise(of(number), this.#plan.noiseWidth, this.#seed)),
      pair: async (a, b) => whole(await this.#pairs.score(of(a), of(b))),
      lite: (a, b) => this.#pairs.lite(of(a), of(b)),
    };
  }
}

/** RTD-Lite in place of RTD would be another number under the same name. */
function whole({ score, isLimited }: KnownScore): Score {
  if (!isLimited) return score;
  throw new BasinError(
    "invalid-argument",
    "comparing two embeddings took too long.",
    "Lower `samples` in the study's diagnostics.",
  );
}

const reasons: Readonly<Record<Exclude<EmbeddingStatus, "scored" | "not-finite">, string>> = {
  missing: "it sent no embedding",
  collapsed: "its embedding has collapsed into one point, so the divergence is 0",
  "wrong-size": "its embedding has another number of samples than those of the trials before",
  "other-samples": "its embedding is of other samples than those of the trials before",
  waiting: "it could not be computed",
};
