/**
 * Entry of a thread that computes topology for the engine.
 * Invariant: started by rtdPool.ts alone; it reads the embeddings it is told of and writes nothing.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { RtdThreadData } from "./rtdMessages.ts";
import { serveRtd } from "./serveRtd.ts";

if (parentPort === null) throw new Error("This file is started as a thread of Basin's engine.");
serveRtd(parentPort, workerData as RtdThreadData);
