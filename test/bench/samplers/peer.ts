/**
 * The Python that has Optuna: the one that was named, or the first of the usual places that has release 5.
 * Invariant: a comparison without Optuna says so; it is never left out in silence.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";

const release = "5.";
const usual = [path.resolve(import.meta.dirname, "../../../.venv-test/bin/python"), "python3"];

/** Optuna's version in a Python; undefined where it has none. */
function optunaVersion(python: string): string | undefined {
  const { status, stdout } = spawnSync(python, ["-c", "import optuna; print(optuna.__version__)"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** The Python to start Optuna in; undefined, with a line on standard error, when there is none or `given` is "none". */
export function findPeer(given: string | undefined): string | undefined {
  if (given === "none") return undefined;
  for (const python of given === undefined ? usual : [given]) {
    const version = optunaVersion(python);
    if (version?.startsWith(release) === true) return python;
    if (given !== undefined && version !== undefined) {
      process.stderr.write(`${python} has Optuna ${version}; the comparison is with Optuna 5.0.0.\n`);
      return python;
    }
  }
  process.stderr.write(
    `Optuna is not in this comparison: ${given ?? usual.join(" and ")} cannot load Optuna 5. ` +
      "`python3 -m venv .venv-test && .venv-test/bin/pip install optuna==5.0.0 cmaes scipy torch` brings it; " +
      "--peer names another Python, --peer none leaves it out.\n",
  );
  return undefined;
}
