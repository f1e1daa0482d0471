// A client of MCP whose person signs in, by the official SDK as it is: it finds out where, registers (or says where it is
// described: CLIENT), is sent back, and asks again when a tool needs more. The browser is a few lines: it follows redirections,
// keeps cookies and agrees to what it is shown. Prints what it saw.
//
// Environment: SERVER (address), CLIENT (address of its description, or empty), NODE_EXTRA_CA_CERTS.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { BACK, Browser } from "./browser.mjs";

const { SERVER, CLIENT } = process.env;
const browser = new Browser();
const pages = browser.pages;
let registrations = 0;
let signIns = 0;
let renewals = 0;

class Person {
  redirectUrl = BACK;
  clientMetadataUrl = CLIENT || undefined;
  clientMetadata = {
    client_name: "An ordinary client",
    redirect_uris: ["http://127.0.0.1/back"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  state = () => `state-${signIns}`;
  clientInformation = () => this.information;
  saveClientInformation(information) {
    registrations += 1;
    this.information = information;
  }
  tokens = () => this.held;
  saveTokens(tokens) {
    if (this.held && !this.back) renewals += 1;
    this.held = tokens;
  }
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => (this.verifier = verifier);
  async redirectToAuthorization(url) {
    this.back = await browser.agree(url);
    if (this.back.searchParams.get("state") !== this.state()) throw new Error(`${this.back}`);
    signIns += 1;
  }
}

const person = new Person();
const open = () => new StreamableHTTPClientTransport(new URL(SERVER), { authProvider: person });

/** Does something, once more after the person signed in where that was asked for. */
async function signedIn(transport, work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || !person.back) throw error;
      const code = person.back.searchParams.get("code");
      if (!code) throw new Error(`${person.back}`);
      await transport().finishAuth(code);
      person.back = undefined;
    }
  }
}

let transport;
let client;
await signedIn(
  () => transport,
  async () => {
    client = new Client({ name: "ordinary", version: "1.0.0" });
    transport = open();
    await client.connect(transport);
  },
);
const call = (name) => signedIn(() => transport, () => client.callTool({ name, arguments: {} }));
const first = await client.listTools();
const called = [];
for (let times = 0; times < 3; times += 1) called.push((await call("search")).content[0].text);
const second = await client.listTools();
const refused = await call("delete").then(
  () => "called",
  (error) => String(error),
);
// A token that is none any more is renewed without the person.
const before = signIns;
person.held = { ...person.held, access_token: "x.y.z" };
called.push((await call("search")).content[0].text);
await transport.terminateSession();
await client.close();
console.log(
  JSON.stringify({
    first: first.tools.map((tool) => tool.name),
    second: second.tools.map((tool) => tool.name),
    called,
    refused,
    registrations,
    signIns,
    again: signIns - before,
    renewals,
    pages,
    held: person.held,
    client: person.information.client_id,
  }),
);
process.exit(0);
