/**
 * Arguments of a job in memory: named 32-bit words, written by JavaScript and read by the kernels of every thread.
 */
import { i32, type Code } from "./assembler.ts";

export interface JobWords<Name extends string> {
  readonly bytes: number;
  /** Expressions that read the words of the job at this address. */
  read(job: Code): Readonly<Record<Name, Code>>;
  /** The words in order; all must be given. */
  pack(values: Readonly<Record<Name, number>>): number[];
}

export function words<const Name extends string>(names: readonly Name[]): JobWords<Name> {
  return {
    bytes: 4 * names.length,
    read: (job) => Object.fromEntries(names.map((name, i) => [name, i32.load(job, 4 * i)])) as Record<Name, Code>,
    pack: (values) => names.map((name) => values[name] | 0),
  };
}
