/**
 * The built-in trainer run as a process on a folder of its own, for tests of a file: its environment, its events, its end.
 * Invariant: no process and no folder outlives its test.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { trainerEventSchema, type TrainerEvent } from "../../protocol.ts";
import { bundleTrainer, type TrainerBundle } from "./trainerBundle.ts";

export interface TrainerRun {
  readonly params: object;
  /** The study's `trainer`. */
  readonly trainer: object;
  readonly env?: Record<string, string> | undefined;
  /** Nothing of its output is read before this resolves. */
  readonly readAfter?: (() => Promise<void>) | undefined;
  /** Called at each event, with the child, to send commands. */
  readonly onEvent?: ((event: TrainerEvent, child: ChildProcess) => void) | undefined;
}

export interface Ended {
  readonly code: number | null;
  readonly events: TrainerEvent[];
  readonly log: string;
}

export interface TrainerStage {
  /** Of this test: data, and `checkpoints` where it has run. */
  readonly folder: string;
  /** The bundle. */
  readonly file: string;
  /** Ended with the test, if it still runs. */
  own(child: ChildProcess): void;
  run(run: TrainerRun): Promise<Ended>;
}

/** Bundles the trainer for the tests of this file; `name` keeps files that are tested at once apart. */
export function useTrainer(name: string): TrainerStage {
  let bundle: TrainerBundle | undefined;
  let folder = "";
  const children = new Set<ChildProcess>();
  beforeAll(async () => {
    bundle = await bundleTrainer(name);
  });
  afterAll(() => bundle?.remove());
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), `basin-${name}-`));
  });
  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    get folder() {
      return folder;
    },
    get file() {
      return bundle!.file;
    },
    own: (child) => void children.add(child),
    async run({ params, trainer, env = {}, readAfter, onEvent }) {
      const checkpoints = path.join(folder, "checkpoints");
      await mkdir(checkpoints, { recursive: true });
      await writeFile(path.join(folder, "params.json"), JSON.stringify(params));
      await writeFile(path.join(folder, "trainer.json"), JSON.stringify(trainer));
      const child = spawn(process.execPath, [bundle!.file], {
        env: {
          ...process.env,
          BASIN_PARAMS_FILE: path.join(folder, "params.json"),
          BASIN_TRAINER_FILE: path.join(folder, "trainer.json"),
          BASIN_DATA_ROOT: folder,
          BASIN_CHECKPOINT_DIR: checkpoints,
          BASIN_SEED: "1",
          ...env,
        },
        stdio: ["pipe", "pipe", "pipe"],
      });
      children.add(child);
      const events: TrainerEvent[] = [];
      let rest = "";
      let log = "";
      await readAfter?.();
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) {
          expect(line[0], `not an event: ${line}`).toBe("\u001E");
          const event = trainerEventSchema.parse(JSON.parse(line.slice(1)));
          events.push(event);
          onEvent?.(event, child);
        }
      });
      const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
      return { code, events, log };
    },
  };
}
