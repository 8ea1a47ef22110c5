import { webgpuBackend } from "../backends/webgpu.ts";
import { sharpnessContract } from "./sharpness.contract.ts";

sharpnessContract("webgpu", () => webgpuBackend.load({ threads: 1 }), { nets: ["mlp"], tolerance: 1e-3 });
