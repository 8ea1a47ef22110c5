/**
 * `tuneOnline` and `online: true`: rates that a trial adapts while it trains, in place of being searched.
 * Sources: Baydin et al. 2018 (learning rate), Seifi and Niaki 2023 (momentum; their Table 2 is the range `paper`).
 * Invariant: the trainer gets the start value of such a rate as a constant of the space, so `when`, constraints and
 * placeholders of `run` work as before; a schedule of the learning rate leaves the space with it.
 */
import { kindNamed } from "../infer/knowledge.ts";
import type { Parameter, ParamValue, Space } from "../space/parameter.ts";
import type { Report } from "./checks.ts";
import type { OnlineRate, OnlineRole, TrainerSpec, TuneOnline } from "./definition.ts";
import { short } from "./messages.ts";
import type { RawTuneOnline } from "./schema.ts";
import { nodeAt, type Path } from "./source.ts";
import { isStructural } from "./structural.ts";
import { didYouMean } from "./suggest.ts";

export interface OnlineSpace {
  readonly space: Space;
  readonly tuneOnline?: TuneOnline;
}

interface Wish {
  readonly name: string;
  readonly path: Path;
}

type Bounds = readonly [low: number, high: number];

const ranges: Readonly<Record<"wide" | "paper", Readonly<Record<OnlineRole, Bounds>>>> = {
  wide: { learningRate: [1e-6, 1], momentum: [0, 0.99] },
  paper: { learningRate: [1e-5, 0.2], momentum: [0.7, 0.99] },
};
const defaultStarts: Readonly<Record<OnlineRole, number>> = { learningRate: 0.01, momentum: 0.9 };
/** Adam's steps are of the size of the rate itself. */
const adamStart = 0.001;
/** Limits of any rate: the same for all trainers. */
const limits: Readonly<Record<OnlineRole, Bounds>> = { learningRate: [0, 1000], momentum: [0, 0.9999] };
/** A momentum that may be this high, and stays, tends to diverge under a learning rate that adapts itself. */
const highMomentum = 0.8;

const scheduleNames: ReadonlySet<string> = new Set(
  "lrSchedule lrDecay lrStepEpochs lrFinal plateauPatience plateauThreshold plateauMinLr oneCycleWarmup oneCycleDiv oneCycleFinalDiv oneCycleMomentum warmupEpochs".split(
    " ",
  ),
);
const scheduleKinds: ReadonlySet<string> = new Set(["schedule", "warmup", "lrDecay"]);
const withMomentum: readonly ParamValue[] = ["sgd", "momentum", "nesterov"];

/** What `name` is to the trainer; undefined = no rate that has a rule. */
function roleOf(trainer: TrainerSpec, name: string): OnlineRole | undefined {
  const id = trainer.kind === "tfjs" ? name : kindNamed(name)?.id;
  return id === "learningRate" || id === "momentum" ? id : undefined;
}

function isSchedule(trainer: TrainerSpec, name: string): boolean {
  return trainer.kind === "tfjs" ? scheduleNames.has(name) : scheduleKinds.has(kindNamed(name)?.id ?? "");
}

const valuesOf = (parameter: Parameter | undefined): readonly ParamValue[] => {
  if (parameter?.type === "constant") return [parameter.value];
  return parameter?.type === "categorical" ? parameter.choices : [];
};

/**
 * The space without what is tuned online, and what is. Faults are reported at their places; then the space stays as it is.
 * @param flagged parameters with `online: true`, in file order
 * O(parameters^2).
 */
