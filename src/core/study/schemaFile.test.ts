import { describe, expect, it } from "vitest";
import { catalog } from "../../catalog.ts";
import committed from "../../../media/study.schema.json" with { type: "json" };
import { parameterSnippets } from "./parameterSnippets.ts";
import { parseStudy } from "./parse.ts";
import { alternatives, jsonSchemaFor, type JsonSchema } from "./schemaDocs.ts";
import { schemaFileText } from "./schemaFile.ts";
import { badText } from "./testing/badStudy.ts";
import { flowText } from "./yamlText.ts";

describe("media/study.schema.json", () => {
  it("is up to date (npm run schema)", () => {
    expect(JSON.parse(schemaFileText(catalog))).toEqual(committed);
  });

  it("describes every field", () => {
    const bare: string[] = [];
    const visit = (schema: JsonSchema, path: string): void => {
      for (const one of alternatives(schema)) {
        for (const [key, property] of Object.entries(one.properties ?? {})) {
          const described =
            property.description ??
            alternatives(property).find(({ description }) => description !== undefined)?.description;
          if (described === undefined) bare.push(`${path}.${key}`);
          visit(property, `${path}.${key}`);
        }
        if (typeof one.items === "object" && "type" in one.items) visit(one.items, `${path}[]`);
        if (typeof one.additionalProperties === "object") visit(one.additionalProperties, `${path}.*`);
      }
    };
    visit(jsonSchemaFor(catalog), "study");
    expect(bare).toEqual([]);
  });

  it("offers every method with its options by kind", () => {
    for (const [key, methods] of [
      ["sampler", catalog.samplers],
      ["scheduler", catalog.schedulers],
    ] as const) {
      const schema = jsonSchemaFor(catalog).properties?.[key];
      const objects = alternatives(schema ?? {}).filter(({ properties }) => properties !== undefined);
      expect(objects.map(({ properties }) => properties?.["kind"]?.const)).toEqual(methods.map(({ kind }) => kind));
      expect(objects.map(({ properties }) => Object.keys(properties ?? {}))).toEqual(
        methods.map(({ options }) => ["kind", ...Object.keys(options.shape)]),
      );
    }
  });

  it("has snippets that are valid parameters", () => {
    for (const { body, label } of parameterSnippets) {
      const space = `space:\n  a: ${flowText(body)}\n  b: { type: int, low: 1, high: 2 }`;
      expect(parseStudy(badText({ space }), "yaml", catalog).issues, label).toEqual([]);
    }
  });
});
