/**
 * The study file as it is written: one Zod schema that makes the types, the errors, the JSON Schema, completion and hover.
 * Invariant: every field has a description; what one field alone cannot tell (order of bounds, names of parents ...) is
 * checked in check*.ts.
 */
import { z } from "zod";
import type { Catalog, MethodInfo } from "./catalog.ts";
import { dataSchema } from "./dataSchema.ts";
import { tfjsBackendNames } from "./definition.ts";
import { diagnosticsSchema } from "./diagnostics.ts";
import { durationPattern } from "./duration.ts";

/** Letters, digits, `_`, `-` and `.`, beginning with a letter: safe in environment variables, arguments and files. */
export const parameterNamePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,99}$/;

const paramValue = z.union([z.number(), z.string().max(1000), z.boolean(), z.null()]);

const duration = z.union([
  z.number().positive(),
  z.string().regex(durationPattern, 'is no duration. Write "2h", "90m", "1h30m", "30s" or a number of seconds.'),
]);

const metricName = z.string().min(1).max(200);

const when = z
  .record(z.string(), z.union([paramValue, z.array(paramValue).min(1)]))
  .describe(
    "The parameter exists only when the named earlier parameters have one of these values: `when: { optimizer: sgd }` or `when: { optimizer: [sgd, adam] }`.",
  )
  .meta({ examples: [{ optimizer: "sgd" }] });

const confidence = z
  .enum(["low", "medium", "high"])
  .default("medium")
  .describe("How sure you are: the spread of the belief is a half, a quarter or an eighth of the range.")
  .meta({
    enumDescriptions: [
      "Spread of half the range; a preferred choice counts twice.",
      "Spread of a quarter of the range; a preferred choice counts four times.",
      "Spread of an eighth of the range; a preferred choice counts six times.",
    ],
  });

/** A belief as it is written: the value alone, or with how sure one is. */
const priorOf = (value: typeof paramValue | z.ZodNumber, example: number | string) =>
  z
    .union([
      value,
      z
        .strictObject({
          value: value.describe("The value you believe is good.").meta({ examples: [example] }),
          confidence,
        })
        .describe("A value you believe is good, and how sure you are."),
    ])
    .describe(
      "A value you believe is good. Samplers that use beliefs (tpe, gp, priorband) look there first and trust their trials more and more: `prior: VALUE` or `prior: { value: VALUE, confidence: high }`.",
    )
    .meta({ examples: [{ value: example, confidence: "medium" }] });

const kindField = z
  .enum(["structural", "nonStructural"])
  .optional()
  .describe(
    "Whether another value makes trained weights useless. Population-based training changes `nonStructural` parameters only. Without it, known names are recognised (learning rate, momentum, dropout, batch size ... are not structural), and all others count as structural.",
  )
  .meta({
    enumDescriptions: [
      "Part of the model: layers, units, activation. Never changed in a trial that goes on from a checkpoint.",
      "Steers the training: may change from one epoch to the next.",
    ],
  });

const logField = z
  .boolean()
  .default(false)
  .describe(
    "Sample the logarithm uniformly: right for scales such as learning rates and layer widths. Needs low above 0.",
  );

const floatParameter = z
  .strictObject({
    type: z.literal("float").describe("A real number between low and high."),
    low: z
      .number()
      .describe("Smallest value.")
      .meta({ examples: [0.0001] }),
    high: z
      .number()
      .describe("Largest value.")
      .meta({ examples: [0.1] }),
    log: logField,
    step: z
      .number()
      .positive()
      .optional()
      .describe(
        "Only values low, low + step, low + 2 step ... up to high. With log, these values are drawn log-uniformly.",
      ),
    prior: priorOf(z.number(), 0.01).optional(),
    when: when.optional(),
    kind: kindField,
    online: z
      .boolean()
      .optional()
      .describe(
        "A learning rate or a momentum that each trial adapts while it trains, within low and high, in place of a search. See `tuneOnline`.",
      ),
  })
  .describe("A real-valued parameter.");

const intParameter = z
  .strictObject({
    type: z.literal("int").describe("A whole number between low and high, both included."),
    low: z
      .int()
      .describe("Smallest value.")
      .meta({ examples: [16] }),
    high: z
      .int()
      .describe("Largest value, included.")
      .meta({ examples: [256] }),
    log: logField,
    step: z
      .int()
      .positive()
      .optional()
      .describe(
        "Only values low, low + step, low + 2 step ... up to high. With log, these values are drawn log-uniformly.",
      ),
    prior: priorOf(z.number(), 64).optional(),
    when: when.optional(),
    kind: kindField,
  })
  .describe("A whole-number parameter.");