export function checkOnline(
  raw: RawTuneOnline,
  flagged: readonly string[],
  space: Space,
  trainer: TrainerSpec,
  report: Report,
): OnlineSpace {
  const spec = raw === undefined || Array.isArray(raw) ? { parameters: raw } : raw;
  const listedAt: Path = Array.isArray(raw) ? ["tuneOnline"] : ["tuneOnline", "parameters"];
  const wishes: Wish[] = [
    ...(spec.parameters ?? []).map((name, i) => ({ name, path: [...listedAt, i] })),
    ...flagged.map((name) => ({ name, path: ["space", name, "online"] })),
  ];
  if (wishes.length === 0) {
    if (raw !== undefined)
      report.errorAtKey(
        ["tuneOnline"],
        "`tuneOnline` names no parameter. Write `tuneOnline: [learningRate, momentum]`, or `online: true` at a parameter.",
      );
    return { space };
  }
  const before = errorCount(report);
  const roles = checkWishes(wishes, space, trainer, report);
  const start = "start" in spec ? (spec.start ?? {}) : {};
  for (const name of Object.keys(start)) {
    if (!wishes.some((wish) => wish.name === name))
      report.errorAtKey(
        ["tuneOnline", "start", name],
        `\`${name}\` is not tuned online, so it has no start value here.`,
      );
  }
  checkTrainerFits(roles, space, trainer, wishes[0]?.path ?? ["tuneOnline"], report);
  const range = "range" in spec ? spec.range : undefined;
  const rates: Partial<Record<OnlineRole, OnlineRate>> = {};
  for (const [role, { name, path }] of roles) {
    const parameter = space.find((candidate) => candidate.name === name);
    const [low, high] = boundsOf(role, parameter, range);
    const [least, most] = limits[role];
    const given = Object.hasOwn(start, name) ? start[name] : undefined;
    if (given !== undefined && (given < low || given > high))
      report.error(["tuneOnline", "start", name], `The start value ${given} lies outside ${low} to ${high}.`);
    if (low < least || high > most || high === 0)
      report.error(
        path,
        `\`${name}\` can be tuned between ${least} and ${most}, and its bounds are ${low} and ${high}.`,
      );
    const wanted =
      given ??
      believed(parameter) ??
      (role === "learningRate" && onlyAdam(space, trainer) ? adamStart : defaultStarts[role]);
    rates[role] = { name, start: Math.min(high, Math.max(low, wanted)), low, high };
  }
  if (errorCount(report) > before) return { space };
  warnOfFixedMomentum(roles, space, trainer, report);
  const rest = roles.has("learningRate") ? withoutSchedules(space, trainer, report) : space;
  const rule = "rule" in spec ? spec.rule : "cosine";
  return { space: withStarts(rest, Object.values(rates)), tuneOnline: { rule, ...rates } };
}

const errorCount = (report: Report): number => report.issues.filter(({ severity }) => severity === "error").length;

function checkWishes(
  wishes: readonly Wish[],
  space: Space,
  trainer: TrainerSpec,
  report: Report,
): ReadonlyMap<OnlineRole, Wish> {
  const roles = new Map<OnlineRole, Wish>();
  for (const wish of wishes) {
    const { name, path } = wish;
    const role = roleOf(trainer, name);
    const inSpace = space.some((parameter) => parameter.name === name);
    if (!inSpace && (trainer.kind !== "tfjs" || role === undefined)) {
      const known = space.map((parameter) => parameter.name);
      const hint =
        trainer.kind === "tfjs"
          ? " The built-in trainer can tune `learningRate` and `momentum` online."
          : didYouMean(name, known);
      report.error(path, `\`${short(name)}\` is no parameter of this space.${hint}`);
    } else if (role === undefined) {
      const why = isStructural({ space, trainer }, name)
        ? "is part of the model's structure, which cannot change while the model trains"
        : "has no rule by which it could be adapted while the model trains";
      report.error(path, `\`${name}\` ${why}. A learning rate and a momentum can be tuned online.`);
    } else if (roles.has(role)) {
      const other = roles.get(role)!.name;
      report.error(
        path,
        other === name
          ? `\`${name}\` is named twice.`
          : `\`${name}\` and \`${other}\` would both be the ${roleWords[role]}.`,
      );
    } else roles.set(role, wish);
  }
  return roles;
}

const roleWords: Readonly<Record<OnlineRole, string>> = { learningRate: "learning rate", momentum: "momentum" };

/** What no single parameter can tell: whether this trainer has a rule for what the space lets it be. */
function checkTrainerFits(
  roles: ReadonlyMap<OnlineRole, Wish>,
  space: Space,
  trainer: TrainerSpec,
  at: Path,
  report: Report,
): void {
  if (trainer.kind === "none") {
    report.error(
      at,
      "Trials of this study are driven from outside, so nobody here can adapt a parameter while it trains.",
    );
    return;
  }
  if (trainer.kind !== "tfjs") return;
  for (const name of ["hypergradient", "hypergradientRange"]) {
    if (space.some((parameter) => parameter.name === name))
      report.errorAtKey(["space", name], `\`${name}\` is set by \`tuneOnline\`. Keep one of them.`);
  }
  const optimizer = space.find(({ name }) => name === "optimizer");
  const possible = optimizer === undefined ? ["adam"] : valuesOf(optimizer);
  const without = possible.indexOf("rmsprop");
  if (without >= 0) {
    const place: Path = optimizer?.type === "categorical" ? ["choices", without] : ["value"];
    report.error(["space", "optimizer", ...place], "`rmsprop` has no rule for tuning online. Leave it out.");
  }
  const momentum = roles.get("momentum");
  if (momentum !== undefined && !possible.some((name) => withMomentum.includes(name))) {
    const which = optimizer === undefined ? "adam, the default optimizer," : possible.map(String).join(" and ");
    report.error(
      momentum.path,
      `${which} has no momentum to adapt. Add \`optimizer: { type: constant, value: sgd }\` to the space, or tune the learning rate alone.`,
    );
  }
}

