/**
 * One pair of clouds in a process of its own, for test/bench/rtd.ts: processor time of each part, memory, and the matrices for
 * Ripser. Usage: node test/bench/rtdMeasure.ts KIND COUNT FILE; prints one JSON object.
 */
import { writeFileSync } from "node:fs";
import { crossBarcodes } from "../../src/topology/crossBarcodes.ts";
import { prepare } from "../../src/topology/preparation.ts";
import { divergence, liteDivergence } from "../../src/topology/rtd.ts";
import { TypeScriptWalk } from "../../src/topology/walk.ts";
import { cloudPairs } from "./rtdClouds.ts";

const [kind, size, file] = process.argv.slice(2);
const pair = cloudPairs.find(({ name }) => name === kind);
if (pair === undefined || size === undefined || file === undefined) throw new Error("KIND COUNT FILE");

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Least processor time of several runs: what other processes do to caches and clock can only add to it. */
function least(work: () => void): number {
  const times = Array.from({ length: 15 }, () => {
    const before = cpuMs();
    work();
    return cpuMs() - before;
  });
  return Math.min(...times);
}

const [p, q] = pair.make(Number(size));
// The high-water mark before anything of topology: what it rises to is ours.
const before = process.resourceUsage().maxRSS;
const found = divergence(prepare(p), prepare(q));
const peakMiB = (process.resourceUsage().maxRSS - before) / 1024;

const [a, b] = [prepare(p), prepare(q)];
const walk = least(() => crossBarcodes(a, b));
const typescript = least(() => {
  const own = new TypeScriptWalk(a, b);
  while (!own.advance(100_000));
});
// Single precision, as Ripser takes them.
for (const [which, { distances }] of [a, b].entries()) writeFileSync(`${file}.${which}`, Float32Array.from(distances));
console.log(
  JSON.stringify({
    kind,
    count: Number(size),
    prepare: least(() => {
      prepare(p);
      prepare(q);
    }),
    walk,
    typescript,
    lite: least(() => liteDivergence(a, b)),
    peakMiB,
    score: found.score,
    sums: found.directions.map(({ total }) => total),
    bars: found.directions.map(({ births }) => births.length),
  }),
);
