/**
 * Install Native TensorFlow Backend: asks once, shows progress, can be cancelled, tells the outcome.
 * Invariant: nothing is downloaded before the person agreed; the host only waits for a process of its own.
 */
import path from "node:path";
import * as vscode from "vscode";
import { backendNames, nativeHome, type NativeVariant } from "../../native/layout.ts";
import type { Services } from "../services.ts";
import { readSettings } from "../settings.ts";
import { requireTrust } from "../trust.ts";
import { runInstallation, type InstallationResult } from "./nativeInstallation.ts";
import { signalOf } from "./studyCommands.ts";

const forCpu = "Install";
const forGpu = "For an NVIDIA GPU...";

interface Choice {
  readonly variant: NativeVariant;
  readonly python?: string;
}

export async function installNative(services: Services): Promise<void> {
  requireTrust("install TensorFlow");
  const choice = await choose();
  if (choice === undefined) return;
  const result = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Installing ${backendNames[choice.variant]}`,
      cancellable: true,
    },
    (progress, token) => install(services, choice, progress, token),
  );
  const name = backendNames[choice.variant];
  // Not awaited: the command is done, whenever the message is closed.
  void vscode.window.showInformationMessage(
    `${name} ${result.before ? "was installed already" : "is installed"}: ${result.manifest.device}. Convolutional networks and models of your own use it from now on.`,
  );
}

/** What to install; undefined when the person thinks better of it. */
async function choose(): Promise<Choice | undefined> {
  const chosen = await vscode.window.showInformationMessage(
    "Install TensorFlow's native back end for the built-in trainer?",
    {
      modal: true,
      detail: `Convolutional networks and models of your own train faster on it than on WebAssembly; the built-in mlp stays there. Up to 600 MB are downloaded, and up to 1.2 GB kept in ${nativeHome(process.env)}.`,
    },
    forCpu,
    forGpu,
  );
  if (chosen === forCpu) return { variant: "cpu" };
  if (chosen !== forGpu) return undefined;
  const python = await vscode.window.showInputBox({
    title: "Install Native TensorFlow Backend",
    prompt: "Python that has TensorFlow for GPUs (pip install 'tensorflow[and-cuda]')",
    value: process.platform === "win32" ? "python" : "python3",
    validateInput: (value) => (value.trim() === "" ? "Name a Python." : undefined),
  });
  return python === undefined ? undefined : { variant: "gpu", python: python.trim() };
}

function install(
  { context, log }: Services,
  choice: Choice,
  progress: vscode.Progress<{ message?: string; increment?: number }>,
  token: vscode.CancellationToken,
): Promise<InstallationResult> {
  const { nodePath } = readSettings(undefined);
  let reached = 0;
  return runInstallation({
    ...choice,
    distFolder: path.join(context.extensionPath, "dist"),
    execPath: process.execPath,
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1", ...(nodePath === "" ? {} : { BASIN_NODE: nodePath }) },
    signal: signalOf(token),
    onProgress: ({ percent, message }) => {
      progress.report({ message, increment: percent - reached });
      reached = percent;
    },
    onLine: (line) => log.info(line),
  });
}
