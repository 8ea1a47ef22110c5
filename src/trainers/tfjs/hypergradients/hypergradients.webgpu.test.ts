import { webgpuBackend } from "../backends/webgpu.ts";
import { hypergradientsContract } from "./hypergradients.contract.ts";

hypergradientsContract("webgpu", () => webgpuBackend.load({ threads: 1 }), { tolerance: 1e-3 });
