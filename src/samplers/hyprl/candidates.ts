/**
 * The finite set of configurations an agent chooses from: as many points of the study's Sobol sequence, others in each block.
 * Invariant: a block is a function of space, constraints and the study's stream alone, whatever was asked for before.
 */
import type { Rng } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import { cubeOf } from "../cube.ts";
import type { Encoding } from "../learned/encoding.ts";
import { maxSobolDimensions, sobolSequence } from "../sobol/sequence.ts";

export interface Candidate {
  readonly params: Params;
  readonly key: string;
  /** Its encoding. */
  readonly point: Float64Array;
}

export interface Candidates {
  /** Different, feasible configurations: the first `size` from point `size` times `index` on; fewer where there are few. */
  block(index: number): readonly Candidate[];
}

/** Points looked at for each candidate, on average: constraints and small grids leave out many. */
const patience = 8;

export function candidatesOf(
  space: Space,
  encoding: Encoding,
  isFeasible: (params: Params) => boolean,
  size: number,
  rng: Rng,
): Candidates {
  const cube = cubeOf(space);
  const dimensions = cube.parameters.length;
  const sequence =
    dimensions > 0 && dimensions <= maxSobolDimensions ? sobolSequence(dimensions, "owen", rng) : undefined;
  let latest: { readonly index: number; readonly block: readonly Candidate[] } | undefined;

  const build = (index: number): Candidate[] => {
    const block = new Map<string, Candidate>();
    for (let i = 0; i < patience * size && block.size < size; i++) {
      const at = index * size + i;
      const params = cube.decode(sequence?.point(at) ?? cube.draw(rng.fork(`candidate ${at}`)));
      const key = paramsKey(params);
      if (!block.has(key) && isFeasible(params)) block.set(key, { params, key, point: encoding.encode(params) });
    }
    return [...block.values()];
  };
  return {
    block(index) {
      if (latest?.index !== index) latest = { index, block: build(index) };
      return latest.block;
    },
  };
}
