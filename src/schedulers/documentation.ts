/**
 * Writes docs/schedulers.md from the registry: what completion and hover say of each scheduler, on one page.
 * Invariant: nothing about a scheduler is written here. A test holds the file against it; `npm run schema` rewrites it.
 */
import type { MethodInfo } from "../core/study/catalog.ts";
import { renderMethods } from "../core/study/methodDocs.ts";

const head = `# Schedulers

How long each trial trains, and which one goes on. Made from the same descriptions that completion and hover show in the study file; do not edit it by hand (\`npm run schema\` writes it).

\`\`\`yaml
scheduler: none                      # the default: every trial runs to its end
scheduler: asha                      # by its name, with its defaults
scheduler: { kind: asha, eta: 3 }    # or with options
\`\`\`

What holds for all of them:

- **Every decision says why**, in the log, in the trial's row and in the panel: "step 3: 0.91, waits at rung 1 of bracket 2".
- **The study is all they know.** A decision follows from the trials, their reports and the seed. A study that was interrupted goes on as if nothing had happened.
- **Steps** are what the trainer counts: epochs, for most. Rungs are whole steps, found without logarithms; the last one is the full training (\`epochs\` of the trainer).
- **A trial that rests keeps its checkpoint.** When it goes on, only the difference is trained. Without a checkpoint it begins again, and the reason says so.
- **A value that is not a number** ends its trial at once. Infinite values are as bad as can be. A trial that crashed counts as the worst of the rung it was on its way to; in a population a copy takes its place.
- **Equal values**: the earlier trial wins.
- **The budget counts trials** that a sampler or a person has made; copies in a population do not count.
- **Methods that wait** (\`successive-halving\`, \`hyperband\` and those built on it) choose the same trials of the same configurations however many slots there are (a sampler that learns may propose others). A slot that a bracket could only wait with begins the next bracket. The last bracket is as large as the budget leaves it.
- **Methods that do not wait** (\`asha\`, \`async-hyperband\`, populations) decide with what has arrived, so slots and speed matter. When the budget is used, trials that still rest stay paused; under \`asha\`, should none have been trained to its end by then, the leader goes on until one has. Populations with \`synchronous: true\` wait for each other.
`;

/** The text of docs/schedulers.md. */
export function renderSchedulersDoc(schedulers: readonly MethodInfo[]): string {
  return renderMethods(head, "scheduler", schedulers);
}
