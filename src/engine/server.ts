/**
 * The engine's door: JSON-RPC over a Unix socket that only its user may open (0600 in a folder of 0700), or a named pipe.
 * Invariant: a client that has not shaken hands gets nothing but `protocol-mismatch`; a broken client costs its own
 * connection and nothing else.
 */
import { chmodSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { type CancellationToken, ErrorCodes, type MessageConnection, ResponseError } from "vscode-jsonrpc/node";
import { wireConnection } from "../client/wire.ts";
import { runtimeFolder, socketPrefix } from "../client/workspaceFiles.ts";
import { BasinError, errorText } from "../core/errors.ts";
import type { EngineErrorData, EngineNotifications } from "../protocol/engine.ts";
import { breathe } from "./clock.ts";
import type { EngineLog } from "./log.ts";
import { isEngineMethod, type RequestHandler } from "./requests.ts";

export interface ServerOptions {
  readonly address: string;
  readonly handle: RequestHandler;
  readonly log: EngineLog;
  /** What a client is told right after the handshake. */
  readonly greeting: () => EngineNotifications["changed"];
  readonly onLeave: (owner: unknown) => void;
  /** The number of clients changed. */
  readonly onClients: (count: number) => void;
}

interface Client {
  readonly connection: MessageConnection;
  readonly socket: Socket;
  ready: boolean;
}

/** JSON-RPC's code for errors that an application defines; the real one is in `data`. */
const applicationError = -32_000;

export class EngineServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #clients = new Set<Client>();

  private constructor(options: ServerOptions, server: Server) {
    this.#options = options;
    this.#server = server;
  }

  /** Listens. @throws BasinError `engine-unavailable` */
  static async listen(options: ServerOptions): Promise<EngineServer> {
    const server = createServer();
    const engine = new EngineServer(options, server);
    server.on("connection", (socket) => engine.#welcome(socket));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(options.address, () => {
          server.off("error", reject);
          resolve();
        });
      });
      if (process.platform !== "win32") chmodSync(options.address, 0o600);
    } catch (error) {
      throw new BasinError(
        "engine-unavailable",
        `The engine cannot listen on ${options.address}: ${errorText(error)}.`,
        "",
        { cause: error },
      );
    }
    server.on("error", (error) => options.log.error("The socket failed", { error: error.message }));
    return engine;
  }

  get clients(): number {
    return [...this.#clients].filter((client) => client.ready).length;
  }

  /** Sends a notification to every client. */
  notify<N extends keyof EngineNotifications>(name: N, params: EngineNotifications[N]): void {
    for (const client of this.#clients) if (client.ready) this.#send(client, name, params);
  }

  /** Ends all connections and frees the address. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    // An answer under way, to the request that ends the engine for one, takes some turns to reach the socket.
    for (let turn = 0; turn < 10; turn++) await breathe();
    for (const { socket } of this.#clients) socket.end();
    const timer = setTimeout(() => {
      for (const { socket } of this.#clients) socket.destroy();
    }, 500);
    await closed;
    clearTimeout(timer);
  }

  #welcome(socket: Socket): void {
    const { handle, log, onLeave, onClients, greeting } = this.#options;
    const client: Client = { connection: wireConnection(socket), socket, ready: false };
    const { connection } = client;
    this.#clients.add(client);
    socket.on("error", (error) => log.warning("A client's socket failed", { error: error.message }));
    socket.once("close", () => {
      this.#clients.delete(client);
      connection.dispose();
      if (!client.ready) return;
      client.ready = false;
      onLeave(client);
      onClients(this.clients);
    });
    connection.onError(([error]) => {
      log.warning("A client sent what cannot be read", { error: error.message });
      socket.destroy();
    });
    connection.onRequest(async (method: string, params: unknown, token: CancellationToken) => {
      try {
        if (!isEngineMethod(method)) {
          return new ResponseError(
            ErrorCodes.MethodNotFound,
            `The engine knows no request "${method}".`,
            dataOf("invalid-argument"),
          );
        }
        if (!client.ready && method !== "initialize") {
          throw new BasinError("protocol-mismatch", "The first request must be initialize.");
        }
        const abort = new AbortController();
        const watch = token.onCancellationRequested(() => abort.abort());
        if (token.isCancellationRequested) abort.abort();
        try {
          const result = await handle(method, params, { owner: client, signal: abort.signal });
          if (method === "initialize" && !client.ready) {
            client.ready = true;
            onClients(this.clients);
            setImmediate(() => this.#send(client, "changed", greeting()));
          }
          return result;
        } finally {
          watch.dispose();
        }
      } catch (error) {
        const known = error instanceof BasinError ? error : new BasinError("internal", errorText(error));
        return new ResponseError(applicationError, known.message, {
          code: known.code,
          hint: known.hint,
        } satisfies EngineErrorData);
      }
    });
    connection.listen();
  }

  #send<N extends keyof EngineNotifications>(client: Client, name: N, params: EngineNotifications[N]): void {
    client.connection.sendNotification(name, params).catch((error: unknown) => {
      this.#options.log.warning("A client could not be notified", { error: errorText(error) });
      client.socket.destroy();
    });
  }
}

function dataOf(code: EngineErrorData["code"]): EngineErrorData {
  return { code, hint: "" };
}

/** Removes sockets that earlier engines of this workspace left; the caller holds the workspace's lock. */
export function removeOldSockets(workspace: string): void {
  if (process.platform === "win32") return;
  const folder = runtimeFolder();
  const prefix = socketPrefix(workspace);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix) && name.endsWith(".sock")) rmSync(path.join(folder, name), { force: true });
  }
}
