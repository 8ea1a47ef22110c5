/**
 * The engine of one workspace, put together: lock, store, studies, server. Hosted by main.ts (detached), by the CLI and by
 * tests.
 * Invariant: everything it holds is let go in `close`, in the opposite order; the lock last.
 */
import { randomBytes } from "node:crypto";
import { ensureBasinFolder, newSocketPath } from "../client/workspaceFiles.ts";
import { BasinError, errorText } from "../core/errors.ts";
import type { Executor } from "../executors/executor.ts";
import { createLocalExecutor } from "../executors/local/localExecutor.ts";
import {
  type EngineMethod,
  type EngineNotifications,
  type EngineParams,
  engineProtocolVersion,
  type EngineResult,
} from "../protocol/engine.ts";
import { openSqliteStore, type SqliteStore } from "../storage/sqliteStore.ts";
import { breathe, type Clock, systemClock } from "./clock.ts";
import { FlatnessJobs } from "./diagnostics/sharpnessJobs.ts";
import { RtdPool } from "./diagnostics/rtdPool.ts";
import { distFolder, rtdThreadFile, samplerThreadFile, sqliteBinding } from "./distFolder.ts";
import { acquireLock, processStart } from "./lock.ts";
import { type EngineLog, errorDetails, openEngineLog } from "./log.ts";
import { recover } from "./recovery.ts";
import { createRequestHandler } from "./requests.ts";
import { Revisions } from "./revisions.ts";
import { EngineServer, removeOldSockets } from "./server.ts";
import { Studies } from "./studies.ts";
import { definitionOf, type EngineParts, type Study } from "./study.ts";
import { bestTrial } from "./summary.ts";
import { engineVersion } from "./version.ts";

/** Without clients and running studies a detached engine ends after this; BASIN_IDLE_MS says otherwise. */
const defaultIdleMs = 60_000;
/** For trainers at the engine's own end. */
const shutdownGraceMs = 8_000;

export interface EngineOptions {
  /** Absolute folder. */
  readonly workspace: string;
  /** Hosted by a program that ends it itself: never exits for want of clients. */
  readonly foreground: boolean;
  /** Default: processes of this machine. */
  readonly executor?: Executor;
  readonly clock?: Clock;
  /** Node for the built-in trainer; the setting basin.nodePath. */
  readonly nodePath?: string;
  readonly idleMs?: number;
  /** false: put studies that were running in order, but do not let them go on (a command that only looks). Default true. */
  readonly resume?: boolean;
  readonly log?: EngineLog;
  /** The program of the thread of a heavy sampler. Default: the one that is shipped. */
  readonly samplerThread?: string;
  /** The program of the threads that compare embeddings. Default: the one that is shipped. */
  readonly topologyThread?: string;
}

export interface RunningEngine {
  readonly address: string;
  /** Asks without a socket. Typed arrays in answers are copies. @throws BasinError */
  request<M extends EngineMethod>(method: M, params: EngineParams<M>, signal?: AbortSignal): Promise<EngineResult<M>>;
  /** Returns a function that ends the subscription. */
  onNotification<N extends keyof EngineNotifications>(
    name: N,
    handler: (params: EngineNotifications[N]) => void,
  ): () => void;
  /** Puts running trials back (studies stay `running` for the next engine) and lets everything go. Any number of calls. */
  close(reason: string): Promise<void>;
  /** Resolves when the engine has ended, for whatever reason. */
  readonly ended: Promise<void>;
}

/** Another engine owns the workspace: connect to it instead. */
export class WorkspaceTakenError extends BasinError {
  constructor(workspace: string) {
    super("engine-unavailable", `An engine of Basin already runs in ${workspace}.`, "Connect to it, or end it first.");
    this.name = "WorkspaceTakenError";
  }
}

