// Writes small files in the format of CIFAR-10's binary version: data_batch_1.bin, test_batch.bin and batches.meta.txt with
// made-up pictures of ten kinds, five patterns in a warm and a cold colour. Seeded: the same arguments give the same bytes.
//
// Usage: node make-small.mjs [folder = small] [training pictures = 600] [test pictures = 100]
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const [folder = "small", trainRows = "600", testRows = "100"] = process.argv.slice(2);
const target = path.resolve(import.meta.dirname, folder);

let state = 20240229;
/** Uniform on [0, 1): mulberry32. */
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const patterns = {
  rows: (x, y, { period, phase }) => Math.sin((2 * Math.PI * y) / period + phase),
  columns: (x, y, { period, phase }) => Math.sin((2 * Math.PI * x) / period + phase),
  diagonals: (x, y, { period, phase }) => Math.sin((2 * Math.PI * (x + y)) / (1.4 * period) + phase),
  rings: (x, y, { cx, cy, period, phase }) => Math.sin((2 * Math.PI * Math.hypot(x - cx, y - cy)) / period + phase),
  disc: (x, y, { cx, cy, radius }) => (Math.hypot(x - cx, y - cy) < radius ? 1 : -1),
};
const tones = { warm: [0.9, 0.5, 0.15], cold: [0.15, 0.5, 0.9] };
const kinds = Object.keys(tones).flatMap((tone) => Object.keys(patterns).map((pattern) => ({ tone, pattern })));

/** One record: the label, then 1024 bytes of red, of green and of blue, row by row. */
function record(label) {
  const { pattern, tone } = kinds[label];
  const shape = {
    period: 6 + 5 * random(),
    phase: 2 * Math.PI * random(),
    cx: 10 + 12 * random(),
    cy: 10 + 12 * random(),
    radius: 6 + 6 * random(),
  };
  const brightness = 0.75 + 0.4 * random();
  const bytes = Buffer.alloc(3073);
  bytes[0] = label;
  for (let y = 0; y < 32; y++) {
    for (let x = 0; x < 32; x++) {
      const value = 0.5 + 0.25 * patterns[pattern](x, y, shape);
      tones[tone].forEach((share, channel) => {
        const noise = 260 * (random() - 0.5);
        const level = 255 * brightness * (0.3 + 0.7 * share) * value + noise;
        bytes[1 + 1024 * channel + 32 * y + x] = Math.max(0, Math.min(255, Math.round(level)));
      });
    }
  }
  return bytes;
}

/** Every kind equally often, in random order. */
function batch(rows) {
  const labels = Array.from({ length: rows }, (_, i) => i % kinds.length);
  for (let i = rows - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [labels[i], labels[j]] = [labels[j], labels[i]];
  }
  return Buffer.concat(labels.map(record));
}

mkdirSync(target, { recursive: true });
writeFileSync(path.join(target, "data_batch_1.bin"), batch(Number(trainRows)));
writeFileSync(path.join(target, "test_batch.bin"), batch(Number(testRows)));
writeFileSync(
  path.join(target, "batches.meta.txt"),
  `${kinds.map(({ pattern, tone }) => `${tone} ${pattern}`).join("\n")}\n`,
);
console.log(`${trainRows} training and ${testRows} test pictures of ${kinds.length} kinds are in ${target}.`);
