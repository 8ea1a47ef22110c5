/**
 * Something that takes long to make for a view: made after the next frame, in a task of its own, so that the view is drawn
 * before it. Invariant: what is handed out was made of the ingredients that were asked about, or of earlier ones under the
 * same name, never of other ones.
 */

/** Runs a task after the next frame is drawn. */
export type AfterFrame = (task: () => void) => void;

/** One task a frame: several in a row would hold up the frame after them as one long one does. */
export function oneAFrame(afterFrame: AfterFrame): AfterFrame {
  const waiting: (() => void)[] = [];
  const next = (): void => {
    const task = waiting.shift();
    if (waiting.length > 0) afterFrame(next);
    task?.();
  };
  return (task) => {
    waiting.push(task);
    if (waiting.length === 1) afterFrame(next);
  };
}

const afterNextFrame = oneAFrame((task) => {
  requestAnimationFrame(() => setTimeout(task));
});

export class Later<T> {
  private readonly afterFrame: AfterFrame;
  private asked: { readonly name: string; readonly ingredients: readonly unknown[] } | undefined;
  private made: { readonly name: string; readonly value: T } | undefined;

  constructor(afterFrame: AfterFrame = afterNextFrame) {
    this.afterFrame = afterFrame;
  }

  /**
   * What `make` gives for these ingredients; while it is being made what it gave last under that name, or undefined.
   * @param ingredients compared by identity
   * @param done called when the value is there
   */
  get(name: string, ingredients: readonly unknown[], make: () => T, done: () => void): T | undefined {
    const { asked } = this;
    const same =
      asked?.name === name &&
      asked.ingredients.length === ingredients.length &&
      asked.ingredients.every((part, i) => part === ingredients[i]);
    if (!same) {
      const question = { name, ingredients };
      this.asked = question;
      this.afterFrame(() => {
        // Something else was asked meanwhile: nobody waits for this any more.
        if (this.asked !== question) return;
        this.made = { name, value: make() };
        done();
      });
    }
    return this.made?.name === name ? this.made.value : undefined;
  }
}
