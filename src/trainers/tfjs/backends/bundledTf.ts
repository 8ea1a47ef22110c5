/**
 * TensorFlow.js core and layers as bundled with the trainer, loaded on first use: native back ends bring their own copy.
 */
import type { Tf } from "../tf.ts";

/** One namespace with everything of core and layers, as the umbrella package `@tensorflow/tfjs` offers it. */
export async function bundledTf(): Promise<Tf> {
  const [core, layers] = await Promise.all([import("@tensorflow/tfjs-core"), import("@tensorflow/tfjs-layers")]);
  return { ...core, ...layers };
}
