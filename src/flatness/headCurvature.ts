/**
 * The second derivative of the loss by the last layer's outputs, sample by sample: all that distinguishes softmax, sigmoid and
 * linear heads in the last layer's Hessian.
 *
 * With outputs z_i = W'a_i and a mean loss (1/m) sum_i l(z_i), the Hessian in W is H = (1/m) sum_i S_i (x) a_i a_i' with
 * S_i = d2l/dz2:
 *   softmax, cross-entropy          S = diag(p) - p p'        (labels, smoothed or not, do not enter)
 *   sigmoid, binary cross-entropy   S = diag(p (1 - p))       (summed over the outputs)
 *   linear, half squared error      S = I                     (loss 1/2 |z - y|^2)
 * so every H is a sum of Kronecker products, and
 *   <H, H> = (1/m^2) sum_ij <S_i, S_j> (a_i.a_j)^2,   tr H = (1/m) sum_i tr(S_i) |a_i|^2,   H V = A'R/m with R_i = S_i (A V)_i.
 */
import { gramRow, type Matrix } from "./matrix.ts";

/** What the last layer's outputs mean. "sigmoid" is one or several independent labels. */
export type HeadKind = "softmax" | "sigmoid" | "linear";

export interface HeadCurvature {
  /** tr S_i. */
  trace(i: number): number;
  /** out[j] = <S_i, S_j>, the Frobenius inner product, for j from 0 to i. */
  innerRow(i: number, out: Float64Array): void;
  /** Replaces u (k values, at `at` of `values`) by S_i u. */
  apply(i: number, values: Float64Array, at: number): void;
}

function softmax(p: Matrix): HeadCurvature {
  const k = p.columns;
  return {
    // sum p - sum p^2, written so that it does not assume that the rows add up to 1 exactly.
    trace(i) {
      let sum = 0;
      for (let c = i * k; c < (i + 1) * k; c++) sum += p.values[c]! * (1 - p.values[c]!);
      return sum;
    },
    // tr((D_i - p_i p_i')(D_j - p_j p_j')) = p_i.p_j - (p_i.p_i).p_j - p_i.(p_j.p_j) + (p_i.p_j)^2, squares elementwise.
    innerRow(i, out) {
      const { values } = p;
      const start = i * k;
      let j = 0;
      // Four at a time share the loads of row i.
      for (; j + 4 <= i + 1; j += 4) {
        let product0 = 0;
        let product1 = 0;
        let product2 = 0;
        let product3 = 0;
        let squares0 = 0;
        let squares1 = 0;
        let squares2 = 0;
        let squares3 = 0;
        let r = j * k;
        for (let q = start; q < start + k; q++, r++) {
          const a = values[q]!;
          const b0 = values[r]!;
          const b1 = values[r + k]!;
          const b2 = values[r + 2 * k]!;
          const b3 = values[r + 3 * k]!;
          product0 += a * b0;
          product1 += a * b1;
          product2 += a * b2;
          product3 += a * b3;
          squares0 += a * b0 * (a + b0);
          squares1 += a * b1 * (a + b1);
          squares2 += a * b2 * (a + b2);
          squares3 += a * b3 * (a + b3);
        }
        out[j] = product0 - squares0 + product0 * product0;
        out[j + 1] = product1 - squares1 + product1 * product1;
        out[j + 2] = product2 - squares2 + product2 * product2;
        out[j + 3] = product3 - squares3 + product3 * product3;
      }
      for (; j <= i; j++) {
        let product = 0;
        let squares = 0;
        for (let q = start, r = j * k; q < start + k; q++, r++) {
          const ab = values[q]! * values[r]!;
          product += ab;
          squares += ab * (values[q]! + values[r]!);
        }
        out[j] = product - squares + product * product;
      }
    },
    apply(i, values, at) {
      let mean = 0;
      for (let c = 0; c < k; c++) mean += p.values[i * k + c]! * values[at + c]!;
      for (let c = 0; c < k; c++) values[at + c] = p.values[i * k + c]! * (values[at + c]! - mean);
    },
  };
}

function sigmoid(p: Matrix): HeadCurvature {
  const k = p.columns;
  const slopes: Matrix = { rows: p.rows, columns: k, values: Float64Array.from(p.values, (x) => x * (1 - x)) };
  return {
    trace(i) {
      let sum = 0;
      for (let c = i * k; c < (i + 1) * k; c++) sum += slopes.values[c]!;
      return sum;
    },
    innerRow: (i, out) => gramRow(slopes, i, out),
    apply(i, values, at) {
      for (let c = 0; c < k; c++) values[at + c]! *= slopes.values[i * k + c]!;
    },
  };
}

function linear(k: number): HeadCurvature {
  return { trace: () => k, innerRow: (i, out) => void out.fill(k, 0, i + 1), apply: () => {} };
}

/** The curvature of a head whose probabilities (softmax, sigmoid) or outputs (linear; only their number counts) are `p`. */
export function headCurvature(head: HeadKind, p: Matrix): HeadCurvature {
  switch (head) {
    case "softmax":
      return softmax(p);
    case "sigmoid":
      return sigmoid(p);
    case "linear":
      break;
  }
  return linear(p.columns);
}
