/** Version of the engine as clients see it; a test holds it against package.json. */
export const engineVersion = "0.1.0";
