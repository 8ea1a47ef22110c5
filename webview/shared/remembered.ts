/** Data made for a chart, kept while what it is made of is the same. Invariant: compares ingredients by identity. */

/** Remembers the last result while its ingredients are the same objects, so that charts are not laid out for nothing. */
export function remembered<T>(): (ingredients: readonly unknown[], make: () => T) => T {
  let held: { readonly ingredients: readonly unknown[]; readonly value: T } | undefined;
  return (ingredients, make) => {
    const same =
      held !== undefined &&
      held.ingredients.length === ingredients.length &&
      held.ingredients.every((part, i) => part === ingredients[i]);
    if (held === undefined || !same) held = { ingredients, value: make() };
    return held.value;
  };
}
