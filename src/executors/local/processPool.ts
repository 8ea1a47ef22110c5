/**
 * Trainer processes between trials: one waits for each slot, for some seconds, and takes the slot's next trial if that needs
 * the same process. Invariant: a waiting process has no turn; a trial that its process never began, having died unnoticed
 * while it waited, begins on a new one.
 */
import type { Carrier, Passenger } from "./carrier.ts";
import type { SharedPlan } from "./launchPlan.ts";
import { SharedProcess, type Turn } from "./sharedProcess.ts";

export interface PoolOptions {
  readonly strayGraceMs: number;
  /** How long a process waits for the next trial. */
  readonly idleMs: number;
  readonly maxTurns: number;
  readonly maxGrowth: number;
  /** What concerns no trial. */
  readonly log: (message: string) => void;
}

interface Waiting {
  readonly process: SharedProcess;
  readonly timer: NodeJS.Timeout;
}

export class ProcessPool {
  readonly #options: PoolOptions;
  /** By slot. */
  readonly #waiting = new Map<string, Waiting>();
  /** Every process that is not gone. */
  readonly #living = new Set<SharedProcess>();
  #onEmpty: () => void = () => undefined;
  #serial = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Begins a trial on the process that waits in its slot, or on a new one. */
  carry(plan: SharedPlan, passenger: Passenger): Carrier {
    const turn: Turn = { name: `${plan.name}#${(this.#serial += 1)}`, env: plan.turnEnv, passenger, said: [] };
    let current = this.#take(plan);
    if (current === undefined) {
      current = this.#spawn(plan);
      current.begin(turn);
    } else {
      current.begin(turn, () => {
        this.#options.log(`Trainer process ${current?.pid ?? 0} had died: ${turn.name} begins on a new one`);
        current = this.#spawn(plan);
        current.begin(turn);
      });
    }
    const serving = (): SharedProcess | undefined => (current?.serves(turn) === true ? current : undefined);
    return {
      get pid() {
        return current?.pid;
      },
      get leaving() {
        return serving()?.turnIsOver ?? true;
      },
      send(command) {
        turn.said.push(command);
        serving()?.tell(command);
      },
      hold: (held) => serving()?.hold(held),
      end: (graceMs) => serving()?.end(graceMs),
    };
  }

  /** Lets all waiting processes go; resolves when no process is left. Trials must have ended before. */
  close(): Promise<void> {
    this.#closed = true;
    for (const slot of this.#waiting.keys()) this.#release(slot)?.dismiss();
    if (this.#living.size === 0) return Promise.resolve();
    for (const process of this.#living) process.keepUp(true);
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  #take(plan: SharedPlan): SharedProcess | undefined {
    const found = this.#release(plan.slot);
    if (found === undefined || (found.key === plan.key && !found.leaving)) return found;
    found.dismiss();
    return undefined;
  }

  #spawn(plan: SharedPlan): SharedProcess {
    const { idleMs, log } = this.#options;
    const process = new SharedProcess(plan, plan.key, {
      ...this.#options,
      free: () => {
        if (this.#closed) return process.dismiss();
        process.keepUp(false);
        const timer = setTimeout(() => this.#release(plan.slot)?.dismiss(), idleMs).unref();
        this.#waiting.set(plan.slot, { process, timer });
      },
      gone: () => {
        this.#living.delete(process);
        if (this.#waiting.get(plan.slot)?.process === process) this.#release(plan.slot);
        if (this.#living.size === 0) this.#onEmpty();
      },
    });
    log(`Trainer process ${process.pid ?? 0} for ${plan.slot}`);
    this.#living.add(process);
    return process;
  }

  #release(slot: string): SharedProcess | undefined {
    const waiting = this.#waiting.get(slot);
    if (waiting === undefined) return undefined;
    clearTimeout(waiting.timer);
    this.#waiting.delete(slot);
    return waiting.process;
  }
}
