// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Listing } from "../api/pages.ts";
import { Problem } from "../api/problem.ts";
import type { Bulk } from "./bulk.tsx";
import { List } from "./list.tsx";
import { Empty } from "./page.tsx";

type Row = { id: string; name: string };
type Load = (cursor: string | undefined) => Promise<Listing<Row>>;

let root: Root;
beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  vi.stubGlobal("scrollTo", () => {});
  root = createRoot(document.body.appendChild(document.createElement("div")));
});
afterEach(async () => {
  await act(async () => root.unmount());
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

/** Goes on until what is on its way is there. */
const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 20)));

async function show(load: Load, address = "/", bulk?: Bulk<Row>): Promise<void> {
  const page = () => (
    <List<Row>
      name="things"
      queryKey={["things"]}
      load={load}
      keyOf={(row) => row.id}
      textOf={(row) => row.name}
      columns={[{ head: "Thing", cell: (row) => row.name }]}
      empty={<Empty title="No thing yet">A thing is made by its button.</Empty>}
      {...(bulk ? { bulk } : {})}
      panel={(row) => <aside>{`open: ${row.name}`}</aside>}
    />
  );
  const router = createRouter({
    routeTree: createRootRoute({ component: page }),
    history: createMemoryHistory({ initialEntries: [address] }),
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  await act(async () =>
    root.render(
      <QueryClientProvider client={client}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>,
    ),
  );
  await settle();
}

const find = (selector: string): HTMLElement | null => document.querySelector(selector);
const text = (): string => document.body.textContent ?? "";
/** Something that somebody does, and what comes of it. */
const doing = async (work: () => void) => {
  await act(async () => work());
  await settle();
};
const press = async (name: string) => {
  const button = [...document.querySelectorAll("button")].find((one) => one.textContent === name);
  if (!button) throw new Error(`no button ${name}`);
  await doing(() => button.click());
};
const rows = (): string[] => [...document.querySelectorAll("tbody tr")].map((row) => row.textContent ?? "");
const some = (...names: string[]): Row[] => names.map((name) => ({ id: name, name }));

test("until the first page is there, something says that it is on its way", async () => {
  await show(() => new Promise(() => {}));
  expect(find("[role=status][aria-busy=true]")?.ariaLabel ?? find("[aria-label=Loading]")).toBeTruthy();
  expect([find("table"), find("[role=alert]"), find("input")]).toEqual([null, null, null]);
  expect(text()).not.toContain("No thing yet");
});

test("where there is nothing, it says what this is and what fills it, and there is nothing to find", async () => {
  await show(async () => ({ items: [] }));
  expect(find("h2")?.textContent).toBe("No thing yet");
  expect(text()).toContain("A thing is made by its button.");
  expect([find("table"), find("[role=alert]"), find("input")]).toEqual([null, null, null]);
});

test("what cannot be loaded says why and by which request, and is asked for again", async () => {
  const load = vi
    .fn<Load>()
    .mockRejectedValueOnce(
      new Problem(503, {
        error: "storage_unavailable",
        error_description: "the storage is away",
        request_id: "r-1",
      }),
    )
    .mockResolvedValueOnce({ items: some("one") });
  await show(load);
  expect(find("[role=alert]")?.textContent).toContain("This could not be loaded");
  expect(find("[role=alert]")?.textContent).toContain("The storage is away.");
  expect(find("[role=alert]")?.textContent).toContain("r-1");
  expect(text()).not.toContain("No thing yet");
  await press("Try again");
  expect(rows()).toEqual(["one"]);
  expect(find("[role=alert]")).toBeNull();
});

test.each([
  [403, "You may not see this", false],
  [409, "This could not be loaded", true],
  [429, "Try again in 7 seconds.", true],
  [0, "The console does not answer.", true],
])("an answer of %i is told in words, and asked for again where that helps", async (status, said, again) => {
  await show(() => Promise.reject(new Problem(status, { error: "some_code" }, 7)));
  expect(find("[role=alert]")?.textContent).toContain(said);
  expect(text().includes("Try again") && find("button") !== null).toBe(again);
});

test("what is typed finds among what is there, and a name that is not there is no empty list", async () => {
  await show(async () => ({ items: some("alpha", "beta") }), "/?find=bet");
  expect(rows()).toEqual(["beta"]);
  await act(async () => root.unmount());
  root = createRoot(document.body.appendChild(document.createElement("div")));
  await show(async () => ({ items: some("alpha"), next_cursor: "more" }), "/?find=gamma");
  expect(text()).toContain("Nothing here is called that.");
  expect(text()).toContain("Not all of them are loaded yet");
  expect(text()).not.toContain("No thing yet");
});

test("more is loaded behind what is there, and what fails of it takes nothing away", async () => {
  const load = vi
    .fn<Load>()
    .mockResolvedValueOnce({ items: some("one"), next_cursor: "a" })
    .mockRejectedValueOnce(new Problem(503, { error: "storage_unavailable" }))
    .mockResolvedValueOnce({ items: some("two"), next_cursor: null });
  await show(load);
  await press("Load more");
  expect(rows()).toEqual(["one"]);
  expect(find("[role=alert]")?.textContent).toContain("More could not be loaded: Storage unavailable.");
  await press("Load more");
  expect(load.mock.calls.map(([cursor]) => cursor)).toEqual([undefined, "a", "a"]);
  expect(rows()).toEqual(["one", "two"]);
  expect(find("[role=alert]")).toBeNull();
  expect(text()).not.toContain("Load more");
});

test("a row opens beside the list, and its place is in the address", async () => {
  await show(async () => ({ items: some("one", "two") }), "/?open=two");
  expect(find("aside")?.textContent).toBe("open: two");
  await press("one");
  expect(find("aside")?.textContent).toBe("open: one");
  expect(find("tr.chosen")?.textContent).toBe("one");
});

test("what is done with several is done one by one, and those that fail stay chosen and say why", async () => {
  const act = vi
    .fn<(row: Row) => Promise<unknown>>()
    .mockResolvedValueOnce(undefined)
    .mockRejectedValueOnce(
      new Problem(409, { error: "conflict", error_description: "somebody else changed it" }),
    );
  const after = vi.fn().mockResolvedValue(undefined);
  await show(async () => ({ items: some("one", "two", "three", "fixed") }), "/", {
    label: (count) => `End ${count} things`,
    about: "They end.",
    nameOf: ({ name }) => name,
    may: ({ name }) => name !== "fixed",
    act,
    after,
  });
  const box = (name: string) => find(`[aria-label="Choose ${name}"]`) as HTMLInputElement | null;
  expect([box("one")?.checked, box("fixed")]).toEqual([false, null]);
  expect(text()).not.toContain("chosen");
  await doing(() => box("one")?.click());
  await doing(() => box("two")?.click());
  expect(text()).toContain("2 chosen");
  expect(find("th [aria-label='Choose all 3']")).toBeTruthy();
  await press("End 2 things…");
  expect(find("dialog")?.textContent).toContain("They end.");
  await press("End 2 things");
  expect(act.mock.calls.map(([row]) => row.name)).toEqual(["one", "two"]);
  expect(after).toHaveBeenCalledOnce();
  expect(find("dialog [role=alert]")?.textContent).toContain("1 of 2 are done");
  expect(find("dialog")?.textContent).toContain("two: Somebody else changed it.");
  await press("Close");
  expect([box("one")?.checked, box("two")?.checked]).toEqual([false, true]);
  expect(text()).toContain("1 chosen");
  await press("Choose none");
  expect(text()).not.toContain("chosen");
});

test("what can never be undone is typed first, and whoever leaves stops what is being done", async () => {
  const finish: Array<() => void> = [];
  const act = vi.fn<(row: Row) => Promise<unknown>>(() => new Promise<void>((done) => finish.push(done)));
  const after = vi.fn().mockResolvedValue(undefined);
  await show(async () => ({ items: some("one", "two", "three") }), "/", {
    label: (count) => `End ${count} things`,
    about: "They end.",
    nameOf: ({ name }) => name,
    typed: (count) => `end ${count}`,
    act,
    after,
  });
  await doing(() => find("th [aria-label='Choose all 3']")?.click());
  await press("End 3 things…");
  await press("End 3 things");
  expect(act).not.toHaveBeenCalled();
  const field = find("dialog input") as HTMLInputElement;
  await doing(() => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, "end 3");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await press("End 3 things");
  expect(text()).toContain("1 of 3…");
  await press("Stop here");
  expect(find("dialog")).toBeNull();
  await doing(() => finish[0]?.());
  expect(act.mock.calls.map(([row]) => row.name)).toEqual(["one"]);
  expect(after).toHaveBeenCalledOnce();
  expect(text()).toContain("2 chosen");
});

test("j and k go from the row that has the focus, and back to the last one when none has it", async () => {
  await show(async () => ({ items: some("one", "two", "three") }));
  const key = (name: string) =>
    doing(() =>
      (document.activeElement ?? document.body).dispatchEvent(
        new KeyboardEvent("keydown", { key: name, bubbles: true }),
      ),
    );
  const focused = () => document.activeElement?.textContent;
  await key("j");
  expect(focused()).toBe("one");
  // Something else took the focus, such as the page that was arrived at: the key finds the row again and goes on from there.
  await doing(() => (document.activeElement as HTMLElement).blur());
  await key("j");
  expect(focused()).toBe("one");
  await key("j");
  expect(focused()).toBe("two");
  await doing(() => document.querySelectorAll<HTMLElement>("tbody .cover")[2]?.focus());
  await key("j");
  expect(focused()).toBe("three");
  await key("k");
  expect(focused()).toBe("two");
});
