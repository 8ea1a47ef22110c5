/**
 * One engine connection per workspace folder, made when there is something to show or to run, never during activation.
 * Invariant: nothing connects or starts in a workspace that is not trusted, since an engine resumes what it finds.
 */
import { access } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import type { EngineClient } from "../client/engineClient.types.ts";
import { workspaceFiles } from "../client/workspaceFiles.ts";
import { BasinError, errorText } from "../core/errors.ts";
import type { EngineMethod, EngineNotifications, EngineParams, EngineResult } from "../protocol/engine.ts";
import { createScope, type Disposable } from "./disposables.ts";
import type { Log } from "./log.ts";
import { readSettings } from "./settings.ts";
import { requireTrust } from "./trust.ts";

/** Absolute path of a workspace folder: the key of everything that belongs to its engine. */
export type FolderPath = string;

export interface ConnectionState {
  readonly folder: FolderPath;
  readonly connected: boolean;
  readonly message: string;
}

export interface Engines extends Disposable {
  /** A request to the folder's engine; starts it when there is none. @throws BasinError */
  request<M extends EngineMethod>(
    folder: FolderPath,
    method: M,
    params: EngineParams<M>,
    signal?: AbortSignal,
  ): Promise<EngineResult<M>>;
  /** Connects to folders that hold earlier results; others stay without an engine. Failures are logged and told by `onConnection`. */
  attachExisting(): Promise<void>;
  readonly isAttached: (folder: FolderPath) => boolean;
  readonly onConnection: vscode.Event<ConnectionState>;
  readonly onChanged: vscode.Event<{ readonly folder: FolderPath } & EngineNotifications["changed"]>;
  readonly onStudyEnded: vscode.Event<{ readonly folder: FolderPath } & EngineNotifications["study.ended"]>;
}

export function workspaceFolders(): FolderPath[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter((folder) => folder.uri.scheme === "file")
    .map((folder) => folder.uri.fsPath);
}

/** @param distFolder absolute folder of the bundles */
export function createEngines(distFolder: string, log: Log): Engines {
  const scope = createScope();
  const connection = scope.add(new vscode.EventEmitter<ConnectionState>());
  const changed = scope.add(new vscode.EventEmitter<{ folder: FolderPath } & EngineNotifications["changed"]>());
  const ended = scope.add(new vscode.EventEmitter<{ folder: FolderPath } & EngineNotifications["study.ended"]>());
  const clients = new Map<FolderPath, Promise<EngineClient>>();

  const tell = (folder: FolderPath, connected: boolean, message: string): void => {
    if (connected) log.info(`Engine of ${folder}: connected`);
    else log.warn(`Engine of ${folder}: ${message}`);
    if (!scope.disposed) connection.fire({ folder, connected, message });
  };

  async function connect(folder: FolderPath): Promise<EngineClient> {
    requireTrust("open an engine");
    const { connectEngine } = await import("../client/engineClient.ts");
    const settings = readSettings(vscode.Uri.file(folder));
    const env: Record<string, string> = {
      ELECTRON_RUN_AS_NODE: "1",
      BASIN_IDLE_MS: String(Math.round(settings.idleExitMinutes * 60_000)),
    };
    if (settings.nodePath !== "") env["BASIN_NODE"] = settings.nodePath;
    log.info(`Connecting to the engine of ${folder}`);
    const client = await connectEngine({
      workspace: folder,
      client: "window",
      start: { execPath: process.execPath, args: [path.join(distFolder, "engine.cjs"), "--workspace", folder], env },
      onConnection: (state) => tell(folder, state.connected, state.message),
    });
    client.onNotification("changed", (params) => changed.fire({ folder, ...params }));
    client.onNotification("study.ended", (params) => ended.fire({ folder, ...params }));
    tell(folder, true, "");
    return client;
  }

  function client(folder: FolderPath): Promise<EngineClient> {
    const known = clients.get(folder);
    if (known !== undefined) return known;
    const made = connect(folder);
    clients.set(folder, made);
    made.catch((error: unknown) => {
      // The next request tries again.
      clients.delete(folder);
      tell(folder, false, errorText(error));
    });
    return made;
  }

  function drop(folder: FolderPath): void {
    const known = clients.get(folder);
    clients.delete(folder);
    known?.then((client) => client.dispose()).catch(() => undefined);
  }

  scope.add(
    vscode.workspace.onDidChangeWorkspaceFolders((change) => {
      for (const folder of change.removed) drop(folder.uri.fsPath);
    }),
  );
  scope.defer(() => {
    for (const folder of clients.keys()) drop(folder);
  });

  return {
    async request(folder, method, params, signal) {
      const engine = await client(folder);
      if (signal?.aborted === true) throw new BasinError("cancelled", "Cancelled.");
      log.trace(`-> ${method}`);
      return await engine.request(method, params, signal);
    },
    async attachExisting() {
      if (!vscode.workspace.isTrusted) return;
      await Promise.all(
        workspaceFolders()
          .filter((folder) => !clients.has(folder))
          .map(async (folder) => {
            try {
              await access(workspaceFiles(folder).database);
            } catch {
              return;
            }
            await client(folder).catch(() => undefined);
          }),
      );
    },
    isAttached: (folder) => clients.has(folder),
    onConnection: connection.event,
    onChanged: changed.event,
    onStudyEnded: ended.event,
    dispose: () => scope.dispose(),
  };
}
