import { webgpuBackend } from "../backends/webgpu.ts";
import { resumeContract } from "./resume.contract.ts";

// Few trainings: in CI the adapter is a processor's.
resumeContract("webgpu", () => webgpuBackend.load({ threads: 1 }), { runs: 3, tolerance: 1e-4 });
