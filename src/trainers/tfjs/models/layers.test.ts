import { wasmBackend } from "../backends/wasm.ts";
import { describeCommonLayers } from "./layers.contract.ts";

describeCommonLayers(wasmBackend);
