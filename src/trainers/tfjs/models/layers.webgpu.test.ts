import { webgpuBackend } from "../backends/webgpu.ts";
import { describeCommonLayers } from "./layers.contract.ts";

describeCommonLayers(webgpuBackend);
