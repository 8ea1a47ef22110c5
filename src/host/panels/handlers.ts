/**
 * What a study panel may ask of the host: one handler a request, typed by the protocol.
 * Invariant: a handler either answers or throws; the caller turns what is thrown into an error response, so no request hangs.
 */
import path from "node:path";
import * as vscode from "vscode";
import { BasinError } from "../../core/errors.ts";
import type { DocPage, PanelMethod, PanelRequests } from "../../protocol/panel.ts";
import { docPages } from "../../protocol/panel.ts";
import type { EngineMethod, EngineParams, EngineResult } from "../../protocol/engine.ts";
import { safeFileName } from "../commands/fileNames.ts";
import { commands } from "../ids.ts";
import type { LiveStudy } from "../studies.ts";

/** The panel a request comes from. */
export interface PanelHost {
  readonly study: LiveStudy;
  request<M extends EngineMethod>(method: M, params: EngineParams<M>): Promise<EngineResult<M>>;
  /** Starts the panel's study file; the panel then shows the study that runs. */
  start(): Promise<void>;
  openLog(number: number): Promise<void>;
  openDocs(page: DocPage): Promise<void>;
  select(numbers: readonly number[]): void;
}

type Handlers = {
  readonly [M in PanelMethod]: (host: PanelHost, params: PanelRequests[M][0]) => Promise<PanelRequests[M][1]>;
};

const id = (host: PanelHost): { studyId: number } => ({ studyId: host.study.summary.id });

export const handlers: Handlers = {
  study: (host) => host.request("study.get", id(host)),
  columns: (host) => host.request("trial.columns", id(host)),
  curves: (host, params) => host.request("trial.curves", { ...params, ...id(host) }),
  trial: (host, { number }) => host.request("trial.get", { ...id(host), number }),
  log: (host, { limit }) => host.request("study.log", { ...id(host), limit }),
  topology: (host, params) => host.request("topology.report", { ...params, ...id(host) }),
  topologyPair: (host, params) => host.request("topology.pair", { ...params, ...id(host) }),
  topologyMatrix: (host, params) => host.request("topology.matrix", { ...params, ...id(host) }),
  topologyStop: (host) => host.request("topology.stop", id(host)),
  topologyDrift: (host, params) => host.request("topology.drift", { ...params, ...id(host) }),
  flatnessCompute: (host, params) => host.request("flatness.compute", { ...params, ...id(host) }),
  flatnessList: (host) => host.request("flatness.list", id(host)),
  flatnessResult: (host, params) => host.request("flatness.result", { ...params, ...id(host) }),
  flatnessCancel: (host, params) => host.request("flatness.cancel", { ...params, ...id(host) }),
  schedule: (host) => host.request("study.schedule", id(host)),
  pause: (host) => host.request("study.pause", id(host)),
  async resume(host) {
    if (host.study.summary.state === "paused") return await host.request("study.resume", id(host));
    await host.start();
    return null;
  },
  stop: (host) => host.request("study.stop", id(host)),
  async start(host) {
    await host.start();
    return null;
  },
  stopTrial: (host, { number }) => host.request("trial.stop", { ...id(host), number }),
  enqueue: (host, { params }) => host.request("trial.enqueue", { ...id(host), params }),
  async openLog(host, { number }) {
    await host.openLog(number);
    return null;
  },
  async openStudyFile(host) {
    await vscode.commands.executeCommand(commands.openStudyFile, vscode.Uri.file(host.study.summary.path));
    return null;
  },
  async openDocs(host, { page }) {
    const known = docPages.find((name) => name === page);
    if (known !== undefined) await host.openDocs(known);
    return null;
  },
  async showEngineLog(host) {
    await vscode.commands.executeCommand(commands.openEngineLog, host.study.folder);
    return null;
  },
  async saveText(host, { suggestedName, text }) {
    await save(host, suggestedName, new TextEncoder().encode(text), true);
    return null;
  },
  async saveImage(host, { suggestedName, pngBase64 }) {
    await save(host, suggestedName, Buffer.from(pngBase64, "base64"), false);
    return null;
  },
  async copyText(_host, { text }) {
    await vscode.env.clipboard.writeText(text);
    return null;
  },
  async select(host, { numbers }) {
    host.select(numbers.filter((number) => Number.isInteger(number)));
    return null;
  },
};

export function isPanelMethod(method: unknown): method is PanelMethod {
  return typeof method === "string" && Object.hasOwn(handlers, method);
}

/** Runs the handler of `method`. The webview is ours, so its parameters have the protocol's types. */
export function handle<M extends PanelMethod>(
  host: PanelHost,
  method: M,
  params: unknown,
): Promise<PanelRequests[M][1]> {
  return handlers[method](host, params as PanelRequests[M][0]);
}

/** Asks where to save, beside the study file; the name is only a suggestion. @throws BasinError `cancelled` */
async function save(host: PanelHost, suggestedName: string, bytes: Uint8Array, open: boolean): Promise<void> {
  const extension = path.extname(suggestedName).slice(1);
  const name = safeFileName(path.basename(suggestedName));
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(path.join(path.dirname(host.study.summary.path), name)),
    ...(extension === "" ? {} : { filters: { [extension.toUpperCase()]: [extension] } }),
  });
  if (target === undefined) throw new BasinError("cancelled", "Nothing was saved.");
  await vscode.workspace.fs.writeFile(target, bytes);
  if (open) await vscode.window.showTextDocument(target, { preview: true, viewColumn: vscode.ViewColumn.Beside });
  else vscode.window.setStatusBarMessage(`Saved ${path.basename(target.fsPath)}`, 3000);
}
