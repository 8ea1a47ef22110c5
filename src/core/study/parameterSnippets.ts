/**
 * Ready-made parameters to begin from, for completion here and in language servers.
 * Invariant: every body is a valid parameter.
 */

export interface ParameterSnippet {
  readonly label: string;
  readonly description: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export const parameterSnippets: readonly ParameterSnippet[] = [
  {
    label: "float, log scale",
    description: "A real number on a logarithmic scale: learning rates, weight decay.",
    body: { type: "float", low: 0.0001, high: 0.1, log: true },
  },
  {
    label: "float",
    description: "A real number between two bounds: dropout, momentum.",
    body: { type: "float", low: 0, high: 1 },
  },
  {
    label: "int",
    description: "A whole number, both bounds included: numbers of layers.",
    body: { type: "int", low: 1, high: 4 },
  },
  {
    label: "int, log scale",
    description: "A whole number on a logarithmic scale: widths, batch sizes.",
    body: { type: "int", low: 16, high: 256, log: true },
  },
  {
    label: "categorical",
    description: "One of several choices: optimizers, activations.",
    body: { type: "categorical", choices: ["sgd", "adam"] },
  },
  { label: "constant", description: "A fixed value for the trainer.", body: { type: "constant", value: 64 } },
];
