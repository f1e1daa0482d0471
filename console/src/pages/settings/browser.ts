/** What a browser calls itself, in the words people use. */
export function browser(agent: string): string {
  const name = /Firefox\//.test(agent)
    ? "Firefox"
    : /Edg\//.test(agent)
      ? "Edge"
      : /Chrome\//.test(agent)
        ? "Chrome"
        : /Safari\//.test(agent)
          ? "Safari"
          : "Another browser";
  const system = ["Windows", "Mac OS", "Android", "iPhone", "Linux"].find((one) => agent.includes(one));
  return system ? `${name} on ${system === "Mac OS" ? "macOS" : system}` : name;
}
