/**
 * Starts and stops code-server: VS Code's own workbench and Node extension host behind 127.0.0.1.
 * Invariant: the server reads and writes only the folders it is given, and stopping it ends its whole process group.
 */
import { execFile, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { codeServerEntry } from "./locations.ts";
import { type Settings } from "./quietSettings.ts";

export interface ServerOptions {
  /** User data: settings, state, logs. */
  readonly userDataFolder: string;
  readonly extensionsFolder: string;
  /** Replaces the user's settings.json; left as it is when absent. */
  readonly settings?: Settings;
  readonly env?: Readonly<Record<string, string>>;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Ask whether to trust a folder, as a desktop VS Code does. Default: everything is trusted. */
  readonly workspaceTrust?: boolean;
  /** VS Code's driver for tests in the extension host; it also suppresses toasts and dialogs. */
  readonly smokeTestDriver?: boolean;
}

export interface WorkbenchServer {
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the server has ended, by itself or by `stop`. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

const startPatienceMs = 60_000;

/** Variables that would make the server believe it runs inside another VS Code, or listen elsewhere. */
const foreignVariables = /^(VSCODE_|ELECTRON_|CODE_SERVER_)|^(PASSWORD|PORT|NODE_OPTIONS)$/;

/** Starts a server and waits until it answers. @throws Error with the end of its log when it does not. */
export async function startServer(options: ServerOptions): Promise<WorkbenchServer> {
  const port = options.port !== undefined && options.port !== 0 ? options.port : await freePort();
  const userFolder = path.join(options.userDataFolder, "User");
  mkdirSync(userFolder, { recursive: true });
  mkdirSync(options.extensionsFolder, { recursive: true });
  if (options.settings !== undefined) {
    writeFileSync(path.join(userFolder, "settings.json"), JSON.stringify(options.settings, null, 2));
  }
  // Without a file of its own, code-server reads and writes one in the user's home folder.
  const configFile = path.join(options.userDataFolder, "code-server.yaml");
  writeFileSync(configFile, `bind-addr: 127.0.0.1:${port}\nauth: none\ncert: false\n`);

  const logFile = path.join(options.userDataFolder, "server.log");
  const log = openSync(logFile, "w");
  const child = spawn(process.execPath, [...serverArguments(options, configFile)], {
    env: serverEnvironment(options),
    stdio: ["ignore", log, log],
    // Its own process group: the extension host and its children end with it.
    detached: true,
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });

  const pid = child.pid;
  if (pid === undefined) throw new Error("code-server could not be started.");
  const stop = async (): Promise<void> => {
    signalGroup(pid, "SIGTERM");
    const impatience = setTimeout(() => signalGroup(pid, "SIGKILL"), 5000);
    await exited;
    clearTimeout(impatience);
  };

  const deadline = Date.now() + startPatienceMs;
  while (!(await answers(port))) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || Date.now() > deadline) {
      await stop();
      throw new Error(`code-server ${ended ? "ended at once" : "did not answer"}:\n${tail(logFile)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, pid, logFile, exited, stop };
}

/** Installs a packaged extension as a user does: "Install from VSIX". */
export async function installVsix(
  folders: Pick<ServerOptions, "userDataFolder" | "extensionsFolder">,
  vsix: string,
): Promise<void> {
  mkdirSync(folders.userDataFolder, { recursive: true });
  mkdirSync(folders.extensionsFolder, { recursive: true });
  const configFile = path.join(folders.userDataFolder, "code-server.yaml");
  writeFileSync(configFile, "bind-addr: 127.0.0.1:0\nauth: none\ncert: false\n");
  const folderArguments = ["--user-data-dir", folders.userDataFolder, "--extensions-dir", folders.extensionsFolder];
  await promisify(execFile)(
    process.execPath,
    [codeServerEntry, "--config", configFile, ...folderArguments, "--install-extension", vsix, "--force"],
    { env: serverEnvironment(folders) },
  );
}

function serverArguments(options: ServerOptions, configFile: string): string[] {
  const args = [codeServerEntry, "--config", configFile];
  args.push("--user-data-dir", options.userDataFolder, "--extensions-dir", options.extensionsFolder);
  args.push("--disable-telemetry", "--disable-update-check", "--disable-getting-started-override");
  args.push("--disable-proxy", "--ignore-last-opened", "--reconnection-grace-time", "5");
  if (options.workspaceTrust !== true) args.push("--disable-workspace-trust");
  if (options.smokeTestDriver === true) args.push("--vscode-option", "enable-smoke-test-driver");
  return args;
}

function serverEnvironment(options: Pick<ServerOptions, "userDataFolder" | "env">): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreignVariables.test(name)));
  return {
    ...inherited,
    // No marketplace: an empty address keeps the workbench from asking any.
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    XDG_DATA_HOME: path.join(options.userDataFolder, "xdg"),
    ...options.env,
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** The preferred port if nobody listens on it, else any free one. */
export async function freePort(preferred = 0): Promise<number> {
  const probe = createServer();
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      probe.once("error", reject);
      probe.listen(port, "127.0.0.1", () => {
        probe.off("error", reject);
        resolve();
      });
    });
  await listen(preferred).catch(() => listen(0));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return address !== null && typeof address === "object" ? address.port : 0;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Already gone.
  }
}

function tail(file: string): string {
  return readFileSync(file, "utf8").split("\n").slice(-30).join("\n");
}
