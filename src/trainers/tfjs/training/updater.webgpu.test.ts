import { webgpuBackend } from "../backends/webgpu.ts";
import { updaterContract } from "./updater.contract.ts";

updaterContract("webgpu", () => webgpuBackend.load({ threads: 1 }));