const categoricalParameter = z
  .strictObject({
    type: z.literal("categorical").describe("One of a list of choices without order."),
    choices: z
      .array(paramValue)
      .min(1)
      .describe("The values to choose from: text, numbers, true, false or null.")
      .meta({ examples: [["sgd", "adam"]] }),
    prior: priorOf(paramValue, "adam").optional(),
    when: when.optional(),
    kind: kindField,
  })
  .describe("A parameter with a list of choices.");

const constantParameter = z
  .strictObject({
    type: z.literal("constant").describe("A fixed value: given to the trainer, never searched."),
    value: paramValue.describe("The value.").meta({ examples: [64] }),
    when: when.optional(),
  })
  .describe("A fixed value that the trainer gets like any parameter.");

export const parameterSchema = z.discriminatedUnion("type", [
  floatParameter,
  intParameter,
  categoricalParameter,
  constantParameter,
]);

const objective = z
  .strictObject({
    metric: metricName.describe("Name of the metric as the trainer reports it.").meta({ examples: ["val_accuracy"] }),
    direction: z.enum(["maximize", "minimize"]).describe("Whether more or less is better."),
    target: z.number().optional().describe("Stop the study once a trial is at least this good."),
  })
  .describe("What the study optimises.");

const objectives = z.array(objective).min(1).describe("Several objectives: the study looks for the best trade-offs.");

const tfjsTrainer = z
  .strictObject({
    kind: z.literal("tfjs").describe("The built-in TensorFlow.js trainer."),
    model: z
      .union([z.enum(["mlp", "vgg"]), z.string().regex(/^(?:\.{0,2}[\\/]|[A-Za-z]:[\\/]).*\.[cm]?js$/, "is no model.")])
      .describe("`mlp` or `vgg`, or a module such as `./model.js` that exports build(params, tf, info).")
      .meta({ examples: ["mlp"] }),
    data: dataSchema,
    epochs: z.int().min(1).max(1_000_000).default(20).describe("Passes over the training rows, for every trial."),
    backend: z
      .enum(tfjsBackendNames)
      .default("auto")
      .describe("TensorFlow.js back end; `auto` takes the fastest for the kind of model that works on this machine."),
    threads: z
      .int()
      .min(0)
      .max(1024)
      .default(0)
      .describe("CPU threads of one trial; 0 shares the cores among the parallel trials."),
    process: z
      .enum(["shared", "fresh"])
      .optional()
      .describe(
        "`shared`, the default: one process serves trial after trial of a slot, which saves a second each. `fresh`: a process for every trial, as model modules of your own always have.",
      ),
  })
  .describe("Trains the built-in models, or a model module of your own, with TensorFlow.js.");

const metricPatternList = z.array(
  z
    .strictObject({
      metric: metricName.describe("Name of the metric.").meta({ examples: ["val_accuracy"] }),
      pattern: z
        .string()
        .min(1)
        .describe(
          "Regular expression; the group `value` (or the first group) is the number, the group `step` the epoch.",
        )
        .meta({ examples: ["val_acc: ([0-9.]+)"] }),
    })
    .describe("How one metric is read off the output."),
);

const commandTrainer = z
  .strictObject({
    kind: z.literal("command").describe("Any program: one process for every trial."),
    run: z
      .union([z.string().min(1), z.array(z.union([z.string(), z.number()])).min(1)])
      .describe(
        "The program and its arguments, as text or as a list. `{name}` becomes the parameter's value; an argument whose parameter is not active is left out, and so is the flag before it. `{{` is a brace.",
      )
      .meta({ examples: ["python train.py --lr {learningRate}"] }),
    shell: z
      .boolean()
      .default(false)
      .describe(
        "Hand `run` to the system shell as it is. Parameters then come by environment (BASIN_PARAM_<NAME>) and file only.",
      ),
    cwd: z.string().min(1).default(".").describe("Working folder, relative to the study file."),
    env: z
      .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))
      .default({})
      .describe("Environment variables for the program."),
    metrics: z
      .union([metricPatternList, z.record(z.string().min(1).max(200), z.string().min(1))])
      .default([])
      .describe(
        "Regular expressions that read metrics off the output of a program that does not use the Basin module: `{ val_accuracy: 'acc=([0-9.]+)' }`.",
      ),
    epochs: z
      .int()
      .min(1)
      .optional()
      .describe("Epochs the program runs, if known: for estimates of time and for schedulers."),
  })
  .describe("Runs any program; it reports through the Basin module or its output is read.");

