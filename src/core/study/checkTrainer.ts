/**
 * The trainer of a study: short forms made plain, placeholders, patterns and splits checked.
 * Invariant: what comes back is ready to run: words split, every placeholder a known parameter, every pattern compiles.
 */
import type { Parameter, ParamValue, Space } from "../space/parameter.ts";
import type { Objective } from "../objective.ts";
import type { Catalog, ModelInfo } from "./catalog.ts";
import type { Report } from "./checks.ts";
import { checkData } from "./checkData.ts";
import type { CommandTrainerSpec, MetricPattern, TfjsTrainerSpec, TrainerSpec } from "./definition.ts";
import { short } from "./messages.ts";
import type { RawTrainer } from "./schema.ts";
import { nodeAt, type Path } from "./source.ts";
import { didYouMean } from "./suggest.ts";
import { placeholdersIn, splitWords } from "./words.ts";

type RawTfjs = Extract<RawTrainer, { kind: "tfjs" }>;
type RawCommand = Extract<RawTrainer, { kind: "command" }>;

/** `names` are all parameters of the file, sound or not; `metrics` the objectives' metrics. */
export function checkTrainer(raw: RawTrainer, names: readonly string[], report: Report): TrainerSpec {
  if (raw.kind === "none") return raw.epochs === undefined ? { kind: "none" } : { kind: "none", epochs: raw.epochs };
  return raw.kind === "tfjs" ? checkTfjs(raw, report) : checkCommand(raw, names, report);
}

function checkTfjs(raw: RawTfjs, report: Report): TfjsTrainerSpec {
  const data = checkData(raw.data, report);
  if (raw.model === "vgg" && data.image === undefined && "csv" in data) {
    report.errorAtParent(
      ["trainer", "data"],
      "The model vgg works on images: write `image: [height, width, channels]` here, for example `image: [8, 8, 1]`.",
    );
  }
  const { model, epochs, backend, threads, process } = raw;
  return { kind: "tfjs", model, data, epochs, backend, threads, ...(process === undefined ? {} : { process }) };
}

/** Whether what the study optimises is something its trainer reports, as far as the file tells. */
export function checkMetrics(
  trainer: TrainerSpec,
  objectives: readonly Objective[],
  key: "objective" | "objectives",
  catalog: Catalog,
  report: Report,
  /** What the study's diagnostics add. */
  more: readonly string[] = [],
): void {
  if (trainer.kind === "command" && trainer.metrics.length > 0) checkMetricsRead(trainer.metrics, objectives, report);
  const own = trainer.kind === "tfjs" ? catalog.metrics?.[trainer.data.task] : undefined;
  if (own === undefined) return;
  const reported = [...own, ...more];
  objectives.forEach(({ metric, direction }, i) => {
    const single = nodeAt(report.source.root, [key])?.items === undefined;
    const path: Path = single ? [key] : [key, i];
    if (!reported.includes(metric)) {
      const message = `The built-in trainer does not report \`${short(metric)}\`.${didYouMean(metric, reported)} It reports ${reported.join(", ")}.`;
      report.error([...path, "metric"], message);
      return;
    }
    const lessIsBetter = /loss|rmse|mae|seconds|parameters/.test(metric);
    const moreIsBetter = /accuracy|f1|r2/.test(metric);
    if ((lessIsBetter && direction === "maximize") || (moreIsBetter && direction === "minimize")) {
      report.warning(
        [...path, "direction"],
        `\`${metric}\` is better when it is ${lessIsBetter ? "smaller" : "larger"}.`,
      );
    }
    if (metric.startsWith("test_")) {
      report.warning(
        [...path, "metric"],
        `Choosing by \`${metric}\` leaves no rows for an honest last check. Use \`${metric.replace("test_", "val_")}\`.`,
      );
    }
  });
}

/** A pattern list without the objective is a likely slip, but the program may still report through the Basin module. */
function checkMetricsRead(patterns: readonly MetricPattern[], objectives: readonly Objective[], report: Report): void {
  const read = patterns.map((entry) => entry.metric);
  for (const { metric } of objectives) {
    if (read.includes(metric)) continue;
    report.warningAtKey(
      ["trainer", "metrics"],
      `No pattern reads the objective \`${metric}\`, so the program itself must report it through the Basin module.`,
    );
  }
}

/** A built-in model takes only the parameters it knows, within its own limits: wrong ones would fail every trial. */
export function checkModelParameters(model: string, space: Space, models: readonly ModelInfo[], report: Report): void {
  const info = models.find(({ name }) => name === model);
  if (info === undefined) return;
  for (const parameter of space) {
    const path: Path = ["space", parameter.name];
    if (!info.understands(parameter.name)) {
      report.errorAtKey(path, info.problemOf(parameter.name, 1) ?? `The model \`${model}\` has no such parameter.`);
      continue;
    }
    for (const [place, value] of extremes(parameter)) {
      const problem = info.problemOf(parameter.name, value);
      if (problem !== undefined) report.error([...path, ...place], problem);
    }
  }
}

/** The values that show whether all others are possible, each with its place in the parameter. */
function extremes(parameter: Parameter): readonly (readonly [Path, ParamValue])[] {
  if (parameter.type === "constant") return [[["value"], parameter.value]];
  if (parameter.type === "categorical") return parameter.choices.map((choice, i) => [["choices", i], choice] as const);
  return [
    [["low"], parameter.low],
    [["high"], parameter.high],
  ];
}

