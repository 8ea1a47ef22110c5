/**
 * What the parts of the host share, put together once by the composition root.
 * Invariant: plain data and functions; a part takes only the services it names.
 */
import type * as vscode from "vscode";
import type { Diagnostics } from "./diagnostics/diagnostics.ts";
import type { Engines } from "./engineConnection.ts";
import type { TrialsTree } from "./explorer/trialsTree.ts";
import type { Log } from "./log.ts";
import type { Panels } from "./panels/panels.ts";
import type { Report } from "./report.ts";
import type { Selection } from "./selection.ts";
import type { Studies } from "./studies.ts";
import type { StudyFiles } from "./studyFiles.ts";

export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: Log;
  readonly report: Report;
  readonly engines: Engines;
  readonly studies: Studies;
  readonly files: StudyFiles;
  readonly diagnostics: Diagnostics;
  readonly selection: Selection;
  readonly tree: TrialsTree;
  readonly panels: Panels;
}
