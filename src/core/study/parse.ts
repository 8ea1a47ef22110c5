/**
 * Study text -> a checked study, or everything that is wrong with it at its place.
 * Invariant: never throws; `study` is present exactly when no issue is an error; issues are in the order of the text.
 */
import type { z } from "zod";
import type { Objective } from "../objective.ts";
import type { Catalog, MeasuredForScheduler, MethodInfo } from "./catalog.ts";
import { checkConstraints, type PlacedText } from "./checkConstraints.ts";
import { checkDiagnostics, withMeasured } from "./checkDiagnostics.ts";
import { Report } from "./checks.ts";
import { checkGradients } from "./checkGradients.ts";
import { checkScheduler } from "./checkScheduler.ts";
import { checkPriors, checkSpace } from "./checkSpace.ts";
import { checkMetrics, checkModelParameters, checkTrainer } from "./checkTrainer.ts";
import type {
  Budget,
  Choice,
  Limits,
  ParsedStudy,
  StudyDefinition,
  StudyFormat,
  StudyIssue,
  WarmStart,
} from "./definition.ts";
import { parseDuration } from "./duration.ts";
import { issuesFromZod } from "./messages.ts";
import { checkOnline, isFlagged } from "./online.ts";
import {
  parameterSchema,
  studySchemaFor,
  type RawBudget,
  type RawChoice,
  type RawLimits,
  type RawObjective,
  type RawParameter,
  type RawWarmStart,
  type StudySchema,
} from "./schema.ts";
import { jsonSchemaFor } from "./schemaDocs.ts";
import { nodeAt, readSource, type StudySource } from "./source.ts";

/**
 * Parses a study file. `catalog` says which samplers and schedulers there are and what options they take.
 * O(length of the text); a file of ordinary size takes about a millisecond.
 */
export function parseStudy(text: string, format: StudyFormat, catalog: Catalog): ParsedStudy {
  const source = readSource(text, format);
  if (source.issues.some((issue) => issue.severity === "error")) return { issues: inOrder(source.issues) };
  const report = new Report(source);
  report.issues.push(...source.issues);
  const schema = studySchemaFor(catalog);
  const parsed = schema.safeParse(source.root.value, { reportInput: true });
  if (!parsed.success) {
    const context = { source, schema: jsonSchemaFor(catalog), meant: new Set<string>() };
    const found = parsed.error.issues.flatMap((issue) => issuesFromZod(issue, context));
    const isMeant = ({ path }: StudyIssue): boolean =>
      nodeAt(source.root, path) === undefined && context.meant.has(JSON.stringify(path));
    report.issues.push(...found.filter((issue) => !isMeant(issue)));
  }
  const study = checkStudy(new Parts(source, schema), catalog, report);
  const issues = inOrder(report.issues);
  return study === undefined || issues.some((issue) => issue.severity === "error") ? { issues } : { study, issues };
}

function inOrder(issues: readonly StudyIssue[]): StudyIssue[] {
  return [...issues].sort((a, b) => a.range.start - b.range.start || a.range.end - b.range.end);
}

/** Reads the parts of the file that are sound by themselves, so that one mistake does not hide the next. */
class Parts {
  readonly source: StudySource;
  readonly #schema: StudySchema;

  constructor(source: StudySource, schema: StudySchema) {
    this.source = source;
    this.#schema = schema;
  }

  has(key: string): boolean {
    return this.source.root.entries?.has(key) ?? false;
  }

  /** The checked value of a top-level key with defaults filled in; undefined when the schema refuses it. */
  get<K extends keyof StudySchema["shape"]>(key: K): z.output<StudySchema["shape"][K]> | undefined {
    const field: z.ZodType<z.output<StudySchema["shape"][K]>> = this.#schema.shape[key] as never;
    const parsed = field.safeParse(nodeAt(this.source.root, [key])?.value);
    return parsed.success ? parsed.data : undefined;
  }

  /** The constraints that are text, each with its place. */
  constraints(): readonly PlacedText[] {
    const node = nodeAt(this.source.root, ["constraints"]);
    if (typeof node?.value === "string") return [{ text: node.value, path: ["constraints"] }];
    return (node?.items ?? []).flatMap((item, i) =>
      typeof item.value === "string" ? [{ text: item.value, path: ["constraints", i] }] : [],
    );
  }

  /** Parameters in file order; undefined entries were refused. */
  parameters(): ReadonlyMap<string, RawParameter | undefined> {
    const entries = nodeAt(this.source.root, ["space"])?.entries ?? new Map<string, never>();
    const parameters = new Map<string, RawParameter | undefined>();
    for (const [name, entry] of entries) {
      const parsed = parameterSchema.safeParse(entry.node.value);
      parameters.set(name, parsed.success ? parsed.data : undefined);
    }
    return parameters;
  }
}

