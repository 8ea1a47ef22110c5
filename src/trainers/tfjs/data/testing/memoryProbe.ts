/**
 * A process of its own for memory tests: loads the data that its argument describes, reads batches, and prints how much memory
 * that took and a sum over what was read.
 */
import { createHash } from "node:crypto";
import type { DataSpec } from "../../../../core/study/definition.ts";
import { loadDataset } from "../dataset.ts";

interface Job {
  readonly spec: DataSpec;
  readonly root: string;
  readonly cacheFolder: string;
  readonly memoryLimit?: number;
}

const job = JSON.parse(process.argv[2] ?? "") as Job;
const dataset = await loadDataset(job.spec, job.root, 1, job);
const hash = createHash("sha256");
for (const part of [dataset.train, dataset.validation, dataset.test]) {
  const { features, rows } = part;
  if (features instanceof Float32Array) throw new Error("The data is in memory.");
  const out = new Float32Array(256 * features.width);
  for (let batch = 0; batch < 8; batch++) {
    features.gather(
      Int32Array.from({ length: 256 }, (_, i) => (i * 7919 + batch * 104_729) % rows),
      out,
    );
    hash.update(out);
  }
}
process.stdout.write(
  JSON.stringify({
    rows: dataset.train.rows,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    digest: hash.digest("hex"),
  }),
);
