/**
 * Which Node runs the built-in trainer. TensorFlow.js native back ends need a real Node, not an editor's Electron.
 * Invariant: a path the user named is taken as it is, so that a wrong one is an error at the trial and never ignored.
 */
import { execFile, execFileSync } from "node:child_process";

export interface NodeChoice {
  readonly path: string;
  /** Variables the child needs to behave as Node. */
  readonly env: Readonly<Record<string, string>>;
  /** For the log: why this one. */
  readonly because: string;
}

export interface NodeQuestion {
  /** The setting. */
  readonly nodePath?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly execPath: string;
  /** Whether `execPath` is Electron. */
  readonly electron: boolean;
}

const oldest = 18;

/** Whether `node --version` printed a version that is new enough. */
export function isUsableVersion(output: string): boolean {
  const major = /^v(\d+)\./.exec(output.trim())?.[1];
  return major !== undefined && Number(major) >= oldest;
}

/** The choice as far as it needs no program to be asked; undefined when `node` on PATH must be tried. */
function choiceWithoutAsking({ nodePath, env, execPath, electron }: NodeQuestion): NodeChoice | undefined {
  if (nodePath !== undefined && nodePath !== "") return { path: nodePath, env: {}, because: "setting basin.nodePath" };
  const named = env["BASIN_NODE"];
  if (named !== undefined && named !== "") return { path: named, env: {}, because: "BASIN_NODE" };
  if (!electron) return { path: execPath, env: {}, because: "the Node that runs Basin" };
  return undefined;
}

function choiceAfterAsking(question: NodeQuestion, version: string): NodeChoice {
  if (isUsableVersion(version)) return { path: "node", env: {}, because: `node ${version.trim()} on PATH` };
  return {
    path: question.execPath,
    env: { ELECTRON_RUN_AS_NODE: "1" },
    because: `the editor's own Node, since no node >= ${oldest} is on PATH (native TensorFlow cannot load in it)`,
  };
}

/** Asks `node --version` without blocking. */
export function chooseNode(question: NodeQuestion): Promise<NodeChoice> {
  const known = choiceWithoutAsking(question);
  if (known !== undefined) return Promise.resolve(known);
  return new Promise((resolve) => {
    execFile("node", ["--version"], { timeout: 10_000, windowsHide: true, env: question.env }, (error, output) =>
      resolve(choiceAfterAsking(question, error === null ? output : "")),
    );
  });
}

/** The same, blocking while `node --version` runs (some 40 ms). */
export function chooseNodeSync(question: NodeQuestion): NodeChoice {
  const known = choiceWithoutAsking(question);
  if (known !== undefined) return known;
  let version = "";
  try {
    version = execFileSync("node", ["--version"], {
      timeout: 10_000,
      windowsHide: true,
      env: question.env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    // No node on PATH: the editor's own is taken.
  }
  return choiceAfterAsking(question, version);
}