function checkStudy(parts: Parts, catalog: Catalog, report: Report): StudyDefinition | undefined {
  if (parts.source.root.entries === undefined) return undefined;
  const objectives = checkObjectives(parts, report);
  const parameters = parts.parameters();
  const written = [...parameters.keys()];
  const sound = new Map<string, RawParameter>();
  for (const [name, raw] of parameters) if (raw !== undefined) sound.set(name, raw);
  const searched = checkSpace(sound, written, report);
  const complete = searched.length === written.length;
  const rawTrainer = parts.get("trainer");
  const trainer = rawTrainer === undefined ? undefined : checkTrainer(rawTrainer, written, report);
  if (trainer?.kind === "tfjs") checkModelParameters(trainer.model, searched, catalog.models ?? [], report);
  const flagged = written.filter((name) => isFlagged(report, name));
  const { space, tuneOnline } =
    trainer === undefined || !complete
      ? { space: searched }
      : checkOnline(parts.get("tuneOnline"), flagged, searched, trainer, report);
  const names = complete ? space.map(({ name }) => name) : written;
  if (parts.has("space") && nodeAt(parts.source.root, ["space"])?.entries !== undefined)
    checkSearchable(written, complete, space, report);
  const asked = parts.get("diagnostics");
  const ownDiagnostics =
    asked === undefined ? undefined : checkDiagnostics(asked, { trainer, objectives, space }, report);
  const wanted = parts.get("scheduler");
  const scheduler = wanted === undefined ? undefined : toChoice(wanted, catalog.schedulers);
  const judged = scheduler === undefined ? undefined : measuredFor(scheduler, catalog);
  const diagnostics = judged === undefined ? ownDiagnostics : withMeasured(ownDiagnostics, judged, report);
  const measured = (diagnostics?.sharpness?.estimators ?? []).map((id) => `sharpness.${id}`);
  if (trainer !== undefined && objectives !== undefined)
    checkMetrics(trainer, objectives, parts.has("objectives") ? "objectives" : "objective", catalog, report, measured);
  const choice = parts.get("sampler");
  if (
    trainer !== undefined &&
    objectives !== undefined &&
    scheduler !== undefined &&
    choice !== undefined &&
    complete
  ) {
    const sampler = typeof choice === "string" ? choice : choice.kind;
    checkScheduler(
      { trainer, space, tuneOnline, objectives, scheduler: scheduler.kind, sampler, judged },
      catalog,
      report,
    );
  }
  if (trainer !== undefined && objectives !== undefined && choice !== undefined && complete) {
    const kind = typeof choice === "string" ? choice : choice.kind;
    checkGradients(kind, trainer, objectives, space, catalog, report);
  }
  if (choice !== undefined && complete) {
    const kind = typeof choice === "string" ? choice : choice.kind;
    checkPriors(
      catalog.samplers.find((method) => method.kind === kind),
      space,
      report,
    );
  }
  const constraints = checkConstraints(parts.constraints(), names, complete ? space : undefined, report);
  const budget = checkBudget(parts.get("budget"), parts, report);
  const limits = checkLimits(parts.get("limits"), report);
  if (budget?.regret !== undefined && objectives !== undefined && objectives.length > 1) {
    report.error(
      ["budget", "regret"],
      "`regret` is a distance in one objective, and this study has several. Use `patience`.",
    );
  }
  if (budget?.gpuHours !== undefined && limits?.gpus === 0) {
    report.error(["budget", "gpuHours"], "Trials hold no GPU (`limits: { gpus: 0 }`), so no GPU time is ever used.");
  }
  const warmStart = checkWarmStart(parts.get("warmStart"), report);
  const [name, seed] = [parts.get("study"), parts.get("seed")];
  if (name === undefined || objectives === undefined || trainer === undefined || constraints === undefined)
    return undefined;
  if (choice === undefined || scheduler === undefined || seed === undefined) return undefined;
  if (budget === undefined || limits === undefined) return undefined;
  return {
    name,
    objectives,
    trainer,
    limits,
    space,
    ...(tuneOnline === undefined ? {} : { tuneOnline }),
    constraints,
    sampler: toChoice(choice, catalog.samplers),
    scheduler,
    budget,
    seed,
    ...(warmStart.length === 0 ? {} : { warmStart }),
    ...(diagnostics === undefined ? {} : { diagnostics }),
  };
}

/** What the scheduler needs measured of every trial, if anything. */
function measuredFor({ kind, options }: Choice, catalog: Catalog): MeasuredForScheduler | undefined {
  return catalog.schedulers.find((method) => method.kind === kind)?.measures?.(options);
}

