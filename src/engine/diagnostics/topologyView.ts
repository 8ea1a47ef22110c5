/**
 * Answers what the Topology view asks of a study: who has an embedding, two trials bar by bar, all pairs, and drift.
 * Invariant: an answer holds what is known now; all pairs are computed in the background, and the study's revision rises as
 * they become known.
 */
import { BasinError } from "../../core/errors.ts";
import { isFinal } from "../../core/trial.ts";
import {
  type DriftColumns,
  type EmbeddingRef,
  embeddingStatuses,
  type EmbeddingStatus,
  type TopologyAsk,
  type TopologyDriftAsk,
  type TopologyMatrix,
  type TopologyMatrixAsk,
  type TopologyPair,
  type TopologyPairAsk,
  type TopologyReport,
} from "../../protocol/topology.ts";
import { breathe } from "../clock.ts";
import { errorDetails } from "../log.ts";
import type { Study } from "../study.ts";
import { barcodeColumns } from "./barcodeColumns.ts";
import { chosenLayer, EmbeddingDirectory, layersOf } from "./embeddingDirectory.ts";
import { PairMatrix } from "./pairMatrix.ts";
import { type Probe, shapeOf, statusOf, type TrialEmbedding } from "./trialEmbeddings.ts";

/** The last embedding of one layer of a trial, and whether it can be compared. */
interface Looked {
  readonly embedding: TrialEmbedding;
  readonly checkpoints: number;
  readonly width: number;
  readonly status: EmbeddingStatus;
}

interface Layer {
  readonly report: Pick<TopologyReport, "layers" | "layer" | "samples">;
  readonly trials: ReadonlyMap<number, Looked>;
  /** All checkpoints of the layer, by trial. */
  readonly checkpoints: ReadonlyMap<number, readonly TrialEmbedding[]>;
}

export class TopologyView {
  readonly #study: Study;
  readonly #directory: EmbeddingDirectory;
  /** Why an embedding cannot be compared, by file: found out once. */
  readonly #checked = new Map<string, Promise<"scored" | "collapsed" | "not-finite">>();
  #matrix: PairMatrix | undefined;

  constructor(study: Study) {
    this.#study = study;
    this.#directory = new EmbeddingDirectory(study);
  }

  async report({ layer: wanted }: TopologyAsk): Promise<TopologyReport> {
    const { topology } = this.#study;
    topology?.follow();
    const { report, trials } = await this.#look(wanted ?? topology?.plan.layer);
    const numbers = [...trials.keys()].toSorted((a, b) => a - b);
    const count = numbers.length;
    const columns = {
      number: Int32Array.from(numbers),
      status: new Uint8Array(count),
      width: new Int32Array(count),
      score: new Float64Array(count).fill(Number.NaN),
      lite: new Float64Array(count).fill(Number.NaN),
      checkpoints: new Int32Array(count),
    };
    numbers.forEach((number, i) => {
      const { status, width, checkpoints } = trials.get(number)!;
      const score = topology?.scoreOf(number);
      // Scored means here: by the plan of the study, where there is one.
      const own = status === "scored" && topology !== undefined && score === undefined ? "waiting" : status;
      columns.status[i] = embeddingStatuses.indexOf(own);
      columns.width[i] = width;
      columns.checkpoints[i] = checkpoints;
      if (own !== "scored" || score === undefined) return;
      columns.score[i] = score.rtd;
      columns.lite[i] = score.lite;
    });
    return {
      studyId: this.#study.id,
      revision: this.#revision,
      ...report,
      ...(topology === undefined
        ? {}
        : { plan: { variant: topology.plan.variant, use: topology.plan.use, against: topology.against } }),
      trials: columns,
    };
  }

