/**
 * Which files are study files, and how they are written.
 * Invariant: decided by the name alone, so that host, engine and CLI agree without reading the file.
 */
import type { StudyFormat } from "./definition.ts";

/** "yaml" for `*.study.yaml` and `*.study.yml`, "json" for `*.study.json` (any letter case), else undefined. */
export function studyFormatOf(path: string): StudyFormat | undefined {
  const match = /[^/\\]\.study\.(yaml|yml|json)$/i.exec(path);
  if (match === null) return undefined;
  return match[1]?.toLowerCase() === "json" ? "json" : "yaml";
}
