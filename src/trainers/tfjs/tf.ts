/**
 * The type of a TensorFlow.js namespace, whichever package it came from (bundled, tfjs-node, tfjs-node-gpu).
 * Invariant: nothing under src/trainers/tfjs except backends/ imports TensorFlow.js at run time; the namespace is handed in.
 */
import type * as core from "@tensorflow/tfjs-core";
import type * as layers from "@tensorflow/tfjs-layers";

export type Tf = typeof core & typeof layers;
export type Tensor = core.Tensor;
export type TensorInfo = core.TensorInfo;
export type Scalar = core.Scalar;
export type Variable = core.Variable;
export type LayersModel = layers.LayersModel;
