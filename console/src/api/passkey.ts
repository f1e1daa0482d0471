import { control, own, read, type Schema } from "./client.ts";

const encode = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const decode = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

/** What somebody may do when their browser or authenticator does not go along. */
function inWords(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  if (error.name === "NotAllowedError")
    return new Error("No passkey was used: it was given up, or took too long.");
  if (error.name === "InvalidStateError")
    return new Error("This authenticator has a passkey of this account already.");
  return new Error("This browser cannot use a passkey here.");
}

/** Whether this browser knows passkeys at all. */
export const hasPasskeys = (): boolean => typeof PublicKeyCredential === "function";

/** Makes a passkey for whoever is signed in, and adds it under a name. */
export async function addPasskey(name: string): Promise<Schema["PasskeyItem"]> {
  const begun = await read(control.POST("/v1/console/passkeys/registration"));
  let made: Credential | null;
  try {
    made = await navigator.credentials.create({
      publicKey: {
        challenge: decode(begun.challenge),
        rp: { id: begun.relying_party, name: "Caracal" },
        user: { id: decode(begun.user_handle), name: begun.name, displayName: begun.display_name },
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: begun.known.map((id) => ({ type: "public-key", id: decode(id) })),
        authenticatorSelection: {
          residentKey: "required",
          requireResidentKey: true,
          userVerification: "required",
        },
        attestation: "none",
      },
    });
  } catch (error) {
    throw inWords(error);
  }
  const answer = (made as PublicKeyCredential | null)?.response as
    | AuthenticatorAttestationResponse
    | undefined;
  const key = answer?.getPublicKey();
  if (!answer || !key) throw new Error("This browser does not tell the key of a passkey.");
  return await read(
    control.POST("/v1/console/passkeys", {
      body: {
        name,
        challenge: begun.challenge,
        client_data: encode(answer.clientDataJSON),
        authenticator_data: encode(answer.getAuthenticatorData()),
        public_key: encode(key),
        algorithm: answer.getPublicKeyAlgorithm(),
      },
    }),
  );
}

/** Signs in with a passkey that the authenticator offers. */
export async function signInWithPasskey(): Promise<void> {
  const begun = await own("POST", "/api/session/passkey/begin");
  let used: Credential | null;
  try {
    used = await navigator.credentials.get({
      publicKey: {
        challenge: decode(begun.challenge),
        rpId: begun.relying_party,
        userVerification: "required",
      },
    });
  } catch (error) {
    throw inWords(error);
  }
  const passkey = used as PublicKeyCredential | null;
  const answer = passkey?.response as AuthenticatorAssertionResponse | undefined;
  if (!passkey || !answer) throw new Error("No passkey was used.");
  await own("POST", "/api/session/passkey", {
    challenge: begun.challenge,
    credential_id: encode(passkey.rawId),
    client_data: encode(answer.clientDataJSON),
    authenticator_data: encode(answer.authenticatorData),
    signature: encode(answer.signature),
    ...(answer.userHandle ? { user_handle: encode(answer.userHandle) } : {}),
  });
}
