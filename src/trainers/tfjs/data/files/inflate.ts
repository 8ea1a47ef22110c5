/**
 * Decompression whose memory is bounded before it starts: deflate cannot grow data more than 1032-fold, so a size that the
 * compressed bytes cannot give is refused, and so is one that is suspiciously near to it.
 * Invariant: at most the announced number of bytes is allocated, and exactly that many come back.
 */
import { constants, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { errorText } from "../../../../core/errors.ts";
import { badFile, type Bytes } from "./bytes.ts";

export type Compression = "gzip" | "zlib" | "raw";

const inflaters = { gzip: gunzipSync, zlib: inflateSync, raw: inflateRawSync } as const;

/** Most that one byte of deflate can stand for (a run of 258 bytes in two bits). */
const largestRatio = 1032;
/** Beyond this, data that shrinks more than `bombRatio`-fold is taken for an attack on the memory. */
const bombBytes = 256 * 1024 ** 2;
const bombRatio = 200;
/** What is decompressed stands in memory as a whole. */
const largestInflated = 4 * 1024 ** 3;

/** The first bytes, as far as 16 KiB of compressed ones give them: for reading a header. */
export function inflateStart(bytes: Bytes, compression: Compression): Buffer {
  const head = bytes.read(0, Math.min(bytes.size, 16 * 1024));
  try {
    return inflaters[compression](head, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: head.length * (largestRatio + 8) + 1024,
    });
  } catch (error) {
    throw damaged(bytes, error);
  }
}

/**
 * Decompresses everything.
 * @param size bytes that must come out, as a header says
 * @throws BasinError when they cannot, do not, or are too many to hold
 */
export function inflateAll(bytes: Bytes, compression: Compression, size: number): Buffer {
  if (size > bytes.size * largestRatio + 1024) {
    throw badFile(
      bytes.name,
      `its header promises ${size} bytes, which its ${bytes.size} compressed bytes cannot hold.`,
      "It is cut off or damaged; copy it again.",
    );
  }
  if (size > largestInflated || (size > bombBytes && size > bytes.size * bombRatio)) {
    throw badFile(
      bytes.name,
      `it would grow from ${bytes.size} to ${size} bytes in memory, which is refused.`,
      "Decompress it, or store it without compression (numpy.save, numpy.savez), and name that file.",
    );
  }
  const compressed = bytes.read(0, bytes.size);
  let content: Buffer;
  try {
    content = inflaters[compression](compressed, {
      maxOutputLength: Math.max(1, size),
      // One piece, so that nothing is copied together at the end.
      chunkSize: Math.max(64, size + 64),
    });
  } catch (error) {
    if (error instanceof RangeError && (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw badFile(bytes.name, `it holds more than the ${size} bytes its header speaks of.`, "It is damaged.", error);
    }
    throw damaged(bytes, error);
  }
  if (content.length < size) {
    throw badFile(
      bytes.name,
      `it ends after ${content.length} of the ${size} bytes its header speaks of.`,
      "It is cut off; copy it again.",
    );
  }
  return content;
}

function damaged(bytes: Bytes, error: unknown): Error {
  return badFile(bytes.name, `it cannot be decompressed: ${errorText(error)}.`, "It is damaged; copy it again.", error);
}
