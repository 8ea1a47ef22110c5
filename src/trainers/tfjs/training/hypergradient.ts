/**
 * Hypergradient descent: each step adapts the learning rate alpha and the momentum gamma by the newest gradient.
 * Sources: Baydin et al. 2018 (alpha); Seifi and Niaki, "Extending the hypergradient descent technique ..." (gamma), with
 * heavy-ball sign: theta += -alpha g + gamma d. The default rule uses cosines in place of inner products, so that it does
 * not depend on the scale of the loss.
 * Invariant: pure numbers; `hostUpdater` and `tensorUpdater` compute the same signals and apply the same rule.
 */
import type { Hyperparameters } from "../hyperparameters.ts";

export interface HypergradientPlan {
  readonly rule: "cosine" | "raw";
  /** Steps of alpha and gamma: beta and eta of the papers. */
  readonly beta: number;
  readonly eta: number;
  readonly alpha: readonly [low: number, high: number];
  readonly gamma: readonly [low: number, high: number];
}

export interface Rates {
  readonly learningRate: number;
  /** Meaningful only for rules with a momentum. */
  readonly momentum: number;
}

/** What the newest gradient says about the last update; sums over all weights. */
export interface Signals {
  /** g . g */
  readonly gradient: number;
  /** g . p and p . p: p is the last update's direction per unit of learning rate, -d(theta)/d(alpha). */
  readonly along: number;
  readonly direction: number;
  /**
   * g . d and d . d: d is the last move, theta(t-1) - theta(t-2), so that g . d is the derivative of the loss by the length of
   * that move. The derivative by gamma alone would take the move before it, a third vector to keep.
   */
  readonly ahead: number;
  readonly move: number;
}

/** Above so many steps the adaptation is slower. */
const longRun = 1000;
const tiny = 1e-12;

export function hypergradientPlan(h: Hyperparameters, steps: number): HypergradientPlan | undefined {
  if (h.hypergradient === "none") return undefined;
  const adam = h.optimizer === "adam" || h.optimizer === "adamw";
  const cosine = h.hypergradient === "cosine";
  const rawBeta = !adam ? 1e-3 : h.model === "vgg" ? 1e-8 : 1e-7;
  const beta = cosine ? (steps > longRun ? 0.02 : 0.05) : rawBeta;
  const eta = cosine ? (steps > longRun ? 0.01 : 0.02) : 1e-3;
  const paper = h.hypergradientRange === "paper";
  const { online } = h;
  const plan: HypergradientPlan = {
    rule: h.hypergradient,
    beta: h.given.has("hypergradientLr") ? h.hypergradientLr : beta,
    eta: h.given.has("hypergradientMomentum") ? h.hypergradientMomentum : eta,
    alpha: paper ? [1e-5, 0.2] : [1e-6, 1],
    gamma: paper ? [0.7, 0.99] : [0, 0.99],
  };
  if (online === undefined) return plan;
  // A rate that the study does not tune stays at what the trial was given, whatever that is.
  const { learningRate: alpha, momentum: gamma } = online;
  return {
    ...plan,
    beta: alpha === undefined ? 0 : plan.beta,
    eta: gamma === undefined ? 0 : plan.eta,
    alpha: alpha === undefined ? [0, 1000] : [alpha.low, alpha.high],
    gamma: gamma === undefined ? [0, 1] : [gamma.low, gamma.high],
  };
}

const clip = (value: number, [low, high]: readonly [number, number]): number => Math.min(high, Math.max(low, value));

/** The rates to begin with: those given, within the bounds. */
export function firstRates(plan: HypergradientPlan, rates: Rates): Rates {
  return { learningRate: clip(rates.learningRate, plan.alpha), momentum: clip(rates.momentum, plan.gamma) };
}

/** Whether a gradient of this squared norm can be used; the limit is that of float32, for all back ends alike. */
export function isUsable(squaredNorm: number): boolean {
  return Number.isFinite(Math.fround(squaredNorm));
}

/** After a gradient that is not finite the update is left out, and the learning rate halved. */
export function halvedRates(plan: HypergradientPlan, rates: Rates): Rates {
  return { ...rates, learningRate: clip(rates.learningRate / 2, plan.alpha) };
}

/**
 * The rates of the coming update. Before the first one p and d are zero, which leaves them as they are.
 * With a = g.p and m = g.d: raw alpha + beta a, gamma - eta m; cosine alpha (1 + beta cos(g, p)), gamma - eta cos(g, d).
 */
export function adaptRates(plan: HypergradientPlan, rates: Rates, signals: Signals): Rates {
  if (plan.rule === "raw")
    return {
      learningRate: clip(rates.learningRate + plan.beta * signals.along, plan.alpha),
      momentum: clip(rates.momentum - plan.eta * signals.ahead, plan.gamma),
    };
  const norm = Math.sqrt(signals.gradient) + tiny;
  const along = signals.along / (norm * (Math.sqrt(signals.direction) + tiny));
  const ahead = signals.ahead / (norm * (Math.sqrt(signals.move) + tiny));
  return {
    learningRate: clip(rates.learningRate * (1 + plan.beta * along), plan.alpha),
    momentum: clip(rates.momentum - plan.eta * ahead, plan.gamma),
  };
}

/** Adds one variable's share. `move` undefined: d = -alpha p, as in Nesterov's form. O(n), no allocation. */
export function addSignals(
  sums: { gradient: number; along: number; direction: number; ahead: number; move: number },
  gradientAt: (i: number) => number,
  direction: Float32Array,
  move: Float32Array | undefined,
  alpha: number,
): void {
  let { gradient, along, ahead } = sums;
  let directionSquare = 0;
  let moveSquare = 0;
  let alongHere = 0;
  for (let i = 0; i < direction.length; i++) {
    const g = gradientAt(i);
    const p = direction[i]!;
    gradient += g * g;
    alongHere += g * p;
    directionSquare += p * p;
    if (move !== undefined) {
      const d = move[i]!;
      ahead += g * d;
      moveSquare += d * d;
    }
  }
  along += alongHere;
  sums.gradient = gradient;
  sums.along = along;
  sums.direction += directionSquare;
  sums.ahead = move === undefined ? ahead - alpha * alongHere : ahead;
  sums.move += move === undefined ? alpha * alpha * directionSquare : moveSquare;
}
