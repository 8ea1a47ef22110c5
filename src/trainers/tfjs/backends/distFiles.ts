/**
 * Finds files that TensorFlow.js loads by path: beside the bundle (dist/wasm), or in node_modules when run from source.
 */
import { existsSync } from "node:fs";
import path from "node:path";

/** Folder of this code: the bundle's, or the source file's; the working folder where neither is known. */
function here(): string {
  return typeof __dirname === "string" ? __dirname : process.cwd();
}

/**
 * Absolute path of a file of the package `@tensorflow/tfjs-backend-wasm`.
 * @param packaged its place inside the package, for runs from source
 * @throws Error when it is in neither place
 */
export function wasmFile(name: string, packaged: string): string {
  const beside = path.join(here(), "wasm", name);
  if (existsSync(beside)) return beside;
  for (let folder = here(); ; folder = path.dirname(folder)) {
    const file = path.join(folder, "node_modules", "@tensorflow", "tfjs-backend-wasm", packaged, name);
    if (existsSync(file)) return file;
    if (path.dirname(folder) === folder)
      throw new Error(`${name} is missing: it belongs beside the trainer, in ${path.dirname(beside)}.`);
  }
}
