/**
 * Where a command writes. Invariant: results on standard output, everything about the run on standard error when the result
 * is for a program (`--json`, ask-tell), so that the output can be piped.
 */
export interface Output {
  /** A line of the result. */
  readonly result: (line: string) => void;
  /** A line for the person watching. */
  readonly note: (line: string) => void;
  /** Where notes go. */
  readonly stream: NodeJS.WriteStream;
}

/** @param quiet keep standard output for the result alone */
export function createOutput(quiet: boolean): Output {
  const stream = quiet ? process.stderr : process.stdout;
  return {
    result: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void stream.write(`${line}\n`),
    stream,
  };
}
