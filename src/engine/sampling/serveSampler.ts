/**
 * The far end of a heavy sampler: holds the history it was told and answers one request after the other.
 * Invariant: an error of the sampler is an answer; only what is not an error of the sampler ends the thread.
 */
import type { MessagePort } from "node:worker_threads";
import { rngFor } from "../../core/rng.ts";
import type { StudyDefinition } from "../../core/study/definition.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import type { Sampler } from "../../samplers/sampler.ts";
import { errorData, type FromThread, type ToThread } from "./messages.ts";

/** Answers on `port` until it is closed. @param create makes the sampler of a study */
export function serveSampler(port: MessagePort, create: (definition: StudyDefinition) => Sampler): void {
  const history: FinishedTrial[] = [];
  const paused = new Map<number, PendingTrial>();
  let definition: StudyDefinition | undefined;
  let sampler: Sampler | undefined;

  const answer = async (request: Extract<ToThread, { type: "suggest" }>): Promise<FromThread> => {
    const { id, type: _, ...asked } = request;
    try {
      if (definition === undefined) throw new Error("the study was not said");
      sampler ??= create(definition);
      const pending = [...asked.pending, ...paused.values()].sort((a, b) => a.number - b.number);
      const rng = rngFor(definition.seed, asked.number, "suggest");
      return { id, suggestion: await sampler.suggest({ ...asked, pending, history, rng }) };
    } catch (error) {
      return { id, error: errorData(error) };
    }
  };

  port.on("message", (message: ToThread) => {
    switch (message.type) {
      case "study":
        definition = message.definition;
        sampler = undefined;
        return;
      case "finished":
        history.push(...message.trials);
        return;
      case "paused":
        for (const number of message.gone) paused.delete(number);
        for (const trial of message.trials) paused.set(trial.number, trial);
        return;
      case "suggest":
        void answer(message).then((said) => port.postMessage(said));
        return;
      default:
        message satisfies never;
    }
  });
}
