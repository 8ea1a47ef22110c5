import { tfjsNodeBackend } from "../backends/tfjsNode.ts";
import { updaterContract } from "./updater.contract.ts";

// Runs where the native part is installed.
updaterContract("tfjs-node", () => tfjsNodeBackend.load({ threads: 1 }));
