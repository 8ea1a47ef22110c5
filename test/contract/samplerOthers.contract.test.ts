/** Runs the contract over the samplers that sampler.contract.test.ts leaves: two files are run by two processes. */
import { samplers } from "../../src/samplers/registry.ts";
import { samplerContract } from "./sampler.contract.ts";

for (const [index, entry] of samplers.entries()) if (index % 2 === 1) samplerContract(entry);