function onlyAdam(space: Space, trainer: TrainerSpec): boolean {
  const optimizer = space.find(({ name }) => name === "optimizer");
  if (optimizer === undefined) return trainer.kind === "tfjs";
  const possible = valuesOf(optimizer);
  return possible.length > 0 && possible.every((name) => typeof name === "string" && /^adamw?$/i.test(name));
}

/** A range that the study names wins over the parameter's own bounds. */
function boundsOf(role: OnlineRole, parameter: Parameter | undefined, range: "wide" | "paper" | undefined): Bounds {
  if (range === undefined && (parameter?.type === "float" || parameter?.type === "int"))
    return [parameter.low, parameter.high];
  return ranges[range ?? "wide"][role];
}

function believed(parameter: Parameter | undefined): number | undefined {
  const value = parameter?.type === "constant" ? parameter.value : parameter?.prior?.value;
  return typeof value === "number" ? value : undefined;
}

/** Adapt both or neither: under a high momentum that stays, a learning rate that adapts itself ends at its bound. */
function warnOfFixedMomentum(
  roles: ReadonlyMap<OnlineRole, Wish>,
  space: Space,
  trainer: TrainerSpec,
  report: Report,
): void {
  const learningRate = roles.get("learningRate");
  if (learningRate === undefined || roles.has("momentum")) return;
  const momentum = space.find(({ name }) => roleOf(trainer, name) === "momentum");
  const optimizer = valuesOf(space.find(({ name }) => name === "optimizer"));
  const always = trainer.kind === "tfjs" && (optimizer.includes("momentum") || optimizer.includes("nesterov"));
  const used = always || trainer.kind !== "tfjs" || optimizer.includes("sgd");
  if (!used || (momentum === undefined && !always)) return;
  const values = valuesOf(momentum).filter((value) => typeof value === "number");
  const highest =
    momentum === undefined ? defaultStarts.momentum : "high" in momentum ? momentum.high : Math.max(0, ...values);
  if (highest < highMomentum) return;
  report.warning(
    learningRate.path,
    `The momentum stays as it is (up to ${highest}) while the learning rate adapts itself, which tends to diverge. Tune both online, or neither.`,
  );
}

/** The space without the parameters of a schedule, each of which is named. */
function withoutSchedules(space: Space, trainer: TrainerSpec, report: Report): Space {
  const gone = new Set(space.map(({ name }) => name).filter((name) => isSchedule(trainer, name)));
  return space.filter((parameter) => {
    const { name, when } = parameter;
    if (gone.has(name)) {
      const harmless = parameter.type === "constant" && (parameter.value === "constant" || parameter.value === 0);
      if (!harmless)
        report.warningAtKey(
          ["space", name],
          `\`${name}\` is left out: the learning rate is tuned online and follows no schedule.`,
        );
      return false;
    }
    const parent = Object.keys(when ?? {}).find((other) => gone.has(other));
    if (parent === undefined) return true;
    report.errorAtKey(
      ["space", name, "when", parent],
      `\`${parent}\` is left out, because the learning rate is tuned online. \`${name}\` cannot depend on it.`,
    );
    return false;
  });
}

/** The space with each rate's start as a constant: in the rate's place, or at the end where the space has none. */
function withStarts(space: Space, rates: readonly OnlineRate[]): Space {
  const placed = space.map((parameter): Parameter => {
    const rate = rates.find(({ name }) => name === parameter.name);
    if (rate === undefined) return parameter;
    const { name, when } = parameter;
    return { name, type: "constant", value: rate.start, ...(when === undefined ? {} : { when }) };
  });
  const added = rates.filter(({ name }) => !space.some((parameter) => parameter.name === name));
  return [...placed, ...added.map(({ name, start }): Parameter => ({ name, type: "constant", value: start }))];
}

/** Whether the parameter's line in the file says `online: true`. */
export function isFlagged(report: Report, name: string): boolean {
  return nodeAt(report.source.root, ["space", name, "online"])?.value === true;
}
