/**
 * What New Study File writes.
 * Invariant: pure; the text parses without an issue whatever the name is.
 */

/** A study for any program; `{name}` in `run` is replaced by the parameter's value. */
export function studyTemplate(name: string): string {
  return `# What to train, what to try, and how long. Completion (Ctrl+Space) and hover explain every field.
study: ${JSON.stringify(name)}
objective: { metric: val_accuracy, direction: maximize }
trainer:
  kind: command
  run: python train.py --lr {learningRate} --width {width} --optimizer {optimizer}
  metrics:
    # For a script that prints "epoch 3 val_accuracy 0.91"; with Basin's Python module no pattern is needed.
    - { metric: val_accuracy, pattern: 'epoch (?<step>\\d+).*val_accuracy (?<value>[0-9.]+)' }
space:
  learningRate: { type: float, low: 1e-5, high: 1e-1, log: true }
  width: { type: int, low: 16, high: 512, log: true }
  optimizer: { type: categorical, choices: [sgd, adam] }
sampler: auto
budget: { trials: 30, parallel: 2 }
seed: 1
`;
}
