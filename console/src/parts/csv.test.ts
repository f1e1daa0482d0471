import { expect, test } from "vitest";
import { csv } from "./csv.ts";

test("cells are told apart whatever is in them, and none is a formula", () => {
  expect(
    csv({
      heads: ["Name", "Calls"],
      rows: [
        ["a,b", 1],
        ['say "x"\ny', null],
        ['=HYPERLINK("http://evil")', -2],
      ],
    }),
  ).toBe('Name,Calls\r\n"a,b",1\r\n"say ""x""\ny",\r\n"\'=HYPERLINK(""http://evil"")",-2\r\n');
});
