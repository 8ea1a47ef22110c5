/**
 * The far end of a thread of topology: prepares embeddings and compares pairs, one request after the other.
 * Invariant: an error of the computation is an answer; a pair that is broken off or takes too long leaves nothing behind.
 */
import type { MessagePort } from "node:worker_threads";
import { BasinError } from "../../core/errors.ts";
import { noBars } from "../../topology/bars.ts";
import { noiseCloud, shuffledRows } from "../../topology/noise.ts";
import type { PointCloud } from "../../topology/pointCloud.ts";
import { prepare, type Preparation } from "../../topology/preparation.ts";
import { divergence, liteDivergence } from "../../topology/rtd.ts";
import { errorData } from "../sampling/messages.ts";
import { readEmbedding } from "./readEmbedding.ts";
import type {
  EmbeddingSource,
  FromRtdThread,
  PairDivergence,
  RtdAnswers,
  RtdThreadData,
  ToRtdThread,
} from "./rtdMessages.ts";

/** Progress is said this often at most. */
const sayEveryMs = 100;

class TimeIsUp extends Error {}

/** Reads or draws an embedding. @throws BasinError for files that hold none */
export function loadEmbedding(source: EmbeddingSource): PointCloud {
  switch (source.kind) {
    case "file":
      return readEmbedding(source.file);
    case "cloud":
      return source.cloud;
    case "noise":
      return noiseCloud(source.seed, source.count, source.width);
    case "shuffled":
      return shuffledRows(source.seed, readEmbedding(source.file));
    default:
      return source satisfies never;
  }
}

/** Answers on `port` until it is closed. @param load tests put trouble in its place */
export function serveRtd(
  port: MessagePort,
  { cancelled }: RtdThreadData,
  load: (source: EmbeddingSource) => PointCloud = loadEmbedding,
): void {
  const say = (message: FromRtdThread): void => port.postMessage(message);

  const answerTo = (request: ToRtdThread): RtdAnswers[keyof RtdAnswers] => {
    switch (request.type) {
      case "prepare":
        return shared(prepare(load(request.source)));
      case "lite":
        return liteDivergence(request.a, request.b);
      case "pair":
        return compare(request, cancelled, (share) => say({ id: request.id, share }));
      default:
        return request satisfies never;
    }
  };

  port.on("message", (request: ToRtdThread) => {
    try {
      say({ id: request.id, answer: answerTo(request) });
    } catch (error) {
      say({ id: request.id, error: errorData(error) });
    }
  });
}

/** The arrays of a preparation in memory that all threads see. */
function shared(preparation: Preparation): Preparation {
  const { distances, sorted, pairs } = preparation;
  const floats = (list: Float64Array): Float64Array => {
    const copy = new Float64Array(new SharedArrayBuffer(list.byteLength));
    copy.set(list);
    return copy;
  };
  const sharedPairs = new Uint32Array(new SharedArrayBuffer(pairs.byteLength));
  sharedPairs.set(pairs);
  return { ...preparation, distances: floats(distances), sorted: floats(sorted), pairs: sharedPairs };
}

/** RTD, or RTD-Lite when it takes longer than it may. @throws BasinError `cancelled` when it is broken off */
function compare(
  { id, a, b, limitMs }: Extract<ToRtdThread, { type: "pair" }>,
  cancelled: Int32Array,
  say: (share: number) => void,
): PairDivergence {
  const started = performance.now();
  let said = started;
  const onProgress = (share: number): void => {
    if (Atomics.load(cancelled, 0) === id) throw new BasinError("cancelled", "The comparison was broken off.");
    const now = performance.now();
    if (now - started > limitMs) throw new TimeIsUp();
    if (now - said < sayEveryMs) return;
    said = now;
    say(share);
  };
  try {
    return { ...divergence(a, b, { onProgress }), isLimited: false };
  } catch (error) {
    if (!(error instanceof TimeIsUp)) throw error;
    return limited(a, b);
  }
}

function limited(a: Preparation, b: Preparation): PairDivergence {
  const { lite, directed, collapsed } = liteDivergence(a, b);
  const directionOf = (part: number): PairDivergence["directions"][0] => ({ ...noBars, total: part, lite: part });
  const directions = [directionOf(directed[0]), directionOf(directed[1])] as const;
  return { score: lite, lite, directions, collapsed, isLimited: true };
}
