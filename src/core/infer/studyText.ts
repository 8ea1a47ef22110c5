/**
 * A study file for a project's config: commented, valid, ready to run or to edit.
 * Invariant: the text parses without an issue; it names only scripts it was told of, or says that it guessed.
 */
import type { ParamValue } from "../space/parameter.ts";
import { yamlWord } from "../study/yamlText.ts";
import { findHyperparameters, type ConfigFormat, type FoundParameter } from "./configFile.ts";
import { rankOf, type InferredDomain } from "./knowledge.ts";

export interface ConfigFile {
  /** Name without folder: "config.yaml". */
  readonly fileName: string;
  readonly text: string;
  readonly format: ConfigFormat;
}

/** How the values of a trial reach the program. */
export type ParameterStyle =
  /** Through the Basin module (`basin.params(...)`), the params file or the environment: the command stays as it is. */
  | "module"
  /** As `--name value` arguments. */
  | "arguments";

export interface StudyTextOptions {
  /** Files beside the config (and, as "../train.py", in the folder above), to find the script that trains. */
  readonly files: readonly string[];
  /** Name of the study; default: the config's name without extension. */
  readonly name?: string;
  /** Default "module". */
  readonly style?: ParameterStyle;
  /**
   * Text of the scripts that train, where the caller has read them: only choices that occur in it are searched, and the
   * metric is taken from it. Without it only the commonest choices are.
   */
  readonly sources?: string;
  /** How Python is called; default "python". */
  readonly python?: string;
}

/** More parameters than this are written as comments: every one more makes the search slower. */
const maxSearched = 10;

/** The text of a `*.study.yaml`. `config` should be tunable (see isTunable); else the space holds an example. */
export function studyTextFor(config: ConfigFile, options: StudyTextOptions): string {
  const found = findHyperparameters(config.text, config.format);
  const epochs = found.find(({ kind }) => kind.id === "epochs");
  const entries = spaceEntries(found, options.sources);
  const script = guessScript(options.files);
  const metric = guessMetric(config.text, options.sources);
  const searched = entries.filter((entry) => entry.searched);
  const style = options.style ?? "module";
  const trials = Math.min(100, Math.max(20, searched.length * 10));
  const lines = [
    `# Basin study for ${oneLine(config.fileName)}. Every trial runs the program below once with other values.`,
    `study: ${yamlWord(studyName(options.name ?? config.fileName))}`,
    "",
    `# What the program reports. ${metric.from === "" ? "Change it to the name your program uses." : `Taken from ${metric.from === "config" ? oneLine(config.fileName) : "the script"}.`}`,
    `objective: { metric: ${yamlWord(metric.name)}, direction: ${metric.direction} }`,
    "",
    ...trainerLines(config, script, style, searched, options.python ?? "python", metric.name, epochs),
    "",
    `# Ranges round the present values of ${oneLine(config.fileName)}. Narrow them where you know more.`,
    "space:",
    ...(entries.length === 0
      ? ["  learningRate: { type: float, low: 0.0001, high: 0.1, log: true }"]
      : entries.map(entryLine)),
    "",
    "sampler: auto",
    "scheduler: median # ends a trial early when it is worse than the median of the others at the same epoch",
    `budget: { trials: ${trials}, parallel: 1 } # parallel: trials that run at the same time`,
    "seed: 0",
  ];
  return `${lines.join("\n")}\n`;
}

interface SpaceEntry {
  readonly found: FoundParameter;
  readonly domain: InferredDomain;
  readonly when: string;
  readonly searched: boolean;
}

function spaceEntries(found: readonly FoundParameter[], sources: string | undefined): SpaceEntry[] {
  const candidates = found.flatMap((parameter) => {
    const domain = parameter.kind.rangeFor(parameter.value);
    if (domain === undefined) return [];
    const narrow = narrowed(domain, sources);
    return [{ parameter, domain: narrow ?? domain, sure: narrow !== undefined }];
  });
  const byRank = candidates
    .filter(({ sure }) => sure)
    .sort((a, b) => rankOf(a.parameter.kind) - rankOf(b.parameter.kind));
  const searched = new Set(byRank.slice(0, maxSearched));
  // Conditions name earlier parameters, so the optimizer stands first.
  const optimizer = candidates.find((one) => one.parameter.kind.id === "optimizer" && searched.has(one));
  const ordered = optimizer === undefined ? candidates : [optimizer, ...candidates.filter((one) => one !== optimizer)];
  return ordered.map((one) => ({
    found: one.parameter,
    domain: one.domain,
    when:
      optimizer === undefined || optimizer === one
        ? ""
        : whenText(one.parameter, optimizer.parameter.name, optimizer.domain),
    searched: searched.has(one),
  }));
}

/** Words that nearly every program with such a setting knows. */
const commonChoices: ReadonlySet<string> = new Set(["sgd", "adam", "relu", "tanh", "constant", "cosine"]);

