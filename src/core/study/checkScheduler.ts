/**
 * Whether a scheduler can work with the rest of a study, as far as the study file tells.
 * Invariant: an error only where no trial could be scheduled as its method says.
 */
import type { Objective } from "../objective.ts";
import type { Space } from "../space/parameter.ts";
import type { Catalog, MeasuredForScheduler, MethodInfo } from "./catalog.ts";
import type { Report } from "./checks.ts";
import type { TrainerSpec, TuneOnline } from "./definition.ts";
import { nodeAt, type Path } from "./source.ts";
import { isStructural } from "./structural.ts";

export interface Scheduling {
  readonly trainer: TrainerSpec;
  readonly space: Space;
  readonly tuneOnline?: TuneOnline | undefined;
  readonly objectives: readonly Objective[];
  /** Kinds, as the file names them or by default. */
  readonly scheduler: string;
  readonly sampler: string;
  /** What the scheduler chooses by; undefined = the objective. */
  readonly judged?: MeasuredForScheduler | undefined;
}

const infoOf = (kind: string, catalog: Catalog): MethodInfo | undefined =>
  catalog.schedulers.find((method) => method.kind === kind);

export function checkScheduler(scheduling: Scheduling, catalog: Catalog, report: Report): void {
  const { judged, trainer, scheduler, sampler, objectives } = scheduling;
  const info = infoOf(scheduler, catalog);
  if (info === undefined) return;
  const at = (key: string): Path => (nodeAt(report.source.root, [key, "kind"]) === undefined ? [key] : [key, "kind"]);
  if (info.needsSteps === true) {
    if (trainer.epochs === undefined)
      report.error(
        at("scheduler"),
        `\`${scheduler}\` must know how many epochs a training has. Write for example \`epochs: 30\` in \`trainer\`.`,
      );
  }
  if (judged !== undefined && trainer.epochs !== undefined && judged.step >= trainer.epochs)
    report.error(
      at("scheduler"),
      `\`${scheduler}\` judges after ${judged.step} epochs and trains the best to the end, but a training has ${trainer.epochs}. Lower \`screenEpochs\` or raise \`epochs\`.`,
    );
  if (judged === undefined && objectives.length > 1 && info.judgesAll !== true && scheduler !== "none") {
    const all = catalog.schedulers.find(({ judgesAll }) => judgesAll === true)?.kind;
    report.warning(
      at("scheduler"),
      `\`${scheduler}\` judges trials by the first objective, \`${objectives[0]?.metric ?? ""}\`, alone.${all === undefined ? "" : ` \`${all}\` looks at all of them.`}`,
    );
  }
  if (info.mutates === true) checkMutable(scheduling, at("scheduler"), report);
  // The sampler that belongs to the scheduler is what `auto` becomes.
  const refusal = sampler === "auto" && info.sampler !== undefined ? undefined : info.refuses?.(sampler);
  if (refusal !== undefined)
    report.error(
      nodeAt(report.source.root, ["sampler"]) === undefined ? at("scheduler") : at("sampler"),
      `\`${scheduler}\` cannot work with \`${sampler}\`: ${refusal}`,
    );
}

/** A population goes on by changing what may change in the middle of a training. */
function checkMutable({ trainer, space, tuneOnline, scheduler }: Scheduling, path: Path, report: Report): void {
  const searched = space.filter(({ type }) => type !== "constant");
  if (searched.length === 0) return;
  const fixed = searched.filter(({ name }) => isStructural({ space, trainer }, name));
  if (fixed.length < searched.length || tuneOnline !== undefined) {
    if (fixed.length > 0)
      report.warning(
        path,
        `\`${scheduler}\` keeps ${listed(fixed.map(({ name }) => name))} as they were drawn: a change would make trained weights useless. \`kind: nonStructural\` at a parameter says otherwise.`,
      );
    return;
  }
  report.error(
    path,
    `\`${scheduler}\` changes parameters in the middle of a training, and every parameter here (${listed(fixed.map(({ name }) => name))}) would make trained weights useless. Search one that steers the training, such as a learning rate, tune it online (\`tuneOnline: [learningRate]\`), or mark one with \`kind: nonStructural\`.`,
  );
}

const mostNamed = 5;

function listed(names: readonly string[]): string {
  const some = names.slice(0, mostNamed).map((name) => `\`${name}\``);
  return [...some, ...(names.length > mostNamed ? [`${names.length - mostNamed} more`] : [])].join(", ");
}
