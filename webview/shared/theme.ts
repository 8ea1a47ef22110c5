/**
 * The editor's colours and font for canvases, read from the `--vscode-*` variables and read again when the theme changes.
 * Invariant: no colour of our own but the objective's scale; every colour used on a canvas comes from here.
 */
import { trialStates, type TrialState } from "../../src/core/trial.ts";
import { goodnessTable, type Ground, type Rgb } from "./colorScale.ts";

export interface Theme {
  readonly ground: Ground;
  readonly highContrast: boolean;
  readonly background: string;
  readonly foreground: string;
  readonly muted: string;
  readonly border: string;
  readonly grid: string;
  readonly focus: string;
  readonly accent: string;
  readonly error: string;
  readonly states: Readonly<Record<TrialState, string>>;
  readonly fontFamily: string;
  /** Pixels, the editor's own size. */
  readonly fontSize: number;
  /** 256 packed colours, worst to best. */
  readonly goodness: Uint8Array;
}

/** Variables that carry each state's colour, with the fall-backs of older themes. */
const stateVariables: Readonly<Record<TrialState, string>> = {
  waiting: "--vscode-descriptionForeground",
  running: "--vscode-charts-blue",
  paused: "--vscode-charts-purple",
  complete: "--vscode-charts-green",
  pruned: "--vscode-editorWarning-foreground",
  failed: "--vscode-charts-red",
};

let cached: Theme | undefined;
const listeners = new Set<() => void>();

/** The present theme; read once per change. */
export function theme(): Theme {
  return (cached ??= readTheme());
}

function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const read = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const foreground = read("--vscode-foreground", style.color);
  const background = read("--vscode-editor-background", style.backgroundColor);
  const classes = document.body.classList;
  const highContrast = classes.contains("vscode-high-contrast") || classes.contains("vscode-high-contrast-light");
  const light = classes.contains("vscode-light") || classes.contains("vscode-high-contrast-light");
  const ground: Ground = light ? "light" : "dark";
  const muted = read("--vscode-descriptionForeground", foreground);
  const states = {} as Record<TrialState, string>;
  for (const state of trialStates) states[state] = read(stateVariables[state], foreground);
  const border = read("--vscode-panel-border", "") || read("--vscode-contrastBorder", muted);
  return {
    ground,
    highContrast,
    background,
    foreground,
    muted: highContrast ? foreground : muted,
    border,
    grid: read("--vscode-editorIndentGuide-background1", border),
    focus: read("--vscode-focusBorder", foreground),
    accent: read("--vscode-charts-blue", foreground),
    error: read("--vscode-errorForeground", foreground),
    states,
    fontFamily: read("--vscode-font-family", "sans-serif"),
    fontSize: Number.parseFloat(read("--vscode-font-size", "13px")) || 13,
    goodness: goodnessTable(ground),
  };
}

/** Calls back after the editor changed its theme; returns a function that ends the subscription. */
export function onThemeChange(listener: () => void): () => void {
  if (listeners.size === 0) observe();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let observing = false;
function observe(): void {
  if (observing) return;
  observing = true;
  const changed = (): void => {
    cached = undefined;
    for (const listener of listeners) listener();
  };
  const observer = new MutationObserver(changed);
  // The editor sets classes on the body and the variables as styles of the root element.
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "style"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "style"] });
}

let probe: CanvasRenderingContext2D | null | undefined;

/** Bytes of any CSS colour: the browser parses it. */
export function rgbOf(css: string): Rgb {
  if (probe === undefined) {
    const canvas = document.createElement("canvas");
    canvas.width = 1;
    canvas.height = 1;
    probe = canvas.getContext("2d", { willReadFrequently: true });
  }
  if (probe === null) return [128, 128, 128];
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = css;
  probe.fillRect(0, 0, 1, 1);
  const [r = 128, g = 128, b = 128] = probe.getImageData(0, 0, 1, 1).data;
  return [r, g, b];
}

export function prefersReducedMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** The 256 colours of a theme as CSS: written once, since charts ask for one a point. */
const cssOf = new WeakMap<Uint8Array, readonly string[]>();

/** Colour of goodness 0..1 as CSS; muted ink where there is no value. */
export function goodnessCss(t: number, { goodness, muted }: Pick<Theme, "goodness" | "muted">): string {
  if (Number.isNaN(t)) return muted;
  let css = cssOf.get(goodness);
  if (css === undefined) {
    css = Array.from({ length: 256 }, (_, i) => `rgb(${[...goodness.subarray(3 * i, 3 * i + 3)].join(" ")})`);
    cssOf.set(goodness, css);
  }
  return css[Math.min(255, Math.max(0, Math.round(t * 255)))]!;
}
