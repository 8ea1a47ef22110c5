/**
 * The collector that the semantic checks write into, and the reader of the parts of a raw study that are sound by themselves.
 * Invariant: a check reports at the value unless it says otherwise, and never looks at a part that the schema refused.
 */
import type { StudyIssue } from "./definition.ts";
import { insideRange, keyRange, parentRange, valueRange, type Path, type StudySource } from "./source.ts";

export class Report {
  readonly issues: StudyIssue[] = [];
  readonly source: StudySource;

  constructor(source: StudySource) {
    this.source = source;
  }

  error(path: Path, message: string): void {
    this.issues.push({ severity: "error", message, range: valueRange(this.source, path), path });
  }

  warning(path: Path, message: string): void {
    this.issues.push({ severity: "warning", message, range: valueRange(this.source, path), path });
  }

  errorAtKey(path: Path, message: string): void {
    this.issues.push({ severity: "error", message, range: keyRange(this.source, path), path });
  }

  warningAtKey(path: Path, message: string): void {
    this.issues.push({ severity: "warning", message, range: keyRange(this.source, path), path });
  }

  /** Something missing inside `path`. */
  errorAtParent(path: Path, message: string): void {
    this.issues.push({ severity: "error", message, range: parentRange(this.source, path), path });
  }

  /** A part of the text value at `path`. */
  errorInside(path: Path, start: number, end: number, message: string): void {
    this.issues.push({ severity: "error", message, range: insideRange(this.source, path, start, end), path });
  }
}
