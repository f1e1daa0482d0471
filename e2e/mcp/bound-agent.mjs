// An agent that binds its mandates to a key (DPoP, RFC 9449), by an ordinary OAuth client library as it is. Prints what it saw.
//
// Environment: STS, GATEWAY (addresses), ZONE, APPLICATION, SECRET, SESSION, DELEGATION, RESOURCE, SCOPE, ALGORITHM.
import * as oauth from "oauth4webapi";

const { STS, GATEWAY, ZONE, APPLICATION, SECRET, SESSION, DELEGATION, RESOURCE, SCOPE, ALGORITHM } = process.env;
const here = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(STS);
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...here }),
);
const client = { client_id: APPLICATION };
const holds = async (algorithm) => oauth.DPoP(client, await oauth.generateKeyPair(algorithm));

let nonces = 0;
/** A mandate for one call, bound to the key of `DPoP`. */
async function mint(DPoP) {
  const asked = new URLSearchParams({
    zone_id: ZONE,
    resource: RESOURCE,
    scope: SCOPE,
    agent_session_id: SESSION,
    delegation_edge_id: DELEGATION,
  });
  for (;;) {
    const answer = await oauth.genericTokenEndpointRequest(
      server,
      client,
      oauth.ClientSecretBasic(SECRET),
      "urn:ietf:params:oauth:grant-type:token-exchange",
      asked,
      { DPoP, ...here },
    );
    try {
      return await oauth.processGenericTokenEndpointResponse(server, client, answer);
    } catch (error) {
      if (!oauth.isDPoPNonceError(error) || nonces > 0) throw error;
      nonces += 1;
    }
  }
}

/** Status of a call, and what it was challenged with where it was refused. */
async function call(token, DPoP) {
  const url = new URL("/tickets?page=1", GATEWAY);
  const headers = new Headers({ "x-caracal-resource": RESOURCE });
  try {
    const answer = await oauth.protectedResourceRequest(token, "GET", url, headers, null, { DPoP, ...here });
    return { status: answer.status };
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
    const [challenge] = error.cause;
    return { status: error.status, scheme: challenge.scheme, error: challenge.parameters.error, algs: challenge.parameters.algs };
  }
}

const DPoP = await holds(ALGORITHM);
const thumbprint = await DPoP.calculateThumbprint();
const first = await mint(DPoP);
const passed = await call(first.access_token, DPoP);
const second = await mint(DPoP);
const stolen = {
  bearer: await call(second.access_token),
  other: await call(second.access_token, await holds(ALGORITHM)),
};
const unspoilt = await call(second.access_token, DPoP);
const spent = await call(second.access_token, DPoP);
console.log(
  JSON.stringify({
    supported: server.dpop_signing_alg_values_supported,
    type: first.token_type,
    token: first.access_token,
    thumbprint,
    nonces,
    passed,
    stolen,
    unspoilt,
    spent,
  }),
);
process.exit(0);
