/**
 * What a study file may name: the registries as plain descriptions for the parser, completion, hover and the JSON Schema.
 * Invariant: names and options only; nothing is created.
 */
import type { Catalog } from "./core/study/catalog.ts";
import { samplers } from "./samplers/registry.ts";
import { schedulers } from "./schedulers/registry.ts";

export const catalog: Catalog = { samplers, schedulers };
