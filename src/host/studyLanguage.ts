/**
 * Everything of the host that needs the schema of studies and its libraries, bundled apart (dist/language.cjs).
 * Invariant: reached only through `studyLanguage()`, so that activation compiles none of it; imports no vscode.
 */
import { catalog } from "../catalog.ts";
import { configFormatOf, findHyperparameters, isTunable } from "../core/infer/configFile.ts";
import type { ConfigFormat, FoundParameter } from "../core/infer/configFile.ts";
import { studyTextFor } from "../core/infer/studyText.ts";
import { spaceSize } from "../core/space/configuration.ts";
import { completionsAt, hoverAt } from "../core/study/assist.ts";
import type { Completion, Hover } from "../core/study/assist.ts";
import type { ParsedStudy, StudyFormat } from "../core/study/definition.ts";
import { parseStudy } from "../core/study/parse.ts";
import { paramsToText, parseParams } from "./commands/paramsText.ts";

/** A configuration file in which there is something to tune. */
export interface TunableConfig {
  readonly format: ConfigFormat;
  readonly found: readonly FoundParameter[];
}

export const language = {
  parse: (text: string, format: StudyFormat): ParsedStudy => parseStudy(text, format, catalog),
  /** @param studies names of the studies of the file's workspace */
  completions: (text: string, format: StudyFormat, offset: number, studies: readonly string[]): Completion[] =>
    completionsAt(text, format, offset, catalog, studies),
  hover: (text: string, format: StudyFormat, offset: number): Hover | undefined =>
    hoverAt(text, format, offset, catalog),
  /** Hyperparameters of a configuration file, or undefined when there is nothing to tune in it. */
  tunable(file: string, text: string): TunableConfig | undefined {
    const format = configFormatOf(file);
    if (format === undefined) return undefined;
    const found = findHyperparameters(text, format);
    return isTunable(file, found) ? { format, found } : undefined;
  },
  studyTextFor,
  spaceSize,
  parseParams,
  paramsToText,
};