/**
 * The choices of words that the program is likely to know: those in its text, else the commonest. A program that does not
 * know a word would fail, or worse, quietly do something else. Undefined when only the present word is left.
 */
function narrowed(domain: InferredDomain, sources: string | undefined): InferredDomain | undefined {
  if (domain.type !== "categorical" || typeof domain.choices[0] !== "string") return domain;
  const lastWord = (choice: ParamValue): string => String(choice).split(".").at(-1)?.toLowerCase() ?? "";
  // A script that looks names up by themselves (`getattr(torch.optim, name)`) need not mention them.
  const anyWord = sources !== undefined && /\bgetattr\s*\(/.test(sources);
  const words =
    sources === undefined || anyWord ? commonChoices : new Set(sources.toLowerCase().match(/[a-z][a-z0-9]*/g) ?? []);
  const choices = domain.choices.filter((choice, i) => i === 0 || words.has(lastWord(choice)));
  return choices.length < 2 ? undefined : { type: "categorical", choices };
}

const optimizersWith: Readonly<Record<string, RegExp>> = {
  momentum: /(?:sgd|rmsprop|momentum|nesterov)$/i,
  nesterov: /(?:sgd|nesterov)$/i,
  beta1: /(?:adam\w*|nadam|radam|lamb|lion)$/i,
  beta2: /(?:adam\w*|nadam|radam|lamb|lion)$/i,
};

/** `, when: { optimizer: [sgd] }` for parameters that only some of the optimizers have. */
function whenText(parameter: FoundParameter, optimizer: string, domain: InferredDomain): string {
  const pattern = optimizersWith[parameter.kind.id];
  if (pattern === undefined || domain.type !== "categorical") return "";
  const users = domain.choices.filter((choice) => typeof choice === "string" && pattern.test(choice));
  if (users.length === 0 || users.length === domain.choices.length) return "";
  return `, when: { ${yamlWord(optimizer)}: [${users.map(valueText).join(", ")}] }`;
}

function entryLine({ found, domain, when, searched }: SpaceEntry): string {
  const now = `# now ${oneLine(valueText(found.value))}`;
  const note =
    domain.type === "categorical" && typeof found.value === "string" ? "; keep the choices your program knows" : "";
  const line = `${yamlWord(found.name)}: { ${domainText(domain)}${when} } ${now}${note}`;
  return searched ? `  ${line}` : `  # ${line}`;
}

function domainText(domain: InferredDomain): string {
  if (domain.type === "categorical") return `type: categorical, choices: [${domain.choices.map(valueText).join(", ")}]`;
  return `type: ${domain.type}, low: ${domain.low}, high: ${domain.high}${domain.log === true ? ", log: true" : ""}`;
}

function valueText(value: ParamValue): string {
  return typeof value === "string" ? yamlWord(value) : String(value);
}

// ---- the program ----

interface Script {
  readonly folder: string;
  readonly file: string;
  readonly guessed: boolean;
}

const runners: readonly { readonly pattern: RegExp; readonly program: string }[] = [
  { pattern: /\.py$/i, program: "python" },
  { pattern: /\.(?:[cm]?js|ts)$/i, program: "node" },
  { pattern: /\.sh$/i, program: "bash" },
  { pattern: /\.jl$/i, program: "julia" },
  { pattern: /\.r$/i, program: "Rscript" },
];

/** Likely names of a training script, best first. */
const scriptNames: readonly RegExp[] = [
  /^train\.\w+$/i,
  /^(?:run_)?train(?:ing|er|_model)?\.\w+$/i,
  /^(?:main|fit|run|finetune|experiment)\.\w+$/i,
  /^.*train(?!.*(?:test|util|eval)).*\.\w+$/i,
];

function guessScript(files: readonly string[]): Script {
  const programs = files.filter(
    (file) => runners.some(({ pattern }) => pattern.test(file)) && !/(?:^|[/\\._-])(?:test|setup|conftest)/i.test(file),
  );
  for (const name of scriptNames) {
    // Files of the same folder before those above it; then by name, so that the guess never depends on the listing's order.
    const found = programs
      .filter((file) => name.test(baseName(file)))
      .sort((a, b) => folderOf(a).length - folderOf(b).length || runnerRank(a) - runnerRank(b) || (a < b ? -1 : 1))[0];
    if (found !== undefined) return { folder: folderOf(found), file: baseName(found), guessed: false };
  }
  const [only, ...others] = programs.filter((file) => /\.py$/i.test(file));
  if (only !== undefined && others.length === 0)
    return { folder: folderOf(only), file: baseName(only), guessed: false };
  return { folder: "", file: "train.py", guessed: true };
}

function runnerRank(file: string): number {
  return runners.findIndex(({ pattern }) => pattern.test(file));
}

function baseName(file: string): string {
  return file.split(/[/\\]/).at(-1) ?? file;
}

function folderOf(file: string): string {
  return file.split(/[/\\]/).slice(0, -1).join("/");
}

function trainerLines(
  config: ConfigFile,
  script: Script,
  style: ParameterStyle,
  searched: readonly SpaceEntry[],
  python: string,
  metric: string,
  epochs: FoundParameter | undefined,
): string[] {
  const runner = runners.find(({ pattern }) => pattern.test(script.file))?.program ?? "python";
  // Braces would be read as placeholders, and a leading hyphen as an option of the interpreter.
  const file = script.file.replace(/[{}]/g, "$&$&").replace(/^-/, "./-");
  const words = [runner === "python" ? python : runner, file];
  if (style === "arguments") for (const { found } of searched) words.push(`--${found.name}`, `{${found.name}}`);
  const name = oneLine(config.fileName);
  const example = searched[0]?.found.name ?? "learningRate";
  const how =
    style === "arguments"
      ? ["# The values of a trial are given as arguments: --name {name}."]
      : runner === "python"
        ? [
            `# ${oneLine(script.file)} reads ${name} and lays the values of the trial over it:`,
            "#   import basin",
            "#   config = basin.params(config)            # outside Basin: config as it is",
            `#   basin.report(epoch, ${/^[A-Za-z_]\w*$/.test(metric) ? `${metric}=...` : `**{${JSON.stringify(metric)}: ...}`})    # after every epoch`,
            "# Without the module: the values are in the file named by BASIN_PARAMS_FILE (JSON) and in BASIN_PARAM_<NAME>,",
            `# or give them as arguments: run: ${python} ${oneLine(script.file)} --${example} {${example}}`,
          ]
        : [
            "# The program finds the values of its trial in the file named by BASIN_PARAMS_FILE (JSON) and in BASIN_PARAM_<NAME>.",
            `# They go before those of ${name}.`,
          ];
  return [
    ...(script.guessed ? ["# No training script was found here: write what runs one training."] : []),
    ...how,
    "trainer:",
    "  kind: command",
    `  run: ${runText(words)}`,
    ...(script.folder === "" ? [] : [`  cwd: ${yamlWord(script.folder)}`]),
    ...(epochs === undefined ? [] : [`  epochs: ${String(epochs.value)} # as in ${name}`]),
  ];
}

/** One plain line where every word is simple, else a list of quoted words. */
function runText(words: readonly string[]): string {
  const simple = words.every((word) => /^[\w./@%+=:{}-]+$/.test(word));
  const line = words.join(" ");
  if (simple && /^[A-Za-z./]/.test(line) && !/: |:$/.test(line)) return line;
  return `[${words.map((word) => JSON.stringify(word)).join(", ")}]`;
}

// ---- names ----

interface GuessedMetric {
  readonly name: string;
  readonly direction: string;
  /** Empty when nothing tells. */
  readonly from: "config" | "script" | "";
}

function guessMetric(text: string, sources = ""): GuessedMetric {
  const match =
    /(?:^|[\s"'{,])(?:monitor|eval_metric|evalMetric|metric|metric_name|metric_for_best_model)["']?\s*[:=]\s*["']?([A-Za-z][\w./-]{0,60})["']?\s*(?=$|[,}#\r\n])/m.exec(
      text,
    );
  const named = match?.[1];
  if (named !== undefined && !/^(?:null|none|true|false)$/i.test(named)) return metricNamed(named, "config");
  // basin.report(epoch, val_accuracy=..., val_loss=...)
  const reported = [...sources.matchAll(/\b(?:report|done)\(([^()]*)/g)].flatMap((call) =>
    [...(call[1] ?? "").matchAll(/\b([A-Za-z_]\w*)\s*=(?!=)/g)].map((argument) => argument[1] ?? ""),
  );
  const best = [
    /^(?:val|valid|dev|test|eval)\w*(?:acc|score|f1|auc)/i,
    /^(?:val|valid|dev|test|eval)/i,
    /acc|score|f1|auc/i,
    /./,
  ]
    .map((pattern) => reported.find((name) => pattern.test(name)))
    .find((name) => name !== undefined);
  return best === undefined ? { name: "val_accuracy", direction: "maximize", from: "" } : metricNamed(best, "script");
}

function metricNamed(name: string, from: "config" | "script"): GuessedMetric {
  const lessIsBetter = /loss|error|err$|rmse|mse|mae|mape|perplexity|ppl|nll|wer|cer|fid|regret|brier/i.test(name);
  return { name, direction: lessIsBetter ? "minimize" : "maximize", from };
}

function studyName(text: string): string {
  const name = text
    .replace(/\.(?:ya?ml|jsonc?|toml)$/i, "")
    .replace(/[^\p{L}\p{N}_.-]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 80);
  return name === "" ? "study" : name;
}

function oneLine(text: string): string {
  return text.replace(/[^\P{C}]|\s/gu, " ").slice(0, 80);
}
