import { webgpuBackend } from "../backends/webgpu.ts";
import { hessianVectorContract } from "./hessianVector.contract.ts";

// Few networks: in CI the adapter is a processor's.
hessianVectorContract("webgpu", () => webgpuBackend.load({ threads: 1 }), { runs: 4, tolerance: 1e-3 });
