/**
 * One open study panel: its webview on one side, the engine of its study on the other.
 * Invariant: every request gets exactly one response; the panel is told "changed" with a bare revision and pulls what it shows;
 * a selection that came from this panel is not sent back to it.
 */
import * as vscode from "vscode";
import { BasinError, errorText } from "../../core/errors.ts";
import type { HostToPanel, PanelState, PanelToHost, PanelView } from "../../protocol/panel.ts";
import { createScope, type Disposable } from "../disposables.ts";
import type { Engines } from "../engineConnection.ts";
import type { Log } from "../log.ts";
import { isCancelled } from "../report.ts";
import type { Selection } from "../selection.ts";
import { studyKey, type LiveStudy, type Studies } from "../studies.ts";
import { handle, isPanelMethod, type PanelHost } from "./handlers.ts";
import { panelHtml, webviewFolder } from "./panelHtml.ts";
import { ownArrays } from "./transfer.ts";

export interface PanelServices {
  readonly extensionUri: vscode.Uri;
  readonly log: Log;
  readonly engines: Engines;
  readonly studies: Studies;
  readonly selection: Selection;
  readonly startFile: (uri: vscode.Uri) => Promise<LiveStudy>;
  readonly openLog: (folder: string, studyId: number, number: number) => Promise<void>;
}

export interface PanelSession extends Disposable {
  readonly panel: vscode.WebviewPanel;
  /** Undefined until a restored panel has found its study. */
  readonly study: () => LiveStudy | undefined;
  /** Shows another study (a fresh run of the same file). */
  show(study: LiveStudy): void;
  /** Brings one of its views to the front, now or as soon as the page is there. */
  showView(view: PanelView): void;
  /** Answers a message as if the webview had sent it; for tests of the relay. */
  receive(message: PanelToHost): Promise<HostToPanel | undefined>;
  /** Closes the panel. */
  close(): void;
  /** Lets go of the webview without closing it: at a reload of the window it has to stay, to be restored. */
  dispose(): void;
  readonly onClosed: vscode.Event<void>;
}

