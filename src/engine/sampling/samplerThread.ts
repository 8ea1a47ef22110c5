/**
 * Entry of the thread that computes the suggestions of a heavy sampler, one thread a running study.
 * Invariant: started by threadSampler.ts alone; it does no I/O and ends with its study.
 */
import { parentPort } from "node:worker_threads";
import { createSampler } from "../../samplers/registry.ts";
import { samplerContextOf } from "./context.ts";
import { serveSampler } from "./serveSampler.ts";

if (parentPort === null) throw new Error("This file is started as a thread of Basin's engine.");
serveSampler(parentPort, (definition) => createSampler(definition.sampler, samplerContextOf(definition)));