  async pair({ layer: wanted, numbers }: TopologyPairAsk): Promise<TopologyPair> {
    const { report, trials } = await this.#look(wanted);
    const [a, b] = numbers.map((number) => usable(trials, number, report.layer)) as [TrialEmbedding, TrialEmbedding];
    const [scales, divergence] = [
      await Promise.all([this.#study.pairs.check(a), this.#study.pairs.check(b)]),
      await this.#study.pairs.compare(a, b),
    ];
    const refOf = (embedding: TrialEmbedding, quantile: number): EmbeddingRef => ({
      number: embedding.number,
      ...(embedding.step < 0 ? {} : { step: embedding.step }),
      width: trials.get(embedding.number)?.width ?? 0,
      quantile,
    });
    return {
      studyId: this.#study.id,
      layer: report.layer,
      samples: report.samples,
      a: refOf(a, scales[0].scale),
      b: refOf(b, scales[1].scale),
      score: divergence.score,
      lite: divergence.lite,
      directions: [barcodeColumns(divergence.directions[0]), barcodeColumns(divergence.directions[1])],
    };
  }

  /** All pairs of some trials, or of the best; see `TopologyRequests`. */
  async matrix({ layer: wanted, numbers, start }: TopologyMatrixAsk): Promise<TopologyMatrix> {
    const { report, trials } = await this.#look(wanted);
    const all =
      numbers === undefined
        ? this.#ranked([...trials].filter(([, { status }]) => status === "scored").map(([number]) => number))
        : numbers.map((number) => usable(trials, number, report.layer).number);
    const known = this.#matrix;
    const matrix = known?.is(report.layer, all) === true ? known : new PairMatrix(report.layer, all, this.#study.pairs);
    if (matrix !== known) {
      known?.stop();
      this.#matrix = matrix;
    }
    await matrix.recall((number) => trials.get(number)!.embedding);
    if (start) {
      matrix.start({
        changed: () => this.#study.touch(),
        failed: (error) =>
          this.#study.parts.log.error("Topology could not be computed", {
            study: this.#study.id,
            ...errorDetails(error),
          }),
      });
    }
    return { studyId: this.#study.id, revision: this.#revision, samples: report.samples, ...matrix.columns() };
  }

  /** Ends what `matrix` has begun; what is known stays. */
  stop(): void {
    this.#matrix?.stop();
  }

  async drift({ layer: wanted, numbers }: TopologyDriftAsk): Promise<DriftColumns> {
    const { report, checkpoints } = await this.#look(wanted);
    const rows: { to: number; from: number; score: number; lite: number }[][] = [];
    for (const number of numbers) {
      const own = checkpoints.get(number) ?? [];
      const series: { to: number; from: number; score: number; lite: number }[] = [];
      for (let i = 1; i < own.length; i++) {
        const [before, after] = [own[i - 1]!, own[i]!];
        series.push({ from: before.step, to: after.step, ...(await this.#moved(before, after)) });
      }
      rows.push(series);
    }
    const flat = rows.flat();
    const offsets = new Int32Array(rows.length + 1);
    rows.forEach((series, i) => (offsets[i + 1] = offsets[i]! + series.length));
    return {
      studyId: this.#study.id,
      revision: this.#revision,
      layer: report.layer,
      samples: report.samples,
      number: Int32Array.from(numbers),
      offsets,
      steps: Float64Array.from(flat, ({ to }) => to),
      fromSteps: Float64Array.from(flat, ({ from }) => from),
      scores: Float64Array.from(flat, ({ score }) => score),
      lite: Float64Array.from(flat, ({ lite }) => lite),
    };
  }

  /** NaN where either embedding is unusable. */
  async #moved(before: TrialEmbedding, after: TrialEmbedding): Promise<{ score: number; lite: number }> {
    const none = { score: Number.NaN, lite: Number.NaN };
    const shapes = [shapeOf(before), shapeOf(after)];
    if (shapes[0]?.count !== shapes[1]?.count || before.indexHash !== after.indexHash) return none;
    if ((await this.#check(before)) === "not-finite" || (await this.#check(after)) === "not-finite") return none;
    const { score } = await this.#study.pairs.score(before, after);
    return { score: score.rtd, lite: score.lite };
  }

  get #revision(): number {
    return this.#study.parts.revisions.of(this.#study.id);
  }

  /** What trials have sent of a layer, and which of it can be compared. */
  async #look(wanted: string | undefined): Promise<Layer> {
    await this.#study.pairs.load();
    const all = await this.#directory.read();
    const layers = layersOf(all);
    const layer = chosenLayer(layers, wanted === undefined || layers.length === 0 ? undefined : wanted);
    const trials = new Map<number, Looked>();
    const checkpoints = new Map<number, readonly TrialEmbedding[]>();
    let probe: Probe | undefined;
    // Those that ended first say what the probe is; those that run may still send another.
    for (const number of this.#inOrder([...all.keys()])) {
      const own = all.get(number)!.filter((one) => one.layer === layer);
      const embedding = own.at(-1);
      if (embedding === undefined) continue;
      const shape = shapeOf(embedding);
      const status = statusOf(embedding, shape, probe);
      const checked = status === "usable" ? await this.#check(embedding) : status;
      if (checked === "scored") probe ??= { count: shape!.count, indexHash: embedding.indexHash };
      trials.set(number, { embedding, checkpoints: own.length, width: shape?.width ?? 0, status: checked });
      checkpoints.set(number, own);
      if (trials.size % 20 === 0) await breathe();
    }
    return { report: { layers, layer, samples: probe?.count ?? 0 }, trials, checkpoints };
  }

  /** Finished trials in the order in which they ended, then the others by number. */
  #inOrder(numbers: readonly number[]): number[] {
    const wanted = new Set(numbers);
    const { history } = this.#study.book;
    const ended = history.map(({ number }) => number).filter((number) => wanted.has(number));
    const last = new Set(ended);
    return [...ended, ...numbers.filter((number) => !last.has(number)).toSorted((a, b) => a - b)];
  }

  /** The best first. */
  #ranked(numbers: readonly number[]): number[] {
    const { book, objectives } = this.#study;
    const sign = objectives[0]?.direction === "maximize" ? -1 : 1;
    const lossOf = (number: number): number =>
      sign * (book.trial(number)?.values[0] ?? Number.POSITIVE_INFINITY * sign);
    return numbers.toSorted((a, b) => lossOf(a) - lossOf(b) || a - b);
  }

  #check(embedding: TrialEmbedding): Promise<"scored" | "collapsed" | "not-finite"> {
    const known = this.#checked.get(embedding.file);
    if (known !== undefined) return known;
    const checked = this.#study.pairs.check(embedding).then(
      ({ isCollapsed }) => (isCollapsed ? ("collapsed" as const) : ("scored" as const)),
      (error: unknown): "not-finite" => {
        if (error instanceof BasinError && error.code === "invalid-argument") return "not-finite";
        throw error;
      },
    );
    const state = this.#study.book.trial(embedding.number)?.state;
    if (state !== undefined && isFinal(state)) this.#checked.set(embedding.file, checked);
    checked.catch(() => this.#checked.delete(embedding.file));
    return checked;
  }
}

const excuses: Readonly<Record<Exclude<EmbeddingStatus, "scored">, string>> = {
  waiting: "is not known yet",
  missing: "is missing",
  collapsed: "has collapsed into one point",
  "not-finite": "holds numbers that are not finite",
  "wrong-size": "has another number of samples than the others",
  "other-samples": "is of other samples than the others",
};

function usable(trials: ReadonlyMap<number, Looked>, number: number, layer: string): TrialEmbedding {
  const looked = trials.get(number);
  if (looked?.status === "scored") return looked.embedding;
  throw new BasinError(
    "invalid-argument",
    looked === undefined
      ? `Trial ${number} has sent no embedding${layer === "" ? "" : ` of "${layer}"`}.`
      : `The embedding of trial ${number} ${excuses[looked.status]}.`,
    "Choose two trials whose embeddings are of the same samples.",
  );
}
