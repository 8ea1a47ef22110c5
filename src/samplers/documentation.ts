/**
 * Writes docs/samplers.md from the registry: what completion and hover say of each sampler, on one page.
 * Invariant: nothing about a sampler is written here. A test holds the file against it; `npm run schema` rewrites it.
 */
import type { MethodInfo } from "../core/study/catalog.ts";
import { renderMethods } from "../core/study/methodDocs.ts";

const head = `# Samplers

Which configuration a study tries next. Made from the same descriptions that completion and hover show in the study file; do not edit it by hand (\`npm run schema\` writes it).

\`\`\`yaml
sampler: auto                               # the default: picks one of those below and says which and why
sampler: tpe                                # by its name, with its defaults
sampler: { kind: tpe, startupTrials: 20 }   # or with options
\`\`\`

What holds for all of them:

- **The same seed, the same study.** A suggestion is a function of the space, the finished trials, the running ones and the study's seed. A study that was interrupted goes on as if nothing had happened, in whatever process.
- **Every kind of parameter**: floats, integers, logarithmic ranges, steps, categories, conditions (\`when\`), constants.
- **Constraints** hold before a configuration is proposed. Small discrete spaces are drawn from exactly; elsewhere infeasible draws are rejected a bounded number of times, after which the study says so.
- **Failed trials** and results that are not a number never enter a model. An infinite result counts as a bad one. Pruned trials count as worse than complete ones, those that came further first, where a sampler can use them at all. What a trial has shown at a rung counts as if it had been pruned there, until it comes to the next one.
- **Trials of earlier studies** enter the model where a study file names them: \`warmStart: digits\`, \`warmStart: digits#2\`, or a list. The study's own name means its earlier generations, so an edited study goes on from what is known. Objective and direction must be the same; parameters are matched by name and scale. A trial is left out when a value lies outside its new range, when it violates a constraint, or when it lacks a parameter of the new space that has more than one value; the log says how many and why. They are taken when the study first starts and stay as they were then.
- **Configurations of your own** run first: \`basin enqueue digits --params '{"learningRate": 0.01}'\`, or *Enqueue Trial* in the editor.
- **With a scheduler of its own name** (\`bohb\`, \`dehb\`, \`priorband\`, \`freeze-thaw\`) a sampler need not be named; \`auto\` becomes that one, too. Any other combines with any scheduler that does not refuse it.
- **Running trials** are taken into account, so that parallel slots do not try the same place.
`;

/** The text of docs/samplers.md. */
export function renderSamplersDoc(samplers: readonly MethodInfo[]): string {
  return renderMethods(head, "sampler", samplers);
}
