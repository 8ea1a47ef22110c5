/**
 * Entry of the thread that computes the suggestions of a heavy sampler, one thread a running study, or one regret bound.
 * Invariant: started by threadSampler.ts and studyEnds.ts alone; it does no I/O and ends with its study.
 */
import { parentPort, workerData } from "node:worker_threads";
import { createSampler } from "../../samplers/registry.ts";
import { samplerContextOf } from "./context.ts";
import { boundOf, isRegretTask } from "./regretTask.ts";
import { serveSampler } from "./serveSampler.ts";

if (parentPort === null) throw new Error("This file is started as a thread of Basin's engine.");
const data: unknown = workerData;
const port = parentPort;
if (isRegretTask(data)) port.postMessage(boundOf(data));
else serveSampler(port, (definition) => createSampler(definition.sampler, samplerContextOf(definition)));
