/**
 * All open study panels: one a study file, found again after a reload.
 * Invariant: a panel is restored for the same file and study name; the exact run (id) only if it still exists.
 */
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import type { PanelState } from "../../protocol/panel.ts";
import { createScope, type Disposable } from "../disposables.ts";
import { panelType } from "../ids.ts";
import { folderOfFile, studyKey, type LiveStudy, type Studies } from "../studies.ts";
import { createPanelSession, type PanelServices, type PanelSession } from "./panelSession.ts";
import { webviewFolder } from "./panelHtml.ts";

export interface Panels extends Disposable {
  open(study: LiveStudy, options: { readonly preserveFocus: boolean }): Promise<PanelSession>;
  sessions(): readonly PanelSession[];
}

export function createPanels(services: PanelServices): Panels {
  const scope = createScope();
  const sessions = new Set<PanelSession>();

  function adopt(session: PanelSession): PanelSession {
    sessions.add(session);
    session.onClosed(() => sessions.delete(session));
    return session;
  }

  scope.add(
    vscode.window.registerWebviewPanelSerializer(panelType, {
      deserializeWebviewPanel(panel, saved: unknown) {
        const state = asPanelState(saved);
        adopt(createPanelSession(services, panel, () => findStudy(services.studies, state), state));
        return Promise.resolve();
      },
    }),
  );
  scope.defer(() => sessions.forEach((session) => session.dispose()));

  return {
    open(study, { preserveFocus }) {
      const known =
        [...sessions].find((session) => matches(session, study, true)) ??
        [...sessions].find((session) => matches(session, study, false));
      if (known !== undefined) {
        known.show(study);
        known.panel.reveal(undefined, preserveFocus);
        return Promise.resolve(known);
      }
      const panel = vscode.window.createWebviewPanel(
        panelType,
        study.summary.name,
        { viewColumn: vscode.ViewColumn.Active, preserveFocus },
        {
          enableScripts: true,
          retainContextWhenHidden: false,
          localResourceRoots: [webviewFolder(services.extensionUri)],
        },
      );
      return Promise.resolve(adopt(createPanelSession(services, panel, () => Promise.resolve(study), null)));
    },
    sessions: () => [...sessions],
    dispose: () => scope.dispose(),
  };
}

/** Whether the panel shows this study; `exact`: this very run of it. */
function matches(session: PanelSession, study: LiveStudy, exact: boolean): boolean {
  const shown = session.study();
  if (shown === undefined) return false;
  if (exact) return studyKey(shown) === studyKey(study);
  return (
    shown.folder === study.folder &&
    shown.summary.path === study.summary.path &&
    shown.summary.name === study.summary.name
  );
}

/** The state is ours, but it may be of an older version or damaged. */
function asPanelState(saved: unknown): PanelState | null {
  if (typeof saved !== "object" || saved === null) return null;
  const state = saved as Partial<PanelState>;
  const isOurs =
    state.version === 1 &&
    typeof state.studyPath === "string" &&
    typeof state.studyName === "string" &&
    typeof state.studyId === "number";
  return isOurs ? (saved as PanelState) : null;
}

/** @throws BasinError when the study is gone or its folder is not open */
async function findStudy(studies: Studies, state: PanelState | null): Promise<LiveStudy> {
  if (state === null)
    throw new BasinError("unknown-study", "This panel cannot be restored.", "Open it again from the Trials view.");
  const folder = folderOfFile(vscode.Uri.file(state.studyPath));
  await studies.refresh(folder);
  const same = studies
    .all()
    .filter(
      ({ folder: own, summary }) =>
        own === folder && summary.path === state.studyPath && summary.name === state.studyName,
    );
  const found =
    same.find((study) => study.summary.id === state.studyId) ??
    same.reduce<LiveStudy | undefined>(
      (last, study) => (last !== undefined && last.summary.generation > study.summary.generation ? last : study),
      undefined,
    );
  if (found === undefined)
    throw new BasinError(
      "unknown-study",
      `${state.studyName} is not in the store any more.`,
      "Start it again from its file.",
    );
  return found;
}
