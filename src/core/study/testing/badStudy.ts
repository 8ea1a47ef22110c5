/**
 * What the tables of bad study files are made of. Positions are 1-based line:column, the end exclusive.
 * Invariant: `goodSections` together are a valid study.
 */

/** A valid study, section by section. */
export const goodSections = {
  study: "study: digits",
  objective: "objective: { metric: val_accuracy, direction: maximize }",
  trainer: "trainer: { kind: command, run: python train.py }",
  space:
    "space:\n  width: { type: int, low: 16, high: 256, log: true }\n  optimizer: { type: categorical, choices: [sgd, adam] }\n  momentum: { type: float, low: 0.5, high: 0.99, when: { optimizer: sgd } }",
  budget: "budget: { trials: 50 }",
} as const;

/** A text replaces the whole file, an object the named sections. */
export type BadStudy = readonly [
  name: string,
  change: string | Readonly<Partial<Record<keyof typeof goodSections, string>>>,
  issues: readonly string[],
];

/** The text of a bad study. */
export function badText(change: BadStudy[1]): string {
  if (typeof change === "string") return change;
  const sections: Readonly<Record<string, string>> = { ...goodSections, ...change };
  return `${Object.values(sections)
    .filter((section) => section !== "")
    .join("\n")}\n`;
}
