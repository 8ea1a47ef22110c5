/**
 * What `basin native install --json` prints, one line each: progress, then exactly one `done` or `failed`.
 */
import type { NativeManifest } from "./layout.ts";
import type { NativeProgress } from "./progress.ts";

export type NativeInstallLine =
  | ({ readonly type: "progress" } & NativeProgress)
  | { readonly type: "done"; readonly before: boolean; readonly installed: NativeManifest }
  | { readonly type: "failed"; readonly cancelled: boolean; readonly message: string; readonly hint: string };

/** The lines among what has been printed, and the unfinished rest. Other text, of libraries, is left out. */
export function installLines(text: string): { readonly lines: NativeInstallLine[]; readonly rest: string } {
  const parts = text.split("\n");
  const rest = parts.pop() ?? "";
  const lines = parts.flatMap((part): NativeInstallLine[] => {
    try {
      const value: unknown = JSON.parse(part);
      const known = typeof value === "object" && value !== null && "type" in value;
      return known && ["progress", "done", "failed"].includes(String(value.type)) ? [value as NativeInstallLine] : [];
    } catch {
      return [];
    }
  });
  return { lines, rest };
}
