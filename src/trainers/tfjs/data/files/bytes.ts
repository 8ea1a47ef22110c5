/**
 * Bytes that are read by position: a file, or a piece of memory. What a file does not hold is never allocated for.
 * Invariant: a read outside the bytes throws a BasinError that names the file; nothing is returned half filled.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { BasinError, errorText } from "../../../../core/errors.ts";

export interface Bytes {
  /** As messages call it. */
  readonly name: string;
  readonly size: number;
  /** A copy of `length` bytes from `position` on. @throws BasinError when they are not there */
  read(position: number, length: number): Buffer;
  /** Fills `target` from `position` on. @throws BasinError when the bytes are not there */
  readInto(target: Uint8Array, position: number): void;
  close(): void;
}

/** Something wrong with a file: `file` is its name in the study. */
export function badFile(file: string, message: string, hint = "", cause?: unknown): BasinError {
  return new BasinError("invalid-argument", `${file}: ${message}`, hint, { cause });
}

function checkRange(bytes: { readonly name: string; readonly size: number }, position: number, length: number): void {
  if (position >= 0 && length >= 0 && position + length <= bytes.size) return;
  throw badFile(
    bytes.name,
    `the file ends after ${bytes.size} bytes, but ${position + length} are needed.`,
    "It is cut off or damaged; copy it again.",
  );
}

/** Fills `target` from the open file, in as many reads as it takes. Gives the number of bytes that were there. */
export function readFully(file: number, target: Uint8Array, position: number): number {
  let done = 0;
  while (done < target.length) {
    const count = readSync(file, target, done, target.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/**
 * Opens a file of a study.
 * @param shown its name in the study, relative to `root` or absolute
 * @throws BasinError when it is missing or no file
 */
export function openFile(root: string, shown: string): Bytes {
  const full = path.resolve(root, shown);
  let file: number;
  try {
    file = openSync(full, "r");
  } catch (error) {
    throw cannotRead(shown, error);
  }
  let size: number;
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw new Error("it is no file");
    size = status.size;
  } catch (error) {
    closeSync(file);
    throw cannotRead(shown, error);
  }
  let open = true;
  const bytes: Bytes = {
    name: shown,
    size,
    read(position, length) {
      checkRange(bytes, position, length);
      const target = Buffer.allocUnsafe(length);
      bytes.readInto(target, position);
      return target;
    },
    readInto(target, position) {
      checkRange(bytes, position, target.length);
      const count = readFully(file, target, position);
      if (count < target.length) throw badFile(shown, "it became shorter while it was read.");
    },
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
  return bytes;
}

/** A file or folder that cannot be opened or read. */
export function cannotRead(shown: string, error: unknown, what: "file" | "folder" = "file"): BasinError {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const why = code === "ENOENT" ? "it is not there" : errorText(error);
  const hint =
    code === "ERR_FS_FILE_TOO_LARGE"
      ? "Save it as NumPy arrays (.npy), which are read piece by piece."
      : "Paths under `data` are relative to the study file.";
  return new BasinError("invalid-argument", `The data ${what} ${shown} cannot be read: ${why}.`, hint, {
    cause: error,
  });
}

export function memoryBytes(name: string, content: Uint8Array): Bytes {
  const bytes: Bytes = {
    name,
    size: content.length,
    read(position, length) {
      checkRange(bytes, position, length);
      return Buffer.from(content.subarray(position, position + length));
    },
    readInto(target, position) {
      checkRange(bytes, position, target.length);
      target.set(content.subarray(position, position + target.length));
    },
    close: () => undefined,
  };
  return bytes;
}

/** A part of other bytes under a name of its own; closing it closes the whole. */
export function partOf(whole: Bytes, name: string, start: number, size: number): Bytes {
  checkRange(whole, start, size);
  const bytes: Bytes = {
    name,
    size,
    read(position, length) {
      checkRange(bytes, position, length);
      return whole.read(start + position, length);
    },
    readInto(target, position) {
      checkRange(bytes, position, target.length);
      whole.readInto(target, start + position);
    },
    close: () => whole.close(),
  };
  return bytes;
}
