import { expect, test } from "vitest";
import { answerOf } from "./answer.ts";

test("what is sent along is taken by name, once each, and with a state", () => {
  expect(answerOf("?code=c&state=s&iss=https%3A%2F%2Fid.example&session_state=x")).toEqual({
    code: "c",
    state: "s",
    iss: "https://id.example",
  });
  expect(answerOf("?error=access_denied&state=s")).toEqual({ error: "access_denied", state: "s" });
  for (const bad of ["", "?code=c", "?state=&code=c", "?state=a&state=b&code=c", "?state=s&code=a&code=b"]) {
    expect(answerOf(bad), bad).toBeUndefined();
  }
});