const externalTrainer = z
  .strictObject({
    kind: z.literal("none").describe("No trainer: trials are asked for and told from outside (`basin ask-tell`)."),
    epochs: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Steps of a full training, if known: for schedulers, which then may ask for a trial to wait or to end early.",
      ),
  })
  .describe("Trials are driven from outside.");

const trainer = z
  .discriminatedUnion("kind", [tfjsTrainer, commandTrainer, externalTrainer])
  .meta({ examples: [{ kind: "command", run: "python train.py" }] });

const limits = z
  .strictObject({
    timeout: duration.optional().describe("A trial that runs longer is ended as failed: `30m`, or seconds."),
    heartbeat: duration
      .optional()
      .describe(
        "A trial that prints and reports nothing for this long counts as hung and is ended as failed. Default: no limit for programs, and many times its longest step for the built-in trainer.",
      ),
    gpus: z
      .int()
      .min(0)
      .max(64)
      .default(1)
      .describe("GPUs one trial gets on a machine that has some (CUDA_VISIBLE_DEVICES); 0 hides them."),
  })
  .describe("What one trial may use.");

const budget = z
  .strictObject({
    trials: z.int().min(1).optional().describe("Trials to finish, failed ones included."),
    time: duration.optional().describe("How long the study may run, pauses excluded: `2h`, `90m`, or seconds."),
    parallel: z.int().min(1).max(1024).default(1).describe("Trials that run at the same time."),
    patience: z
      .int()
      .min(1)
      .optional()
      .describe("End after so many trials in a row that brought nothing better; failed ones are not counted."),
    regret: z
      .number()
      .gt(0)
      .optional()
      .describe(
        "End when a Gaussian process sees no more than this left to gain, in the objective's unit, after at least 20 complete trials.",
      ),
    epochs: z
      .int()
      .min(1)
      .optional()
      .describe("Epochs that all trials together may train; what a scheduler saves goes into more trials."),
    gpuHours: z
      .number()
      .gt(0)
      .optional()
      .describe("Hours that trials may hold GPUs, summed over GPUs. Counts nothing on a machine without one."),
  })
  .describe(
    "When the study ends and how much runs at once. Needs trials, time or epochs; the first limit reached ends it.",
  )
  .meta({ examples: [{ trials: 50 }] });

const studyName = z.string().trim().min(1).max(100);

const warmStartStudy = z
  .strictObject({
    study: studyName.describe("Name of the earlier study.").meta({ examples: ["my-study"] }),
    generation: z
      .int()
      .min(1)
      .optional()
      .describe("Which of its generations (the 2 of `my-study #2`). Without it, all of them."),
  })
  .describe("An earlier study of this workspace.");

const warmStart = z
  .union([studyName, warmStartStudy, z.array(z.union([studyName, warmStartStudy])).min(1)])
  .optional()
  .describe(
    "Earlier studies of this workspace whose trials the sampler learns from, by name or `name#generation`; the study's own name means its earlier generations. Trials count where objective, parameter names and scales agree and every value lies in its range; the log says how many did.",
  )
  .meta({ examples: ["my-study"] });

const onlineName = z.string().min(1).max(100);

const tuneOnline = z
  .union([
    z.array(onlineName).min(1),
    z
      .strictObject({
        parameters: z
          .array(onlineName)
          .min(1)
          .optional()
          .describe("The learning rate, the momentum, or both. Parameters with `online: true` need not be named.")
          .meta({ examples: [["learningRate", "momentum"]] }),
        rule: z
          .enum(["cosine", "raw"])
          .default("cosine")
          .describe("How the rates follow the gradients.")
          .meta({
            enumDescriptions: [
              "By the angle between successive gradients; does not depend on the scale of the loss.",
              "By their inner product, as published; diverges easily where the loss is steep.",
            ],
          }),
        range: z
          .enum(["wide", "paper"])
          .optional()
          .describe("Bounds of the rates. Without it, low and high of the parameter, or `wide` where it has none.")
          .meta({
            enumDescriptions: [
              "Learning rate 1e-6 to 1, momentum 0 to 0.99.",
              "Learning rate 1e-5 to 0.2, momentum 0.7 to 0.99 (Seifi and Niaki 2023, Table 2).",
            ],
          }),
        start: z
          .record(z.string(), z.number())
          .optional()
          .describe(
            "Values to begin with. Without them the parameter's `prior`, else a learning rate of 0.01 (0.001 with Adam) and a momentum of 0.9.",
          )
          .meta({ examples: [{ learningRate: 0.01, momentum: 0.9 }] }),
      })
      .describe("Which rates are tuned online, and how."),
  ])
  .optional()
  .describe(
    "Rates that each trial adapts while it trains (hypergradient descent), in place of a search: `tuneOnline: [learningRate, momentum]`. Schedules of the learning rate leave the space with it.",
  )
  .meta({ examples: [["learningRate", "momentum"]] });

