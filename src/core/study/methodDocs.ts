/**
 * Pages of the documentation that list methods with their options, made from the same descriptions that completion and hover show.
 * Invariant: nothing about a method is written here.
 */
import { z } from "zod";
import type { MethodInfo } from "./catalog.ts";

/** What this page reads of an option's JSON Schema. */
interface OptionSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly description?: string;
}

/**
 * A page: `head`, a table of the methods, and a section with the options of each.
 * @param key of the study file that names the method: "sampler"
 */
export function renderMethods(head: string, key: string, methods: readonly MethodInfo[]): string {
  const lines = [
    head,
    "## Which one",
    "",
    `| \`${key}:\` | Method | When |`,
    "|---|---|---|",
    ...methods.map(({ kind, label, summary }) => `| [\`${kind}\`](#${kind}) | ${cell(label)} | ${cell(summary)} |`),
    "",
    ...methods.flatMap(section),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function section({ kind, label, summary, source, options }: MethodInfo): string[] {
  const { properties = {} } = z.toJSONSchema(options, { io: "input", unrepresentable: "any" }) as {
    readonly properties?: Readonly<Record<string, OptionSchema>>;
  };
  const rows = Object.entries(properties).map(
    ([name, option]) =>
      `| \`${name}\` | ${option.default === undefined ? "" : `\`${JSON.stringify(option.default, rounded)}\``} | ${valuesOf(option)} | ${cell(option.description ?? "")} |`,
  );
  return [
    `### ${kind}`,
    "",
    `**${label}.** ${summary}`,
    "",
    ...(source === undefined ? [] : [`Source: ${source.replace(/\.$/, "")}.`, ""]),
    ...(rows.length === 0
      ? ["No options.", ""]
      : ["| Option | Default | Values | Meaning |", "|---|---|---|---|", ...rows, ""]),
  ];
}

/** A sixth is shown as 0.1667. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}

/** The values an option takes, in words. */
function valuesOf(option: OptionSchema): string {
  if (option.enum !== undefined) return option.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (option.type === "boolean") return "`true`, `false`";
  // A whole number without a bound of its own has the bounds of exact integers.
  const bound = (value: number | undefined): value is number =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  const from = option.exclusiveMinimum ?? option.minimum;
  const to = option.exclusiveMaximum ?? option.maximum;
  const parts = [
    ...(bound(from) ? [`${option.exclusiveMinimum === undefined ? "from" : "above"} ${from}`] : []),
    ...(bound(to) ? [`${option.exclusiveMaximum === undefined ? "to" : "below"} ${to}`] : []),
  ];
  const kind = option.type === "integer" ? "whole number" : (option.type ?? "any");
  return [kind, ...parts].join(" ");
}

/** Text inside a table. */
function cell(text: string): string {
  return text.replaceAll("|", String.raw`\|`);
}