/** @param find the panel's study: at once for a new panel, from the engine for a restored one; asked again after a failure */
export function createPanelSession(
  services: PanelServices,
  panel: vscode.WebviewPanel,
  find: () => Promise<LiveStudy>,
  restored: PanelState | null,
): PanelSession {
  const scope = createScope();
  const closed = scope.add(new vscode.EventEmitter<void>());
  const running = new Map<number, AbortController>();
  let study: LiveStudy | undefined;
  let ready = false;
  let pendingView: PanelView | undefined;
  let state = restored;

  const post = (message: HostToPanel): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- VS Code's webview, not a browser window
    const sent = panel.webview.postMessage(message);
    sent.then(undefined, (error: unknown) => services.log.warn(`Panel: ${errorText(error)}`));
  };

  /** The study as it stands now, the summary being the latest known. */
  const latest = (found: LiveStudy): LiveStudy => services.studies.byId(found.folder, found.summary.id) ?? found;

  async function found(): Promise<LiveStudy> {
    study = latest(study ?? (await find()));
    return study;
  }

  function greet(): void {
    if (!ready || study === undefined) return;
    const { id } = study.summary;
    // What was restored is told once: afterwards the webview keeps its own state.
    post({ type: "init", studyId: id, state: state === null ? null : { ...state, studyId: id } });
    state = null;
    const numbers = services.selection.get(studyKey(study));
    if (numbers.length > 0) post({ type: "selection", numbers });
    if (pendingView !== undefined) post({ type: "view", view: pendingView });
    pendingView = undefined;
  }

  function showView(view: PanelView): void {
    // A hidden page is gone and comes back with `ready`; what is posted to it meanwhile is lost.
    if (ready && study !== undefined && panel.visible) post({ type: "view", view });
    else pendingView = view;
  }

  function show(next: LiveStudy): void {
    const same = study !== undefined && studyKey(study) === studyKey(next);
    study = next;
    panel.title = next.summary.name;
    if (!same) greet();
  }

  function hostFor(current: LiveStudy, signal: AbortSignal): PanelHost {
    return {
      study: current,
      request: (method, params) => services.engines.request(current.folder, method, params, signal),
      start: async () => show(await services.startFile(vscode.Uri.file(current.summary.path))),
      openLog: (number) => services.openLog(current.folder, current.summary.id, number),
      openDocs: (page) => openDocs(vscode.Uri.joinPath(services.extensionUri, "docs", `${page}.md`)),
      select: (numbers) => services.selection.set(studyKey(current), numbers, "panel"),
    };
  }

  async function answer(requestId: number, method: unknown, params: unknown): Promise<HostToPanel> {
    const abort = new AbortController();
    running.set(requestId, abort);
    try {
      if (!isPanelMethod(method))
        throw new BasinError(
          "invalid-argument",
          `The panel asked for ${String(method)}, which is unknown.`,
          "Reload the window.",
        );
      const result = await handle(hostFor(await found(), abort.signal), method, params);
      return { type: "response", id: requestId, ok: true, result: ownArrays(result) };
    } catch (error) {
      if (!isCancelled(error)) services.log.warn(`Panel, ${String(method)}: ${errorText(error)}`);
      const [code, hint] =
        error instanceof BasinError ? [error.code, error.hint] : ["internal", "Basin's log says more."];
      return {
        type: "response",
        id: requestId,
        ok: false,
        code,
        message: error instanceof Error ? error.message : String(error),
        hint,
      };
    } finally {
      running.delete(requestId);
    }
  }

  async function receive(message: PanelToHost): Promise<HostToPanel | undefined> {
    switch (message.type) {
      case "ready":
        ready = true;
        try {
          panel.title = (await found()).summary.name;
          greet();
        } catch {
          // Its first request gets the reason, and the page has a place for it.
          post({ type: "init", studyId: state?.studyId ?? 0, state });
        }
        return undefined;
      case "cancel":
        running.get(message.id)?.abort();
        return undefined;
      case "request":
        return await answer(message.id, message.method, message.params);
      default:
        return undefined;
    }
  }

  scope.add(
    panel.onDidChangeViewState(() => {
      // A page that cannot be seen is taken down, and says `ready` again when it is back.
      if (!panel.visible) ready = false;
    }),
  );
  panel.webview.options = {
    enableScripts: true,
    enableForms: false,
    localResourceRoots: [webviewFolder(services.extensionUri)],
  };
  panel.iconPath = {
    light: vscode.Uri.joinPath(services.extensionUri, "media", "panel-light.svg"),
    dark: vscode.Uri.joinPath(services.extensionUri, "media", "panel-dark.svg"),
  };
  scope.add(
    panel.webview.onDidReceiveMessage((message: PanelToHost) => {
      receive(message).then(
        (response) => response !== undefined && post(response),
        (error: unknown) => services.log.error(errorText(error)),
      );
    }),
  );
  scope.add(
    services.engines.onChanged(({ folder, studies }) => {
      const change = folder === study?.folder ? studies.find((each) => each.id === study?.summary.id) : undefined;
      if (change !== undefined) post({ type: "changed", revision: change.revision });
    }),
  );
  scope.add(
    services.engines.onConnection(({ folder, connected, message }) => {
      if (study !== undefined && folder === study.folder) post({ type: "connection", connected, message });
    }),
  );
  scope.add(
    services.selection.listen("panel", (change) => {
      if (study !== undefined && change.study === studyKey(study)) post({ type: "selection", numbers: change.numbers });
    }),
  );
  scope.add(
    panel.onDidDispose(() => {
      closed.fire();
      scope.dispose();
    }),
  );
  scope.defer(() => running.forEach((abort) => abort.abort()));
  panel.webview.html = panelHtml(panel.webview, services.extensionUri);

  return {
    panel,
    study: () => study,
    show,
    showView,
    receive,
    onClosed: closed.event,
    close: () => void panel.dispose(),
    dispose: () => scope.dispose(),
  };
}

/** A page of the documentation as it is meant to be read. */
async function openDocs(uri: vscode.Uri): Promise<void> {
  try {
    await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
  } catch {
    // Without the built-in Markdown extension there is no preview, but the text.
    await vscode.window.showTextDocument(uri, { preview: true, viewColumn: vscode.ViewColumn.Beside });
  }
}