export type RawTuneOnline = z.output<typeof tuneOnline>;
export type RawWarmStart = z.output<typeof warmStart>;
export type RawParameter = z.output<typeof parameterSchema>;
export type RawObjective = z.output<typeof objective>;
export type RawTrainer = z.output<typeof trainer>;
export type RawLimits = z.output<typeof limits>;
export type RawBudget = z.output<typeof budget>;

/** The part of the schema that does not depend on the registries. */
const fixedShape = {
  $schema: z.string().optional().describe("JSON Schema of this file, for editors; Basin does not read it."),
  study: studyName.describe("Name of the study.").meta({ examples: ["my-study"] }),
  objective: z
    .union([objective, objectives])
    .optional()
    .describe("What to optimise: a metric and a direction, or a list of them.")
    .meta({ examples: [{ metric: "val_accuracy", direction: "maximize" }] }),
  objectives: objectives.optional().describe("The same as a list under `objective`."),
  trainer: trainer
    .default({ kind: "none" })
    .describe("What runs a trial. Without it, trials are driven from outside (`basin ask-tell`)."),
  limits: limits.prefault({}).describe("What one trial may use: time, silence, GPUs."),
  space: z
    .record(
      z
        .string()
        .regex(parameterNamePattern, "A name begins with a letter and holds letters, digits, `_`, `-` and `.` only."),
      parameterSchema,
    )
    .describe("The parameters to search, by name, each with its type and range.")
    .meta({ examples: [{ learningRate: { type: "float", low: 0.0001, high: 0.1, log: true } }] }),
  tuneOnline,
  constraints: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .describe(
      "Conditions every configuration must satisfy, such as `width * depth <= 1024`. One that names an inactive parameter does not apply.",
    ),
  budget,
  seed: z
    .int()
    .min(0)
    .default(0)
    .describe("Seed of everything random. The same seed gives the same configurations; the default is 0."),
  diagnostics: diagnosticsSchema,
};

function choiceOf(methods: readonly MethodInfo[], what: string, fallback: string): z.ZodType<RawChoice> {
  const [first, ...rest] = methods;
  if (first === undefined) return z.strictObject({ kind: z.string() });
  const kinds = z
    .enum([first.kind, ...rest.map((method) => method.kind)])
    .meta({ enumDescriptions: methods.map((method) => `${method.label}. ${method.summary}`) });
  const one = (method: MethodInfo): z.ZodObject => {
    const description = `${method.label}. ${method.summary}`;
    const kind = z.literal(method.kind).describe(description);
    // Rules over several options survive only in safeExtend, which puts `kind` last; without any, it comes first.
    const hasRules = (method.options.def.checks?.length ?? 0) > 0;
    const whole = hasRules ? method.options.safeExtend({ kind }) : z.strictObject({ kind, ...method.options.shape });
    return whole.describe(description);
  };
  const objects = z.discriminatedUnion("kind", [one(first), ...rest.map(one)]);
  return z
    .union([kinds, objects])
    .default(methods.some((method) => method.kind === fallback) ? fallback : first.kind)
    .describe(`${what} The default is \`${fallback}\`.`) as unknown as z.ZodType<RawChoice>;
}

export type RawChoice = string | ({ readonly kind: string } & Readonly<Record<string, unknown>>);

function buildStudySchema(catalog: Catalog) {
  return z
    .strictObject({
      ...fixedShape,
      sampler: choiceOf(catalog.samplers, "How the next configuration is chosen.", "auto"),
      scheduler: choiceOf(catalog.schedulers, "Whether unpromising trials are ended early.", "none"),
      warmStart,
    })
    .describe("A Basin study: what to tune, within which ranges, and how long.");
}

export type StudySchema = ReturnType<typeof buildStudySchema>;
export type RawStudy = z.output<StudySchema>;

const schemas = new WeakMap<Catalog, StudySchema>();

/** The schema of a study file for these samplers and schedulers. Built once per catalog. */
export function studySchemaFor(catalog: Catalog): StudySchema {
  const known = schemas.get(catalog);
  if (known !== undefined) return known;
  const schema = buildStudySchema(catalog);
  schemas.set(catalog, schema);
  return schema;
}
