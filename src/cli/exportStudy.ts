/**
 * `basin export <study> --format csv|json [-o file]`: a study for other programs.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { BasinError } from "../core/errors.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { nothingStored, withSession } from "./session.ts";
import { findStudy, workspaceOfRef } from "./studyRef.ts";
import { relative } from "./text.ts";

export interface ExportOptions {
  readonly format: "csv" | "json";
  readonly output?: string;
  readonly workspace?: string;
}

export async function exportCommand(ref: string, options: ExportOptions): Promise<ExitCode> {
  const workspace = workspaceOfRef(ref, options.workspace);
  const text = await withSession(
    workspace,
    "look",
    async (client) => {
      const study = await findStudy(client, ref);
      return (await client.request("study.export", { studyId: study.id, format: options.format })).text;
    },
    () => nothingStored(workspace),
  );
  if (options.output === undefined) {
    await new Promise<void>((resolve) =>
      process.stdout.write(text.endsWith("\n") ? text : `${text}\n`, () => resolve()),
    );
    return exitCodes.done;
  }
  try {
    writeFileSync(options.output, text);
  } catch (error) {
    throw new BasinError(
      "invalid-argument",
      `${options.output} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      "Choose another file with -o.",
    );
  }
  process.stderr.write(`Wrote ${relative(path.resolve(options.output))}\n`);
  return exitCodes.done;
}
