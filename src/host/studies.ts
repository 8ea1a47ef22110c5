/**
 * What the host knows of the studies in the store: the last summaries, pulled when the engine says "changed".
 * Invariant: a summary is a snapshot and is replaced whole; listeners hear of a folder at most four times a second.
 */
import * as vscode from "vscode";
import { BasinError, errorText } from "../core/errors.ts";
import type { StudySummary } from "../protocol/engine.ts";
import { createScope, type Disposable } from "./disposables.ts";
import { workspaceFolders, type Engines, type FolderPath } from "./engineConnection.ts";
import type { Log } from "./log.ts";
import { isCancelled } from "./report.ts";
import { throttle, type Timed } from "./timing.ts";

/** A study and where it lives. */
export interface LiveStudy {
  readonly folder: FolderPath;
  readonly summary: StudySummary;
}

export interface StudiesChange {
  /** Studies came or went: lists have to be rebuilt, not only refreshed. */
  readonly structure: boolean;
  readonly changed: readonly LiveStudy[];
}

export interface Studies extends Disposable {
  all(): readonly LiveStudy[];
  byId(folder: FolderPath, id: number): LiveStudy | undefined;
  /** Latest generation of the studies of this file, running ones first. */
  ofFile(path: string): LiveStudy | undefined;
  /** Pulls the list of one folder now (of all folders when left out). @throws BasinError */
  refresh(folder?: FolderPath): Promise<void>;
  readonly onDidChange: vscode.Event<StudiesChange>;
}

export function studyKey(study: LiveStudy): string {
  return `${study.folder}#${study.summary.id}`;
}

/** Running first, then paused, then the latest. */
export function compareStudies(a: LiveStudy, b: LiveStudy): number {
  const rank = (study: LiveStudy): number =>
    study.summary.state === "running" ? 0 : study.summary.state === "paused" ? 1 : 2;
  return rank(a) - rank(b) || b.summary.createdAt - a.summary.createdAt || b.summary.id - a.summary.id;
}

export function createStudies(engines: Engines, log: Log): Studies {
  const scope = createScope();
  const changes = scope.add(new vscode.EventEmitter<StudiesChange>());
  const known = new Map<FolderPath, Map<number, LiveStudy>>();
  const pulls = new Map<FolderPath, Timed>();

  function take(folder: FolderPath, summaries: readonly StudySummary[]): void {
    const before = known.get(folder) ?? new Map<number, LiveStudy>();
    const after = new Map<number, LiveStudy>();
    const changed: LiveStudy[] = [];
    let structure = summaries.length !== before.size;
    for (const summary of summaries) {
      const old = before.get(summary.id);
      if (old === undefined) structure = true;
      else if (old.summary.state !== summary.state) structure = true;
      const unchanged = old?.summary.revision === summary.revision && old.summary.state === summary.state;
      const study = unchanged && summary.state !== "running" ? old : { folder, summary };
      after.set(summary.id, study);
      if (study !== old) changed.push(study);
    }
    known.set(folder, after);
    if (structure || changed.length > 0) changes.fire({ structure, changed });
  }

  function forget(folder: FolderPath): void {
    pulls.get(folder)?.dispose();
    pulls.delete(folder);
    if (known.delete(folder)) changes.fire({ structure: true, changed: [] });
  }

  async function pull(folder: FolderPath): Promise<void> {
    const summaries = await engines.request(folder, "study.list", {});
    if (!scope.disposed) take(folder, summaries);
  }

  /** Pulls in the background: what fails here is only logged, since the connection state is shown elsewhere. */
  function pullSoon(folder: FolderPath): void {
    let timed = pulls.get(folder);
    if (timed === undefined) {
      timed = throttle(250, () => {
        pull(folder).catch((error: unknown) => {
          if (!isCancelled(error)) log.warn(`Studies of ${folder}: ${errorText(error)}`);
        });
      });
      pulls.set(folder, timed);
    }
    timed.call();
  }

  scope.add(engines.onChanged(({ folder }) => pullSoon(folder)));
  scope.add(
    engines.onConnection(({ folder, connected }) => {
      if (connected) pullSoon(folder);
    }),
  );
  scope.add(
    vscode.workspace.onDidChangeWorkspaceFolders((change) =>
      change.removed.forEach((folder) => forget(folder.uri.fsPath)),
    ),
  );
  scope.defer(() => pulls.forEach((timed) => timed.dispose()));

  const all = (): LiveStudy[] => [...known.values()].flatMap((studies) => [...studies.values()]).sort(compareStudies);

  return {
    all,
    byId: (folder, id) => known.get(folder)?.get(id),
    ofFile: (path) => {
      const own = all().filter((study) => study.summary.path === path);
      return own.find((study) => study.summary.state === "running") ?? own[0];
    },
    async refresh(folder) {
      if (folder !== undefined) {
        await pull(folder);
        return;
      }
      await engines.attachExisting();
      await Promise.all(
        workspaceFolders()
          .filter((each) => engines.isAttached(each))
          .map((each) => pull(each)),
      );
    },
    onDidChange: changes.event,
    dispose: () => scope.dispose(),
  };
}

/** The folder whose engine runs the study file. @throws BasinError when the file is in no open folder. */
export function folderOfFile(uri: vscode.Uri): FolderPath {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  if (folder === undefined || uri.scheme !== "file") {
    throw new BasinError(
      "invalid-argument",
      "This study is in no open folder.",
      "Open the folder that holds it: results are kept in that folder's .basin.",
    );
  }
  return folder.uri.fsPath;
}
