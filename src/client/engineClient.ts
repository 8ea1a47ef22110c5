/**
 * Finds the engine of a workspace, starts one when there is none, and keeps the connection up.
 * Invariant: one link at a time; a request is sent once and never repeated by itself, since not all of them may be.
 */
import { connect, type Socket } from "node:net";
import { CancellationTokenSource, ErrorCodes, type MessageConnection, ResponseError } from "vscode-jsonrpc/node";
import { BasinError, basinErrorCodes, type BasinErrorCode, errorText } from "../core/errors.ts";
import {
  type EngineMethod,
  type EngineNotifications,
  type EngineParams,
  engineProtocolVersion,
  type EngineResult,
} from "../protocol/engine.ts";
import type { ConnectOptions, EngineClient } from "./engineClient.types.ts";
import { type Launch, launchEngine } from "./launch.ts";
import { wireConnection } from "./wire.ts";
import { readLock, workspaceFiles } from "./workspaceFiles.ts";

const startTimeoutMs = 20_000;
const handshakeTimeoutMs = 10_000;
const requestWaitMs = 20_000;
const notificationNames = ["changed", "study.ended"] as const satisfies readonly (keyof EngineNotifications)[];

interface Link {
  readonly connection: MessageConnection;
  /** Called once when the connection is lost; requests in flight register and leave. */
  readonly lost: Set<() => void>;
}

type Handler = (params: never) => void;

/**
 * Connects to the engine of `options.workspace`, starting one when allowed.
 * @throws BasinError `engine-unavailable` when none runs and none may or can be started, `protocol-mismatch` when the running
 * one speaks another version
 */
export async function connectEngine(options: ConnectOptions): Promise<EngineClient> {
  const handlers = new Map<string, Set<Handler>>();
  const abort = new AbortController();
  let link: Link | undefined;
  let parted = false;
  let reconnecting: Promise<void> | undefined;
  const waiters = new Set<() => void>();

  const adopt = (next: Link): void => {
    link = next;
    for (const name of notificationNames) {
      next.connection.onNotification(name, (params: unknown) => {
        for (const handler of handlers.get(name) ?? []) handler(params as never);
      });
    }
    for (const waiter of waiters) waiter();
    next.lost.add(() => {
      if (link === next) link = undefined;
      if (abort.signal.aborted) return;
      options.onConnection?.({ connected: false, message: "The connection to Basin's engine was lost." });
      if (!parted) reconnect();
    });
  };

  const reconnect = (): void => {
    reconnecting ??= (async () => {
      for (let attempt = 0; !abort.signal.aborted; attempt++) {
        await sleep(Math.min(100 * 2 ** attempt, 10_000), abort.signal);
        if (abort.signal.aborted) break;
        try {
          const next = await attach(options, abort.signal);
          if (abort.signal.aborted) {
            next.connection.dispose();
            break;
          }
          adopt(next);
          options.onConnection?.({ connected: true, message: "Connected to Basin's engine again." });
          break;
        } catch (error) {
          options.onConnection?.({ connected: false, message: errorText(error) });
        }
      }
    })().finally(() => {
      reconnecting = undefined;
    });
  };

  /** The link, once there is one. */
  const linked = async (signal: AbortSignal | undefined): Promise<Link> => {
    if (link !== undefined) return link;
    if (abort.signal.aborted)
      throw new BasinError("engine-unavailable", "The connection to the engine has been closed.");
    if (parted) {
      parted = false;
      reconnect();
    }
    return new Promise<Link>((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        waiters.delete(arrived);
        signal?.removeEventListener("abort", cancelled);
        abort.signal.removeEventListener("abort", closed);
        act();
      };
      const arrived = (): void => {
        const found = link;
        if (found !== undefined) finish(() => resolve(found));
      };
      const cancelled = (): void => finish(() => reject(new BasinError("cancelled", "Cancelled.")));
      const closed = (): void =>
        finish(() => reject(new BasinError("engine-unavailable", "The connection to the engine has been closed.")));
      const timer = setTimeout(
        () =>
          finish(() =>
            reject(
              new BasinError(
                "engine-unavailable",
                "Basin's engine cannot be reached.",
                "It is being restarted; try again, or look at its log.",
              ),
            ),
          ),
        requestWaitMs,
      );
      waiters.add(arrived);
      signal?.addEventListener("abort", cancelled);
      abort.signal.addEventListener("abort", closed);
    });
  };

  adopt(await attach(options, abort.signal));

  return {
    async request<M extends EngineMethod>(
      method: M,
      params: EngineParams<M>,
      signal?: AbortSignal,
    ): Promise<EngineResult<M>> {
      throwIfAborted(signal);
      const current = await linked(signal);
      // A signal that fires in between fires no listener that is added later.
      throwIfAborted(signal);
      if (method === "engine.shutdown") parted = true;
      return send(current, method, params, signal);
    },
    onNotification(name, handler) {
      let set = handlers.get(name);
      if (set === undefined) handlers.set(name, (set = new Set()));
      set.add(handler);
      return () => void set.delete(handler);
    },
    get connected() {
      return link !== undefined;
    },
    dispose() {
      abort.abort();
      link?.connection.end();
      link?.connection.dispose();
      link = undefined;
      handlers.clear();
    },
  };
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new BasinError("cancelled", "Cancelled.");
}

