/**
 * Compare Topology: the panel on its Topology view with two trials selected.
 * Invariant: both are of one study; with fewer than two named, the person picks, and turning away changes nothing.
 */
import { BasinError } from "../../core/errors.ts";
import type { Services } from "../services.ts";
import type { LiveStudy } from "../studies.ts";
import { pickTrials, studyTarget, trialsNamed } from "./targets.ts";
import { showTrials } from "./trialCommands.ts";

export async function compareTopology(services: Services, argument: unknown, all: unknown): Promise<void> {
  const study = await studyTarget(services, argument, "Compare Topology");
  if (study === undefined) return;
  const named = trialsNamed(services, study, argument, all);
  const pair = named.length >= 2 ? named.slice(0, 2) : await pickPair(services, study, named[0]);
  if (pair === undefined) return;
  await showTrials(services, study, pair, "topology");
}

/** @throws BasinError when the study has fewer than two trials that have trained */
async function pickPair(
  services: Services,
  study: LiveStudy,
  first: number | undefined,
): Promise<readonly number[] | undefined> {
  const picked = await pickTrials(services, study, {
    title: "Compare Topology",
    placeHolder: "Two trials",
    least: 2,
    ...(first === undefined ? {} : { ticked: first }),
  });
  if (picked === undefined) return undefined;
  if (picked.length !== 2) throw new BasinError("invalid-argument", "Compare Topology needs exactly two trials.");
  return picked;
}
