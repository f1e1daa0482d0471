// A browser in a few lines: it follows redirections, keeps cookies and agrees to what it is shown.
/** Where the client waits for its codes. Nobody is there. */
export const BACK = "http://127.0.0.1:49152/back";

export class Browser {
  /** What the person was shown. */
  pages = [];
  cookies = new Map();

  async fetch(url, init = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...init.headers, cookie };
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const set of answer.headers.getSetCookie()) {
      const [name, value] = set.split(";")[0].split(/=(.*)/s);
      if (value) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    return answer;
  }

  /** Where the person ends up who agrees to everything. */
  async agree(from) {
    let url = new URL(from);
    let init = {};
    for (let hops = 0; hops < 20; hops += 1) {
      if (url.href.startsWith(BACK)) return url;
      const answer = await this.fetch(url, init);
      init = {};
      const location = answer.headers.get("location");
      if (location) {
        url = new URL(location, url);
        continue;
      }
      const page = await answer.text();
      const form = page.match(/<form id="consent" method="post" action="([^"]+)"><input type="hidden" name="token" value="([^"]+)"/);
      if (!form) throw new Error(`${answer.status} ${page}`);
      const scopes = [...page.matchAll(/<input type="checkbox" form="consent" name="scope" value="([^"]+)" checked>/g)];
      this.pages.push({ page, policy: answer.headers.get("content-security-policy") });
      init = {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", origin: url.origin },
        body: new URLSearchParams([["token", form[2]], ["decision", "allow"], ...scopes.map(([, scope]) => ["scope", scope])]),
      };
      url = new URL(form[1], url);
    }
    throw new Error("too many redirections");
  }
}
