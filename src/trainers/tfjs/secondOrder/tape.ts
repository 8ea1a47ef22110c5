/**
 * Two repairs of TensorFlow.js' tape, on which a second differentiation relies.
 *
 * A kernel or custom gradient that saves its OUTPUT y for the backward pass (tanh, sigmoid, exp, softmax, log-softmax, pow ...)
 * records the saved copy of y on the tape before the operation that makes y. Going backwards, the copy's gradient then arrives
 * after the operation has been passed, and everything that the gradient owes to y is lost without a word: Hessians come out
 * wrong, yet symmetric. Putting the copies behind their makers makes every such gradient twice differentiable.
 * Invariant: afterwards no node of the tape has an input that a later node makes.
 */
import type { Tf } from "../tf.ts";

/** Puts saved outputs behind the operations that make them. Call it inside the outer differentiation, last. O(nodes). */
export function orderTape(tf: Tf): void {
  const { state } = tf.engine();
  const tape = state.activeTape;
  const madeAt = new Map<number, number>();
  tape.forEach((node, i) => {
    for (const output of node.outputs) madeAt.set(output.id, i);
  });
  const waiting = new Map<number, (typeof tape)[number][]>();
  const ordered: typeof tape = [];
  tape.forEach((node, i) => {
    const made = Math.max(-1, ...Object.values(node.inputs).map((input) => madeAt.get(input.id) ?? -1));
    if (made > i) {
      const others = waiting.get(made);
      if (others === undefined) waiting.set(made, [node]);
      else others.push(node);
    } else {
      ordered.push(node, ...(waiting.get(i) ?? []));
    }
  });
  state.activeTape = ordered;
}

/** Frees what a differentiation that threw has saved; the engine itself only does so when it succeeds. */
export function dropTape(tf: Tf): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const node of (state.activeTape as typeof state.activeTape | null) ?? [])
    for (const tensor of node.saved ?? []) tensor.dispose();
  state.activeTape = [];
}
