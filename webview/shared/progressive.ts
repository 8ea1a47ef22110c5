/**
 * Drawing that never blocks: painters are generators that yield after each small piece; pieces run until the frame's
 * budget is spent and go on in the next frame. Invariant: a new painter for a layer drops the old one at once.
 */

export type Painter = Generator<void, void, void>;

/** Milliseconds of scripting a frame may spend on drawing. */
export const frameBudgetMs = 8;

export class PaintQueue {
  private readonly painters = new Map<string, Painter>();
  private readonly now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  set(layer: string, painter: Painter | undefined): void {
    if (painter === undefined) this.painters.delete(layer);
    else this.painters.set(layer, painter);
  }

  /** Runs pieces for `budgetMs`, at least one a layer, layers in the order they were added; whether anything is left. */
  run(budgetMs: number): boolean {
    const end = this.now() + budgetMs;
    for (const [layer, painter] of this.painters) {
      do {
        if (painter.next().done === true) {
          this.painters.delete(layer);
          break;
        }
      } while (this.now() < end);
    }
    return this.painters.size > 0;
  }

  get busy(): boolean {
    return this.painters.size > 0;
  }
}