function checkWarmStart(raw: RawWarmStart, report: Report): WarmStart[] {
  const list = raw === undefined ? [] : Array.isArray(raw) ? raw : [raw];
  const studies = list.map((item): WarmStart => {
    if (typeof item === "string") {
      const [, name, number] = /^(.*\S)#([1-9]\d*)$/.exec(item) ?? [];
      return name === undefined ? { study: item } : { study: name, generation: Number(number) };
    }
    const { study, generation } = item;
    return generation === undefined ? { study } : { study, generation };
  });
  studies.forEach(({ study, generation }, i) => {
    const again = studies
      .slice(0, i)
      .some((other) => other.study === study && (other.generation ?? generation) === (generation ?? other.generation));
    if (again) report.error(["warmStart", i], `\`${study}\` is named twice. Its trials count once.`);
  });
  return studies;
}

function checkObjectives(parts: Parts, report: Report): StudyDefinition["objectives"] | undefined {
  if (parts.has("objective") && parts.has("objectives")) {
    report.errorAtKey(["objectives"], "Both `objective` and `objectives` are there. Keep one of them.");
    return undefined;
  }
  const key = parts.has("objectives") ? "objectives" : "objective";
  if (!parts.has(key)) {
    report.errorAtParent(
      [],
      "`objective` is missing. Write for example `objective: { metric: val_accuracy, direction: maximize }`.",
    );
    return undefined;
  }
  const raw = parts.get(key);
  if (raw === undefined) return undefined;
  const list = Array.isArray(raw) ? raw : [raw];
  const seen = new Set<string>();
  list.forEach((objective, i) => {
    if (seen.has(objective.metric)) {
      report.error(
        [key, i, "metric"],
        `The metric \`${objective.metric}\` is already an objective. Every objective has its own metric.`,
      );
    }
    seen.add(objective.metric);
  });
  const [first, ...rest] = list.map(toObjective);
  return first === undefined ? undefined : [first, ...rest];
}

function toObjective(raw: RawObjective): Objective {
  const { metric, direction, target } = raw;
  return target === undefined ? { metric, direction } : { metric, direction, target };
}

function checkSearchable(
  names: readonly string[],
  complete: boolean,
  space: StudyDefinition["space"],
  report: Report,
): void {
  if (names.length === 0) {
    report.errorAtKey(
      ["space"],
      "The space is empty. Add a parameter such as `learningRate: { type: float, low: 0.0001, high: 0.1, log: true }`.",
    );
  } else if (complete && space.every((parameter) => parameter.type === "constant")) {
    report.errorAtKey(["space"], "Every parameter is a constant, so there is nothing to search.");
  }
}

function checkBudget(raw: RawBudget | undefined, parts: Parts, report: Report): Budget | undefined {
  if (raw === undefined) return undefined;
  const { trials, time, epochs, gpuHours, patience, regret, parallel } = raw;
  if (trials === undefined && time === undefined && epochs === undefined) {
    report.errorAtParent(["budget"], "The budget bounds nothing. Write `trials: 50`, `time: 2h`, or both.");
    return undefined;
  }
  const seconds = time === undefined ? undefined : toSeconds(time, ["budget", "time"], report);
  if (trials !== undefined && parallel > trials && parts.has("budget")) {
    report.warning(["budget", "parallel"], `Only ${trials} trials are budgeted, so ${parallel} can never run at once.`);
  }
  return {
    ...(trials === undefined ? {} : { trials }),
    ...(seconds === undefined ? {} : { time: seconds }),
    ...(epochs === undefined ? {} : { epochs }),
    ...(gpuHours === undefined ? {} : { gpuHours }),
    ...(patience === undefined ? {} : { patience }),
    ...(regret === undefined ? {} : { regret }),
    parallel,
  };
}

function checkLimits(raw: RawLimits | undefined, report: Report): Limits | undefined {
  if (raw === undefined) return undefined;
  const timeout = raw.timeout === undefined ? undefined : toSeconds(raw.timeout, ["limits", "timeout"], report);
  const heartbeat = raw.heartbeat === undefined ? undefined : toSeconds(raw.heartbeat, ["limits", "heartbeat"], report);
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(heartbeat === undefined ? {} : { heartbeat }),
    gpus: raw.gpus,
  };
}

function toSeconds(value: string | number, path: readonly string[], report: Report): number | undefined {
  const seconds = parseDuration(value);
  if (seconds === undefined) report.error(path, `\`${path.at(-1) ?? ""}\` must be longer than 0.`);
  return seconds;
}

function toChoice(raw: RawChoice, methods: readonly MethodInfo[]): Choice {
  if (typeof raw !== "string") {
    const { kind, ...options } = raw;
    return { kind, options };
  }
  const parsed = methods.find((method) => method.kind === raw)?.options.safeParse({});
  return { kind: raw, options: parsed?.success === true ? parsed.data : {} };
}
