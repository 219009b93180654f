import { expect, test } from "vitest";
import { type Pace, paced, secondsLeft, speed, WINDOW_MS } from "../src/pace";

function steady(bytesPerSecond: number, seconds: number): Pace {
  let pace: Pace = [];
  for (let tenth = 0; tenth <= seconds * 10; tenth += 1)
    pace = paced(pace, { at: tenth * 100, bytes: (tenth * bytesPerSecond) / 10 });
  return pace;
}

test("nothing is promised before there is something to go by", () => {
  expect(speed([], 0)).toBeNull();
  expect(secondsLeft(paced([], { at: 0, bytes: 0 }), 100, 100)).toBeNull();
  expect(speed(steady(1000, 0.5), 500)).toBeNull();
});

test("a steady upload takes as long as it says", () => {
  const pace = steady(1000, 10);
  expect(speed(pace, 10_000)).toBeCloseTo(1000);
  expect(secondsLeft(pace, 15_000, 10_000)).toBeCloseTo(5);
});

test("only the last seconds count: a slow beginning is forgotten", () => {
  let pace = steady(10, 5);
  for (let at = 5_100; at <= 15_000; at += 100) pace = paced(pace, { at, bytes: (at - 5_000) * 2 });
  expect(speed(pace, 15_000)).toBeCloseTo(2000, -1);
});

test("the samples of a long upload stay few", () => {
  expect(steady(1000, 600).length).toBeLessThan(WINDOW_MS / 100 + 3);
});

test("an upload that stands still has no end", () => {
  const pace = steady(1000, 5);
  expect(speed(pace, 5_000 + 4_001)).toBe(0);
  expect(secondsLeft(pace, 10_000, 5_000 + 4_001)).toBeNull();
});

test("one that begins anew is measured anew", () => {
  const pace = paced(steady(1000, 5), { at: 5_100, bytes: 0 });
  expect(pace).toEqual([{ at: 5_100, bytes: 0 }]);
});

test("what is there needs no time", () => expect(secondsLeft(steady(1000, 1), 1000, 1_000)).toBe(0));
