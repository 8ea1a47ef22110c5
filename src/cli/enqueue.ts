/**
 * `basin enqueue <study> --params '{...}'`: configurations that a person wants tried, before anything a sampler proposes.
 * Invariant: starts nothing: without an engine they are stored, and the next run begins with them. Of several, those before
 * one that is refused are added and said.
 */
import { z } from "zod";
import { BasinError, errorText } from "../core/errors.ts";
import type { Params } from "../core/space/parameter.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { nothingStored, withSession } from "./session.ts";
import { findStudy, workspaceOfRef } from "./studyRef.ts";
import { paramsText, relative } from "./text.ts";

const configuration = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()]));
const configurations = z.union([configuration.transform((one) => [one]), z.array(configuration).min(1)]);

const example = `For example --params '{"learningRate": 0.01}'; what is left out is drawn.`;

/** One configuration or a list of them. @throws BasinError `invalid-argument` */
export function parseConfigurations(text: string): readonly Params[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new BasinError("invalid-argument", `--params is not JSON: ${errorText(error)}.`, example);
  }
  const parsed = configurations.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new BasinError(
    "invalid-argument",
    "--params must be an object of parameters and their values, or a list of such objects.",
    example,
  );
}

export async function enqueueCommand(
  ref: string,
  options: { readonly params: string; readonly workspace?: string },
): Promise<ExitCode> {
  const wanted = parseConfigurations(options.params);
  const workspace = workspaceOfRef(ref, options.workspace);
  await withSession(
    workspace,
    "look",
    async (client) => {
      const study = await findStudy(client, ref);
      for (const params of wanted) {
        const { number } = await client.request("trial.enqueue", { studyId: study.id, params });
        const trial = await client.request("trial.get", { studyId: study.id, number });
        process.stdout.write(`Trial ${number} of ${study.name}: ${paramsText(trial.params)}\n`);
      }
      if (study.state === "running") return;
      const how =
        (await client.request("study.get", { studyId: study.id })).trainerKind === "none" ? "ask-tell" : "run";
      process.stdout.write(`It is tried first by: basin ${how} ${relative(study.path)}\n`);
    },
    () => nothingStored(workspace),
  );
  return exitCodes.done;
}
