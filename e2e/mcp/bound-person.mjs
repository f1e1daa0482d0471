// A client that a person signs in with, and whose tokens are bound to a key of its own (DPoP, RFC 9449), by an ordinary OAuth
// client library as it is. Prints what it saw.
//
// Environment: STS, SERVER (addresses), SCOPE.
import * as oauth from "oauth4webapi";

import { BACK, Browser } from "./browser.mjs";

const { STS, SERVER, SCOPE } = process.env;
const here = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(STS);
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...here }),
);
const resource = new URL(SERVER);
const described = await oauth.processResourceDiscoveryResponse(
  resource,
  await oauth.resourceDiscoveryRequest(resource, here),
);
const registered = await oauth.processDynamicClientRegistrationResponse(
  await oauth.dynamicClientRegistrationRequest(
    server,
    {
      client_name: "A client with a key",
      redirect_uris: [BACK],
      token_endpoint_auth_method: "none",
      dpop_bound_access_tokens: true,
    },
    here,
  ),
);
const client = { client_id: registered.client_id };
const nobody = oauth.None();
const holds = async () => oauth.DPoP(client, await oauth.generateKeyPair("ES256"));

/** What the token endpoint says, asked again where it wants a nonce. */
async function tokens(ask, read) {
  for (let times = 0; ; times += 1) {
    try {
      return await read(server, client, await ask());
    } catch (error) {
      if (oauth.isDPoPNonceError(error) && times === 0) continue;
      if (error instanceof oauth.ResponseBodyError) return { refused: error.error };
      throw error;
    }
  }
}

/** A person signs in; the code, as the client takes it. */
async function code(verifier, key) {
  const url = new URL(server.authorization_endpoint);
  const asked = {
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: BACK,
    resource: SERVER,
    scope: SCOPE,
    state: "a state",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(key ? { dpop_jkt: key } : {}),
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  const back = await new Browser().agree(url);
  return oauth.validateAuthResponse(server, client, back, "a state");
}

const redeem = (given, verifier, DPoP) =>
  tokens(
    () =>
      oauth.authorizationCodeGrantRequest(server, client, nobody, given, BACK, verifier, {
        DPoP,
        additionalParameters: { resource: SERVER },
        ...here,
      }),
    oauth.processAuthorizationCodeResponse,
  );
const renew = (token, DPoP) =>
  tokens(
    () => oauth.refreshTokenGrantRequest(server, client, nobody, token, { DPoP, ...here }),
    oauth.processRefreshTokenResponse,
  );

const message = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "bound", version: "1.0.0" } },
});
/** Status of a call, and what it was challenged with where it was refused. */
async function call(token, DPoP) {
  const headers = new Headers({
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  });
  try {
    const answer = await oauth.protectedResourceRequest(token, "POST", resource, headers, message, { DPoP, ...here });
    await answer.body?.cancel();
    return { status: answer.status };
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
    const [challenge] = error.cause;
    return { status: error.status, scheme: challenge.scheme, error: challenge.parameters.error };
  }
}

const [DPoP, other] = [await holds(), await holds()];
const verifier = oauth.generateRandomCodeVerifier();
const given = await code(verifier, await DPoP.calculateThumbprint());
// Whoever got hold of the code and the verifier gets nothing of it, and does not spoil it.
const code_stolen = [await redeem(given, verifier, other), await redeem(given, verifier, undefined)];
const first = await redeem(given, verifier, DPoP);
const calls = [await call(first.access_token, DPoP), await call(first.access_token, DPoP)];
const token_stolen = [await call(first.access_token), await call(first.access_token, other)];
const refresh_stolen = [await renew(first.refresh_token, other), await renew(first.refresh_token, undefined)];
const second = await renew(first.refresh_token, DPoP);
calls.push(await call(second.access_token, DPoP));
// A client that says that it proves a key gets nothing without, whichever key it is.
const plain = oauth.generateRandomCodeVerifier();
const unproved = await redeem(await code(plain), plain, undefined);
console.log(
  JSON.stringify({
    supported: described.dpop_signing_alg_values_supported,
    bound: registered.dpop_bound_access_tokens,
    thumbprint: await DPoP.calculateThumbprint(),
    types: [first.token_type, second.token_type],
    token: second.access_token,
    code_stolen: code_stolen.map((answer) => answer.refused),
    calls,
    token_stolen,
    refresh_stolen: refresh_stolen.map((answer) => answer.refused),
    unproved: unproved.refused,
  }),
);
process.exit(0);
