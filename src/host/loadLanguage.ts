/**
 * Loads the study language with its first use.
 * Invariant: the one place that imports studyLanguage.ts; the bundler turns it into a file of its own.
 */
import type { language } from "./studyLanguage.ts";

export async function studyLanguage(): Promise<typeof language> {
  return (await import("./studyLanguage.ts")).language;
}
