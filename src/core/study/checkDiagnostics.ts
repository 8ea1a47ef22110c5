/**
 * The diagnostics of a study: defaults that follow from the rest of the file, and what cannot be used as it is meant.
 * Invariant: an error where every trial would go without or the search would mean nothing; a warning where a key does nothing.
 */
import type { Objective } from "../objective.ts";
import type { Parameter, Space } from "../space/parameter.ts";
import type { Report } from "./checks.ts";
import type { MeasuredForScheduler } from "./catalog.ts";
import type { TrainerSpec } from "./definition.ts";
import {
  sharpnessDefaults,
  type Diagnostics,
  type RawDiagnostics,
  type RtdDiagnostics,
  type SharpnessDiagnostics,
} from "./diagnostics.ts";
import { nodeAt, type Path } from "./source.ts";

type RawRtd = NonNullable<RawDiagnostics["rtd"]>;

/** The rest of the study, as far as it is sound. */
export interface DiagnosticsSurroundings {
  readonly trainer: TrainerSpec | undefined;
  readonly objectives: readonly Objective[] | undefined;
  readonly space: Space;
}

export function checkDiagnostics(
  raw: RawDiagnostics,
  surroundings: DiagnosticsSurroundings,
  report: Report,
): Diagnostics {
  const { rtd, sharpness } = raw;
  const { trainer } = surroundings;
  if (rtd === undefined && sharpness === undefined)
    report.warningAtKey(["diagnostics"], "`diagnostics` asks for nothing. Write `sharpness: {}` or `rtd: {}` in it.");
  else if (trainer?.kind === "none" && rtd?.use !== "objective")
    report.warningAtKey(
      ["diagnostics"],
      "This study has no trainer: nobody measures anything of its trials, unless who runs them reports it.",
    );
  return {
    ...(rtd === undefined ? {} : { rtd: checkRtd(rtd, surroundings, report) }),
    ...(sharpness === undefined ? {} : { sharpness: checkSharpness(sharpness, report) }),
  };
}

function checkSharpness(raw: SharpnessDiagnostics, report: Report): SharpnessDiagnostics {
  const at: Path = ["diagnostics", "sharpness"];
  raw.estimators.forEach((id, i) => {
    if (raw.estimators.indexOf(id) < i)
      report.warning([...at, "estimators", i], `\`${id}\` is named twice. It is computed once.`);
  });
  if (raw.batch !== "trial" && raw.batch > raw.samples && nodeAt(report.source.root, [...at, "batch"]) !== undefined)
    report.warning(
      [...at, "batch"],
      `The probe has only ${raw.samples} samples, so they are one batch. Raise \`samples\` or lower \`batch\`.`,
    );
  return { ...raw, estimators: [...new Set(raw.estimators)] };
}

/**
 * The diagnostics with what the scheduler chooses by: its measures beside those asked for, after its step beside the others. What
 * the file says of the mini-batches stays.
 */
export function withMeasured(
  diagnostics: Diagnostics | undefined,
  { estimators, batch, step, baseline }: MeasuredForScheduler,
  report: Report,
): Diagnostics {
  const asked = diagnostics?.sharpness;
  const written = nodeAt(report.source.root, ["diagnostics", "sharpness", "batch"]) !== undefined;
  return {
    ...diagnostics,
    sharpness: {
      ...(asked ?? sharpnessDefaults),
      estimators: [...new Set([...(asked?.estimators ?? []), ...estimators])],
      ...(written ? {} : { batch }),
      alsoAt: step,
      ...(baseline ? { baseline } : {}),
    },
  };
}

function checkRtd(
  raw: RawRtd,
  { trainer, objectives, space }: DiagnosticsSurroundings,
  report: Report,
): RtdDiagnostics {
  const at: Path = ["diagnostics", "rtd"];
  const has = (key: string): boolean => nodeAt(report.source.root, [...at, key]) !== undefined;
  const { variant, use, layer, everyEpochs, samples, references } = raw;
  if (variant !== "one-to-noise" && use === "objective")
    report.error(
      [...at, "use"],
      `\`${variant}\` compares trials with each other, so on its own it rewards being different and not being good. Use \`second-objective\` or \`diagnostic\`, or \`variant: one-to-noise\`.`,
    );
  if (use === "second-objective" && (objectives?.length ?? 1) > 1)
    report.error(
      [...at, "use"],
      `The study has ${objectives?.length ?? 0} objectives already. A second objective goes with exactly one.`,
    );
  if (use !== "diagnostic" && trainer?.kind === "none")
    report.error(
      [...at, "use"],
      "This study has no trainer, so nothing sends the embeddings that the divergence would be computed from.",
    );
  const onlyFor = (key: string, needed: string): void => {
    if (has(key)) report.warning([...at, key], `\`${key}\` has no effect: it belongs to \`variant: ${needed}\`.`);
  };
  if (variant !== "one-to-noise") onlyFor("noiseWidth", "one-to-noise");
  if (variant !== "one-to-all") onlyFor("references", "one-to-all");
  if (variant === "one-to-noise" && raw.refresh === "refresh")
    report.warning([...at, "refresh"], "`refresh` has no effect: the noise is the same for all trials.");
  return {
    variant,
    use,
    samples,
    ...(layer === undefined ? {} : { layer }),
    noiseWidth: raw.noiseWidth ?? Math.min(65_536, Math.max(256, largestWidth(space))),
    references,
    refresh: raw.refresh ?? (variant === "one-to-top-performer" ? "refresh" : "frozen"),
    ...(everyEpochs === undefined ? {} : { everyEpochs }),
  };
}

/** The largest size that a parameter named as a layer's size can take; 0 = there is none. */
function largestWidth(space: Space): number {
  const named = space.filter(({ name }) => /width|units|filters|hidden|channels|embedding/i.test(name));
  return Math.max(0, ...named.map(largestValue));
}

function largestValue(parameter: Parameter): number {
  if (parameter.type === "int") return parameter.high;
  const values =
    parameter.type === "categorical" ? parameter.choices : parameter.type === "constant" ? [parameter.value] : [];
  return Math.max(0, ...values.filter((value) => typeof value === "number" && Number.isInteger(value)).map(Number));
}