async function send<M extends EngineMethod>(
  link: Link,
  method: M,
  params: EngineParams<M>,
  signal?: AbortSignal,
): Promise<EngineResult<M>> {
  const cancellation = new CancellationTokenSource();
  let leave = (): void => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    const cancelled = (): void => {
      cancellation.cancel();
      reject(new BasinError("cancelled", "Cancelled."));
    };
    const lost = (): void => {
      reject(
        new BasinError(
          "engine-unavailable",
          `The engine went away during ${method}.`,
          "Basin reconnects by itself; try again in a moment.",
        ),
      );
    };
    signal?.addEventListener("abort", cancelled);
    link.lost.add(lost);
    leave = () => {
      signal?.removeEventListener("abort", cancelled);
      link.lost.delete(lost);
    };
  });
  try {
    const answer = link.connection.sendRequest<EngineResult<M>>(method, params, cancellation.token);
    // Whoever loses the race must not count as an unhandled rejection.
    answer.catch(() => undefined);
    return await Promise.race([answer, interrupted]);
  } catch (error) {
    const known = toBasinError(error);
    // An engine that is asked to go and is gone has done what it was asked.
    if (method === "engine.shutdown" && known.code === "engine-unavailable") return null;
    throw known;
  } finally {
    leave();
    interrupted.catch(() => undefined);
    cancellation.dispose();
  }
}

/** Finds or starts the engine and shakes hands with it. */
async function attach(options: ConnectOptions, signal: AbortSignal): Promise<Link> {
  const files = workspaceFiles(options.workspace);
  const deadline = Date.now() + startTimeoutMs;
  let launch: Launch | undefined;
  let last: unknown;
  for (;;) {
    if (signal.aborted) throw new BasinError("cancelled", "Cancelled.");
    const lock = readLock(files.lock);
    if (lock !== undefined) {
      try {
        return await openLink(lock.socket, lock.pid, options);
      } catch (error) {
        if (error instanceof BasinError) throw error;
        last = error;
      }
    }
    if (options.start === "never") {
      throw new BasinError(
        "engine-unavailable",
        "No engine of Basin runs in this workspace.",
        "Start a study, and one will.",
        { cause: last },
      );
    }
    const ended = launch?.ended();
    if (ended !== undefined && !ended.clean)
      throw new BasinError("engine-unavailable", ended.message, `Its log is ${files.log}.`);
    if (Date.now() > deadline) {
      throw new BasinError(
        "engine-unavailable",
        `Basin's engine did not answer within ${startTimeoutMs / 1000} seconds.`,
        `Look at ${files.log} and ${files.startLog}.`,
        { cause: last },
      );
    }
    // One that ended cleanly lost against another one, which may itself be gone by now.
    if (launch === undefined || ended !== undefined) launch = launchEngine(options.workspace, options.start);
    await sleep(ended === undefined ? 30 : 250, signal);
  }
}

async function openLink(address: string, pid: number, options: ConnectOptions): Promise<Link> {
  const socket = await openSocket(address);
  const connection = wireConnection(socket);
  const lost = new Set<() => void>();
  socket.once("close", () => {
    // First: what was being waited for learns that the engine is gone, and not that a connection was disposed.
    for (const callback of lost) callback();
    lost.clear();
    connection.dispose();
  });
  connection.onClose(() => socket.destroy());
  connection.onError(([error]) => socket.destroy(error));
  connection.listen();
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new BasinError(
              "engine-unavailable",
              `Basin's engine (process ${pid}) does not answer.`,
              `It hangs or is stopped: end process ${pid}, and a new engine goes on where it was.`,
            ),
          ),
        handshakeTimeoutMs,
      );
    });
    const gone = new Promise<never>((_resolve, reject) => {
      lost.add(() => reject(new Error("the engine closed the connection")));
    });
    gone.catch(() => undefined);
    late.catch(() => undefined);
    const hello = connection.sendRequest("initialize", {
      protocolVersion: engineProtocolVersion,
      client: options.client,
      pid: process.pid,
    });
    hello.catch(() => undefined);
    await Promise.race([hello, late, gone]);
    return { connection, lost };
  } catch (error) {
    socket.destroy();
    throw error instanceof ResponseError ? toBasinError(error) : error;
  } finally {
    clearTimeout(timer);
  }
}

function openSocket(address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.off("error", reject);
      // Later errors end in "close", which the link watches.
      socket.on("error", () => undefined);
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

/** What the connection itself answers with when a request cannot be written any more, or its answer cannot come. */
const brokenConnection: ReadonlySet<number> = new Set([
  ErrorCodes.MessageWriteError,
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
]);

function toBasinError(error: unknown): BasinError {
  if (error instanceof BasinError) return error;
  if (error instanceof ResponseError && !brokenConnection.has(error.code)) {
    const data: unknown = error.data;
    const { code, hint } = (typeof data === "object" && data !== null ? data : {}) as {
      code?: unknown;
      hint?: unknown;
    };
    const known = basinErrorCodes.find((name): name is BasinErrorCode => name === code);
    return new BasinError(known ?? "internal", error.message, typeof hint === "string" ? hint : "", { cause: error });
  }
  return new BasinError("engine-unavailable", `The engine cannot be asked: ${errorText(error)}.`, "", { cause: error });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
