/** Keys through a list of trials: steps, ends, and the first press from nowhere. */
import { expect, it } from "vitest";
import { cursorMove } from "./keyboardCursor.ts";

it("steps within the list and stops at its ends", () => {
  expect(cursorMove("ArrowRight", 0, 3, "horizontal")).toBe(1);
  expect(cursorMove("ArrowRight", 2, 3, "horizontal")).toBe(2);
  expect(cursorMove("ArrowLeft", 0, 3, "horizontal")).toBe(0);
  expect(cursorMove("ArrowDown", 1, 3, "both")).toBe(2);
  expect(cursorMove("End", 0, 3, "vertical")).toBe(2);
  expect(cursorMove("Home", 2, 3, "vertical")).toBe(0);
});

it("begins at the first item", () => {
  expect(cursorMove("ArrowDown", -1, 3, "vertical")).toBe(0);
  expect(cursorMove("ArrowUp", -1, 3, "vertical")).toBe(0);
});

it("leaves other keys, other directions and empty lists alone", () => {
  expect(cursorMove("ArrowDown", 0, 3, "horizontal")).toBeUndefined();
  expect(cursorMove("Enter", 0, 3, "both")).toBeUndefined();
  expect(cursorMove("End", -1, 0, "both")).toBeUndefined();
});