function checkCommand(raw: RawCommand, names: readonly string[], report: Report): CommandTrainerSpec {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw.env)) {
    const used = placeholdersIn(String(value)).find((placeholder) => names.includes(placeholder.name));
    if (used !== undefined) {
      const message = `\`{${used.name}}\` is replaced in \`run\` only. The program finds the value in BASIN_PARAM_${variableName(used.name)}.`;
      report.warning(["trainer", "env", name], message);
    }
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) env[name] = String(value);
    else
      report.errorAtKey(["trainer", "env", name], `\`${short(name)}\` cannot be the name of an environment variable.`);
  }
  warnOnSameVariable(names, report);
  return {
    kind: "command",
    run: raw.shell ? shellLine(raw, names, report) : commandWords(raw, names, report),
    shell: raw.shell,
    cwd: raw.cwd,
    env,
    metrics: metricPatterns(raw, report),
    ...(raw.epochs === undefined ? {} : { epochs: raw.epochs }),
  };
}

/** What follows BASIN_PARAM_. */
function variableName(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9_]/g, "_");
}

/** `batch-size` and `batch_size` would both be BASIN_PARAM_BATCH_SIZE. */
function warnOnSameVariable(names: readonly string[], report: Report): void {
  const variables = new Map<string, string>();
  for (const name of names) {
    const variable = variableName(name);
    const other = variables.get(variable);
    if (other === undefined) variables.set(variable, name);
    else {
      report.warningAtKey(
        ["space", name],
        `\`${name}\` and \`${other}\` share the environment variable BASIN_PARAM_${variable}. Rename one of them if the program reads its environment.`,
      );
    }
  }
}

function commandWords(raw: RawCommand, names: readonly string[], report: Report): string[] {
  const path: Path = ["trainer", "run"];
  if (Array.isArray(raw.run)) {
    const words = raw.run.map(String);
    if (words[0] === "") report.error([...path, 0], "The program's name is empty.");
    words.forEach((word, i) =>
      checkPlaceholders(word, names, (start, end, message) => report.errorInside([...path, i], start, end, message)),
    );
    return words;
  }
  const text = raw.run;
  const split = splitWords(text);
  if (!split.ok) {
    report.errorInside(path, split.start, split.end, split.message);
    return [];
  }
  if (split.words.length === 0 || split.words[0] === "")
    report.error(path, "`run` names no program. Write for example `run: python train.py`.");
  const operator = split.words.find((word) => /^(?:\|\|?|&&?|;|[<>]>?|2>&1)$/.test(word));
  if (operator !== undefined) {
    report.error(
      path,
      `\`${operator}\` is for a shell, and \`run\` starts the program without one. Write a script, or add \`shell: true\`.`,
    );
  }
  // Placeholders are looked for in the text as written, where their places are known; quoting cannot create one.
  checkPlaceholders(text, names, (start, end, message) => report.errorInside(path, start, end, message));
  return [...split.words];
}

function checkPlaceholders(
  word: string,
  names: readonly string[],
  fail: (start: number, end: number, message: string) => void,
): void {
  for (const { name, start, end } of placeholdersIn(word)) {
    if (names.includes(name)) continue;
    const trimmed = name.trim();
    const hint = names.includes(trimmed)
      ? ` Write \`{${trimmed}}\` without spaces.`
      : didYouMean(name, names) || " Braces that are meant as such are written `{{` and `}}`.";
    fail(start, end, `\`{${short(name)}}\` is no parameter of this space.${hint}`);
  }
}

function shellLine(raw: RawCommand, names: readonly string[], report: Report): string[] {
  const path: Path = ["trainer", "run"];
  if (Array.isArray(raw.run)) {
    report.error(path, "With `shell: true`, `run` is one text, as you would type it.");
    return raw.run.map(String);
  }
  for (const match of raw.run.matchAll(/(?<!\$)\{([^{}\s]+)\}/g)) {
    const name = match[1] ?? "";
    if (!names.includes(name)) continue;
    const variable = `BASIN_PARAM_${variableName(name)}`;
    report.errorInside(
      path,
      match.index,
      match.index + match[0].length,
      `With \`shell: true\` values are not put into the line, where the shell would read them as code. Use "$${variable}".`,
    );
  }
  return [raw.run];
}

function metricPatterns(raw: RawCommand, report: Report): MetricPattern[] {
  const path: Path = ["trainer", "metrics"];
  const { metrics } = raw;
  const entries: readonly (MetricPattern & { readonly at: Path })[] = Array.isArray(metrics)
    ? metrics.map((entry, i) => ({ ...entry, at: [...path, i, "pattern"] }))
    : Object.entries(metrics).map(([metric, pattern]) => ({ metric, pattern, at: [...path, metric] }));
  for (const { pattern, at } of entries) {
    const problem = patternProblem(pattern);
    if (problem !== undefined) report.error(at, problem);
  }
  return entries.map(({ metric, pattern }) => ({ metric, pattern }));
}

/** Why the regular expression cannot read a number, or undefined. */
function patternProblem(pattern: string): string | undefined {
  let groups: RegExpExecArray | null;
  try {
    // With an empty alternative it matches anything, and its groups can be counted.
    groups = new RegExp(`(?:${pattern})|`).exec("");
    void new RegExp(pattern);
  } catch (error) {
    const detail = (error instanceof Error ? error.message : "").replace(/^.*?\/: /, "");
    return `This is no valid regular expression${detail === "" ? "." : `: ${detail}.`}`;
  }
  if (groups === null || groups.length < 2) {
    return "The pattern has no group. Put the number in brackets, for example `val_acc: ([0-9.]+)`.";
  }
  const named = Object.keys(groups.groups ?? {});
  if (!named.includes("value") && /\((?!\?)|\(\?<step>/.exec(pattern)?.[0] === "(?<step>") {
    return "The first group is `step`. Name the group of the number: `(?<value>[0-9.]+)`.";
  }
  return undefined;
}
