/**
 * Reading a study file for a command: checked before anything is started, errors at their place.
 * Invariant: a returned file holds a valid study; otherwise CliFailure 2 with `file:line:column: error: message` lines.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { applyEdits, modify } from "jsonc-parser";
import { parseDocument } from "yaml";
import { catalog } from "../catalog.ts";
import { errorText } from "../core/errors.ts";
import type { StudyDefinition, StudyFormat, StudyIssue } from "../core/study/definition.ts";
import { studyFormatOf } from "../core/study/format.ts";
import { parseStudy } from "../core/study/parse.ts";
import { positionsOf } from "../core/study/positions.ts";
import { CliFailure, exitCodes } from "./exit.ts";

export interface StudyFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  readonly study: StudyDefinition;
  /** Warning lines, to be shown. */
  readonly warnings: readonly string[];
}

export interface BudgetChange {
  readonly trials?: number;
  readonly parallel?: number;
}

/** Reads, changes the budget as asked on the command line, and checks. */
export function readStudyFile(name: string, change: BudgetChange = {}): StudyFile {
  const file = path.resolve(name);
  const format = studyFormatOf(file);
  if (format === undefined) {
    throw invalid(`${name}: error: not a study file: its name must end in .study.yaml, .study.yml or .study.json`);
  }
  let original: string;
  try {
    original = readFileSync(file, "utf8");
  } catch (error) {
    throw invalid(`${name}: error: cannot be read: ${errorText(error)}`);
  }
  const issues = parseStudy(original, format, catalog).issues;
  const lines = issueLines(name, original, issues);
  if (issues.some((issue) => issue.severity === "error")) throw new CliFailure(exitCodes.invalid, lines);

  const text = withBudget(original, format, change);
  const { study, issues: left } =
    text === original ? parseStudy(original, format, catalog) : parseStudy(text, format, catalog);
  if (study === undefined) throw new CliFailure(exitCodes.invalid, issueLines(name, text, left));
  return { path: file, text, study, warnings: lines };
}

function invalid(line: string): CliFailure {
  return new CliFailure(exitCodes.invalid, [line]);
}

/** `file:line:column: error: message`, counted from 1, as compilers write it. */
export function issueLines(name: string, text: string, issues: readonly StudyIssue[]): string[] {
  const positions = positionsOf(text);
  return issues.map(({ severity, message, range }) => {
    const { line, character } = positions.at(range.start);
    return `${name}:${line + 1}:${character + 1}: ${severity}: ${message}`;
  });
}

/** The text with other budget entries, comments and layout kept. */
export function withBudget(text: string, format: StudyFormat, change: BudgetChange): string {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return text;
  if (format === "json") {
    return entries.reduce(
      (current, [key, value]) =>
        applyEdits(
          current,
          modify(current, ["budget", key], value, { formattingOptions: { insertSpaces: true, tabSize: 2 } }),
        ),
      text,
    );
  }
  const document = parseDocument(text);
  for (const [key, value] of entries) document.setIn(["budget", key], value);
  return document.toString({ lineWidth: 0 });
}
