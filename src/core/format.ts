/**
 * How numbers, durations and values are written for people, the same in panel, explorer, CLI and status bar.
 * Invariant: at most four significant digits, never a bare "-0"; not a number is "–" in lists.
 */
import type { ParamValue } from "./space/parameter.ts";

/** 0.9812345 -> "0.9812", 0.0031 -> "3.1e-3", 123456 -> "1.235e5", 512 -> "512"; NaN -> "–". */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (Number.isInteger(value) && magnitude < 100_000) return String(value);
  if (magnitude >= 0.01 && magnitude < 100_000) return trimZeros(value.toPrecision(4));
  const [mantissa = "0", exponent = "+0"] = value.toExponential(3).split("e");
  return `${trimZeros(mantissa)}e${Number(exponent)}`;
}

function trimZeros(text: string): string {
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
}

/** A parameter's value: numbers as `formatNumber`, text as it is, null as "null". */
export function formatValue(value: ParamValue): string {
  return typeof value === "number" ? formatNumber(value) : String(value);
}

/** Milliseconds as "0:21", "12:04", "1:04:09"; NaN -> "–". */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** Milliseconds as words for an estimate: "40 s", "6 min", "3 h 10 min", "2 d 4 h". */
export function formatEta(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 36) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