/**
 * Starts the engine of a workspace in this process.
 * @throws WorkspaceTakenError when another engine owns it, BasinError `storage` when its files cannot be used
 */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const clock = options.clock ?? systemClock;
  const files = ensureBasinFolder(options.workspace);
  const binding = sqliteBinding();
  const lock = acquireLock(files, binding);
  if (lock === undefined) throw new WorkspaceTakenError(options.workspace);
  const log = options.log ?? openEngineLog(files.log, () => clock.now());
  let store: SqliteStore;
  try {
    log.info("Engine starts", {
      version: engineVersion,
      pid: process.pid,
      node: process.version,
      workspace: options.workspace,
    });
    if (lock.left !== undefined)
      log.warning("The engine before did not end properly", { pid: lock.left.lock.pid, because: lock.left.because });
    store = openSqliteStore({ file: files.database, ...(binding === undefined ? {} : { nativeBinding: binding }) });
  } catch (error) {
    log.error("The engine cannot start", errorDetails(error));
    lock.release();
    throw error;
  }

  const startedAt = clock.now();
  const listeners = new Map<string, Set<(params: never) => void>>();
  let server: EngineServer | undefined;
  const notify = <N extends keyof EngineNotifications>(name: N, params: EngineNotifications[N]): void => {
    server?.notify(name, params);
    for (const listener of listeners.get(name) ?? []) listener(params as never);
  };
  const revisions = new Revisions(clock, (params) => notify("changed", params));
  const executor =
    options.executor ??
    createLocalExecutor({
      distFolder: distFolder(),
      nodePath: options.nodePath,
      log: (message) => log.info(message),
    });
  const topology = new RtdPool({
    file: options.topologyThread ?? rtdThreadFile(),
    clock,
    warn: (message) => log.warning(message),
  });
  const parts: EngineParts = {
    workspace: options.workspace,
    store,
    executor,
    clock,
    revisions,
    log,
    topology,
    samplerThread: options.samplerThread ?? samplerThreadFile(),
    ended: (study) => {
      notifyEnd(study);
      considerIdle();
    },
  };
  const studies = new Studies(parts);
  const flatness = new FlatnessJobs(parts, (id) => studies.get(id).study);

  const notifyEnd = (study: Study): void => {
    study.index.load().then(
      () => {
        const best = bestTrial(study, study.index);
        const { name, state, reason } = study.record;
        notify("study.ended", { studyId: study.id, name, state, reason, ...(best === undefined ? {} : { best }) });
        return undefined;
      },
      (error: unknown) =>
        log.error("The end of a study could not be told", { study: study.id, ...errorDetails(error) }),
    );
  };

  let closing: Promise<void> | undefined;
  let resolveEnded = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    resolveEnded = resolve;
  });
  let cancelIdle: (() => void) | undefined;
  let cancelPurge: (() => void) | undefined;

  const close = (reason: string): Promise<void> => {
    closing ??= (async () => {
      log.info("Engine ends", { reason });
      cancelIdle?.();
      cancelPurge?.();
      // Let the answer to the request that asked for it go out first.
      await breathe();
      let cancelWait = (): void => undefined;
      const late = new Promise<void>((resolve) => {
        cancelWait = clock.after(shutdownGraceMs, resolve);
      });
      try {
        const trainers = async (): Promise<void> => {
          await Promise.all([studies.shutdown("The engine ended."), flatness.close()]);
          await executor.close?.();
          await topology.end();
        };
        await Promise.race([trainers(), late]);
        await server?.close();
        store.close();
      } catch (error) {
        log.error("The engine did not end properly", errorDetails(error));
      } finally {
        cancelWait();
        revisions.dispose();
        lock.release();
        log.info("Engine has ended");
        resolveEnded();
      }
    })();
    return closing;
  };
  /** For callers that cannot wait. */
  const shutdown = (reason: string): void => void close(reason);

  const idleMs = options.idleMs ?? numberFrom(process.env["BASIN_IDLE_MS"]) ?? defaultIdleMs;
  const considerIdle = (): void => {
    if (options.foreground || closing !== undefined) return;
    cancelIdle?.();
    // Looked at again and again: a study may end while nobody is connected.
    cancelIdle = clock.after(idleMs, () => {
      if ((server?.clients ?? 0) === 0 && studies.busy + flatness.busy === 0)
        shutdown("No client and no running study.");
      else considerIdle();
    });
  };
  /** Frees rows of deleted studies, a little at a time. */
  const purge = (delayMs: number): void => {
    cancelPurge = clock.after(delayMs, () => {
      let more = false;
      try {
        more = store.purgeDeleted();
      } catch (error) {
        log.error("Deleted studies could not be cleared away", errorDetails(error));
      }
      purge(more ? 20 : 1_000);
    });
  };

  try {
    let recoveryDone = (): void => undefined;
    const recovered = new Promise<void>((resolve) => {
      recoveryDone = resolve;
    });
    const handle = createRequestHandler({
      workspace: options.workspace,
      studies,
      flatness,
      log,
      revision: () => revisions.current,
      clients: () => server?.clients ?? 0,
      startedAt,
      now: () => clock.now(),
      recovered,
      shutdown,
    });
    warmUp();
    removeOldSockets(options.workspace);
    const nonce = randomBytes(8).toString("hex");
    const address = newSocketPath(options.workspace, nonce);
    server = await EngineServer.listen({
      address,
      handle,
      log,
      greeting: () => revisions.snapshot(),
      onLeave: (owner) => studies.leave(owner),
      onClients: considerIdle,
    });
    const start = processStart(process.pid);
    lock.publish({
      pid: process.pid,
      nonce,
      socket: address,
      protocolVersion: engineProtocolVersion,
      engineVersion,
      startedAt,
      ...(start === undefined ? {} : { processStart: start }),
    });
    log.info("Engine listens", { address });
    recover(parts, studies, options.resume ?? true)
      .catch((error: unknown) => log.error("Recovery failed", errorDetails(error)))
      .finally(recoveryDone)
      .catch(() => undefined);
    considerIdle();
    purge(1_000);
    const self = {};
    return {
      address,
      request: (method, params, signal) =>
        handle(method, params, { owner: self, ...(signal === undefined ? {} : { signal }) }),
      onNotification: (name, handler) => {
        let set = listeners.get(name);
        if (set === undefined) listeners.set(name, (set = new Set()));
        set.add(handler);
        return () => void set.delete(handler);
      },
      close,
      ended,
    };
  } catch (error) {
    log.error("The engine cannot start", { error: errorText(error) });
    await server?.close();
    store.close();
    lock.release();
    throw error;
  }
}

/** The first text that is read compiles the language of studies, which takes ten times as long as reading: nobody waits yet. */
function warmUp(): void {
  definitionOf(
    "study: a\nobjective: b\ntrainer: { kind: none }\nspace: { c: { type: float, low: 0, high: 1 } }\nbudget: { trials: 1 }\n",
    "yaml",
  );
}

function numberFrom(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) || value < 0 ? undefined : value;
}
