/**
 * Whether a sampler that follows derivatives finds any, as far as the study file tells.
 * Invariant: an error only where every trial would go without; what a program of the user's own reports shows when it runs.
 */
import type { Objective } from "../objective.ts";
import type { Space } from "../space/parameter.ts";
import type { Catalog } from "./catalog.ts";
import type { Report } from "./checks.ts";
import type { TrainerSpec } from "./definition.ts";
import { nodeAt, type Path } from "./source.ts";

const listed = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

export function checkGradients(
  kind: string,
  trainer: TrainerSpec,
  objectives: readonly [Objective, ...Objective[]],
  space: Space,
  catalog: Catalog,
  report: Report,
): void {
  if (catalog.samplers.find((sampler) => sampler.kind === kind)?.needs !== "gradients") return;
  const at: Path = nodeAt(report.source.root, ["sampler", "kind"]) === undefined ? ["sampler"] : ["sampler", "kind"];
  const [{ metric }, ...others] = objectives;
  if (others.length > 0)
    report.warning(at, `\`${kind}\` follows the derivative of the first objective, \`${metric}\`, and of no other.`);
  const { gradients } = catalog;
  if (trainer.kind !== "tfjs" || gradients === undefined) return;
  const smooth = gradients.metrics[trainer.data.task];
  if (!smooth.includes(metric)) {
    report.error(
      at,
      `\`${kind}\` follows the derivative of the objective, and the built-in trainer has none of \`${metric}\`. Optimise ${listed(smooth)}, or use another sampler.`,
    );
    return;
  }
  const followed = space.some(({ name, type }) => type === "float" && gradients.parameters.includes(name));
  if (!followed)
    report.warning(
      at,
      `\`${kind}\` has nothing to follow here: the built-in trainer differentiates by ${listed(gradients.parameters)}. Search one of them as a float, or use another sampler.`,
    );
}
