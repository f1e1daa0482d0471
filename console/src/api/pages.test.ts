import { expect, test, vi } from "vitest";
import { allOf } from "./pages.ts";

test("every page is read, each behind the one before", async () => {
  const load = vi
    .fn()
    .mockResolvedValueOnce({ items: [1, 2], next_cursor: "a" })
    .mockResolvedValueOnce({ items: [], next_cursor: "b" })
    .mockResolvedValueOnce({ items: [3], next_cursor: null });
  expect(await allOf(load, 100)).toEqual([1, 2, 3]);
  expect(load.mock.calls).toEqual([[{}], [{ cursor: "a" }], [{ cursor: "b" }]]);
});

test("it ends where there is enough, where a cursor leads nowhere, and with what fails", async () => {
  const more = vi.fn().mockResolvedValueOnce({ items: [1, 2], next_cursor: "a" });
  expect(await allOf(more, 2)).toEqual([1, 2]);
  const stuck = vi.fn().mockResolvedValue({ items: [1], next_cursor: "a" });
  expect(await allOf(stuck, 100)).toEqual([1, 1]);
  const fails = vi
    .fn()
    .mockResolvedValueOnce({ items: [1], next_cursor: "a" })
    .mockRejectedValueOnce(new Error("away"));
  await expect(allOf(fails, 100)).rejects.toThrow("away");
});
