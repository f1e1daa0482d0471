// Made by `npm run types` out of docs/openapi/api.json.
export interface paths {
    "/.well-known/authzen-configuration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell where AuthZEN questions are asked. */
        get: operations["authzen.configuration"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/access/v1/evaluation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell whether the policy in force allows something. */
        post: operations["authzen.evaluate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/access/v1/evaluations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell of several things whether the policy in force allows them. */
        post: operations["authzen.evaluate_several"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/access/v1/search/action": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell what somebody may do to something by the policy in force. */
        post: operations["authzen.search_action"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/access/v1/search/resource": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell to what somebody may do something by the policy in force. */
        post: operations["authzen.search_resource"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/access/v1/search/subject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell who may do something by the policy in force. */
        post: operations["authzen.search_subject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List accounts of the console. */
        get: operations["accounts.list"];
        put?: never;
        /** Make an account and the link by which its holder sets a password. */
        post: operations["accounts.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read an account of the console. */
        get: operations["accounts.get"];
        put?: never;
        post?: never;
        /** Delete an account and end its sessions. */
        delete: operations["accounts.delete"];
        options?: never;
        head?: never;
        /** Change or lock an account. */
        patch: operations["accounts.update"];
        trace?: never;
    };
    "/v1/accounts/{id}/end-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the sessions of an account. */
        post: operations["accounts.end_sessions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/identity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forget whom of the OpenID provider an account is of, and end its sessions. */
        delete: operations["accounts.forget_identity"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a link by which the holder of an account sets another password. */
        post: operations["accounts.link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove the passkeys of an account, and end its sessions. */
        delete: operations["accounts.remove_passkeys"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List admin tokens. */
        get: operations["admin_tokens.list"];
        put?: never;
        /** Make an admin token. */
        post: operations["admin_tokens.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin-tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an admin token. */
        delete: operations["admin_tokens.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell how long events are kept. */
        get: operations["audit_retention.get"];
        /** Say how long events are kept. */
        put: operations["audit_retention.set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/caller": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell who asks, how far their token reaches and what it is good for. */
        get: operations["caller.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/email-code/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a code to an address, if it has an account. */
        post: operations["console.begin_email_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/email-code/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with a code by e-mail. */
        post: operations["console.finish_email_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/links/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell what a link is for. */
        post: operations["console.read_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/links/use": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set a password with a link, and sign in. */
        post: operations["console.use_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell who is signed in and what their role lets them do. */
        get: operations["console.me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/passkey/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell what an authenticator is asked to sign somebody in. */
        post: operations["console.begin_passkey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/passkey/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with a passkey. */
        post: operations["console.finish_passkey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List one's own passkeys. */
        get: operations["console.passkeys"];
        put?: never;
        /** Add a passkey of one's own. */
        post: operations["console.register_passkey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/passkeys/registration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell what an authenticator is asked for a new passkey of one's own. */
        post: operations["console.begin_passkey_registration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/passkeys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a passkey of one's own. */
        delete: operations["console.remove_passkey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change one's own password, and end one's other sessions. */
        post: operations["console.password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List one's own sessions. */
        get: operations["console.sessions"];
        put?: never;
        post?: never;
        /** End one's own sessions but the one that asks. */
        delete: operations["console.end_other_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one of one's own sessions. */
        delete: operations["console.end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether there is an owner yet. */
        get: operations["console.setup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/setup-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a link that makes an owner, once. */
        post: operations["console.make_setup_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with a password. */
        post: operations["console.sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the session that asks. */
        post: operations["console.sign_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/single-sign-on/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell where somebody signs in at the OpenID provider. */
        post: operations["console.begin_single_sign_on"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/console/single-sign-on/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in whoever came back from the OpenID provider. */
        post: operations["console.finish_single_sign_on"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/control/invoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Carry out a command for a control key. */
        post: operations["control.invoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check a policy without keeping it. */
        post: operations["policies.validate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List policies to begin with. */
        get: operations["policies.templates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List zones that the caller may see. */
        get: operations["zones.list"];
        put?: never;
        /** Make a zone. */
        post: operations["zones.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a zone. */
        get: operations["zones.get"];
        put?: never;
        post?: never;
        /** Archive a zone and end everything in it. */
        delete: operations["zones.archive"];
        options?: never;
        head?: never;
        /** Change a zone. */
        patch: operations["zones.update"];
        trace?: never;
    };
    "/v1/zones/{zoneId}/access/what-can": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell what an application can be given by the policy in force. */
        get: operations["access.what_can"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/access/who-can": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell who can be given a scope by the policy in force. */
        get: operations["access.who_can"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count what was decided in a zone of late: calls, latency, denials and their reasons. */
        get: operations["zones.activity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/admin-audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what administrators did. */
        get: operations["admin_audit.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List applications. */
        get: operations["applications.list"];
        put?: never;
        /** Make a managed application. */
        post: operations["applications.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/applications/dcr": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Register a short-lived application. */
        post: operations["applications.register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/applications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read an application. */
        get: operations["applications.get"];
        put?: never;
        post?: never;
        /** Archive an application and end everything it holds. */
        delete: operations["applications.archive"];
        options?: never;
        head?: never;
        /** Change an application. */
        patch: operations["applications.update"];
        trace?: never;
    };
    "/v1/zones/{zoneId}/applications/{id}/client-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the secret of a managed application. */
        get: operations["applications.reveal_secret"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/applications/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give an application another secret. */
        post: operations["applications.rotate_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List requests that wait for a person, or did. */
        get: operations["approvals.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/approvals/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count approvals by where they stand. */
        get: operations["approvals.counts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read an approval. */
        get: operations["approvals.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/approvals/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say yes to a request that waits. */
        post: operations["approvals.approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/approvals/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say no to a request that waits. */
        post: operations["approvals.reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/approvals/{id}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take back a yes that nobody has used. */
        post: operations["approvals.withdraw"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search the ledger. */
        get: operations["audit.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/audit-holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what of a zone's events is held. */
        get: operations["audit_holds.list"];
        put?: never;
        /** Hold a zone's events, or those that name a subject. */
        post: operations["audit_holds.place"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/audit-holds/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Lift a hold: for whoever reaches the whole deployment. */
        delete: operations["audit_holds.lift"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/audit-retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell how long a zone's events are kept. */
        get: operations["audit_retention.get_of_zone"];
        /** Say how long a zone's events are kept. */
        put: operations["audit_retention.set_of_zone"];
        post?: never;
        /** Keep a zone's events as long as the deployment keeps any. */
        delete: operations["audit_retention.clear_of_zone"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/audit/by-request/{requestId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the events of a request. */
        get: operations["audit.by_request"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/audit/by-request/{requestId}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Explain how a request ended. */
        get: operations["audit.explain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/audit/tail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follow the ledger as server-sent events. */
        get: operations["audit.tail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/authority-records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List authority records. */
        get: operations["authority_records.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/dcr-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether short-lived applications are registered, and how many live. */
        get: operations["zones.dcr_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/delegations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List live delegations. */
        get: operations["delegations.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/delegations/{id}/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what a delegation used up of budgets. */
        get: operations["delegations.budgets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/delegations/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a delegation back, with everything narrowed from it. */
        post: operations["delegations.revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/delegations/{id}/traverse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a delegation and everything narrowed from it. */
        get: operations["delegations.traverse"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/freeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Allow nothing in a zone until it is thawed. */
        post: operations["zones.freeze"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what people agreed to let applications do. */
        get: operations["grants.list"];
        put?: never;
        /** Note what a person agreed to let an application do at a resource. */
        post: operations["grants.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/grants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a grant. */
        get: operations["grants.get"];
        put?: never;
        post?: never;
        /** Take a grant back, and end what its application holds for its person. */
        delete: operations["grants.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/grants/{id}/access": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell what the policy in force says to each scope of a grant. */
        get: operations["grants.access"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/notification-sinks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List sinks of notifications. */
        get: operations["notification_sinks.list"];
        put?: never;
        /** Make a sink that is told what happens in the zone. */
        post: operations["notification_sinks.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/notification-sinks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a sink of notifications. */
        get: operations["notification_sinks.get"];
        put?: never;
        post?: never;
        /** Delete a sink of notifications with its deliveries. */
        delete: operations["notification_sinks.delete"];
        options?: never;
        head?: never;
        /** Change a sink of notifications. */
        patch: operations["notification_sinks.update"];
        trace?: never;
    };
    "/v1/zones/{zoneId}/notification-sinks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what is on its way to a sink, or was. */
        get: operations["notification_sinks.list_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/notification-sinks/{id}/deliveries/{deliveryId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a delivery with what is sent. */
        get: operations["notification_sinks.get_delivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/notification-sinks/{id}/deliveries/{deliveryId}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a delivery again. */
        post: operations["notification_sinks.redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/notification-sinks/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign what a sink is told with another secret. */
        post: operations["notification_sinks.rotate_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/notification-sinks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a sink a notification that tries it out. */
        post: operations["notification_sinks.test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count what is in a zone. */
        get: operations["zones.overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List policies. */
        get: operations["policies.list"];
        put?: never;
        /** Make a policy with its first version. */
        post: operations["policies.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a policy with its versions. */
        get: operations["policies.get"];
        put?: never;
        post?: never;
        /** Archive a policy. */
        delete: operations["policies.archive"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policies/{id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the versions of a policy. */
        get: operations["policies.list_versions"];
        put?: never;
        /** Add a version to a policy. */
        post: operations["policies.add_version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policies/{id}/versions/{versionId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a version of a policy. */
        get: operations["policies.get_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-canary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell which version decides for a share of the applications, or last did, and what was counted of it. */
        get: operations["policy_canary.get"];
        put?: never;
        post?: never;
        /** Have the version in force decide for every application again. */
        delete: operations["policy_canary.end"];
        options?: never;
        head?: never;
        /** Change for how many applications a version decides, and when it is taken back. */
        patch: operations["policy_canary.update"];
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-canary/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put the version in force that decides for a share of the applications. */
        post: operations["policy_canary.activate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List policy sets. */
        get: operations["policy_sets.list"];
        put?: never;
        /** Make a policy set. */
        post: operations["policy_sets.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a policy set. */
        get: operations["policy_sets.get"];
        put?: never;
        post?: never;
        /** Archive a policy set. */
        delete: operations["policy_sets.archive"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put a version in force. */
        post: operations["policy_sets.activate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/activation-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether a version is in force everywhere. */
        get: operations["policy_sets.activation_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/simulate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decide a request with a version that need not be in force. */
        post: operations["policy_sets.simulate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the versions of a policy set. */
        get: operations["policy_sets.list_versions"];
        put?: never;
        /** Add a version to a policy set. */
        post: operations["policy_sets.add_version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a version of a policy set. */
        get: operations["policy_sets.get_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/canary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a version decide for a share of the applications. */
        post: operations["policy_canary.begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell what would be different with a version: its policies, what they state, and who could be given what. */
        get: operations["policy_sets.diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/least-privilege": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell which grants of a version no recorded decision needs, and the policy without them. */
        post: operations["policy_sets.least_privilege"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make recorded decisions again with a version that need not be in force, and tell what would change. */
        post: operations["policy_sets.replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/shadow": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decide a version beside the one in force, and enforce nothing of it. */
        post: operations["policy_shadow.begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/policy-shadow": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell what the version decided beside the one in force would change. */
        get: operations["policy_shadow.get"];
        put?: never;
        post?: never;
        /** Decide no version beside the one in force any more. */
        delete: operations["policy_shadow.end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/provider-connections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List accounts that are connected at upstreams' OAuth servers. */
        get: operations["provider_connections.list"];
        put?: never;
        /** Keep tokens of an account that somebody connected elsewhere. */
        post: operations["provider_connections.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/provider-connections/oauth/authorize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin to connect an account: tell where a person says yes. */
        post: operations["provider_connections.authorize"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/provider-connections/oauth/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Finish to connect an account with what the person came back with; for whoever began it. */
        get: operations["provider_connections.finish"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/provider-connections/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a connection at once, then tell the upstream's server. */
        post: operations["provider_connections.revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/provider-connections/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a connection. */
        get: operations["provider_connections.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List providers. */
        get: operations["providers.list"];
        put?: never;
        /** Make a provider. */
        post: operations["providers.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/providers/discovery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Read what an issuer publishes, to make a provider of it. */
        post: operations["providers.discover"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/providers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a provider. */
        get: operations["providers.get"];
        put?: never;
        post?: never;
        /** Archive a provider and forget its credential. */
        delete: operations["providers.archive"];
        options?: never;
        head?: never;
        /** Change a provider. */
        patch: operations["providers.update"];
        trace?: never;
    };
    "/v1/zones/{zoneId}/providers/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try out whether a provider's token endpoint takes the client. */
        post: operations["providers.test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/resources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List resources. */
        get: operations["resources.list"];
        put?: never;
        /** Make a resource. */
        post: operations["resources.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/resources/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a resource. */
        get: operations["resources.get"];
        put?: never;
        post?: never;
        /** Archive a resource. */
        delete: operations["resources.archive"];
        options?: never;
        head?: never;
        /** Change a resource. */
        patch: operations["resources.update"];
        trace?: never;
    };
    "/v1/zones/{zoneId}/resources/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try out whether an upstream refuses mandates that nobody issued. */
        post: operations["resources.test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List sessions. */
        get: operations["sessions.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a session. */
        get: operations["sessions.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/sessions/{id}/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what a session used up of budgets. */
        get: operations["sessions.budgets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/sessions/{id}/delegations/inbound": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what a session received. */
        get: operations["sessions.inbound"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/sessions/{id}/delegations/outbound": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what a session handed on. */
        get: operations["sessions.outbound"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/sessions/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a paused session and its descendants go on. */
        post: operations["sessions.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/sessions/{id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pause a session and its descendants. */
        post: operations["sessions.suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/sessions/{id}/terminate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a session with everything below it. */
        post: operations["sessions.terminate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/sessions/{id}/tree": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a session and the live ones below it. */
        get: operations["sessions.tree"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell a whole zone as one document, without its secrets. */
        get: operations["zone_state.get"];
        /** Make a zone what a document says, or tell what that would change. */
        put: operations["zone_state.apply"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/subject-issuers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List issuers of subjects. */
        get: operations["subject_issuers.list"];
        put?: never;
        /** Trust an issuer of subjects. */
        post: operations["subject_issuers.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/subject-issuers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read an issuer of subjects. */
        get: operations["subject_issuers.get"];
        put?: never;
        post?: never;
        /** Trust an issuer of subjects no more. */
        delete: operations["subject_issuers.archive"];
        options?: never;
        head?: never;
        /** Change an issuer of subjects. */
        patch: operations["subject_issuers.update"];
        trace?: never;
    };
    "/v1/zones/{zoneId}/subjects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List whoever holds, or held, authority. */
        get: operations["subjects.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/subjects/blocked": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List subjects that are kept out. */
        get: operations["subjects.list_blocked"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/subjects/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell what a subject holds. */
        get: operations["subjects.overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/subjects/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End everything a subject holds, and keep it out where that is asked. */
        post: operations["subjects.revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/subjects/unblock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a subject that is kept out in again. */
        post: operations["subjects.unblock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/thaw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Allow again what is allowed in a zone. */
        post: operations["zones.thaw"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/workloads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List workloads. */
        get: operations["workloads.list"];
        put?: never;
        /** Make a workload. */
        post: operations["workloads.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/workloads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a workload. */
        get: operations["workloads.get"];
        /** Change a workload. */
        put: operations["workloads.update"];
        post?: never;
        /** Delete a workload and refuse what it waits for. */
        delete: operations["workloads.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/workloads/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a workload another secret. */
        post: operations["workloads.rotate_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/zones/{zoneId}/workloads/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the secret of a workload. */
        get: operations["workloads.reveal_secret"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What sessions of an application with a label can be given otherwise. */
        AccessChange: {
            /** @description The application. */
            application_id: string;
            /** @description How. */
            change: components["schemas"]["DecisionChange"];
            /** @description The label. */
            label: string;
            /** @description Why it is denied, or else why it was. */
            reason?: string | null;
            /** @description The resource, by identifier. */
            resource: string;
            /** @description The scope. */
            scope: string;
        };
        /** @description What applications can be given otherwise, taking a session with one label and a delegation that leaves as much. */
        AccessDiff: {
            /** @description The first of those that changed, in the order of application, resource, label and scope. */
            changes: components["schemas"]["AccessChange"][];
            /**
             * Format: int64
             * @description Combinations that were decided on with both versions.
             */
            compared: number;
            /** @description Whether those are all. */
            complete: boolean;
            /**
             * Format: int64
             * @description Those that an approval held, and another does.
             */
            held_otherwise: number;
            /**
             * Format: int64
             * @description Those that are allowed, with no approval to wait for, and were not.
             */
            newly_allowed: number;
            /**
             * Format: int64
             * @description Combinations of application, resource, label and scope that are denied and were not.
             */
            newly_denied: number;
            /**
             * Format: int64
             * @description Those that an approval holds, and none held.
             */
            newly_held: number;
        };
        /** @description A question (§6.1). Unknown members are ignored. */
        AccessEvaluation: {
            /** @description Does what. */
            action: components["schemas"]["Action"];
            /** @description It changes nothing: policy is asked about nothing but the above. */
            context?: Record<string, never>;
            /** @description To what. */
            resource: components["schemas"]["Resource"];
            /** @description Who. */
            subject: components["schemas"]["Subject"];
        };
        /** @description An account; never its password. */
        AccountItem: {
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Who made it. */
            created_by: string;
            /** @description Address. */
            email: string;
            /** @description Whether a password was set. */
            has_password: boolean;
            /** @description Id. */
            id: string;
            /** @description The `OpenID` provider whose word signs its holder in; null until it did once. */
            identity_issuer?: string | null;
            last_sign_in_at?: components["schemas"]["Timestamp"] | null;
            locked_at?: components["schemas"]["Timestamp"] | null;
            /** @description Display name. */
            name: string;
            /** @description What it may do. */
            role: components["schemas"]["AccountRole"];
            /** @description Where; null for every zone. */
            zones?: components["schemas"]["ZoneId"][] | null;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        AccountItemListing: {
            items: components["schemas"]["AccountItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @enum {string} */
        AccountPower: "look" | "read_evidence" | "decide" | "stop" | "change" | "reveal" | "govern";
        /** @description How far an account reaches. */
        AccountReach: {
            /** @description Every zone, those to come included. */
            all?: boolean;
            /** @description These zones, at most 1000, unless it is all of them. */
            zones?: components["schemas"]["ZoneId"][];
        };
        /** @enum {string} */
        AccountRole: "owner" | "admin" | "operator" | "approver" | "auditor" | "viewer";
        /** @description What is to be done (§5.3). */
        Action: {
            /** @description A scope that the resource declares. */
            name: components["schemas"]["Line200"];
            /** @description They mean nothing. */
            properties?: Record<string, never>;
        };
        /** @description Body that puts a version in force. Unknown members are ignored. */
        ActivateVersion: {
            /** @description Which one. */
            version_id: components["schemas"]["PolicySetVersionId"];
        };
        /** @description A version was put in force; enforcement points follow. */
        Activated: {
            /** @description True. */
            activated: boolean;
            /** @description The message that tells enforcement points. */
            outbox_id: string;
            /** @description Where to ask whether they followed. */
            status_url: string;
            /** @description Which one. */
            version_id: components["schemas"]["PolicySetVersionId"];
            /** @description What looks mistyped. */
            warnings: components["schemas"]["PolicyWarning"][];
        };
        /** @description How far an activation came. */
        ActivationStatus: {
            /** @description Whether it is the one in force. */
            active: boolean;
            active_version_id?: components["schemas"]["PolicySetVersionId"] | null;
            /** @description Manifest digest of the one in force. */
            manifest_sha256?: string | null;
            /** @description The message to enforcement points. */
            outbox: components["schemas"]["MessageStatus"];
            /** @description Set. */
            policy_set_id: components["schemas"]["PolicySetId"];
            /** @description How far it came. */
            propagation_status: components["schemas"]["Propagation"];
            /** @description What decides. */
            sts: components["schemas"]["StsStatus"];
            /** @description The version asked about. */
            version_id: components["schemas"]["PolicySetVersionId"];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description A live delegation as listed. */
        ActiveDelegation: components["schemas"]["DelegationItem"] & {
            /** @description Why it has no resource bound. */
            broad_reason?: string | null;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        ActiveDelegationListing: {
            items: components["schemas"]["ActiveDelegation"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description What was decided within some time. */
        ActivityCounts: {
            /**
             * Format: int64
             * @description Decisions that allowed, calls among them.
             */
            allowed: number;
            /**
             * Format: int64
             * @description Calls that went to an upstream.
             */
            calls: number;
            /**
             * Format: int64
             * @description Decisions that denied.
             */
            denied: number;
            /**
             * Format: int64
             * @description Half of the upstreams' answers came in so many milliseconds or fewer; null where none came.
             */
            p50_ms?: number | null;
            /**
             * Format: int64
             * @description 95 of 100 did.
             */
            p95_ms?: number | null;
        };
        /** @description What was decided in one slot. */
        ActivitySlot: components["schemas"]["ActivityCounts"] & {
            /** @description Its begin. */
            at: components["schemas"]["Timestamp"];
        };
        /** @description Body that adds a version to a set. Unknown members are ignored. */
        AddSetVersion: {
            /** @description 1 to 256 versions of policies. */
            manifest: components["schemas"]["ManifestEntry"][];
        };
        /** @description Something that an administrator did or was refused. */
        AdminChange: {
            /** @description Method and path. */
            action: string;
            /** @description The token. */
            actor_id?: string | null;
            /** @description Name of the token. */
            actor_name?: string | null;
            /** @description How far the token reaches. */
            actor_scope?: string | null;
            /**
             * Format: int64
             * @description Position in the chain, from 1.
             */
            chain_seq: number;
            /** @description The object. */
            entity_id?: string | null;
            /** @description Collection of the object. */
            entity_type?: string | null;
            /** @description Id. */
            id: string;
            /** @description Method. */
            method: string;
            /** @description When. */
            occurred_at: components["schemas"]["Timestamp"];
            /** @description Path. */
            path: string;
            /** @description Kind of change and names of fields, never values. */
            payload_json: unknown;
            /** @description Correlates it with answers and logs. */
            request_id: string;
            /** @description Whether the link is keyed. */
            signed: boolean;
            /**
             * Format: int32
             * @description How it was answered.
             */
            status_code: number;
        };
        AdminChangeRow: components["schemas"]["AdminChange"] | Record<string, never>;
        /** @description One page, newest first unless it was asked for otherwise. */
        AdminChangeRowListing: {
            items: components["schemas"]["AdminChangeRow"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description What was decided of an application. */
        ApplicationActivity: components["schemas"]["ApplicationCounted"] & {
            /** @description As evidence names it. */
            application_id: string;
            /** @description Its name; null of one that is unknown. */
            name?: string | null;
        };
        /** @description What was decided of applications. */
        ApplicationCounted: {
            /**
             * Format: int64
             * @description Calls that went to an upstream.
             */
            calls: number;
            /**
             * Format: int64
             * @description Decisions that denied.
             */
            denied: number;
            /**
             * Format: int64
             * @description Mandates that were given out.
             */
            mandates: number;
        };
        /** @description Counts of applications. */
        ApplicationCounts: {
            /**
             * Format: int64
             * @description Past their end.
             */
            expired: number;
            /**
             * Format: int64
             * @description Ending within a week.
             */
            expiring_soon: number;
            /**
             * Format: int64
             * @description All.
             */
            total: number;
        };
        ApplicationId: string;
        /** @description An application; never its secret's digest. */
        ApplicationItem: components["schemas"]["Attribution"] & {
            archived_at?: components["schemas"]["Timestamp"] | null;
            expires_at?: components["schemas"]["Timestamp"] | null;
            /** @description Id. */
            id: components["schemas"]["ApplicationId"];
            /** @description Display name. */
            name: string;
            /** @description Managed or short-lived. */
            registration_method: components["schemas"]["RegistrationMethod"];
            /** @description Shown to callers of the whole deployment, since traits may grant reach beyond the zone. */
            traits?: string[] | null;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        ApplicationItemListing: {
            items: components["schemas"]["ApplicationItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description An application together with its secret, shown this once. */
        ApplicationWithSecret: components["schemas"]["ApplicationItem"] & {
            /** @description Its secret. */
            client_secret: string;
        };
        /** @description How many approvals stand how. */
        ApprovalCounts: {
            /**
             * Format: int64
             * @description Someone said yes, and it was not used.
             */
            approved: number;
            /**
             * Format: int64
             * @description It was used.
             */
            consumed: number;
            /**
             * Format: int64
             * @description Its end came first.
             */
            expired: number;
            /**
             * Format: int64
             * @description Nobody has decided.
             */
            pending: number;
            /**
             * Format: int64
             * @description Someone said no.
             */
            rejected: number;
        };
        /** @description What a decision changed. */
        ApprovalDecision: {
            /** @description Who decided last. */
            approver_subject_id?: string | null;
            /** @description Which one. */
            id: components["schemas"]["ApprovalId"];
            rejected_at?: components["schemas"]["Timestamp"] | null;
            satisfied_at?: components["schemas"]["Timestamp"] | null;
            /** @description Where it stands now: `pending` while others have to say yes as well. */
            state: components["schemas"]["ApprovalState"];
        };
        ApprovalId: string;
        /** @description An approval. */
        ApprovalItem: {
            application_id?: components["schemas"]["ApplicationId"] | null;
            /** @description `human_approval`. */
            approval_type: string;
            /**
             * Format: int32
             * @description How many have.
             */
            approvals_given: number;
            /**
             * Format: int32
             * @description How many must say yes.
             */
            approvals_required: number;
            /** @description Who may decide. */
            approver_class: components["schemas"]["ApproverClass"];
            /** @description Who decided last; `asker` where whoever asked gave it up. */
            approver_subject_id?: string | null;
            /** @description What it releases, and nothing else: lower-case hexadecimal. */
            binding: string;
            call?: components["schemas"]["HeldCall"] | null;
            consumed_at?: components["schemas"]["Timestamp"] | null;
            consumed_authority_record_id?: components["schemas"]["AuthorityRecordId"] | null;
            /** @description When it was asked for. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Why it was decided so. */
            decision_reason?: string | null;
            /** @description When it ends, decided or not. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Id. */
            id: components["schemas"]["ApprovalId"];
            /** @description What was asked: scopes, resources, session and labels, and the policy it was asked under. */
            metadata_json: Record<string, never>;
            /** @description Whether that is a federated person. */
            principal_federated: boolean;
            /** @description Who asked. */
            principal_id: string;
            /**
             * Format: int64
             * @description How often the very same was approved before, as far as it is kept.
             */
            prior_approved: number;
            /**
             * Format: int64
             * @description How often the very same was rejected before, as far as it is kept.
             */
            prior_rejected: number;
            /** @description What is kept of the approver, and told of the person. */
            privacy_mode: components["schemas"]["PrivacyMode"];
            rejected_at?: components["schemas"]["Timestamp"] | null;
            satisfied_at?: components["schemas"]["Timestamp"] | null;
            /** @description Authority record that the request named; empty when none. */
            session_id: string;
            /** @description Where it stands. */
            state: components["schemas"]["ApprovalState"];
            /** @description The person that the request is made for, as far as the privacy mode tells. */
            subject_anchor?: string | null;
            /** @description The tiers of policy that it falls under. */
            tier?: string | null;
            withdrawn_at?: components["schemas"]["Timestamp"] | null;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        ApprovalItemListing: {
            items: components["schemas"]["ApprovalItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @enum {string} */
        ApprovalState: "pending" | "approved" | "rejected" | "expired" | "consumed";
        /** @enum {string} */
        ApproverClass: "operator" | "subject" | "any";
        /** @description Body that asks for a code by e-mail. */
        AskEmailCode: {
            device?: components["schemas"]["Line256"] | null;
            /** @description Address of the account. */
            email: components["schemas"]["Email"];
        };
        /** @description Body that says by which recorded decisions a policy is judged. Unknown members are ignored. */
        AskLeastPrivilege: {
            /**
             * Format: int32
             * @description Those of so many hours before now, 1 to 2160; 720 unless this or `since` says something else.
             */
            hours?: number;
            /** @description Those from then on, instead of `hours`. */
            since?: components["schemas"]["Timestamp"];
            /** @description Those before then; now when absent. At most 2160 hours after `since`. */
            until?: components["schemas"]["Timestamp"];
        };
        /** @description Body that says which recorded decisions to make again. Unknown members are ignored. */
        AskReplay: {
            /** @description `next_cursor` of the answer before, which says the window too. */
            cursor?: components["schemas"]["Line512"];
            /**
             * Format: int32
             * @description Those of so many hours before now, 1 to 2160; 24 unless this or `since` says something else.
             */
            hours?: number;
            /**
             * Format: int32
             * @description Most events to look at before answering with what there is, 1 to 5000000; all within ten seconds when absent.
             */
            limit?: number;
            /**
             * Format: int32
             * @description Most request ids to show of each group, 0 to 50; 5 when absent.
             */
            samples?: number;
            /** @description Those from then on, instead of `hours`. */
            since?: components["schemas"]["Timestamp"];
            /** @description Those before then; now when absent. At most 2160 hours after `since`. */
            until?: components["schemas"]["Timestamp"];
        };
        /** @description A version that decides for a share of the applications. */
        AskedCanary: {
            /** @description The canary. */
            id: components["schemas"]["CanaryId"];
            /** @description The version. */
            policy_set_version_id: components["schemas"]["PolicySetVersionId"];
        };
        /** @description Which policy an answer is about. */
        AskedPolicy: {
            canary?: components["schemas"]["AskedCanary"] | null;
            /** @description Whether the zone is frozen: then nothing of it is allowed until it is thawed. */
            frozen: boolean;
            /** @description Its manifest. */
            manifest_sha256: string;
            policy_set_version_id?: components["schemas"]["PolicySetVersionId"] | null;
        };
        /** @description Who made and last changed an object. */
        Attribution: {
            /** @description Creation. */
            created_at: components["schemas"]["Timestamp"];
            /** @description `admin:<token id>`, an account id, or a caller-supplied name. */
            created_by?: string | null;
            /** @description Whether the console's operator assistant made it; always false here, kept for clients. */
            created_via_operator: boolean;
            updated_at?: components["schemas"]["Timestamp"] | null;
            /** @description As `created_by`, for the last change. */
            updated_by?: string | null;
            /** @description As `created_via_operator`, for the last change. */
            updated_via_operator: boolean;
        };
        AuthorityRecordId: string;
        /** @enum {string} */
        AuthorityRecordStatus: "active" | "revoked" | "expired";
        Base64Url: string;
        /** @description Body that begins a shadow. Unknown members are ignored. */
        BeginShadow: {
            /**
             * Format: int32
             * @description Hours for which it is decided, 1 to 720; 24 when absent.
             */
            expires_in_hours?: number;
        };
        /** @description Where a person says yes, and what comes back with them. Not printable: whoever has it is on the way. */
        BegunAuthorization: {
            /** @description The address to open in a browser. */
            authorization_url: string;
            /** @description When it is too late to come back. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description What comes back as `state`. */
            state: string;
        };
        /** @description What is answered whether or not there is an account: if there is, a code is on its way. */
        BegunEmailCode: {
            /** @description What the browser alone keeps, in a cookie that no script reads: whoever has it can finish. */
            browser: string;
            /** @description Until when the code is good. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description The state to hand in with the code. */
            state: string;
        };
        /** @description What an authenticator is asked to sign in. */
        BegunPasskey: {
            /** @description What the browser alone keeps, in a cookie that no script reads: whoever has it can finish. */
            browser: string;
            /** @description The challenge, in base64url. */
            challenge: string;
            /** @description Until when it can be finished. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description The domain whose passkeys are asked for. */
            relying_party: string;
        };
        /** @description What an authenticator is asked for a new passkey. */
        BegunPasskeyRegistration: {
            /** @description The challenge, in base64url. */
            challenge: string;
            /** @description Its holder's name. */
            display_name: string;
            /** @description Until when it can be finished. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Passkeys that there are already: an authenticator that has one of them makes no other. */
            known: components["schemas"]["Base64Url"][];
            /** @description The account's address, for the authenticator to show. */
            name: string;
            /** @description The domain that it is for. */
            relying_party: string;
            /** @description What the authenticator knows the account by. */
            user_handle: components["schemas"]["Base64Url"];
        };
        /** @description Where somebody signs in at the `OpenID` provider. */
        BegunSingleSignOn: {
            /** @description Where the browser goes. */
            authorization_url: string;
            /** @description What the browser alone keeps, in a cookie that no script reads: whoever has it can finish. */
            browser: string;
            /** @description Until when it can be finished. */
            expires_at: components["schemas"]["Timestamp"];
        };
        /** @description A variable that a workload is started with. */
        BindingBody: {
            /** @description `[A-Za-z_][A-Za-z0-9_]*`, and no variable that makes a program load code. */
            env: components["schemas"]["Name200"];
            /** @description What happens without it, of an optional one; `error` when absent. */
            on_failure?: components["schemas"]["OnFailure"];
            /** @description Whether the program may start without it. */
            optional?: boolean;
            /** @description Identifier of the resource; it need not exist yet. */
            resource: components["schemas"]["Name500"];
            /** @description At most 32; none means the resource's. */
            scopes?: components["schemas"]["Line200"][];
        };
        /** @description A subject that is kept out. */
        BlockedSubjectItem: {
            /** @description When. */
            blocked_at: components["schemas"]["Timestamp"];
            /** @description Who blocked it. */
            blocked_by: string;
            /** @description Why, as whoever blocked it said. */
            reason: string;
            /** @description Which subject. */
            subject_id: string;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        BlockedSubjectItemListing: {
            items: components["schemas"]["BlockedSubjectItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @enum {string} */
        BudgetLimit: "calls" | "sum";
        /** @description What was used up of one budget. Its limits are in the policy, and may have become others since. */
        BudgetUseItem: {
            /** @description The argument that is added up, with dots between its names; null where calls alone are counted. */
            argument?: string | null;
            /**
             * Format: int64
             * @description Calls made.
             */
            calls: number;
            /** @description Method, as operations are declared. */
            method: string;
            /** @description Path, or message to an MCP server, in lower case. */
            path: string;
            /** @description Identifier of the resource. */
            resource: string;
            /** @description What it adds up to, as a decimal number, such as `19.99`; null where calls alone are counted. */
            sum?: string | null;
            /** @description The last call. */
            updated_at: components["schemas"]["Timestamp"];
        };
        /** @description What one session or delegation used up. */
        BudgetUses: {
            /** @description One for each budget that was used, at most 1,000. */
            items: components["schemas"]["BudgetUseItem"][];
        };
        /** @description Who asks, and what they may do. */
        Caller: {
            /** @description The console account that the request is for. */
            account?: string | null;
            /** @description What it is good for. */
            capability: components["schemas"]["TokenCapability"];
            expires_at?: components["schemas"]["Timestamp"] | null;
            /** @description Its display name. */
            name: string;
            /** @description Whether it may see live credentials. */
            reveals: boolean;
            /** @description How far it reaches. */
            scope: components["schemas"]["TokenScope"];
            /** @description Id of the token. */
            token_id: string;
            zone_id?: components["schemas"]["ZoneId"] | null;
        };
        CanaryId: string;
        /** @description A canary with its rules and what was counted of it. */
        CanaryItem: {
            /**
             * Format: int64
             * @description Decisions since it began, or since its rules were changed.
             */
            decisions: number;
            /**
             * Format: int64
             * @description Those that it denied.
             */
            denied: number;
            ended_at?: components["schemas"]["Timestamp"] | null;
            /** @description Who ended it; null where it ended by itself, or with another change. */
            ended_by?: string | null;
            /** @description Id; events of what it decided name it. */
            id: components["schemas"]["CanaryId"];
            /** @description Digest of the version's manifest. */
            manifest_sha256: string;
            /**
             * Format: int32
             * @description Most of a hundred decisions that it may deny in all.
             */
            max_denied_percent: number;
            /**
             * Format: int32
             * @description Most of a hundred decisions that it may deny and the version in force would not.
             */
            max_newly_denied_percent: number;
            /**
             * Format: int32
             * @description Decisions after which its denials are judged, each time.
             */
            min_decisions: number;
            /**
             * Format: int64
             * @description Those that it allowed, and the version in force would have denied or held.
             */
            newly_allowed: number;
            /**
             * Format: int64
             * @description Those that it denied and the version in force would not have.
             */
            newly_denied: number;
            /**
             * Format: int64
             * @description Those that it held for an approval, and the version in force would have allowed without.
             */
            newly_held: number;
            outcome?: components["schemas"]["CanaryOutcome"] | null;
            /** @description The set. */
            policy_set_id: components["schemas"]["PolicySetId"];
            /** @description Whether it decides now. */
            running: boolean;
            /**
             * Format: int32
             * @description For how many of a hundred applications it decides.
             */
            share_percent: number;
            /** @description When. */
            started_at: components["schemas"]["Timestamp"];
            /** @description Who began. */
            started_by: string;
            /**
             * Format: int64
             * @description Decisions since its denials were last judged.
             */
            unjudged: number;
            /** @description Its version. */
            version_id: components["schemas"]["PolicySetVersionId"];
        };
        /** @enum {string} */
        CanaryOutcome: "finished" | "ended" | "superseded" | "too_many_denials" | "unreadable";
        /** @description Body that begins a canary, or changes the rules of the one that runs. Unknown members are ignored. */
        CanaryRules: {
            /**
             * Format: int32
             * @description It is taken back when it denied more than this many of a hundred decisions, whatever the version in force says of
             *     them, 0 to 100; 100, which is no bound, when a canary begins without.
             */
            max_denied_percent?: number;
            /**
             * Format: int32
             * @description It is taken back when it denied more than this many of a hundred decisions that the version in force would not have
             *     denied, 0 to 100; 5 when a canary begins without.
             */
            max_newly_denied_percent?: number;
            /**
             * Format: int32
             * @description Decisions after which its denials are judged, each time, 1 to 1,000,000; 100 when a canary begins without.
             */
            min_decisions?: number;
            /**
             * Format: int32
             * @description For how many of a hundred applications it decides, 1 to 100. Required to begin. Those for which it decides stay on
             *     its side when the share grows.
             */
            share_percent?: number;
        };
        /** @description Body that changes an account. */
        ChangeAccount: {
            /** @description Whether it may not sign in. Locking ends its sessions. */
            locked?: boolean;
            /** @description Display name. */
            name?: components["schemas"]["Name120"];
            /** @description Where, with `{"all": true}` for every zone. */
            reach?: components["schemas"]["AccountReach"];
            /** @description What it may do. */
            role?: components["schemas"]["AccountRole"];
        };
        /** @enum {string} */
        ChangeMethod: "POST" | "PUT" | "PATCH" | "DELETE";
        /** @description Body that changes one's own password. */
        ChangePassword: {
            /** @description The one so far. */
            current: components["schemas"]["Line256"];
            /** @description The one from now on. */
            password: components["schemas"]["NewPassword"];
        };
        /** @enum {string} */
        CheckStep: "settings" | "address" | "resolve" | "connect" | "tls" | "answer";
        /** @description One step. */
        CheckedStep: {
            /** @description What to do about it; null where nothing is to be done. */
            fix?: string | null;
            /** @description What was found. */
            found: string;
            /** @description What became of it. */
            outcome: components["schemas"]["StepOutcome"];
            /** @description Which. */
            step: components["schemas"]["CheckStep"];
        };
        /** @description A secret that was asked for. */
        ClientSecret: {
            /** @description The secret. */
            client_secret: string;
        };
        /** @description Why a command was not carried out. */
        CommandError: {
            cause?: components["schemas"]["ErrorCode"] | null;
            /** @description The code. As text, because a client may be older than the service that it asks. */
            code: components["schemas"]["ErrorCode"];
            /** @description What was wrong, for a program. */
            details?: Record<string, never> | null;
            /** @description For a person: what was wrong. */
            reason: string;
            /** @description What to do about it, where that can be said. */
            remediation?: string | null;
        };
        /** @description An error answer of a command of the Control API. */
        CommandProblem: {
            /** @description What was wrong. */
            error: components["schemas"]["CommandError"];
            /** @description False. */
            ok: boolean;
            /** @description What to name when asking an operator; the same as the header `X-Request-Id`. */
            requestId?: string;
            /** @description The same again, for clients that read this name. */
            request_id?: string;
        };
        /** @description A version that was compared. */
        ComparedVersion: {
            /** @description Lower-case hex SHA-256 of its manifest. */
            manifest_sha256: string;
            /** @description Set. */
            policy_set_id: components["schemas"]["PolicySetId"];
            /**
             * Format: int64
             * @description 1, 2, 3, …
             */
            version: number;
            /** @description Version. */
            version_id: components["schemas"]["PolicySetVersionId"];
        };
        /** @description Where everything is (§9.1). */
        Configuration: {
            /** @description One question. */
            access_evaluation_endpoint: string;
            /** @description Several. */
            access_evaluations_endpoint: string;
            /** @description Base of the addresses. */
            policy_decision_point: string;
            /** @description What may they do? */
            search_action_endpoint: string;
            /** @description To what? */
            search_resource_endpoint: string;
            /** @description Who may? */
            search_subject_endpoint: string;
        };
        ConnectionId: string;
        /** @description A connection. Its tokens are shown by no route. */
        ConnectionItem: {
            /** @description Creation. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Who connected it. */
            created_by: string;
            expires_at?: components["schemas"]["Timestamp"] | null;
            /** @description Id. It stays when the same subject connects again. */
            id: components["schemas"]["ConnectionId"];
            /** @description At which provider. */
            provider_id: components["schemas"]["ProviderId"];
            refreshed_at?: components["schemas"]["Timestamp"] | null;
            /** @description Whether it is renewed without a person. */
            renewable: boolean;
            revoked_at?: components["schemas"]["Timestamp"] | null;
            /** @description Scopes that were granted, where the server says so. */
            scope?: string | null;
            /** @description How it stands. */
            status: components["schemas"]["ConnectionStatus"];
            /** @description For whom; `caracal:shared` for whoever has none of their own. */
            subject_id: string;
            /** @description Last change. */
            updated_at: components["schemas"]["Timestamp"];
            /** @description What became of telling the server that it was revoked. */
            upstream_revocation: components["schemas"]["UpstreamRevocation"];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        ConnectionItemListing: {
            items: components["schemas"]["ConnectionItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description Body that begins to connect an account, or ends a connection. Unknown members are ignored. */
        ConnectionOf: {
            /** @description At which provider. */
            provider_id: components["schemas"]["ProviderId"];
            subject_id?: components["schemas"]["Line512"] | null;
        };
        /** @enum {string} */
        ConnectionStatus: "active" | "reauthorization_required" | "expired" | "revoked";
        /** @description Somebody signed in. */
        ConsoleSession: {
            /** @description Sign-in. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Whether it is the session that asks. */
            current: boolean;
            /** @description When it ends however much it is used. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Id. */
            id: string;
            /** @description Last use, to the minute. */
            last_seen_at: components["schemas"]["Timestamp"];
            /** @description What the browser says it is. */
            user_agent: string;
            /** @description How whoever signed in proved who they are. */
            way: components["schemas"]["SignInWay"];
        };
        /** @description Sessions of an account. */
        ConsoleSessions: {
            /** @description Newest first, at most a hundred. */
            items: components["schemas"]["ConsoleSession"][];
        };
        /** @description What a delegation allows beyond its scopes. A closed object: an unknown member is refused. */
        Constraints: {
            /** @description Why there is no resource bound; evidence only. */
            broad_reason?: string | null;
            /**
             * Format: int32
             * @description Most scopes a descendant may carry, 1 to 64.
             */
            budget?: number | null;
            expires_at?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int32
             * @description Alias of `max_hops`.
             */
            max_depth?: number | null;
            /**
             * Format: int32
             * @description Hops that may still follow this delegation plus itself: 1 means it cannot be handed on. Default 1.
             */
            max_hops?: number | null;
            /** @description Set by an administrator for a delegation without a resource bound; evidence only. */
            policy_approved?: boolean | null;
            /** @description Only these resources, by identifier; empty means no such bound. */
            resources?: string[];
            /**
             * Format: int32
             * @description Longest mandate lifetime, 1 to 86,400 seconds.
             */
            ttl_seconds?: number | null;
        };
        /** @description Body that makes an account. */
        CreateAccount: {
            /** @description Address. */
            email: components["schemas"]["Email"];
            /** @description Display name. */
            name: components["schemas"]["Name120"];
            /** @description What it may do. */
            role: components["schemas"]["AccountRole"];
            /** @description Where, at most 1000; every zone when absent or null. Owners are not bound to zones. */
            zones?: components["schemas"]["ZoneId"][] | null;
        };
        /** @description Body that makes a managed application. */
        CreateApplication: {
            /** @description Unique among the managed applications of the zone. */
            name: components["schemas"]["Name200"];
            /** @description The one word that it may be. */
            registration_method: components["schemas"]["Managed"];
            /** @description At most 64 words that give it more than the zone's policy does. */
            traits?: string[];
        };
        /** @description Body that keeps tokens which somebody got elsewhere. Unknown members are ignored. Not printable: it holds credentials. */
        CreateConnection: {
            /** @description The access token: at most 16384 printable characters without blanks. */
            access_token: string;
            expires_at?: components["schemas"]["Timestamp"] | null;
            /** @description At which provider. */
            provider_id: components["schemas"]["ProviderId"];
            /** @description The refresh token, where there is one. */
            refresh_token?: string | null;
            subject_id?: components["schemas"]["Line512"] | null;
        };
        /** @description Body that notes what a person agreed to. Unknown members are ignored. */
        CreateGrant: {
            /** @description Who may act. */
            application_id: components["schemas"]["ApplicationId"];
            /** @description Where. */
            resource_id: components["schemas"]["ResourceId"];
            /** @description What: 1 to 64 scopes that the resource declares. */
            scopes: string[];
            /** @description For whom: the subject of the person's tokens. */
            user_id: components["schemas"]["Line512"];
        };
        /** @description Body that makes a policy with its first version. Unknown members are ignored. */
        CreatePolicy: {
            /** @description Rego source. */
            content: string;
            description?: components["schemas"]["Prose4096"] | null;
            /** @description Unique among the active policies of the zone. */
            name: components["schemas"]["Line512"];
        };
        /** @description Body that makes a policy set. Unknown members are ignored. */
        CreatePolicySet: {
            description?: components["schemas"]["Prose4096"] | null;
            /** @description Unique among the active sets of the zone. */
            name: components["schemas"]["Line512"];
        };
        /** @description Body that makes a provider. Unknown members are ignored. Not printable: it holds a credential. */
        CreateProvider: {
            /** @description Whether to try the token endpoint out first, and make nothing where that goes wrong. */
            check?: boolean;
            /** @description What the kind takes, its credential included. */
            config_json?: Record<string, never>;
            /** @description `provider://` and words of a-z 0-9 joined by hyphens; made from the name when absent or blank. */
            identifier?: string;
            /** @description Where the credential comes from. */
            kind: components["schemas"]["ProviderKind"];
            /** @description Display name; the identifier when absent or blank. */
            name?: string;
        };
        /** @description Body that makes a resource. Unknown members are ignored. */
        CreateResource: {
            /** @description Whether to try the upstream out first, and make nothing unless it refuses mandates that nobody issued. */
            check?: boolean;
            /** @description Whether cookies pass between callers and its upstream. */
            cookies?: boolean;
            credential_provider_id?: components["schemas"]["ProviderId"] | null;
            /** @description An absolute URI (RFC 8707 §2); made from the name when absent. */
            identifier?: components["schemas"]["Line512"];
            /** @description Display name; the identifier when absent. */
            name?: components["schemas"]["Line200"];
            /** @description Enforced when absent. */
            operation_enforcement?: components["schemas"]["OperationEnforcement"];
            /** @description At most 256. */
            operations?: components["schemas"]["Operation"][];
            /** @description 1 to 64 scopes. */
            scopes: string[];
            /**
             * Format: int32
             * @description How long its upstream may be silent, 1 to 3,600 seconds.
             */
            upstream_timeout_seconds?: number | null;
            /** @description Where the Gateway forwards. */
            upstream_url?: string | null;
        };
        /** @description Body that makes a sink. Unknown members are ignored. */
        CreateSink: {
            /** @description What it is told; everything that sinks subscribe to when absent. */
            event_types?: components["schemas"]["NotificationType"][];
            /** @description Display name. */
            name: components["schemas"]["Name120"];
            /** @description Where notifications are posted: an https URL; http on this machine alone. */
            url: components["schemas"]["Line2048"];
        };
        /** @description Body that makes an issuer trusted. Unknown members are ignored. */
        CreateSubjectIssuer: {
            /** @description `aud` that its tokens must name. */
            audience: components["schemas"]["Line512"];
            /** @description `iss` of its tokens: an https URL without query, compared exactly. */
            issuer: components["schemas"]["Line2048"];
            /** @description Where its public keys are: an https URL without query. */
            jwks_url: components["schemas"]["Line2048"];
        };
        /** @description Body that makes a token. */
        CreateToken: {
            /** @description What it is good for; `write` when absent. */
            capability?: components["schemas"]["TokenCapability"];
            /** @description When it ends. Where its maker's token ends, it ends then at the latest, and then when absent; it has no end otherwise. */
            expires_at?: components["schemas"]["Timestamp"];
            /** @description Display name. */
            name: components["schemas"]["Name120"];
            /**
             * @description Whether it may see live credentials; those with `write` may when absent and their maker may, and no others. It does
             *     not go with `approve`.
             */
            reveals?: boolean;
            /** @description How far it reaches. */
            scope: components["schemas"]["TokenScope"];
            /** @description The zone, of a token of one zone. */
            zone_id?: components["schemas"]["ZoneId"];
        };
        /** @description Body that makes a workload. */
        CreateWorkload: {
            /** @description Unique in the zone, whatever its case. */
            name: components["schemas"]["Name200"];
        };
        /** @description Body that makes a zone. */
        CreateZone: {
            /** @description Whether short-lived applications may be registered. */
            dcr_enabled?: boolean;
            /** @description Display name. */
            name: components["schemas"]["Name120"];
            /** @description `[a-z0-9-]+` of at most 120 characters, never reused; made from the name when absent. */
            slug?: string;
        };
        /** @description One change of data. A list of them is whole: with any of them left out the request is still refused. */
        DataChange: {
            /** @enum {string} */
            change: "activate_policy_set";
        } | {
            /** @enum {string} */
            change: "remove_restriction";
            /** @description The reason, as it stands there. */
            reason: string;
        } | {
            /** @description The application. */
            application_id: string;
            /** @enum {string} */
            change: "add_application_key";
            /** @description The key. */
            key: string;
        } | {
            /** @description Key of the application. */
            application: string;
            /** @enum {string} */
            change: "add_grant";
            /** @description The resource, by identifier. */
            resource: string;
        } | {
            /** @description Key of the application that gets it. */
            application: string;
            /** @enum {string} */
            change: "move_grant";
            /** @description Key of the application that loses it. */
            instead_of: string;
            /** @description The resource, by identifier. */
            resource: string;
        } | {
            /** @enum {string} */
            change: "add_role_scope";
            /** @description Label of the role. */
            label: string;
            /** @description The resource, by identifier. */
            resource: string;
            /** @description The scope. */
            scope: string;
        } | {
            /** @enum {string} */
            change: "add_confinement_scope";
            /** @description The rule, by its prefix. */
            label_prefix: string;
            /** @description The scope. */
            scope: string;
        } | {
            /** @enum {string} */
            change: "start_session";
        } | {
            /** @enum {string} */
            change: "add_session_label";
            /** @description The label. */
            label: string;
        } | {
            /** @enum {string} */
            change: "delegate";
        } | {
            /** @enum {string} */
            change: "add_delegation_scope";
            /** @description The scope. */
            scope: string;
        } | {
            /** @enum {string} */
            change: "add_delegation_resource";
            /** @description The resource, by identifier. */
            resource: string;
        } | {
            /** @enum {string} */
            change: "raise_delegation_ttl";
            /**
             * Format: int64
             * @description Seconds.
             */
            seconds: number;
        } | {
            /** @enum {string} */
            change: "mint_under_delegation";
        } | {
            /** @enum {string} */
            change: "add_mandate_target";
            /** @description The resource, by identifier. */
            resource: string;
        } | {
            /** @enum {string} */
            change: "add_mandate_scope";
            /** @description The scope. */
            scope: string;
        } | {
            /** @enum {string} */
            change: "mint_again";
        } | {
            /** @enum {string} */
            change: "drop_requested_scope";
            /** @description The scope. */
            scope: string;
        } | {
            /** @enum {string} */
            change: "declare_resource";
            /** @description The resource, by identifier. */
            resource: string;
        } | {
            /** @enum {string} */
            change: "declare_scope";
            /** @description The resource, by identifier. */
            resource: string;
            /** @description The scope. */
            scope: string;
        } | {
            /** @enum {string} */
            change: "declare_operation";
            /** @description Its method. */
            method: string;
            /** @description Its path. */
            path: string;
            /** @description The resource, by identifier. */
            resource: string;
        } | {
            /** @enum {string} */
            change: "thaw_zone";
        } | {
            /** @enum {string} */
            change: "approve";
        } | {
            /** @enum {string} */
            change: "begin_again";
        } | {
            /** @enum {string} */
            change: "raise_budget";
            /** @description What of it. */
            limit: components["schemas"]["BudgetLimit"];
            /** @description The operation, as it was called. */
            operation: string;
            /** @description The resource, by identifier. */
            resource: string;
        } | {
            /** @enum {string} */
            change: "provide_credential";
            /** @description The resource, by identifier. */
            resource: string;
        } | {
            /** @enum {string} */
            change: "connect_account";
            /** @description The resource, by identifier. */
            resource: string;
        } | {
            /** @enum {string} */
            change: "enforce_operations";
            /** @description The resource, by identifier. */
            resource: string;
        };
        /** @description Something that was read. */
        DataRead: {
            /**
             * @description A document of the policy, or `session`, `authority_record`, `delegation`, `mandate`, `request`, `resource`, `provider`,
             *     `approval`, `budget`, `zone`.
             */
            data: string;
            /** @description Which member of it. */
            name?: string | null;
            /** @description What stands there; null where nothing does. */
            value: unknown;
        };
        /** @enum {string} */
        DcrShutdown: "keep_live" | "revoke_live";
        /** @description Whether short-lived applications are registered. */
        DcrStatus: {
            /** @description Whether they are. */
            dcr_enabled: boolean;
            /** @description Zone. */
            id: components["schemas"]["ZoneId"];
            /**
             * Format: int64
             * @description How many live.
             */
            live_dcr_applications: number;
        };
        /** @description Body that decides. Unknown members are ignored. */
        DecideApproval: {
            /** @description Told in evidence; at most 500 characters, of which an empty text says nothing. */
            reason?: string | null;
        };
        /** @description An answer (§6.2). */
        Decision: {
            context?: components["schemas"]["DecisionContext"] | null;
            /** @description Whether it is allowed, without anybody having to say yes first. */
            decision: boolean;
        };
        /** @enum {string} */
        DecisionChange: "newly_denied" | "newly_allowed" | "newly_held" | "held_otherwise";
        /** @description Why a decision is as it is. */
        DecisionContext: {
            /** @description Tiers for which somebody has to say yes first. */
            approval_tiers?: string[];
            error?: components["schemas"]["EvaluationError"] | null;
            /** @description The version of the policy set that decided. */
            policy_set_version_id?: string | null;
            /** @description The reason, for a program. */
            reason?: string | null;
            reason_admin?: components["schemas"]["LocalText"] | null;
        };
        /** @description Counts of decisions. */
        DecisionCounts: {
            /**
             * Format: int64
             * @description Allowed.
             */
            allowed: number;
            /** @description Whether all of that time are counted. While older ones are still being read it is asked again. */
            complete: boolean;
            /**
             * Format: int64
             * @description Denied.
             */
            denied: number;
        };
        /** @enum {string} */
        DecisionFilter: "allow" | "deny" | "partial";
        /** @description A managed application. Its secret is made with it and is read at its own route. */
        DeclaredApplication: {
            /** @description Unique among the managed applications of the zone, whatever its case. */
            name: components["schemas"]["Name200"];
            /** @description At most 64 words; none of the platform's own. */
            traits?: string[];
        };
        /** @description A policy. In its sources `${application:NAME}` stands for the id of the application with that name. */
        DeclaredPolicy: {
            /** @description Rego source of its newest version. */
            content: string;
            description?: components["schemas"]["Prose4096"] | null;
            /** @description Sources of earlier versions that a set of the document goes on naming. */
            earlier?: string[];
            /** @description Unique among the active policies of the zone. */
            name: components["schemas"]["Line512"];
        };
        /** @description A policy set with its version: the one in force, or else its newest. */
        DeclaredPolicySet: {
            /** @description Whether it is in force; at most one set is. */
            active?: boolean;
            description?: components["schemas"]["Prose4096"] | null;
            /** @description Unique among the active sets of the zone. */
            name: components["schemas"]["Line512"];
            /** @description What its version names, in order; empty for a set without one. */
            policies?: components["schemas"]["SetMember"][];
        };
        /** @description A provider. Not printable: it may hold a credential. */
        DeclaredProvider: {
            /** @description What the kind takes, but for its credential. */
            config_json?: Record<string, never>;
            /** @description `provider://` and words of a-z 0-9 joined by hyphens. */
            identifier: components["schemas"]["Line512"];
            /** @description Where the credential comes from. */
            kind: components["schemas"]["ProviderKind"];
            /** @description Display name; the identifier when absent. */
            name?: components["schemas"]["Name200"];
            /** @description Its credential, all of it or none: never shown, and left as it is where it is not given. */
            secrets?: {
                [key: string]: string;
            };
        };
        /** @description A resource. */
        DeclaredResource: {
            /** @description Whether cookies pass between callers and its upstream. */
            cookies?: boolean;
            /** @description Identifier of the provider of its credential. */
            credential_provider: components["schemas"]["Line512"];
            /** @description An absolute URI (RFC 8707 §2). */
            identifier: components["schemas"]["Line512"];
            /** @description Display name; the identifier when absent. */
            name?: components["schemas"]["Line200"];
            /** @description Enforced when absent. */
            operation_enforcement?: components["schemas"]["OperationEnforcement"];
            /** @description At most 256. */
            operations?: components["schemas"]["Operation"][];
            /** @description 1 to 64 scopes. */
            scopes: string[];
            /**
             * Format: int32
             * @description How long its upstream may be silent, 1 to 3,600 seconds.
             */
            upstream_timeout_seconds?: number | null;
            /** @description Where the Gateway forwards. */
            upstream_url: string;
        };
        /** @description A sink of notifications. Its secret is made with it; a change of its secret shows one. */
        DeclaredSink: {
            /** @description Whether it is told anything. */
            active?: boolean;
            /** @description What it is told; everything that sinks subscribe to when absent. */
            event_types?: components["schemas"]["NotificationType"][];
            /** @description Display name, unique in the document. */
            name: components["schemas"]["Name120"];
            /** @description Where notifications are posted: an https URL; http on this machine alone. */
            url: components["schemas"]["Line2048"];
        };
        /** @description An issuer of subjects. */
        DeclaredSubjectIssuer: {
            /** @description `aud` that its tokens must name. */
            audience: components["schemas"]["Line512"];
            /** @description `iss` of its tokens: an https URL without query, compared exactly. */
            issuer: components["schemas"]["Line2048"];
            /** @description Where its public keys are: an https URL without query. */
            jwks_url: components["schemas"]["Line2048"];
        };
        /** @description A workload. Its secret is made with it and is read at its own route. */
        DeclaredWorkload: {
            /** @description What it is started with, at most 64. */
            bindings?: components["schemas"]["BindingBody"][];
            /** @description Unique in the zone, whatever its case. */
            name: components["schemas"]["Name200"];
        };
        DelegationId: string;
        /** @description A delegation as read and listed. */
        DelegationItem: components["schemas"]["DelegationState"] & {
            /** @description Id. */
            id: components["schemas"]["DelegationId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        DelegationItemListing: {
            items: components["schemas"]["DelegationItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A delegation in the graph below another. */
        DelegationNode: {
            /**
             * Format: int32
             * @description Steps below the one asked about, which is at 0.
             */
            depth: number;
            /** @description Id. */
            id: components["schemas"]["DelegationId"];
            parent_edge_id?: components["schemas"]["DelegationId"] | null;
            /** @description Session that hands on. */
            source_session_id: components["schemas"]["SessionId"];
            /** @description State. */
            status: components["schemas"]["DelegationStatus"];
            /** @description Session that receives. */
            target_session_id: components["schemas"]["SessionId"];
        };
        /** @description Answer to a revocation. */
        DelegationRevoked: {
            /** @description Sessions that held them. */
            affected_sessions: number;
            /** @description Delegations revoked, the one asked for included. */
            revoked_edges: number;
            /** @description Sessions that ended with them. */
            terminated_sessions: number;
        };
        /** @description What every answer about a delegation holds, but its id. */
        DelegationState: {
            /** @description Further bounds. */
            constraints_json: components["schemas"]["Constraints"];
            /** @description Creation. */
            created_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Grows with each change of state.
             */
            edge_version: number;
            /** @description End. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Application of the source. */
            issuer_application_id: components["schemas"]["ApplicationId"];
            parent_edge_id?: components["schemas"]["DelegationId"] | null;
            /** @description Application of the target. */
            receiver_application_id: components["schemas"]["ApplicationId"];
            /**
             * Format: int32
             * @description Hops that may still follow, itself included.
             */
            remaining_hops: number;
            resource_id?: components["schemas"]["ResourceId"] | null;
            revoked_at?: components["schemas"]["Timestamp"] | null;
            /** @description Scopes handed on. */
            scopes: components["schemas"]["ScopeSet"];
            /** @description Session that hands on. */
            source_session_id: components["schemas"]["SessionId"];
            /** @description State. */
            status: components["schemas"]["DelegationStatus"];
            /** @description Session that receives. */
            target_session_id: components["schemas"]["SessionId"];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @enum {string} */
        DelegationStatus: "active" | "revoked" | "expired";
        /** @description A delegation and everything narrowed from it. */
        DelegationTree: {
            /** @description Nearest first, at most 5,000. */
            nodes: components["schemas"]["DelegationNode"][];
            /** @description Whether there are more. */
            truncated: boolean;
        };
        /** @description What is on its way to a sink, or was. */
        DeliveryItem: {
            abandoned_at?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int32
             * @description Attempts so far.
             */
            attempts: number;
            /** @description When the next attempt is due, while there is one. */
            available_at: components["schemas"]["Timestamp"];
            /** @description When it was put in line. */
            created_at: components["schemas"]["Timestamp"];
            delivered_at?: components["schemas"]["Timestamp"] | null;
            /** @description What happened. */
            event_id: string;
            /** @description What it is about. */
            event_type: components["schemas"]["NotificationType"];
            /** @description Id: the header `X-Caracal-Delivery`. */
            id: components["schemas"]["NotificationDeliveryId"];
            /** @description Why the last attempt failed. */
            last_error?: string | null;
            /**
             * Format: int32
             * @description HTTP status of the last answer.
             */
            response_status?: number | null;
            /** @description The sink. */
            sink_id: components["schemas"]["NotificationSinkId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        DeliveryItemListing: {
            items: components["schemas"]["DeliveryItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A delivery with what is sent. */
        DeliveryWithPayload: components["schemas"]["DeliveryItem"] & {
            /** @description The body that is sent. */
            payload: Record<string, never>;
        };
        /** @description A denial with its reason. */
        Denial: {
            /** @description What it was about. */
            details: unknown;
            /** @description The rules that would have allowed it. */
            determining_policies: unknown;
            /** @description The reasons that stood against it. */
            diagnostics: unknown;
            /** @description `complete`, or the reason a request ended before policy. */
            evaluation_status: string;
            /** @description Its event. */
            event_id: string;
            /** @description Type of its event. */
            event_type: string;
            /** @description Why, in a sentence. */
            explanation?: string | null;
            /** @description Metadata of its event. */
            metadata: unknown;
            /** @description What to simulate it with, as it is; null where policy has nothing to decide. */
            policy_input: unknown;
            /**
             * @description The data that was read to deny it: what policy read, as the version that decided states it; what another gate read, as
             *     it stands now.
             */
            read?: components["schemas"]["DataRead"][];
            /** @description Why, in one word. */
            reason?: string | null;
            suggestion?: components["schemas"]["Suggestion"] | null;
        };
        /** @description Body that asks what an issuer publishes. Unknown members are ignored. */
        DiscoverProvider: {
            /** @description An https URL without user, query and fragment. */
            issuer: components["schemas"]["Name512"];
        };
        /** @description What an issuer publishes (RFC 8414 §2, `OpenID` Connect Discovery §3), as far as a provider is made of it. */
        DiscoveredProvider: {
            /** @description Where people say yes. */
            authorization_endpoint?: string;
            /** @description The issuer, as it names itself. */
            issuer: string;
            /** @description Where tokens are given back. */
            revocation_endpoint?: string;
            /** @description Scopes that it names, at most 64. */
            scopes_supported?: string[];
            /** @description Where tokens are given. */
            token_endpoint: string;
            /** @description How clients may prove themselves there, of the ways that providers know. */
            token_endpoint_auth_methods_supported?: string[];
        };
        /** @description What a document states otherwise. */
        DocumentDiff: {
            /** @description The first statements that are new. */
            added: unknown[];
            /**
             * Format: int64
             * @description How many there are.
             */
            added_count: number;
            /** @description Its name, such as `grants`. */
            document: string;
            /** @description The first statements that are gone. */
            removed: unknown[];
            /**
             * Format: int64
             * @description How many there are.
             */
            removed_count: number;
        };
        /** @enum {string} */
        Effect: "allow" | "deny";
        Email: string;
        /**
         * @description The code of an error answer: its member `error`, and what logs, metrics and evidence call it.
         *
         *     A code is never renamed and never means something else: published clients act on it.
         * @enum {string}
         */
        ErrorCode: "malformed_request" | "invalid_body" | "invalid_query" | "invalid_params" | "invalid_cursor" | "unauthorized" | "cross_site_request" | "route_not_found" | "zone_not_found" | "application_not_found" | "resource_not_found" | "reference_not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "rate_limited" | "request_header_fields_too_large" | "internal_error" | "storage_unavailable" | "audit_unavailable" | "too_many_connections" | "http_version_not_supported" | "invalid_request" | "invalid_grant" | "invalid_dpop_proof" | "use_dpop_nonce" | "invalid_scope" | "invalid_target" | "invalid_redirect_uri" | "invalid_client_metadata" | "invalid_token" | "unsupported_token_type" | "interaction_required" | "credential_expired_not_renewable" | "access_denied" | "zone_invalid" | "operation_not_permitted" | "approval_consumed" | "provider_rate_limited" | "http_request_failed" | "sts_unavailable" | "invalid_delegation_constraint" | "invalid_resources" | "invalid_max_depth" | "invalid_max_hops" | "invalid_budget" | "invalid_ttl_seconds" | "invalid_policy_approved" | "invalid_expires_at" | "invalid_broad_reason" | "self_delegation_denied" | "delegation_expired" | "delegation_expiry_required" | "delegation_resource_scope_mismatch" | "lease_generation_required" | "subject_session_id_required" | "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "missing_token" | "identity_revoked" | "invalid_subject_proof" | "authority_record_required" | "missing_scope" | "zone_mismatch" | "application_ownership_required" | "issuer_ownership_required" | "parent_ownership_required" | "coordinator_admin_required" | "subject_proof_required" | "subject_proof_application_mismatch" | "broad_delegation_permission_required" | "delegation_scopes_exceed_resource" | "delegation_exceeds_parent_authority" | "parent_delegation_not_active" | "session_not_found" | "agent_service_not_found" | "parent_not_found" | "delegation_not_found" | "delegation_endpoint_not_found" | "delegation_application_mismatch" | "delegation_cycle_denied" | "inherit_parent_edge_not_active" | "inherit_parent_edge_ambiguous" | "session_not_live" | "session_suspended" | "session_not_service" | "session_lease_fenced" | "session_lease_expired" | "session_subject_inactive" | "session_parent_not_active" | "session_not_found_or_not_active" | "session_not_found_or_not_suspended" | "task_session_cannot_start_service" | "dcr_application_already_bound" | "dcr_application_cannot_be_child" | "dcr_application_cannot_host_service" | "dcr_application_cannot_start_child" | "idempotency_key_conflict" | "idempotency_result_inactive" | "idempotency_receipt_limit_exceeded" | "session_limit_exceeded" | "session_zone_limit_exceeded" | "session_children_limit_exceeded" | "session_depth_limit_exceeded" | "revocation_state_unavailable" | "invalid_zone" | "invalid_application" | "invalid_resource" | "invalid_resource_identifier" | "invalid_provider" | "invalid_provider_identifier" | "invalid_provider_config" | "invalid_provider_connection" | "invalid_provider_oauth_authorize" | "invalid_issuer" | "provider_check_unsupported" | "resource_verification_unsupported" | "provider_connection_unsupported" | "oauth_state_expired" | "oauth_state_mismatch" | "oauth_issuer_mismatch" | "provider_oauth_denied" | "authorization_code_required" | "provider_token_endpoint_not_allowed" | "invalid_subject_revoke" | "invalid_admin_token_request" | "invalid_account" | "invalid_fields" | "no_fields" | "retention_above_limit" | "rate_limit_above_ceiling" | "zone_id_required" | "zone_id_not_allowed_for_global" | "dcr_shutdown_not_applicable" | "client_secret_not_configured" | "credential_provider_required" | "upstream_url_required" | "provider_config_required" | "operation_duplicate" | "operation_method_and_path_required" | "operation_method_unknown" | "operation_path_invalid" | "operation_path_must_be_absolute" | "operation_scope_not_in_resource_scopes" | "invalid_workload" | "invalid_credential_env" | "duplicate_credential_env" | "invalid_subject_issuer" | "invalid_zone_state" | "invalid_sink" | "invalid_sink_url" | "invalid_admin_token" | "invalid_account_assertion" | "invalid_passkey" | "sign_in_expired" | "sign_in_refused" | "account_role_forbidden" | "account_session_required" | "admin_token_read_only" | "admin_token_approve_only" | "reveal_capability_required" | "control_disabled" | "token_replay" | "denied" | "invalid" | "not_found" | "upstream" | "admin_token_zone_mismatch" | "approve_capability_required" | "trait_invalid" | "trait_duplicate" | "trait_forbidden" | "trait_count_exceeded" | "account_scope_required" | "system_zone_read_only" | "zone_forbidden" | "dcr_disabled" | "grant_scopes_exceed_resource" | "control_resource_not_grantable" | "oauth_initiator_mismatch" | "subject_approval_required" | "fresh_sign_in_required" | "passkey_not_allowed" | "not_invited" | "sign_in_way_not_configured" | "account_not_found" | "link_not_found" | "admin_token_not_found" | "approval_not_found" | "audit_hold_not_found" | "client_secret_not_stored" | "workload_not_found" | "workload_secret_not_stored" | "subject_issuer_not_found" | "grant_not_found" | "provider_not_found" | "provider_connection_not_found" | "policy_not_found" | "policy_version_not_found" | "policy_canary_not_found" | "policy_shadow_not_found" | "policy_set_not_found" | "policy_set_version_not_found" | "policy_set_binding_not_found" | "active_policy_set_version_not_found" | "version_not_found" | "subject_not_found" | "sink_not_found" | "delivery_not_found" | "request_not_found" | "approval_not_decidable" | "account_email_taken" | "last_owner" | "reserved_namespace" | "protected_resource" | "zone_state_inexpressible" | "zone_slug_conflict" | "application_name_taken" | "workload_name_taken" | "subject_issuer_exists" | "subject_issuer_limit_reached" | "sink_limit_reached" | "sink_paused" | "resource_identifier_conflict" | "resource_quota_exceeded" | "provider_identifier_conflict" | "policy_name_conflict" | "policy_set_name_conflict" | "dcr_shutdown_required" | "invalid_rego" | "invalid_policy_contract" | "invalid_policy_bundle" | "provider_check_failed" | "provider_discovery_failed" | "resource_check_failed" | "provider_test_rate_limited" | "provider_discovery_rate_limited" | "resource_test_rate_limited" | "dcr_limit_exceeded" | "dcr_rate_limit_exceeded" | "too_many_policy_checks" | "secret_backend_unavailable" | "provider_token_exchange_failed" | "provider_token_response_invalid" | "identity_provider_failed" | "identity_provider_unavailable" | "policy_verification_unavailable" | "overloaded" | "checkpoint_not_signed" | "log_unknown" | "entry_not_found" | "pack_too_large" | "checkpoint_inconsistent" | "evidence_contradicts" | "bus_unavailable";
        /** @enum {string} */
        Evaluation: "executed" | "not_executed" | "failed";
        /** @description What was wrong with a question. */
        EvaluationError: {
            /** @description For a person. */
            message: string;
            /**
             * Format: int32
             * @description Status that it would be answered with alone.
             */
            status: number;
        };
        /**
         * @description Several questions (§7.1); without `evaluations` one, as [`AccessEvaluation`]. What stands beside `evaluations` is meant for
         *     those that leave it out.
         */
        Evaluations: {
            action?: components["schemas"]["Action"] | null;
            /** @description It changes nothing. */
            context?: Record<string, never> | null;
            /** @description At most 256. */
            evaluations?: components["schemas"]["PartialEvaluation"][];
            /** @description How they are answered. */
            options?: components["schemas"]["EvaluationsOptions"];
            resource?: components["schemas"]["Resource"] | null;
            subject?: components["schemas"]["Subject"] | null;
        };
        /** @description Answers to several questions in their order, or to the one (§7.2). */
        EvaluationsAnswer: {
            /** @description As far as they were answered. */
            evaluations: components["schemas"]["Decision"][];
        } | components["schemas"]["Decision"];
        /** @description How several questions are answered. */
        EvaluationsOptions: {
            evaluations_semantic?: components["schemas"]["Semantic"] | null;
        };
        /** @description How a request ended, and why. */
        Explained: {
            /** @description The denials. */
            denied: components["schemas"]["Denial"][];
            /** @description Its first events, oldest first. */
            events: components["schemas"]["LedgerEvent"][];
            /** @description `deny` if anything was denied, else the last decision. */
            final_decision: string;
            /** @description Where the listing of its events goes on, if these are not all. */
            next_cursor?: string | null;
            outcome?: components["schemas"]["Outcome"] | null;
            /** @description Request. */
            request_id: string;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description Body that signs in with a code by e-mail. */
        FinishEmailCode: {
            /** @description What the browser kept. */
            browser: components["schemas"]["Line128"];
            /** @description The code. Blanks in it do not count. */
            code: components["schemas"]["Line32"];
            /** @description The address that the code was sent to. */
            email: components["schemas"]["Email"];
            /** @description The state that was given out. */
            state: components["schemas"]["Line256"];
            /** @description What the browser says it is. */
            user_agent?: string | null;
        };
        /** @description Body that signs in with a passkey. */
        FinishPasskey: {
            /** @description Authenticator data. */
            authenticator_data: components["schemas"]["Base64Url"];
            /** @description What the browser kept. */
            browser: components["schemas"]["Line128"];
            /** @description The challenge that was given out. */
            challenge: components["schemas"]["Line256"];
            /** @description `clientDataJSON`. */
            client_data: components["schemas"]["Base64Url"];
            /** @description The passkey. */
            credential_id: components["schemas"]["Base64Url"];
            /** @description The signature over both. */
            signature: components["schemas"]["Base64Url"];
            /** @description What the browser says it is. */
            user_agent?: string | null;
            user_handle?: components["schemas"]["Base64Url"] | null;
        };
        /** @description What somebody came back with from the `OpenID` provider. Not printable: it holds a code. */
        FinishSingleSignOn: {
            /** @description What the browser kept. */
            browser: components["schemas"]["Line128"];
            code?: components["schemas"]["Line4096"] | null;
            error?: components["schemas"]["Line256"] | null;
            iss?: components["schemas"]["Line2048"] | null;
            /** @description The state that the provider was given. */
            state: components["schemas"]["Line256"];
            /** @description What the browser says it is. */
            user_agent?: string | null;
        };
        /** @description The first version of a policy just made. */
        FirstVersion: {
            /** @description Lower-case hex SHA-256 of the source. */
            content_sha256: string;
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Id. */
            id: components["schemas"]["PolicyVersionId"];
            /** @description Policy. */
            policy_id: components["schemas"]["PolicyId"];
            /** @description Schema of policy documents. */
            schema_version: string;
            /**
             * Format: int64
             * @description 1.
             */
            version: number;
        };
        /** @enum {string} */
        Format: "json" | "csv";
        /** @description A subject or a resource that was found. */
        Found: {
            /** @description Which one. */
            id: string;
            /** @description Its kind. */
            type: string;
        };
        /** @description An action that was found. */
        FoundAction: {
            /** @description The scope. */
            name: string;
        };
        /** @description Actions. */
        FoundActions: {
            /** @description Where the answer goes on. */
            page: components["schemas"]["PageTold"];
            /** @description Those for which the question is answered with `true`. */
            results: components["schemas"]["FoundAction"][];
        };
        /** @description Subjects or resources. */
        FoundEntities: {
            /** @description Where the answer goes on. */
            page: components["schemas"]["PageTold"];
            /** @description Those for which the question is answered with `true`. */
            results: components["schemas"]["Found"][];
        };
        /** @description Body that freezes a zone. Unknown members are ignored. */
        FreezeZone: {
            /** @description Kept in the administrative audit. */
            reason?: components["schemas"]["Line500"];
        };
        /** @description A grant against the policy in force. */
        GrantAccess: {
            /** @description Its scopes, in their order. */
            items: components["schemas"]["GrantedScope"][];
            /** @description The policy. */
            policy: components["schemas"]["AskedPolicy"];
            /** @description How the grant stands. */
            status: components["schemas"]["GrantStatus"];
        };
        GrantId: string;
        /** @description What a person agreed to let an application do at a resource. */
        GrantItem: components["schemas"]["Attribution"] & {
            /** @description Who may act. */
            application_id: components["schemas"]["ApplicationId"];
            /** @description Its name. */
            application_name: string;
            /** @description Id. */
            id: components["schemas"]["GrantId"];
            /** @description Where the credential of the resource comes from. */
            provider_id: components["schemas"]["ProviderId"];
            /** @description Its kind. */
            provider_kind: components["schemas"]["ProviderKind"];
            /** @description Its name. */
            provider_name: string;
            /** @description Where. */
            resource_id: components["schemas"]["ResourceId"];
            /** @description Its name. */
            resource_name: string;
            /** @description What. */
            scopes: components["schemas"]["ScopeSet"];
            /** @description How it stands: one that nobody took back ends with its application or its resource. */
            status: components["schemas"]["GrantStatus"];
            /** @description For whom. */
            user_id: string;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        GrantItemListing: {
            items: components["schemas"]["GrantItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @enum {string} */
        GrantStatus: "active" | "revoked" | "expired";
        /** @description What the policy in force says to a scope of a grant. */
        GrantedScope: {
            /** @description Whether a session of the application can be given it. */
            allowed: boolean;
            /** @description The tiers for which somebody has to say yes before. */
            approval_tiers: string[];
            /** @description The policy versions that say so. */
            policy_version_ids: string[];
            /** @description Why it is refused; null where it is not. */
            reason?: string | null;
            /** @description The scope. */
            scope: string;
        };
        /** @description The exact call that an approval releases. */
        HeldCall: {
            /** @description What it is called with, where that is JSON: of an MCP message its `params`. */
            arguments?: unknown;
            /** @description Bytes of a body that is neither. */
            bytes?: number | null;
            /** @description What a message asks for, such as `tools/call:refund`. */
            call?: string | null;
            /** @description Digest of all that it carries, lower-case hexadecimal. A call with another is another call. */
            digest: string;
            /** @description The `Content-Type` as sent. */
            media_type?: string | null;
            /** @description HTTP method. */
            method: string;
            /** @description Path, decoded. */
            path: string;
            /** @description `mcp`, `grpc` or `websocket`; absent of plain HTTP. */
            protocol?: string | null;
            /** @description The query as sent. */
            query?: string | null;
            /** @description How much of it is shown here. */
            shown: components["schemas"]["Shown"];
            /** @description Its body, where that is text and no JSON. */
            text?: string | null;
        };
        /** @description A hold in force. */
        HoldItem: {
            /** @description Id. */
            id: string;
            /** @description When. */
            placed_at: components["schemas"]["Timestamp"];
            /** @description Who placed it. */
            placed_by: string;
            /** @description Why. */
            reason: string;
            /** @description What events are held; null for everything in the zone. */
            subject_id?: string | null;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        HoldItemListing: {
            items: components["schemas"]["HoldItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A command. Unknown members are ignored. */
        Invoke: {
            /** @description The noun, for example `resource`. */
            command: components["schemas"]["Line64"];
            /** @description At most 32; numbers, texts, true, false, null, and arrays of those. What is nested travels as text that is JSON. */
            flags?: Record<string, never>;
            /** @description What is done to it, for example `create`; empty for a command that does one thing. */
            subcommand?: string;
        };
        /** @description A command that was carried out. */
        Invoked: {
            /** @description True. */
            ok: boolean;
            /** @description What the operation answered; null where it answers nothing. */
            result: Record<string, never> | null;
        };
        KeptDays: number;
        /** @description What of a policy is needed. */
        LeastPrivilege: {
            /**
             * Format: int64
             * @description Decisions that the version allows: those by which it was judged.
             */
            allowed: number;
            /** @description Whether all of the window was looked at. Otherwise nothing is said to be needless: ask for a shorter one. */
            complete: boolean;
            /**
             * @description A policy that says all the set does without what is not needed; null where the window is not complete or the policy
             *     would be too large to be one.
             */
            content?: string | null;
            /**
             * Format: int64
             * @description Decisions that it denies.
             */
            denied: number;
            /**
             * Format: int64
             * @description Most events that are left to be looked at.
             */
            entries_left: number;
            /** @description Manifest digest of the version. */
            manifest_sha256: string;
            /** @description Set. */
            policy_set_id: components["schemas"]["PolicySetId"];
            /** @description Where the window begins. */
            since: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Decisions that cannot be made again. Whether what they needed is among the rest nobody can tell.
             */
            undecidable: number;
            /** @description The first parts of `grants` that nothing needs, in the order of resources. */
            unneeded: components["schemas"]["UnneededGrant"][];
            /**
             * Format: int64
             * @description How many there are.
             */
            unneeded_count: number;
            /** @description The first keys in `app_ids` of applications that own no grant which is needed. */
            unneeded_keys: string[];
            /** @description Where it ends. */
            until: components["schemas"]["Timestamp"];
            /** @description The version that was judged. */
            version_id: components["schemas"]["PolicySetVersionId"];
        };
        /** @description An event of the ledger; values of its metadata named like credentials are hidden. */
        LedgerEvent: {
            /** @description `allow`, `deny`, or the state of an approval. */
            decision: string;
            /** @description The rules that allowed it. */
            determining_policies_json: unknown;
            /** @description The reasons that stood against it. */
            diagnostics_json: unknown;
            /** @description `complete`, or the reason a request ended before policy. */
            evaluation_status: string;
            /** @description For example `token_exchange`. */
            event_type: string;
            /** @description Id. */
            id: string;
            /** @description When the ledger took it. */
            ingested_at: components["schemas"]["Timestamp"];
            /** @description Manifest digest of the version. */
            manifest_sha?: string | null;
            /** @description What it was about. */
            metadata_json: unknown;
            /** @description When it happened. */
            occurred_at: components["schemas"]["Timestamp"];
            outcome?: components["schemas"]["Outcome"] | null;
            /** @description Policy set in force. */
            policy_set_id?: string | null;
            /** @description Its version. */
            policy_set_version_id?: string | null;
            /** @description What policy was asked and what it said, enough to decide it again; absent where policy was not asked. */
            record?: unknown;
            /** @description Correlates the events of one request. */
            request_id: string;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        LedgerEventRow: components["schemas"]["LedgerEvent"] | Record<string, never>;
        /** @description One page, newest first unless it was asked for otherwise. */
        LedgerEventRowListing: {
            items: components["schemas"]["LedgerEventRow"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @enum {string} */
        Lifecycle: "task" | "service";
        Line120: string;
        Line128: string;
        Line16384: string;
        Line200: string;
        Line2048: string;
        Line256: string;
        Line32: string;
        Line4096: string;
        Line500: string;
        Line512: string;
        Line64: string;
        /** @description What a link is for. */
        LinkItem: {
            /** @description The account it is of; null where it makes one. */
            email?: string | null;
            /** @description Until when it can be used. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description What using it does. */
            purpose: components["schemas"]["LinkPurpose"];
        };
        /** @enum {string} */
        LinkPurpose: "setup" | "invitation" | "reset";
        /** @description How many there are on all pages. */
        ListTotal: {
            /**
             * Format: int64
             * @description At most 10,000, and where a count would have to read too much, as many as were read.
             */
            count: number;
            /** @description Whether there are no more. */
            exact: boolean;
        };
        /** @enum {string} */
        LoadState: "loaded" | "not_loaded" | "failed" | "unreachable";
        /** @description A text by language. */
        LocalText: {
            /** @description In English. */
            en: string;
        };
        /** @enum {string} */
        Managed: "managed";
        /** @description One entry of a manifest; further members are dropped before hashing. */
        ManifestEntry: {
            /** @description Version of a policy. */
            policy_version_id: components["schemas"]["PolicyVersionId"];
        };
        /** @description Who is signed in. */
        Me: {
            /** @description The account. */
            account: components["schemas"]["AccountItem"];
            /** @description What its role lets it do. */
            may: components["schemas"]["AccountPower"][];
            /** @description The session that asks. */
            session: components["schemas"]["ConsoleSession"];
        };
        /** @enum {string} */
        MemberChange: "added" | "removed" | "changed";
        /** @enum {string} */
        MessageState: "missing" | "pending" | "dispatched" | "dead";
        /** @description Where a message stands. */
        MessageStatus: {
            /**
             * Format: int64
             * @description Tries so far.
             */
            attempts: number;
            dispatched_at?: components["schemas"]["Timestamp"] | null;
            /** @description Its id, when there is one. */
            id?: string | null;
            /** @description Last failure. */
            last_error?: string | null;
            /** @description Where it stands. */
            state: components["schemas"]["MessageState"];
        };
        Name120: string;
        Name200: string;
        Name500: string;
        Name512: string;
        Name64: string;
        /** @description A new account and the link by which its holder sets a password. */
        NewAccount: {
            /** @description The account. */
            account: components["schemas"]["AccountItem"];
            /** @description To be handed to whom it is for. */
            link: components["schemas"]["NewLink"];
        };
        /** @description A link, shown this once. */
        NewLink: {
            /** @description Until when it can be used, once. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description The text that the console's page `/link#` takes. */
            link: string;
            /** @description What it is for. */
            purpose: components["schemas"]["LinkPurpose"];
        };
        NewPassword: string;
        /** @description A new session, shown this once. */
        NewSession: {
            /** @description Whose it is. */
            account: components["schemas"]["AccountItem"];
            /** @description What to send as `device` with the next sign-in from here. */
            device: string;
            /** @description When it ends however much it is used. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description What to send as `Authorization: Bearer`. */
            token: string;
        };
        NotificationDeliveryId: string;
        NotificationSinkId: string;
        /** @enum {string} */
        NotificationType: "step_up_issued" | "step_up_decided" | "step_up_consumed" | "step_up_expired" | "zone_frozen" | "zone_thawed" | "subject_revoked" | "grant_revoked" | "application_archived" | "workload_deleted" | "connection_revoked" | "policy_activated" | "policy_canary_returned" | "sink_test";
        /** @enum {string} */
        ObjectStatus: "active" | "archived";
        /** @enum {string} */
        Obstacle: "policy_unusable" | "policy_malformed" | "policy_unknown" | "nothing_asked" | "too_much" | "not_by_data" | "not_recorded";
        /** @description Something of a kind, without saying which. */
        OfKind: {
            /** @description The kind. */
            type: components["schemas"]["Line64"];
        };
        /** @enum {string} */
        OnFailure: "warn" | "error";
        /** @description A declared operation of a resource. */
        Operation: {
            /**
             * @description Upper-case HTTP method; `MCP` for a message to an MCP server, `GRPC` for a gRPC call, `WEBSOCKET` for the opening
             *     of a WebSocket.
             */
            method: string;
            /**
             * @description Absolute path, literal or with `{id}` for one segment and `{rest+}` for the rest, matched after decoding. Of
             *     `MCP` a JSON-RPC method, with `:NAME` or `:{name}` where it is about a tool, a prompt or a resource.
             */
            path: string;
            /** @description Scope it needs. */
            scope: string;
        };
        /** @enum {string} */
        OperationEnforcement: "enforced" | "transport_uniform";
        /** @enum {string} */
        Outcome: "unknown";
        /** @description What a decision looks like. */
        OutputContract: {
            /** @description Decisions there are. */
            decision: string[];
            /** @description States of an evaluation there are. */
            evaluation_status: string[];
            /** @description Package of the decision. */
            package: string;
            /** @description Rule of the decision. */
            rule: string;
        };
        /** @description What is in a zone. */
        Overview: {
            /** @description Applications. */
            applications: components["schemas"]["ApplicationCounts"];
            /** @description Decisions of the last day. */
            decisions_24h: components["schemas"]["DecisionCounts"];
            /** @description When it was counted. */
            generated_at: components["schemas"]["Timestamp"];
            /** @description Policy sets. */
            policy_sets: components["schemas"]["PolicySetCounts"];
            /** @description Providers. */
            providers: components["schemas"]["ProviderCounts"];
            /** @description The last ten events. */
            recent_events: components["schemas"]["RecentEvent"][];
            /** @description Resources. */
            resources: components["schemas"]["ResourceCounts"];
            /** @description Authority records. */
            sessions: components["schemas"]["SessionCounts"];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description Which part of an answer is asked for (§8). */
        PageAsked: {
            /**
             * Format: int32
             * @description Most results, 1 to 500; 200 when absent.
             */
            limit?: number | null;
            token?: components["schemas"]["Line512"] | null;
        };
        /** @description Where an answer goes on. */
        PageTold: {
            /** @description What to send as `token` for the next page, which may have no results; empty on the last one. */
            next_token: string;
        };
        /** @description One of several questions: what it leaves out is what they all have. Each part has at most 16384 bytes. */
        PartialEvaluation: {
            action?: components["schemas"]["Action"] | null;
            /** @description It changes nothing. */
            context?: Record<string, never> | null;
            resource?: components["schemas"]["Resource"] | null;
            subject?: components["schemas"]["Subject"] | null;
        };
        /** @description A passkey; never its key. */
        PasskeyItem: {
            /** @description Whether it is copied to other devices of its holder. */
            backed_up: boolean;
            /** @description When it was added. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Id. */
            id: string;
            last_used_at?: components["schemas"]["Timestamp"] | null;
            /** @description What its holder calls it. */
            name: string;
        };
        /** @description Passkeys of an account. */
        PasskeyItems: {
            /** @description Newest first. */
            items: components["schemas"]["PasskeyItem"][];
        };
        /** @description Body that places a hold. */
        PlaceHold: {
            /** @description Why. */
            reason: components["schemas"]["Line512"];
            /**
             * @description Events of this subject, and those that name it, a session, an application or whatever else; everything in the zone
             *     when absent.
             */
            subject_id?: components["schemas"]["Line512"];
        };
        /** @description A policy just made. */
        PolicyCreated: {
            /** @description What it is for. */
            description?: string | null;
            /** @description Id. */
            id: components["schemas"]["PolicyId"];
            /** @description Name. */
            name: string;
            /** @description Its first version. */
            version: components["schemas"]["FirstVersion"];
            /** @description Id of its first version. */
            version_id: components["schemas"]["PolicyVersionId"];
            /** @description What looks mistyped. */
            warnings: components["schemas"]["PolicyWarning"][];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description A policy with its versions. */
        PolicyDetail: components["schemas"]["PolicyItem"] & {
            /** @description Its versions, highest first, with their sources as far as there is room. */
            versions: components["schemas"]["PolicyVersionItem"][];
            /** @description Where `…/versions` goes on. */
            versions_next_cursor?: string | null;
        };
        PolicyId: string;
        /** @description A policy. */
        PolicyItem: components["schemas"]["Attribution"] & {
            /** @description What it is for. */
            description?: string | null;
            /** @description Id. */
            id: components["schemas"]["PolicyId"];
            /** @description Name. */
            name: string;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        PolicyItemListing: {
            items: components["schemas"]["PolicyItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A version of a policy in a set. */
        PolicyMember: {
            /** @description Lower-case hex SHA-256 of its source. */
            content_sha256: string;
            /** @description The version, whose source is read by this id. */
            policy_version_id: components["schemas"]["PolicyVersionId"];
            /**
             * Format: int64
             * @description 1, 2, 3, …
             */
            version: number;
        };
        /** @description A policy that is not in both with the same version. */
        PolicyMemberDiff: {
            /** @description What became of it. */
            change: components["schemas"]["MemberChange"];
            from?: components["schemas"]["PolicyMember"] | null;
            /** @description Its name; null where it was archived. */
            name?: string | null;
            /** @description The policy. */
            policy_id: components["schemas"]["PolicyId"];
            to?: components["schemas"]["PolicyMember"] | null;
        };
        /** @description What a source says about itself. */
        PolicyPreview: {
            /** @description `data` paths it reads, sorted. */
            data_referenced: string[];
            /** @description Literal values of members named `decision`, sorted. */
            decisions: string[];
            /** @description Whether it has a `default result`; a document never does. */
            default_result: boolean;
            /** @description `input` paths it reads; a document reads none. */
            inputs_referenced: string[];
            /** @description Its package. */
            package: string;
            /** @description Rules it defines, sorted. */
            rules: string[];
        };
        /** @description Counts of policy sets. */
        PolicySetCounts: {
            /** @description Its name. */
            active_name?: string | null;
            /**
             * Format: int64
             * @description One, if any is in force.
             */
            enforcing: number;
            /**
             * Format: int64
             * @description All.
             */
            total: number;
        };
        /** @description What is different with a version of a policy set. */
        PolicySetDiff: {
            /** @description What applications can be given otherwise. */
            access: components["schemas"]["AccessDiff"];
            /** @description Documents that state something else, by name. */
            documents: components["schemas"]["DocumentDiff"][];
            from?: components["schemas"]["ComparedVersion"] | null;
            /** @description Policies that are not in both with the same version, in the order of their names. */
            policies: components["schemas"]["PolicyMemberDiff"][];
            /** @description The version itself. */
            to: components["schemas"]["ComparedVersion"];
            /**
             * Format: int64
             * @description Policies that are in both with the same version.
             */
            unchanged_policies: number;
        };
        PolicySetId: string;
        /** @description A policy set. */
        PolicySetItem: components["schemas"]["Attribution"] & {
            active_version_id?: components["schemas"]["PolicySetVersionId"] | null;
            /** @description What it is for. */
            description?: string | null;
            /** @description Id. */
            id: components["schemas"]["PolicySetId"];
            /** @description Name. */
            name: string;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        PolicySetItemListing: {
            items: components["schemas"]["PolicySetItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        PolicySetVersionId: string;
        /** @description A policy's source. Unknown members are ignored. */
        PolicySource: {
            /** @description Rego source. */
            content: string;
        };
        /** @description A source that may be kept. */
        PolicyValid: {
            /** @description Schema of what is decided on. */
            input_schema_version: string;
            /** @description What a decision looks like. */
            output_contract: components["schemas"]["OutputContract"];
            /** @description What the source says about itself. */
            preview: components["schemas"]["PolicyPreview"];
            /** @description Schema of policy documents. */
            schema_version: string;
            /** @description True. */
            valid: boolean;
            /** @description What looks mistyped. */
            warnings: components["schemas"]["PolicyWarning"][];
        };
        PolicyVersionId: string;
        /** @description A version of a policy. */
        PolicyVersionItem: {
            archived_at?: components["schemas"]["Timestamp"] | null;
            /** @description Rego source, where the answer has room for it. */
            content?: string | null;
            /**
             * Format: int64
             * @description Bytes of the source.
             */
            content_bytes: number;
            /** @description Lower-case hex SHA-256 of the source. */
            content_sha256: string;
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Who. */
            created_by: string;
            /** @description Always false. */
            created_via_operator: boolean;
            /** @description Id. */
            id: components["schemas"]["PolicyVersionId"];
            /** @description Policy. */
            policy_id: components["schemas"]["PolicyId"];
            /** @description Schema of policy documents. */
            schema_version: string;
            /**
             * Format: int64
             * @description 1, 2, 3, …
             */
            version: number;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        PolicyVersionItemListing: {
            items: components["schemas"]["PolicyVersionItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description Something that a policy says and nobody will meet. */
        PolicyWarning: {
            /** @description For example `unknown_application`. */
            code: string;
            /**
             * Format: int32
             * @description Column, from 1, in characters.
             */
            column?: number | null;
            /** @description The document, such as `grants`. */
            document: string;
            /**
             * Format: int32
             * @description Line, from 1, where the text in question first stands.
             */
            line?: number | null;
            /** @description For people. */
            message: string;
        };
        /** @enum {string} */
        PrivacyMode: "identified" | "pseudonymous" | "anonymous";
        /** @description An error answer of the Control API, the Coordinator and the Audit service. */
        Problem: Record<string, never> & {
            /** @description What was wrong, for a program: `issues` on every 400 that names fields, the rule and its limit on others. */
            details?: Record<string, never> | null;
            /** @description The code. As text, because a client may be older than the service that it asks. */
            error: components["schemas"]["ErrorCode"];
            /** @description For a person: what was wrong and what to do. */
            error_description?: string | null;
            /** @description What to name when asking an operator; the same as the header `X-Request-Id`. */
            requestId?: string;
            /** @description The same again, for clients that read this name. */
            request_id?: string;
        };
        /** @enum {string} */
        Propagation: "waiting_for_activation" | "waiting_for_outbox" | "waiting_for_sts" | "loaded" | "failed";
        Prose4096: string;
        /** @description What trying a provider out found. Nothing of a credential or of a token is in it. */
        ProviderCheck: {
            /** @description When. */
            checked_at: components["schemas"]["Timestamp"];
            /** @description In a sentence. */
            detail: string;
            /** @description How it stands. */
            status: components["schemas"]["ProviderCheckStatus"];
            /** @description Every step. */
            steps: components["schemas"]["CheckedStep"][];
        };
        /** @enum {string} */
        ProviderCheckStatus: "ok" | "auth_failed" | "config_error" | "endpoint_error" | "unreachable";
        /** @description Counts of providers. */
        ProviderCounts: {
            /** @description All. */
            total: number;
        };
        ProviderId: string;
        /** @description A provider: the names of its sealed settings, never their values. */
        ProviderItem: components["schemas"]["Attribution"] & {
            archived_at?: components["schemas"]["Timestamp"] | null;
            /** @description Public settings. */
            config_json: Record<string, never>;
            connectivity_failed_at?: components["schemas"]["Timestamp"] | null;
            /** @description Id. */
            id: components["schemas"]["ProviderId"];
            /** @description `provider://slug`. */
            identifier: string;
            /** @description Kind. */
            kind: components["schemas"]["ProviderKind"];
            /** @description Display name. */
            name: string;
            /** @description Names of the sealed settings. */
            secret_config_keys: string[];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        ProviderItemListing: {
            items: components["schemas"]["ProviderItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @enum {string} */
        ProviderKind: "none" | "caracal_mandate" | "oauth2_authorization_code" | "oauth2_client_credentials" | "api_key" | "bearer_token" | "http_basic";
        /** @description A scope that can be given. */
        ReachedScope: {
            /** @description The tiers for which somebody has to say yes before. */
            approval_tiers: string[];
            /** @description The scope. */
            scope: string;
        };
        /** @description Body that asks what a link is for. */
        ReadLink: {
            /** @description The text in the link. */
            link: components["schemas"]["Line128"];
        };
        /** @description How often was denied for a reason. */
        ReasonCount: {
            /**
             * Format: int64
             * @description How often.
             */
            denied: number;
            /** @description The reason, as evidence has it. */
            reason: string;
        };
        /** @description An event in short. */
        RecentEvent: {
            /** @description `allow`, `deny`, or the state of an approval. */
            decision: string;
            /** @description For example `token_exchange`. */
            event_type: string;
            /** @description Id. */
            id: string;
            /** @description What it was about; values named like credentials are hidden. */
            metadata_json: unknown;
            /** @description When. */
            occurred_at: components["schemas"]["Timestamp"];
            /** @description Correlates the events of one request. */
            request_id: string;
        };
        /** @description An authority record. */
        RecordItem: {
            /** @description The application that it was given to. */
            application_id: components["schemas"]["ApplicationId"];
            /** @description When the identity was proved. */
            authenticated_at: components["schemas"]["Timestamp"];
            /** @description Id. */
            authority_record_id: components["schemas"]["AuthorityRecordId"];
            /** @description Application or user. */
            authority_record_type: components["schemas"]["SubjectType"];
            /** @description Creation. */
            created_at: components["schemas"]["Timestamp"];
            /** @description End of life. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Issuer of a federated user. */
            federated_user_issuer?: string | null;
            parent_authority_record_id?: components["schemas"]["AuthorityRecordId"] | null;
            revoked_at?: components["schemas"]["Timestamp"] | null;
            /** @description Why revoked. */
            revoked_reason?: string | null;
            /** @description State. */
            status: components["schemas"]["AuthorityRecordStatus"];
            /** @description Whose authority. */
            subject_id: string;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        RecordItemListing: {
            items: components["schemas"]["RecordItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description Body that registers a short-lived application. */
        RegisterApplication: {
            /**
             * Format: int32
             * @description Seconds to live, 1 to 3,600; an hour when absent.
             */
            expires_in?: number;
            /** @description Display name. */
            name: components["schemas"]["Name200"];
        };
        /** @description Body that adds a passkey. */
        RegisterPasskey: {
            /**
             * Format: int64
             * @description Its COSE algorithm: -7, -8 or -257.
             */
            algorithm: number;
            /** @description Authenticator data. */
            authenticator_data: components["schemas"]["Base64Url"];
            /** @description The challenge that was given out. */
            challenge: components["schemas"]["Line256"];
            /** @description `clientDataJSON`. */
            client_data: components["schemas"]["Base64Url"];
            /** @description What its holder calls it. */
            name: components["schemas"]["Name120"];
            /** @description The public key: `SubjectPublicKeyInfo`, DER. */
            public_key: components["schemas"]["Base64Url"];
        };
        /** @enum {string} */
        RegistrationMethod: "managed" | "dcr";
        /** @description Decisions that would change alike. */
        ReplayGroup: {
            /** @description The application, or the workload. */
            application_id: string;
            /** @description How. */
            change: components["schemas"]["DecisionChange"];
            /**
             * Format: int64
             * @description How many.
             */
            decisions: number;
            /** @description Why they would be denied, else why they were. */
            reason?: string | null;
            /** @description Some of their requests, to be explained one by one. */
            request_ids: string[];
            /** @description The resource, by identifier. */
            resource: string;
            /** @description The scopes asked for, or those of the mandate that was presented. */
            scopes: components["schemas"]["ScopeSet"];
        };
        /** @description What would change, of the decisions looked at. */
        Replayed: {
            /** @description Whether all of the window was looked at. */
            complete: boolean;
            /**
             * Format: int64
             * @description Decisions made again.
             */
            decisions: number;
            /**
             * Format: int64
             * @description Most events that are left to be looked at.
             */
            entries_left: number;
            /** @description The decisions that would change, those alike together, the largest group first. */
            groups: components["schemas"]["ReplayGroup"][];
            /**
             * Format: int64
             * @description Those that an approval held, and another would.
             */
            held_otherwise: number;
            /** @description Manifest digest of the version. */
            manifest_sha256: string;
            /**
             * Format: int64
             * @description Those that would be allowed, with no approval to wait for, and were not.
             */
            newly_allowed: number;
            /**
             * Format: int64
             * @description Those that would be denied and were not.
             */
            newly_denied: number;
            /**
             * Format: int64
             * @description Those that an approval would hold, and none held.
             */
            newly_held: number;
            /**
             * @description What to send as `cursor` to look at the rest; null when all of the window was looked at. Counts are of each answer
             *     alone and add up.
             */
            next_cursor?: string | null;
            /**
             * Format: int64
             * @description Events about which policy was not asked.
             */
            other_events: number;
            /** @description Set. */
            policy_set_id: components["schemas"]["PolicySetId"];
            /** @description Where the window begins. */
            since: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Those that would be as they were.
             */
            unchanged: number;
            /** @description Decisions that could not be made again, by why. */
            undecidable: components["schemas"]["UndecidableDecisions"][];
            /**
             * Format: int64
             * @description Decisions that would change and are in no group, because there are too many groups.
             */
            ungrouped: number;
            /** @description Where it ends. */
            until: components["schemas"]["Timestamp"];
            /** @description The version that they were made again with. */
            version_id: components["schemas"]["PolicySetVersionId"];
        };
        /** @description What is to be acted on (§5.2). */
        Resource: {
            /** @description Its identifier. */
            id: components["schemas"]["Line512"];
            /** @description They mean nothing. */
            properties?: Record<string, never>;
            /** @description `resource`. */
            type: components["schemas"]["Line64"];
        };
        /** @description What trying an upstream out found. */
        ResourceCheck: {
            /** @description When. */
            checked_at: components["schemas"]["Timestamp"];
            /** @description In a sentence. */
            detail: string;
            /** @description How it stands. */
            status: components["schemas"]["ResourceCheckStatus"];
            /** @description Every step. */
            steps: components["schemas"]["CheckedStep"][];
        };
        /** @enum {string} */
        ResourceCheckStatus: "guarded" | "unverified" | "endpoint_error" | "unreachable";
        /** @description Counts of resources. */
        ResourceCounts: {
            /**
             * Format: int64
             * @description All.
             */
            total: number;
            /**
             * Format: int64
             * @description Without enforced operations.
             */
            unenforced: number;
        };
        ResourceId: string;
        /** @description A resource. */
        ResourceItem: components["schemas"]["Attribution"] & {
            archived_at?: components["schemas"]["Timestamp"] | null;
            /** @description Only where it is set. */
            cookies?: boolean;
            /** @description Provider of its credential. */
            credential_provider_id: components["schemas"]["ProviderId"];
            /** @description Row id. */
            id: components["schemas"]["ResourceId"];
            /** @description The URI that clients ask for. */
            identifier: string;
            /** @description Display name. */
            name: string;
            /** @description Whether operations are enforced. */
            operation_enforcement: components["schemas"]["OperationEnforcement"];
            /** @description Declared operations. */
            operations: components["schemas"]["Operation"][];
            /** @description Declared scopes. */
            scopes: components["schemas"]["ScopeSet"];
            /**
             * Format: int32
             * @description Only where it is set: published clients do not know it.
             */
            upstream_timeout_seconds?: number | null;
            /** @description Where the Gateway forwards. */
            upstream_url?: string | null;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        ResourceItemListing: {
            items: components["schemas"]["ResourceItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description Answer to a resumption. */
        Resumed: {
            /** @description Sessions that go on, the one asked for included. */
            resumed: number;
        };
        /** @description How long events are kept. */
        Retention: {
            /**
             * Format: int32
             * @description The longest that may be asked for; null where the deployment keeps events for ever.
             */
            max_days?: number | null;
            /**
             * Format: int32
             * @description Days from when an event happened and was taken; null for ever.
             */
            retention_days?: number | null;
            updated_at?: components["schemas"]["Timestamp"] | null;
            /** @description Who said so; null where nobody did and the deployment's own setting counts. */
            updated_by?: string | null;
        };
        /** @description Options of a revocation, as query or as body. */
        RevokeDelegation: {
            /** @description Whether the sessions that received the authority end, too. */
            terminate_target?: boolean | null;
        };
        /** @description Body that ends everything a subject holds. Unknown members are ignored. */
        RevokeSubject: {
            /**
             * @description Whether it is kept out from then on, until somebody lets it in again; `false` when absent. A person who is kept out logs
             *     in nowhere in the zone. For an application, archive it.
             */
            block?: boolean;
            /** @description Told to those who ask why; at most 512 characters, of which an empty text says nothing. */
            reason?: string;
            /** @description Which subject. */
            subject_id: components["schemas"]["Line512"];
        };
        ScopeSet: string[];
        /** @description What may they do to that (§8.6)? */
        SearchAction: {
            /** @description Which part of the answer. */
            page?: components["schemas"]["PageAsked"];
            /** @description To what. */
            resource: components["schemas"]["Resource"];
            /** @description Who. */
            subject: components["schemas"]["Subject"];
        };
        /** @description To what may they do this (§8.5)? */
        SearchResource: {
            /** @description Does what. */
            action: components["schemas"]["Action"];
            /** @description Which part of the answer. */
            page?: components["schemas"]["PageAsked"];
            /** @description Of the kind `resource`. */
            resource: components["schemas"]["OfKind"];
            /** @description Who. */
            subject: components["schemas"]["Subject"];
        };
        /** @description Who may do this to that (§8.4)? */
        SearchSubject: {
            /** @description Does what. */
            action: components["schemas"]["Action"];
            /** @description Which part of the answer. */
            page?: components["schemas"]["PageAsked"];
            /** @description To what. */
            resource: components["schemas"]["Resource"];
            /** @description Of the kind `application`. */
            subject: components["schemas"]["OfKind"];
        };
        /** @enum {string} */
        Semantic: "execute_all" | "deny_on_first_deny" | "permit_on_first_permit";
        /** @description Counts of authority records. */
        SessionCounts: {
            /**
             * Format: int64
             * @description Live ones, up to 20,000.
             */
            active: number;
        };
        SessionId: string;
        /** @description A session in the tree below another. */
        SessionNode: {
            /** @description Whose run it is. */
            application_id: components["schemas"]["ApplicationId"];
            /**
             * Format: int32
             * @description Steps below the one asked about, which is at 0.
             */
            depth: number;
            /** @description Task or service. */
            lifecycle: components["schemas"]["Lifecycle"];
            parent_session_id?: components["schemas"]["SessionId"] | null;
            /** @description Id. */
            session_id: components["schemas"]["SessionId"];
            /** @description State. */
            status: components["schemas"]["SessionStatus"];
        };
        /** @description A session with its subject. */
        SessionRow: {
            /** @description Whose run it is. */
            application_id: components["schemas"]["ApplicationId"];
            /**
             * Format: int32
             * @description Direct live children.
             */
            child_count: number;
            /**
             * Format: int32
             * @description 0 for a root.
             */
            depth: number;
            /** @description The federated user, if the record is of one. */
            federated_user_id?: string | null;
            /** @description Issuer of the federated user. */
            federated_user_issuer?: string | null;
            /** @description Labels that policy reads. */
            labels: string[];
            /** @description Last sign of life. */
            last_active_at: components["schemas"]["Timestamp"];
            /** @description Task or service. */
            lifecycle: components["schemas"]["Lifecycle"];
            parent_session_id?: components["schemas"]["SessionId"] | null;
            /** @description Id. */
            session_id: components["schemas"]["SessionId"];
            /** @description Start. */
            started_at: components["schemas"]["Timestamp"];
            /** @description State. */
            status: components["schemas"]["SessionStatus"];
            /** @description Record that it is anchored on. */
            subject_authority_record_id: components["schemas"]["AuthorityRecordId"];
            /** @description Whose record. */
            subject_id?: string | null;
            terminated_at?: components["schemas"]["Timestamp"] | null;
            /** @description Why it ended. */
            termination_reason?: string | null;
            /**
             * Format: int32
             * @description Time to live of a task.
             */
            ttl_seconds?: number | null;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        SessionRowListing: {
            items: components["schemas"]["SessionRow"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @enum {string} */
        SessionStatus: "active" | "suspended" | "terminated" | "expired";
        /** @description What ended with a session. */
        SessionTerminated: {
            /** @description Delegations to and from them. */
            revoked_delegations: number;
            /** @description Sessions, the one asked for included. */
            terminated_sessions: number;
        };
        /** @description A session and the live ones below it. */
        SessionTree: {
            /** @description Nearest first, at most 1,000. */
            nodes: components["schemas"]["SessionNode"][];
            /** @description Whether there are more. */
            truncated: boolean;
        };
        /** @description A policy of a set. */
        SetMember: {
            /**
             * Format: int32
             * @description Which of its `earlier` sources, from 0; its `content` when absent.
             */
            earlier?: number;
            /** @description Its name. */
            policy: components["schemas"]["Line512"];
        };
        /** @description Body that says how long events are kept. */
        SetRetention: {
            /** @description Days from when an event happened and was taken. */
            retention_days: components["schemas"]["KeptDays"];
        };
        /** @description A version just added to a set. */
        SetVersionAdded: {
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description The same again. */
            id: components["schemas"]["PolicySetVersionId"];
            /** @description Lower-case hex SHA-256 of the compact manifest. */
            manifest_sha256: string;
            /** @description Set. */
            policy_set_id: components["schemas"]["PolicySetId"];
            /** @description Schema of policy documents. */
            schema_version: string;
            /**
             * Format: int64
             * @description 1, 2, 3, …
             */
            version: number;
            /** @description Id. */
            version_id: components["schemas"]["PolicySetVersionId"];
            /** @description What looks mistyped. */
            warnings: components["schemas"]["PolicyWarning"][];
        };
        /** @description A version of a set with its manifest. */
        SetVersionDetail: components["schemas"]["SetVersionItem"] & {
            /** @description Its manifest. */
            manifest_json: components["schemas"]["ManifestEntry"][];
            /** @description The policy versions of the manifest. */
            policies: components["schemas"]["PolicyVersionId"][];
        };
        /** @description A version of a set. */
        SetVersionItem: {
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Who. */
            created_by: string;
            /** @description Always false. */
            created_via_operator: boolean;
            /** @description Id. */
            id: components["schemas"]["PolicySetVersionId"];
            /** @description Lower-case hex SHA-256 of the compact manifest. */
            manifest_sha256: string;
            /** @description Set. */
            policy_set_id: components["schemas"]["PolicySetId"];
            /** @description Schema of policy documents. */
            schema_version: string;
            /**
             * Format: int64
             * @description 1, 2, 3, …
             */
            version: number;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        SetVersionItemListing: {
            items: components["schemas"]["SetVersionItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description Whether somebody has set the deployment up, and how people sign in. */
        SetupState: {
            /** @description Whether people may sign in with codes by e-mail. */
            email_codes: boolean;
            /** @description Whether there is no owner yet who could sign in. */
            needed: boolean;
            /** @description Whether people may sign in with passkeys. */
            passkeys: boolean;
            /** @description What people call the `OpenID` provider at which they sign in; null where there is none. */
            single_sign_on?: string | null;
        };
        /** @description Decisions that would differ alike. */
        ShadowGroup: {
            /** @description The application, or the workload. */
            application_id: string;
            /**
             * Format: int64
             * @description How many of them were carried out.
             */
            carried_out: number;
            /** @description How. */
            change: components["schemas"]["DecisionChange"];
            /**
             * Format: int64
             * @description How many.
             */
            decisions: number;
            /** @description Why they would be denied, else why they were. */
            reason?: string | null;
            /** @description The newest of their requests, to be explained. */
            request_id: string;
            /** @description The resource, by identifier. */
            resource: string;
            /** @description The scopes asked for, or those of the mandate that was presented. */
            scopes: components["schemas"]["ScopeSet"];
        };
        /** @description A version that is decided beside the one in force and enforces nothing. */
        ShadowItem: {
            /** @description Until when it is decided. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Digest of the version's manifest. */
            manifest_sha256: string;
            /** @description The set. */
            policy_set_id: components["schemas"]["PolicySetId"];
            /** @description Whether it is decided now. */
            running: boolean;
            /** @description When. */
            started_at: components["schemas"]["Timestamp"];
            /** @description Who began. */
            started_by: string;
            /** @description Its version. */
            version_id: components["schemas"]["PolicySetVersionId"];
        };
        /** @description What a shadow would have decided otherwise, as far as the ledger tells by now. */
        ShadowReport: components["schemas"]["ShadowItem"] & {
            /** @description Whether every difference since the beginning was looked at; otherwise the newest were. */
            complete: boolean;
            /** @description Those that differ alike together, the largest group first; at most 1,000. */
            groups: components["schemas"]["ShadowGroup"][];
            /**
             * Format: int64
             * @description Decisions that an approval held, and another would.
             */
            held_otherwise: number;
            /**
             * Format: int64
             * @description Decisions that would be allowed, with no approval to wait for, and were not.
             */
            newly_allowed: number;
            /**
             * Format: int64
             * @description Decisions that would be denied and were not.
             */
            newly_denied: number;
            /**
             * Format: int64
             * @description Decisions that an approval would hold, and none held.
             */
            newly_held: number;
            /**
             * Format: int64
             * @description Decisions that differ and are in no group, because there are too many groups.
             */
            ungrouped: number;
        };
        /**
         * @description How much of a call a person is shown.
         * @enum {string}
         */
        Shown: "whole" | "names" | "nothing";
        /** @description Body that signs in. */
        SignIn: {
            device?: components["schemas"]["Line256"] | null;
            /** @description Address of the account. */
            email: components["schemas"]["Email"];
            /** @description Its password. */
            password: components["schemas"]["Line256"];
            /** @description What the browser says it is. */
            user_agent?: string | null;
        };
        /** @enum {string} */
        SignInWay: "password" | "single_sign_on" | "passkey" | "email_code";
        /** @description A session has ended. */
        SignedOut: {
            /** @description Where the browser goes on to be signed out at the `OpenID` provider too; null where there is no such place. */
            continue_at?: string | null;
        };
        /** @description Body that asks what a version would decide. Unknown members are ignored. */
        Simulate: {
            /** @description What to decide on. */
            input?: Record<string, never>;
            /** @description Which version. */
            version_id: components["schemas"]["PolicySetVersionId"];
        };
        /** @description What a version would decide. */
        Simulated: {
            /** @description True. */
            dry_run: boolean;
            /** @description In short. */
            explanation: components["schemas"]["SimulationExplained"];
            /** @description Schema of what is decided on. */
            input_schema_version: string;
            /** @description Manifest digest of the version. */
            manifest_sha256: string;
            /** @description The policy versions of its manifest. */
            policies: components["schemas"]["PolicyVersionId"][];
            /** @description Set. */
            policy_set_id: components["schemas"]["PolicySetId"];
            result?: components["schemas"]["SimulatedDecision"] | null;
            /** @description Schema of policy documents. */
            schema_version: string;
            /** @description Version. */
            version_id: components["schemas"]["PolicySetVersionId"];
            /** @description What looks wrong with the input. */
            warnings: string[];
            /** @description Whether nothing looks wrong with the input, and it could be decided where one was given. */
            would_activate: boolean;
        };
        /** @description A decision. */
        SimulatedDecision: {
            /** @description What was decided. */
            decision: components["schemas"]["Effect"];
            /** @description What the denial was about. */
            details: unknown;
            /** @description The rules that allowed it. */
            determining_policies: unknown;
            /** @description The reasons that stood against it. */
            diagnostics: unknown;
            /** @description `complete`. */
            evaluation_status: string;
            /** @description Why it was denied. */
            reason?: string | null;
        };
        /** @description A simulation in short. */
        SimulationExplained: {
            decision?: components["schemas"]["Effect"] | null;
            /** @description What became of it. */
            evaluation: components["schemas"]["Evaluation"];
            /** @description Manifest digest of the version. */
            manifest_sha256: string;
            /** @description Version. */
            policy_set_version_id: components["schemas"]["PolicySetVersionId"];
            /** @description Why. */
            reason: string;
        };
        /** @description A sink; never its secret. */
        SinkItem: components["schemas"]["Attribution"] & {
            /** @description Whether it is told anything. */
            active: boolean;
            /**
             * Format: int32
             * @description Attempts that failed since the last one that did not.
             */
            consecutive_failures: number;
            /** @description What it is told. */
            event_types: components["schemas"]["NotificationType"][];
            /** @description Id. */
            id: components["schemas"]["NotificationSinkId"];
            /** @description Why the last attempt failed; absent after one that did not. */
            last_error?: string | null;
            last_failure_at?: components["schemas"]["Timestamp"] | null;
            last_success_at?: components["schemas"]["Timestamp"] | null;
            /** @description Display name. */
            name: string;
            /** @description Where notifications are posted. */
            url: string;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        SinkItemListing: {
            items: components["schemas"]["SinkItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A sink together with its secret, shown this once. */
        SinkWithSecret: components["schemas"]["SinkItem"] & {
            /** @description What its notifications are signed with. */
            secret: string;
        };
        /** @enum {string} */
        StateAction: "create" | "update" | "adopt" | "delete";
        /** @description What becomes of one object. */
        StateChange: {
            /** @description What becomes of it. */
            action: components["schemas"]["StateAction"];
            /** @description The members that change; never values. */
            fields?: string[];
            /** @description What it is. */
            kind: components["schemas"]["StateKind"];
            /** @description What it is called: its name or identifier. */
            name: string;
        };
        /** @enum {string} */
        StateKind: "provider" | "resource" | "application" | "workload" | "subject_issuer" | "policy" | "policy_set" | "notification_sink" | "audit_retention";
        /** @description What a document changes. */
        StatePlan: {
            /** @description Whether anything was changed. */
            applied: boolean;
            /** @description What changes, kind by kind. */
            changes: components["schemas"]["StateChange"][];
            /** @description Digest of the state that the plan was made against: the `ETag` that `If-Match` takes. */
            digest: string;
            /** @description Whether it was only asked what would change. */
            dry_run: boolean;
            /** @description How many objects of the document are as it says. */
            unchanged: number;
            /** @description How many objects of the zone the document does not name, and leaves alone. */
            undeclared: number;
            /** @description What looks mistyped in policies. */
            warnings: components["schemas"]["PolicyWarning"][];
        };
        /** @enum {string} */
        StepOutcome: "passed" | "failed" | "not_tried";
        /** @description What decides in a zone. */
        StsStatus: components["schemas"]["ZoneRead"] | components["schemas"]["ZoneUnread"];
        /** @description Whoever is to act (§5.1). */
        Subject: {
            /** @description Id of the application or the session. */
            id: components["schemas"]["Line128"];
            /** @description Of an application: the labels of its session. Others mean nothing. */
            properties?: components["schemas"]["SubjectProperties"];
            /** @description `application` or `session`. */
            type: components["schemas"]["Line64"];
        };
        /** @description How many requests of a subject wait, and how many there were. */
        SubjectApprovals: {
            /**
             * Format: int64
             * @description Those that nobody decided yet.
             */
            pending: number;
            /**
             * Format: int64
             * @description All that are still kept.
             */
            total: number;
        };
        /** @description A connection of a subject. */
        SubjectConnection: {
            /** @description Creation. */
            created_at: components["schemas"]["Timestamp"];
            expires_at?: components["schemas"]["Timestamp"] | null;
            /** @description Id. */
            id: components["schemas"]["ConnectionId"];
            /** @description At which provider. */
            provider_id: components["schemas"]["ProviderId"];
            /** @description Its name. */
            provider_name?: string | null;
            /** @description How it stands. */
            status: components["schemas"]["ConnectionStatus"];
        };
        SubjectIssuerId: string;
        /** @description An issuer of subjects. */
        SubjectIssuerItem: components["schemas"]["Attribution"] & {
            /** @description `aud` that its tokens must name. */
            audience: string;
            /** @description Id. */
            id: components["schemas"]["SubjectIssuerId"];
            /** @description `iss` of its tokens. */
            issuer: string;
            /** @description Where its public keys are. */
            jwks_url: string;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        SubjectIssuerItemListing: {
            items: components["schemas"]["SubjectIssuerItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A subject. What is counted are its authority records. */
        SubjectItem: {
            /**
             * Format: int64
             * @description Those that carry authority now.
             */
            active_sessions: number;
            /** @description Name of the application, if it is one of the zone. */
            application_name?: string | null;
            /** @description Whether it is a federated user. */
            federated: boolean;
            /** @description The first. */
            first_seen: components["schemas"]["Timestamp"];
            /** @description Issuer of a federated user. */
            issuer?: string | null;
            last_revoked_at?: components["schemas"]["Timestamp"] | null;
            /** @description The latest. */
            last_seen: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Those that were ended on purpose.
             */
            revoked_sessions: number;
            /** @description Id. */
            subject_id: string;
            /**
             * Format: int64
             * @description Records in all.
             */
            total_sessions: number;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        SubjectItemListing: {
            items: components["schemas"]["SubjectItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A subject and what hangs on it. */
        SubjectOverview: {
            /** @description Requests of it, or in its name, that wait for a person or did. */
            approvals: components["schemas"]["SubjectApprovals"];
            /** @description The latest ten connections to upstreams. */
            connections: components["schemas"]["SubjectConnection"][];
            /** @description Its sessions. */
            governed: components["schemas"]["SubjectSessions"];
            /** @description The subject. */
            subject: components["schemas"]["SubjectItem"];
        };
        /** @description What is said about a subject. Other members mean nothing. */
        SubjectProperties: {
            /** @description Labels of the session that an application would act in; any one where there are none. */
            labels?: components["schemas"]["Line200"][];
        };
        /** @description What ended. */
        SubjectRevoked: {
            /** @description Its records that ended. */
            authority_records: number;
            /** @description Whether it is kept out. */
            blocked: boolean;
            /** @description Its connections to upstreams that were revoked. */
            connections: number;
            /** @description Its delegations that ended. */
            delegations: number;
            /** @description Its sessions that ended. */
            sessions: number;
            /** @description Which subject. */
            subject_id: string;
        };
        /** @description A session of a subject. */
        SubjectSession: {
            /** @description Whose run it is. */
            application_id: components["schemas"]["ApplicationId"];
            /** @description Its name, while it is one of the zone. */
            application_name?: string | null;
            /** @description Task or service. */
            lifecycle: components["schemas"]["Lifecycle"];
            /** @description Id. */
            session_id: components["schemas"]["SessionId"];
            /** @description Start. */
            started_at: components["schemas"]["Timestamp"];
            /** @description State. */
            status: components["schemas"]["SessionStatus"];
        };
        /** @description Sessions of a subject. */
        SubjectSessions: {
            /**
             * Format: int64
             * @description Those that run.
             */
            active: number;
            /** @description The latest five. */
            recent: components["schemas"]["SubjectSession"][];
            /**
             * Format: int64
             * @description All.
             */
            total: number;
        };
        /**
         * @description Who the `sub` claim names.
         * @enum {string}
         */
        SubjectType: "application" | "user";
        /** @description A subject that was let in again. */
        SubjectUnblocked: {
            /** @description False: nothing keeps it out. */
            blocked: boolean;
            /** @description Which subject. */
            subject_id: string;
        };
        /** @description The smallest change of data that would allow what was denied: with any of it left out, it would still be. */
        Suggestion: {
            /** @description All of them together. */
            changes: components["schemas"]["DataChange"][];
            obstacle?: components["schemas"]["Obstacle"] | null;
            /** @description The version that decided, to which the changes are to be made; absent where policy was not asked, or none was in force. */
            policy_set_version_id?: string | null;
        };
        /** @description Answer to a suspension. */
        Suspended: {
            /** @description Sessions paused, the one asked for included. */
            suspended: number;
        };
        /** Format: date-time */
        Timestamp: string;
        /** @enum {string} */
        TokenCapability: "read" | "write" | "approve";
        /** @description A token; neither its text nor its digest. */
        TokenItem: {
            /** @description `read`, `write` or `approve`. */
            capability: components["schemas"]["TokenCapability"];
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Who made it. */
            created_by: string;
            expires_at?: components["schemas"]["Timestamp"] | null;
            /** @description Id. */
            id: string;
            last_used_at?: components["schemas"]["Timestamp"] | null;
            /** @description Display name. */
            name: string;
            /** @description Whether it may see live credentials. */
            reveals: boolean;
            revoked_at?: components["schemas"]["Timestamp"] | null;
            /** @description `global` or `zone`. */
            scope: components["schemas"]["TokenScope"];
            zone_id?: components["schemas"]["ZoneId"] | null;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        TokenItemListing: {
            items: components["schemas"]["TokenItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @enum {string} */
        TokenScope: "global" | "zone";
        /** @enum {string} */
        TokenStatus: "active" | "expired" | "revoked";
        /** @description A token together with its text, shown this once. */
        TokenWithText: components["schemas"]["TokenItem"] & {
            /** @description What to send as `Authorization: Bearer`. */
            token: string;
        };
        /** @description Body that lets a subject in again. */
        UnblockSubject: {
            /** @description Which subject. */
            subject_id: components["schemas"]["Line512"];
        };
        /** @enum {string} */
        Undecidable: "no_record" | "record_newer" | "record_unreadable" | "event_unreadable" | "policy_was_unusable";
        /** @description Decisions that cannot be made again for one reason. */
        UndecidableDecisions: {
            /**
             * Format: int64
             * @description How many.
             */
            decisions: number;
            /** @description Why. */
            reason: components["schemas"]["Undecidable"];
        };
        /** @description A part of a policy that nothing needs. */
        UnneededGrant: {
            /** @description Key of the application. */
            application: string;
            /** @description The role; null where it is all of the grant. */
            label?: string | null;
            /** @description The resource, by identifier. */
            resource: string;
            /** @description The scope; null where it is all of the role. */
            scope?: string | null;
        };
        /** @description Body that changes an application. Not printable: it may hold a secret. */
        UpdateApplication: {
            /** @description Replaces its secret: 32 to 1,024 characters. */
            client_secret?: string;
            /** @description Unique among the managed applications of the zone. */
            name?: components["schemas"]["Name200"];
            /** @description At most 64 words that give it more than the zone's policy does. */
            traits?: string[];
        };
        /** @description Body that changes a provider. Unknown members are ignored. Not printable: it may hold a credential. */
        UpdateProvider: {
            /** @description Replaces the public settings; without `kind` a credential left out stays. */
            config_json?: Record<string, never>;
            /** @description `provider://` and words of a-z 0-9 joined by hyphens. */
            identifier?: string;
            /** @description Where the credential comes from; needs `config_json`. */
            kind?: components["schemas"]["ProviderKind"];
            /** @description Display name; a blank one changes nothing. */
            name?: string;
        };
        /** @description Body that changes a resource. Unknown members are ignored. */
        UpdateResource: {
            /** @description Whether cookies pass between callers and its upstream. */
            cookies?: boolean;
            credential_provider_id?: components["schemas"]["ProviderId"] | null;
            /** @description An absolute URI (RFC 8707 §2). */
            identifier?: components["schemas"]["Line512"];
            /** @description Display name. */
            name?: components["schemas"]["Line200"];
            /** @description Whether operations are enforced. */
            operation_enforcement?: components["schemas"]["OperationEnforcement"];
            /** @description At most 256. */
            operations?: components["schemas"]["Operation"][];
            /** @description 1 to 64 scopes. */
            scopes?: string[];
            /**
             * Format: int32
             * @description How long its upstream may be silent, 1 to 3,600 seconds; null for as long as any.
             */
            upstream_timeout_seconds?: number | null;
            /** @description Where the Gateway forwards; null for nowhere. */
            upstream_url?: string | null;
        };
        /** @description Body that changes a sink; an empty one changes nothing. Unknown members are ignored. */
        UpdateSink: {
            /** @description Whether it is told anything. What happens while it is not, it is never told. */
            active?: boolean;
            /** @description What it is told. */
            event_types?: components["schemas"]["NotificationType"][];
            /** @description Display name. */
            name?: components["schemas"]["Name120"];
            /** @description Where notifications are posted: an https URL; http on this machine alone. */
            url?: components["schemas"]["Line2048"];
        };
        /** @description Body that changes an issuer; an empty one changes nothing. Unknown members are ignored. */
        UpdateSubjectIssuer: {
            /** @description `aud` that its tokens must name. */
            audience?: components["schemas"]["Line512"];
            /** @description Where its public keys are: an https URL without query. */
            jwks_url?: components["schemas"]["Line2048"];
        };
        /** @description Body that changes a workload. */
        UpdateWorkload: {
            /** @description Replaces the whole list; at most 64. */
            bindings?: components["schemas"]["BindingBody"][];
            /** @description Unique in the zone, whatever its case. */
            name?: components["schemas"]["Name200"];
        };
        /** @description Body that changes a zone. */
        UpdateZone: {
            /** @description Whether short-lived applications may be registered. */
            dcr_enabled?: boolean;
            /** @description Required when registration is switched off while short-lived applications live. */
            dcr_shutdown?: components["schemas"]["DcrShutdown"];
            /**
             * Format: int32
             * @description Mints a minute of each application at each resource, 1 up to what the deployment allows; null for that.
             */
            mint_limit_per_minute?: number | null;
            /** @description Display name. */
            name?: components["schemas"]["Name120"];
            /** @description Kept for clients. */
            operator_coauthor_badge?: boolean;
            /** @description Kept for clients. */
            operator_governed?: boolean;
            /** @description `[a-z0-9-]+` of at most 120 characters, never reused. */
            slug?: string;
        };
        /** @enum {string} */
        UpstreamRevocation: "not_asked" | "revoked" | "unsupported" | "failed";
        /** @description Body that uses a link. */
        UseLink: {
            email?: components["schemas"]["Email"] | null;
            /** @description The text in the link. */
            link: components["schemas"]["Line128"];
            name?: components["schemas"]["Name120"] | null;
            /** @description The password from now on. */
            password: components["schemas"]["NewPassword"];
            /** @description What the browser says it is. */
            user_agent?: string | null;
        };
        /** @description A version just added to a policy. */
        VersionAdded: {
            /** @description Lower-case hex SHA-256 of the source. */
            content_sha256: string;
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description The same again. */
            id: components["schemas"]["PolicyVersionId"];
            /** @description Policy. */
            policy_id: components["schemas"]["PolicyId"];
            /** @description Schema of policy documents. */
            schema_version: string;
            /**
             * Format: int64
             * @description 1, 2, 3, …
             */
            version: number;
            /** @description Id. */
            version_id: components["schemas"]["PolicyVersionId"];
            /** @description What looks mistyped. */
            warnings: components["schemas"]["PolicyWarning"][];
        };
        /** @description A page of what can be given. */
        WhatCan: {
            /** @description By resource and label. */
            items: components["schemas"]["WhatCanItem"][];
            /**
             * @description What to send as `cursor` for the next page, which may have no items; null on the last one. It is good for the same
             *     policy alone.
             */
            next_cursor?: string | null;
            /** @description The policy. */
            policy: components["schemas"]["AskedPolicy"];
        };
        /** @description What sessions of an application can be given at one resource by one label. */
        WhatCanItem: {
            /** @description The label that holds the scopes. */
            label: string;
            /** @description The policy versions that say so. */
            policy_version_ids: string[];
            /** @description The resource, by identifier. */
            resource: string;
            /** @description The scopes, each alone and all at once. */
            scopes: components["schemas"]["ReachedScope"][];
        };
        /** @description A page of those who can be given a scope. */
        WhoCan: {
            /** @description By application and label. */
            items: components["schemas"]["WhoCanItem"][];
            /**
             * @description What to send as `cursor` for the next page, which may have no items; null on the last one. It is good for the same
             *     policy alone.
             */
            next_cursor?: string | null;
            /** @description The policy. */
            policy: components["schemas"]["AskedPolicy"];
        };
        /** @description An application whose sessions can be given a scope at a resource. */
        WhoCanItem: {
            /** @description The application. */
            application_id: components["schemas"]["ApplicationId"];
            /** @description Its name. */
            application_name: string;
            /** @description The tiers for which somebody has to say yes before. */
            approval_tiers: string[];
            /** @description The label that holds the scope. */
            label: string;
            /** @description The policy versions that say so. */
            policy_version_ids: string[];
        };
        /** @description A variable in the environment of a workload and the resource whose credential it holds. */
        WorkloadBinding: {
            /** @description Name of the variable. */
            env: string;
            /** @description What happens without it, of an optional one. */
            on_failure?: components["schemas"]["OnFailure"];
            /** @description Whether the program may start without it; absent means no. */
            optional?: boolean;
            /** @description Identifier of the resource, which need not exist yet. */
            resource: string;
            /** @description Scopes to ask for; absent means the resource's. */
            scopes?: string[];
        };
        WorkloadId: string;
        /** @description A workload; never its secret's digest. */
        WorkloadItem: components["schemas"]["Attribution"] & {
            /** @description What it is started with. */
            bindings: components["schemas"]["WorkloadBinding"][];
            /** @description Id. */
            id: components["schemas"]["WorkloadId"];
            /** @description Display name. */
            name: string;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        WorkloadItemListing: {
            items: components["schemas"]["WorkloadItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A secret that was asked for. */
        WorkloadSecret: {
            /** @description The secret. */
            secret: string;
        };
        /** @description A workload together with its secret, shown this once. */
        WorkloadWithSecret: components["schemas"]["WorkloadItem"] & {
            /** @description Its secret. */
            secret: string;
        };
        /** @description A tenant. */
        Zone: components["schemas"]["Attribution"] & {
            /** @description Whether administrators may create short-lived (`dcr`) applications. */
            dcr_enabled: boolean;
            /** @description Since when nothing in it is allowed; absent unless it is frozen. */
            frozen_at?: components["schemas"]["Timestamp"];
            /** @description Id. */
            id: components["schemas"]["ZoneId"];
            /**
             * Format: int32
             * @description Mints a minute of each application at each resource, where that is less than the deployment allows.
             */
            mint_limit_per_minute?: number;
            /** @description Display name, 1 to 120 characters. */
            name: string;
            /** @description Kept for clients. */
            operator_coauthor_badge: boolean;
            /** @description Kept for clients. */
            operator_governed: boolean;
            /** @description Globally unique `[a-z0-9-]+`, never reused. */
            slug: string;
        };
        /** @description What was decided in a zone of late. */
        ZoneActivity: {
            /** @description The applications that called or were denied most, at most 20. */
            applications: components["schemas"]["ApplicationActivity"][];
            /** @description Whether all events of that time are. */
            complete: boolean;
            /** @description From when on all events are counted. Later than `since` while older ones are still being read: ask again. */
            complete_since: components["schemas"]["Timestamp"];
            /** @description Of all other applications together. */
            other_applications: components["schemas"]["ApplicationCounted"];
            /**
             * Format: int64
             * @description Denied for other reasons.
             */
            other_reasons: number;
            /** @description Why was denied, most often first, at most 20. */
            reasons: components["schemas"]["ReasonCount"][];
            /** @description From when on it is counted: the begin of the first slot. */
            since: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description How long a slot is.
             */
            slot_seconds: number;
            /** @description One after the other, those without events as well. */
            slots: components["schemas"]["ActivitySlot"][];
            /** @description All of them together. */
            total: components["schemas"]["ActivityCounts"];
            /** @description When it was counted. */
            until: components["schemas"]["Timestamp"];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        ZoneId: string;
        /** @description One page, newest first unless it was asked for otherwise. */
        ZoneListing: {
            items: components["schemas"]["Zone"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A zone as it was read. */
        ZoneRead: {
            /**
             * Format: int64
             * @description How long ago.
             */
            age_seconds: number;
            /** @description Why it cannot be used. */
            detail?: string | null;
            /** @description Whether that is a version. */
            loaded: boolean;
            /** @description When it was read. */
            loaded_at: components["schemas"]["Timestamp"];
            /** @description Manifest digest of the version, or `no_active_policy_set`. */
            manifest_sha256: string;
            policy_set_version_id?: components["schemas"]["PolicySetVersionId"] | null;
            /** @description What it decides with. */
            state: components["schemas"]["LoadState"];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /**
         * @description A whole zone. Of a kind that is left out nothing is said: nothing of it changes. Not printable: it may hold
         *     credentials.
         */
        ZoneState: {
            /** @description Managed applications, by name; those of the platform are left out. */
            applications?: components["schemas"]["DeclaredApplication"][];
            audit_retention_days?: components["schemas"]["KeptDays"] | null;
            /** @description Sinks of notifications, by name. */
            notification_sinks?: components["schemas"]["DeclaredSink"][];
            /** @description Policies, by name. */
            policies?: components["schemas"]["DeclaredPolicy"][];
            /** @description Policy sets, by name. */
            policy_sets?: components["schemas"]["DeclaredPolicySet"][];
            /** @description Providers, by identifier. */
            providers?: components["schemas"]["DeclaredProvider"][];
            /** @description Resources, by identifier; that of the platform is left out. */
            resources?: components["schemas"]["DeclaredResource"][];
            /** @description Issuers of subjects, by `iss`. */
            subject_issuers?: components["schemas"]["DeclaredSubjectIssuer"][];
            /** @description Workloads, by name. */
            workloads?: components["schemas"]["DeclaredWorkload"][];
        };
        /** @description Why a zone was not read. */
        ZoneUnread: {
            /** @description Why not. */
            state: components["schemas"]["LoadState"];
        };
    };
    responses: {
        /** @description The state of things does not allow it now. */
        AccountEmailTakenOrConflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_email_taken" | "conflict";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        AccountEmailTakenOrConflictOrIdempotencyKeyConflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_email_taken" | "conflict" | "idempotency_key_conflict";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        AccountNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        AccountNotFoundOrReferenceNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_not_found" | "reference_not_found";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_role_forbidden" | "account_scope_required" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenZoneMismatch403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_role_forbidden" | "account_scope_required" | "admin_token_zone_mismatch";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AccountRoleForbiddenOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AccountRoleForbiddenOrAdminTokenZoneMismatchOrZoneForbidden403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_role_forbidden" | "admin_token_zone_mismatch" | "zone_forbidden";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AccountSessionRequired403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_session_required";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AccountSessionRequiredOrFreshSignInRequired403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_session_required" | "fresh_sign_in_required";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AccountSessionRequiredOrFreshSignInRequiredOrPasskeyNotAllowed403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_session_required" | "fresh_sign_in_required" | "passkey_not_allowed";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ActivePolicySetVersionNotFoundOrPolicySetBindingNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "active_policy_set_version_not_found" | "policy_set_binding_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        AdminTokenNotFoundOrReferenceNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "admin_token_not_found" | "reference_not_found";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AdminTokenZoneMismatch403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "admin_token_zone_mismatch";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AdminTokenZoneMismatchOrZoneForbidden403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "admin_token_zone_mismatch" | "zone_forbidden";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ApplicationNameTakenOrConflictOrIdempotencyKeyConflictOrReservedNamespace409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "application_name_taken" | "conflict" | "idempotency_key_conflict" | "reserved_namespace";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ApplicationNameTakenOrConflictOrReservedNamespace409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "application_name_taken" | "conflict" | "reserved_namespace";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ApplicationNotFoundOrClientSecretNotStoredOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "application_not_found" | "client_secret_not_stored" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ApplicationNotFoundOrReferenceNotFoundOrResourceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "application_not_found" | "reference_not_found" | "resource_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ApplicationNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "application_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ApplicationNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "application_not_found" | "zone_not_found";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ApprovalNotDecidableOrConflictOrIdempotencyKeyConflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "approval_not_decidable" | "conflict" | "idempotency_key_conflict";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ApprovalNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "approval_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ApprovalNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "approval_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        AuditHoldNotFoundOrReferenceNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "audit_hold_not_found" | "reference_not_found";
                };
            };
        };
        /** @description Internal Server Error */
        AuditUnavailable500: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "audit_unavailable";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        AuditUnavailableOrControlDisabledOrStorageUnavailable503OfCommand: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "audit_unavailable" | "control_disabled" | "storage_unavailable";
                    };
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        ClientSecretNotConfiguredOrInvalidApplicationOrInvalidParamsOrInvalidQueryOrNoFields400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "client_secret_not_configured" | "invalid_application" | "invalid_params" | "invalid_query" | "no_fields";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        Conflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrDcrShutdownRequiredOrReservedNamespaceOrZoneSlugConflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "dcr_shutdown_required" | "reserved_namespace" | "zone_slug_conflict";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflictOrPolicyNameConflictOrReservedNamespace409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict" | "policy_name_conflict" | "reserved_namespace";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflictOrPolicySetNameConflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict" | "policy_set_name_conflict";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflictOrProviderIdentifierConflictOrReservedNamespace409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict" | "provider_identifier_conflict" | "reserved_namespace";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflictOrReservedNamespace409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict" | "reserved_namespace";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflictOrReservedNamespaceOrZoneSlugConflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict" | "reserved_namespace" | "zone_slug_conflict";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflictOrSinkLimitReached409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict" | "sink_limit_reached";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflictOrSinkPaused409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict" | "sink_paused";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflictOrSubjectIssuerExistsOrSubjectIssuerLimitReached409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict" | "subject_issuer_exists" | "subject_issuer_limit_reached";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrIdempotencyKeyConflictOrWorkloadNameTaken409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "idempotency_key_conflict" | "workload_name_taken";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrLastOwner409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "last_owner";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrProtectedResource409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "protected_resource";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrProtectedResourceOrReservedNamespaceOrResourceIdentifierConflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "protected_resource" | "reserved_namespace" | "resource_identifier_conflict";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrProviderIdentifierConflictOrReservedNamespace409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "provider_identifier_conflict" | "reserved_namespace";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrWorkloadNameTaken409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "workload_name_taken";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrZoneMismatch409OfCommand: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "conflict" | "zone_mismatch";
                    };
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrZoneStateInexpressible409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "zone_state_inexpressible";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        DcrLimitExceededOrDcrRateLimitExceededOrIdempotencyReceiptLimitExceededOrRateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "dcr_limit_exceeded" | "dcr_rate_limit_exceeded" | "idempotency_receipt_limit_exceeded" | "rate_limited";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        DelegationNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "delegation_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        DelegationNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "delegation_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        DeliveryNotFoundOrReferenceNotFoundOrSinkNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "delivery_not_found" | "reference_not_found" | "sink_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        DeliveryNotFoundOrSinkNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "delivery_not_found" | "sink_not_found" | "zone_not_found";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        Denied403OfCommand: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "denied";
                    };
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        GrantNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "grant_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        GrantNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "grant_not_found" | "zone_not_found";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidAccountOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_account" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_params" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidQueryOrInvalidZone400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_query" | "invalid_zone";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        IdempotencyReceiptLimitExceededOrProviderTestRateLimitedOrRateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "idempotency_receipt_limit_exceeded" | "provider_test_rate_limited" | "rate_limited";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        IdempotencyReceiptLimitExceededOrRateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "idempotency_receipt_limit_exceeded" | "rate_limited";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        IdempotencyReceiptLimitExceededOrRateLimitedOrResourceTestRateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "idempotency_receipt_limit_exceeded" | "rate_limited" | "resource_test_rate_limited";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        IdempotencyReceiptLimitExceededOrRateLimitedOrTooManyPolicyChecks429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "idempotency_receipt_limit_exceeded" | "rate_limited" | "too_many_policy_checks";
                };
            };
        };
        /** @description Bad Gateway */
        IdentityProviderFailed502: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "identity_provider_failed";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        IdentityProviderUnavailableOrStorageUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "identity_provider_unavailable" | "storage_unavailable";
                };
            };
        };
        /** @description Who calls is not proved. */
        InvalidAccountAssertionOrInvalidAdminToken401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_account_assertion" | "invalid_admin_token";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidAccountOrInvalidParamsOrInvalidQueryOrNoFields400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_account" | "invalid_params" | "invalid_query" | "no_fields";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidAccountOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_account" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidAccountOrInvalidQueryOrSignInExpired400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_account" | "invalid_query" | "sign_in_expired";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidCursorOrInvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_cursor" | "invalid_params" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidCursorOrInvalidParamsOrInvalidQueryOrZoneIdRequired400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_cursor" | "invalid_params" | "invalid_query" | "zone_id_required";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidIssuerOrInvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_issuer" | "invalid_params" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_params" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidParamsOrInvalidQueryOrNoFields400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_params" | "invalid_query" | "no_fields";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidParamsOrInvalidQueryOrRetentionAboveLimit400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_params" | "invalid_query" | "retention_above_limit";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidParamsOrInvalidQueryOrZoneIdRequired400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_params" | "invalid_query" | "zone_id_required";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidQueryOrRetentionAboveLimit400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_query" | "retention_above_limit";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidCursorOrInvalidFieldsOrInvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_cursor" | "invalid_fields" | "invalid_params" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidCursorOrInvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_cursor" | "invalid_params" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidCursorOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_cursor" | "invalid_query";
                };
            };
        };
        /** @description Who calls is not proved. */
        InvalidDpopProofOrInvalidTokenOrTokenReplayOrUnauthorized401OfCommand: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "invalid_dpop_proof" | "invalid_token" | "token_replay" | "unauthorized";
                    };
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidOrInvalidQuery400OfCommand: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "invalid" | "invalid_query";
                    };
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidProviderConfigOrInvalidQueryOrProviderCheckUnsupported400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_provider_config" | "invalid_query" | "provider_check_unsupported";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidProviderConnectionOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_provider_connection" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidQueryOrInvalidSinkOrInvalidSinkUrl400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_query" | "invalid_sink" | "invalid_sink_url";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidQueryOrInvalidSubjectIssuer400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_query" | "invalid_subject_issuer";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidQueryOrInvalidSubjectRevoke400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_query" | "invalid_subject_revoke";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidQueryOrInvalidZoneState400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_query" | "invalid_zone_state";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidQueryOrResourceVerificationUnsupported400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_query" | "resource_verification_unsupported";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidPasskeyOrInvalidQueryOrSignInExpired400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_passkey" | "invalid_query" | "sign_in_expired";
                };
            };
        };
        /** @description Unprocessable Entity */
        InvalidPolicyBundleOrInvalidPolicyContract422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_policy_bundle" | "invalid_policy_contract";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_query";
                };
            };
        };
        /** @description Unprocessable Entity */
        InvalidRego422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_rego";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        LinkNotFoundOrReferenceNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "link_not_found" | "reference_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        NotFoundOrReferenceNotFoundOrRouteNotFound404OfCommand: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "not_found" | "reference_not_found" | "route_not_found";
                    };
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        NotInvited403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "not_invited";
                };
            };
        };
        /** @description Refused for a reason that has nothing to do with the route. */
        Otherwise: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        OverloadedOrPolicyVerificationUnavailableOrStorageUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "overloaded" | "policy_verification_unavailable" | "storage_unavailable";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        OverloadedOrStorageUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "overloaded" | "storage_unavailable";
                };
            };
        };
        /** @description The body is larger than the route reads. */
        PayloadTooLarge413: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "payload_too_large";
                };
            };
        };
        /** @description The body is larger than the route reads. */
        PayloadTooLarge413OfCommand: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "payload_too_large";
                    };
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicyCanaryNotFoundOrPolicySetBindingNotFoundOrReferenceNotFoundOrVersionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_canary_not_found" | "policy_set_binding_not_found" | "reference_not_found" | "version_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicyCanaryNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_canary_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicyCanaryNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_canary_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicyNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicyNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicySetBindingNotFoundOrReferenceNotFoundOrVersionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_set_binding_not_found" | "reference_not_found" | "version_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicySetNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_set_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicySetNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_set_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicySetVersionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_set_version_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicyShadowNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_shadow_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicyShadowNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_shadow_not_found" | "zone_not_found";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        PolicyVerificationUnavailableOrStorageUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_verification_unavailable" | "storage_unavailable";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        PolicyVersionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "policy_version_not_found" | "zone_not_found";
                };
            };
        };
        /** @description It is not what `If-Match` says any more, or has no version that it could name. */
        PreconditionFailed412: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "precondition_failed";
                };
            };
        };
        /** @description It is not what `If-Match` says any more, or has no version that it could name. */
        PreconditionFailed412OfCommand: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "precondition_failed";
                    };
                };
            };
        };
        /** @description Unprocessable Entity */
        ProviderCheckFailed422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_check_failed";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ProviderConnectionNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_connection_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ProviderConnectionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_connection_not_found" | "zone_not_found";
                };
            };
        };
        /** @description Unprocessable Entity */
        ProviderDiscoveryFailed422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_discovery_failed";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        ProviderDiscoveryRateLimitedOrRateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_discovery_rate_limited" | "rate_limited";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ProviderNotFoundOrReferenceNotFoundOrResourceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_not_found" | "reference_not_found" | "resource_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ProviderNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ProviderNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_not_found" | "zone_not_found";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        ProviderTestRateLimitedOrRateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_test_rate_limited" | "rate_limited";
                };
            };
        };
        /** @description Bad Gateway */
        ProviderTokenExchangeFailedOrProviderTokenResponseInvalidOrSecretBackendUnavailable502: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "provider_token_exchange_failed" | "provider_token_response_invalid" | "secret_backend_unavailable";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        RateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "rate_limited";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        RateLimited429OfCommand: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "rate_limited";
                    };
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        RateLimitedOrResourceTestRateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "rate_limited" | "resource_test_rate_limited";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        RateLimitedOrTooManyPolicyChecks429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "rate_limited" | "too_many_policy_checks";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrResourceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "resource_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrSessionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "session_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrSignInWayNotConfigured404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "sign_in_way_not_configured";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrSinkNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "sink_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrSubjectIssuerNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "subject_issuer_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrSubjectNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "subject_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrVersionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "version_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrWorkloadNotFoundOrWorkloadSecretNotStoredOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "workload_not_found" | "workload_secret_not_stored" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrWorkloadNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "workload_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        RequestNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "request_not_found";
                };
            };
        };
        /** @description Unprocessable Entity */
        ResourceCheckFailed422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "resource_check_failed";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ResourceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "resource_not_found" | "zone_not_found";
                };
            };
        };
        /** @description Bad Gateway */
        SecretBackendUnavailable502: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "secret_backend_unavailable";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        SessionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "session_not_found" | "zone_not_found";
                };
            };
        };
        /** @description Who calls is not proved. */
        SignInRefused401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "sign_in_refused";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        SinkNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "sink_not_found" | "zone_not_found";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        StorageUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "storage_unavailable";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        SubjectIssuerNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "subject_issuer_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        SubjectNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "subject_not_found" | "zone_not_found";
                };
            };
        };
        /** @description The body is of another media type than the route reads. */
        UnsupportedMediaType415: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "unsupported_media_type";
                };
            };
        };
        /** @description The body is of another media type than the route reads. */
        UnsupportedMediaType415OfCommand: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "unsupported_media_type";
                    };
                };
            };
        };
        /** @description Bad Gateway */
        Upstream502OfCommand: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["CommandProblem"] & {
                    error?: {
                        /** @enum {string} */
                        code?: "upstream";
                    };
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        VersionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "version_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        WorkloadNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "workload_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "zone_not_found";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ZoneStateInexpressible409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "zone_state_inexpressible";
                };
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "authzen.configuration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Configuration"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "authzen.evaluate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The zone, for callers who reach several. */
                "X-Caracal-Zone-Scope"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccessEvaluation"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decision"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQueryOrZoneIdRequired400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "authzen.evaluate_several": {
        parameters: {
            query?: never;
            header?: {
                /** @description The zone, for callers who reach several. */
                "X-Caracal-Zone-Scope"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Evaluations"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationsAnswer"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQueryOrZoneIdRequired400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "authzen.search_action": {
        parameters: {
            query?: never;
            header?: {
                /** @description The zone, for callers who reach several. */
                "X-Caracal-Zone-Scope"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SearchAction"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundActions"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidCursorOrInvalidParamsOrInvalidQueryOrZoneIdRequired400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "authzen.search_resource": {
        parameters: {
            query?: never;
            header?: {
                /** @description The zone, for callers who reach several. */
                "X-Caracal-Zone-Scope"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SearchResource"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundEntities"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidCursorOrInvalidParamsOrInvalidQueryOrZoneIdRequired400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "authzen.search_subject": {
        parameters: {
            query?: never;
            header?: {
                /** @description The zone, for callers who reach several. */
                "X-Caracal-Zone-Scope"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SearchSubject"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundEntities"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidCursorOrInvalidParamsOrInvalidQueryOrZoneIdRequired400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "accounts.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenZoneMismatch403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "accounts.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateAccount"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewAccount"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidAccountOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["ReferenceNotFound404"];
            409: components["responses"]["AccountEmailTakenOrConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "accounts.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description A digest of the state that it is about. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenZoneMismatch403"];
            404: components["responses"]["AccountNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "accounts.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["AccountNotFoundOrReferenceNotFound404"];
            409: components["responses"]["ConflictOrLastOwner409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "accounts.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeAccount"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description A digest of the state that it is about. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountItem"];
                };
            };
            400: components["responses"]["InvalidAccountOrInvalidParamsOrInvalidQueryOrNoFields400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["AccountNotFoundOrReferenceNotFound404"];
            409: components["responses"]["ConflictOrLastOwner409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "accounts.end_sessions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["AccountNotFoundOrReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "accounts.forget_identity": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["AccountNotFoundOrReferenceNotFound404"];
            409: components["responses"]["ConflictOrLastOwner409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "accounts.link": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewLink"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["AccountNotFoundOrReferenceNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "accounts.remove_passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["AccountNotFoundOrReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "admin_tokens.list": {
        parameters: {
            query?: {
                capability?: components["schemas"]["TokenCapability"];
                created_by?: components["schemas"]["Line512"];
                scope?: components["schemas"]["TokenScope"];
                status?: components["schemas"]["TokenStatus"];
                zone_id?: components["schemas"]["ZoneId"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenZoneMismatch403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "admin_tokens.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateToken"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenWithText"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_admin_token_request" | "invalid_query" | "zone_id_not_allowed_for_global" | "zone_id_required";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "account_scope_required" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "approve_capability_required" | "reveal_capability_required";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "admin_tokens.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["AdminTokenNotFoundOrReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit_retention.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description A digest of the state that it is about. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatch403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit_retention.set": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetRetention"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description A digest of the state that it is about. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidQueryOrRetentionAboveLimit400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["ReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "caller.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Caller"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.begin_email_code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AskEmailCode"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BegunEmailCode"];
                };
            };
            400: components["responses"]["InvalidAccountOrInvalidQueryOrSignInExpired400"];
            404: components["responses"]["ReferenceNotFoundOrSignInWayNotConfigured404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.finish_email_code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FinishEmailCode"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewSession"];
                };
            };
            400: components["responses"]["InvalidAccountOrInvalidQueryOrSignInExpired400"];
            401: components["responses"]["SignInRefused401"];
            404: components["responses"]["ReferenceNotFoundOrSignInWayNotConfigured404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.read_link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadLink"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LinkItem"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidQuery400"];
            404: components["responses"]["LinkNotFoundOrReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.use_link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UseLink"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewSession"];
                };
            };
            400: components["responses"]["InvalidAccountOrInvalidQuery400"];
            404: components["responses"]["LinkNotFoundOrReferenceNotFound404"];
            409: components["responses"]["AccountEmailTakenOrConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequired403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.begin_passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BegunPasskey"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            404: components["responses"]["ReferenceNotFoundOrSignInWayNotConfigured404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.finish_passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FinishPasskey"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewSession"];
                };
            };
            400: components["responses"]["InvalidAccountOrInvalidQueryOrSignInExpired400"];
            401: components["responses"]["SignInRefused401"];
            404: components["responses"]["ReferenceNotFoundOrSignInWayNotConfigured404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyItems"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequired403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.register_passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterPasskey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyItem"];
                };
            };
            400: components["responses"]["InvalidPasskeyOrInvalidQueryOrSignInExpired400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequiredOrFreshSignInRequiredOrPasskeyNotAllowed403"];
            404: components["responses"]["ReferenceNotFoundOrSignInWayNotConfigured404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.begin_passkey_registration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BegunPasskeyRegistration"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequiredOrFreshSignInRequiredOrPasskeyNotAllowed403"];
            404: components["responses"]["ReferenceNotFoundOrSignInWayNotConfigured404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.remove_passkey": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequiredOrFreshSignInRequired403"];
            404: components["responses"]["AccountNotFoundOrReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePassword"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidAccountOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequired403"];
            404: components["responses"]["AccountNotFoundOrReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsoleSessions"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequired403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.end_other_sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequired403"];
            404: components["responses"]["ReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.end_session": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequired403"];
            404: components["responses"]["AccountNotFoundOrReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SetupState"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.make_setup_link": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewLink"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAccountScopeRequiredOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["ReferenceNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.sign_in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewSession"];
                };
            };
            400: components["responses"]["InvalidAccountOrInvalidQuery400"];
            401: components["responses"]["SignInRefused401"];
            404: components["responses"]["ReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.sign_out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedOut"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountSessionRequired403"];
            404: components["responses"]["ReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.begin_single_sign_on": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BegunSingleSignOn"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            404: components["responses"]["ReferenceNotFoundOrSignInWayNotConfigured404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            502: components["responses"]["IdentityProviderFailed502"];
            503: components["responses"]["IdentityProviderUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "console.finish_single_sign_on": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FinishSingleSignOn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewSession"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "authorization_code_required" | "invalid_account" | "invalid_query" | "oauth_issuer_mismatch" | "provider_oauth_denied" | "sign_in_expired";
                    };
                };
            };
            401: components["responses"]["SignInRefused401"];
            403: components["responses"]["NotInvited403"];
            404: components["responses"]["ReferenceNotFoundOrSignInWayNotConfigured404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            502: components["responses"]["IdentityProviderFailed502"];
            503: components["responses"]["IdentityProviderUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "control.invoke": {
        parameters: {
            query?: never;
            header?: {
                /** @description The zone, for callers who reach several. */
                "X-Caracal-Zone-Scope"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Invoke"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invoked"];
                };
            };
            400: components["responses"]["InvalidOrInvalidQuery400OfCommand"];
            401: components["responses"]["InvalidDpopProofOrInvalidTokenOrTokenReplayOrUnauthorized401OfCommand"];
            403: components["responses"]["Denied403OfCommand"];
            404: components["responses"]["NotFoundOrReferenceNotFoundOrRouteNotFound404OfCommand"];
            409: components["responses"]["ConflictOrZoneMismatch409OfCommand"];
            412: components["responses"]["PreconditionFailed412OfCommand"];
            413: components["responses"]["PayloadTooLarge413OfCommand"];
            415: components["responses"]["UnsupportedMediaType415OfCommand"];
            429: components["responses"]["RateLimited429OfCommand"];
            502: components["responses"]["Upstream502OfCommand"];
            503: components["responses"]["AuditUnavailableOrControlDisabledOrStorageUnavailable503OfCommand"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policies.validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicySource"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyValid"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidRego422"];
            429: components["responses"]["RateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policies.templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Rego source, valid as it stands. */
                        content: string;
                        /** @description What it is for. */
                        description: string;
                        /** @description Stable id. */
                        id: string;
                        /** @description Name. */
                        name: string;
                    }[];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.list": {
        parameters: {
            query?: {
                dcr_enabled?: boolean;
                frozen?: boolean;
                slug?: components["schemas"]["Line120"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ZoneListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatch403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateZone"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Zone"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidQueryOrInvalidZone400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAdminTokenApproveOnlyOrAdminTokenReadOnlyOrAdminTokenZoneMismatch403"];
            404: components["responses"]["ReferenceNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflictOrReservedNamespaceOrZoneSlugConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Zone"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.archive": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateZone"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Zone"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "dcr_shutdown_not_applicable" | "invalid_params" | "invalid_query" | "invalid_zone" | "no_fields" | "rate_limit_above_ceiling";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrDcrShutdownRequiredOrReservedNamespaceOrZoneSlugConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "access.what_can": {
        parameters: {
            query: {
                application_id: components["schemas"]["ApplicationId"];
                labels?: components["schemas"]["Line2048"];
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhatCan"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ApplicationNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "access.who_can": {
        parameters: {
            query: {
                resource: components["schemas"]["Line512"];
                scope: components["schemas"]["Line200"];
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhoCan"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ResourceNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.activity": {
        parameters: {
            query?: {
                hours?: number;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ZoneActivity"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAdminTokenZoneMismatchOrZoneForbidden403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "admin_audit.list": {
        parameters: {
            query?: {
                actor_id?: components["schemas"]["Line128"];
                entity_id?: components["schemas"]["Line128"];
                entity_type?: components["schemas"]["Line128"];
                fields?: string;
                format?: components["schemas"]["Format"];
                method?: components["schemas"]["ChangeMethod"];
                since?: components["schemas"]["Timestamp"];
                until?: components["schemas"]["Timestamp"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminChangeRowListing"];
                    "text/csv": string;
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidFieldsOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAdminTokenZoneMismatchOrZoneForbidden403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "applications.list": {
        parameters: {
            query?: {
                status?: components["schemas"]["ObjectStatus"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "applications.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateApplication"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationWithSecret"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_application" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "trait_count_exceeded" | "trait_duplicate" | "trait_forbidden" | "trait_invalid" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ApplicationNameTakenOrConflictOrIdempotencyKeyConflictOrReservedNamespace409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "applications.register": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterApplication"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationWithSecret"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_application" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "dcr_disabled" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflictOrReservedNamespace409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["DcrLimitExceededOrDcrRateLimitExceededOrIdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "applications.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ApplicationNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "applications.archive": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ApplicationNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "applications.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateApplication"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationItem"];
                };
            };
            400: components["responses"]["ClientSecretNotConfiguredOrInvalidApplicationOrInvalidParamsOrInvalidQueryOrNoFields400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "trait_count_exceeded" | "trait_duplicate" | "trait_forbidden" | "trait_invalid" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ApplicationNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ApplicationNameTakenOrConflictOrReservedNamespace409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "applications.reveal_secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientSecret"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "reveal_capability_required" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ApplicationNotFoundOrClientSecretNotStoredOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["AuditUnavailable500"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "applications.rotate_secret": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationWithSecret"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ApplicationNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "approvals.list": {
        parameters: {
            query?: {
                principal?: components["schemas"]["Line128"];
                since?: components["schemas"]["Timestamp"];
                state?: components["schemas"]["ApprovalState"];
                tier?: components["schemas"]["Line64"];
                until?: components["schemas"]["Timestamp"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "approvals.counts": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalCounts"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "approvals.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ApprovalNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "approvals.approve": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": null | components["schemas"]["DecideApproval"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalDecision"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_read_only" | "admin_token_zone_mismatch" | "approve_capability_required" | "subject_approval_required" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ApprovalNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ApprovalNotDecidableOrConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "approvals.reject": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": null | components["schemas"]["DecideApproval"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalDecision"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_read_only" | "admin_token_zone_mismatch" | "approve_capability_required" | "subject_approval_required" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ApprovalNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ApprovalNotDecidableOrConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "approvals.withdraw": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": null | components["schemas"]["DecideApproval"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalDecision"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_read_only" | "admin_token_zone_mismatch" | "approve_capability_required" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ApprovalNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ApprovalNotDecidableOrConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit.list": {
        parameters: {
            query?: {
                application_id?: components["schemas"]["Line128"];
                authority_record_id?: components["schemas"]["Line128"];
                decision?: components["schemas"]["DecisionFilter"];
                event_type?: string;
                fields?: string;
                format?: components["schemas"]["Format"];
                label?: components["schemas"]["Line64"];
                request_id?: components["schemas"]["Line128"];
                session_id?: components["schemas"]["Line128"];
                since?: components["schemas"]["Timestamp"];
                until?: components["schemas"]["Timestamp"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerEventRowListing"];
                    "text/csv": string;
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidFieldsOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAdminTokenZoneMismatchOrZoneForbidden403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit_holds.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoldItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit_holds.place": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceHold"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoldItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit_holds.lift": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "account_scope_required" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["AuditHoldNotFoundOrReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit_retention.get_of_zone": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description A digest of the state that it is about. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit_retention.set_of_zone": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetRetention"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description A digest of the state that it is about. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQueryOrRetentionAboveLimit400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit_retention.clear_of_zone": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit.by_request": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                zoneId: string;
                requestId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The next page, relative to this one; absent on the last. */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description `allow`, `deny`, or the state of an approval. */
                        decision: string;
                        /** @description The rules that allowed it. */
                        determining_policies_json: unknown;
                        /** @description The reasons that stood against it. */
                        diagnostics_json: unknown;
                        /** @description `complete`, or the reason a request ended before policy. */
                        evaluation_status: string;
                        /** @description For example `token_exchange`. */
                        event_type: string;
                        /** @description Id. */
                        id: string;
                        /** @description When the ledger took it. */
                        ingested_at: components["schemas"]["Timestamp"];
                        /** @description Manifest digest of the version. */
                        manifest_sha?: string | null;
                        /** @description What it was about. */
                        metadata_json: unknown;
                        /** @description When it happened. */
                        occurred_at: components["schemas"]["Timestamp"];
                        outcome?: components["schemas"]["Outcome"] | null;
                        /** @description Policy set in force. */
                        policy_set_id?: string | null;
                        /** @description Its version. */
                        policy_set_version_id?: string | null;
                        /** @description What policy was asked and what it said, enough to decide it again; absent where policy was not asked. */
                        record?: unknown;
                        /** @description Correlates the events of one request. */
                        request_id: string;
                        /** @description Zone. */
                        zone_id: components["schemas"]["ZoneId"];
                    }[];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["RequestNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit.explain": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                requestId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explained"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["RequestNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "audit.tail": {
        parameters: {
            query?: {
                after?: number;
                application_id?: components["schemas"]["Line128"];
                authority_record_id?: components["schemas"]["Line128"];
                decision?: components["schemas"]["DecisionFilter"];
                event_type?: string;
                label?: components["schemas"]["Line64"];
                request_id?: components["schemas"]["Line128"];
                session_id?: components["schemas"]["Line128"];
                since?: components["schemas"]["Timestamp"];
                until?: components["schemas"]["Timestamp"];
            };
            header?: {
                /** @description The id of the last event that was seen: the stream goes on behind it. */
                "Last-Event-ID"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAdminTokenZoneMismatchOrZoneForbidden403"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "authority_records.list": {
        parameters: {
            query?: {
                authority_record_id?: components["schemas"]["AuthorityRecordId"];
                format?: components["schemas"]["Format"];
                kind?: components["schemas"]["SubjectType"];
                status?: components["schemas"]["AuthorityRecordStatus"];
                subject_id?: components["schemas"]["Line512"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecordItemListing"];
                    "text/csv": string;
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.dcr_status": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DcrStatus"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegations.list": {
        parameters: {
            query?: {
                issuer_application_id?: components["schemas"]["ApplicationId"];
                receiver_application_id?: components["schemas"]["ApplicationId"];
                resource_id?: components["schemas"]["ResourceId"];
                source_session_id?: components["schemas"]["SessionId"];
                target_session_id?: components["schemas"]["SessionId"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActiveDelegationListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegations.budgets": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetUses"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["DelegationNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegations.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": null | components["schemas"]["RevokeDelegation"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DelegationRevoked"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["DelegationNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegations.traverse": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DelegationTree"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["DelegationNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.freeze": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": null | components["schemas"]["FreezeZone"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Zone"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "grants.list": {
        parameters: {
            query?: {
                application_id?: components["schemas"]["ApplicationId"];
                provider_id?: components["schemas"]["ProviderId"];
                resource_id?: components["schemas"]["ResourceId"];
                scopes?: components["schemas"]["Line16384"];
                status?: components["schemas"]["GrantStatus"];
                subject_id?: components["schemas"]["Line512"];
                user_id?: components["schemas"]["Line512"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "grants.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateGrant"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "control_resource_not_grantable" | "grant_scopes_exceed_resource" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ApplicationNotFoundOrReferenceNotFoundOrResourceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "grants.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["GrantNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "grants.revoke": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["GrantNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "grants.access": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantAccess"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["GrantNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SinkItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSink"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SinkWithSecret"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_params" | "invalid_query" | "invalid_sink" | "invalid_sink_url";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflictOrSinkLimitReached409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SinkItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["SinkNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSinkNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateSink"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SinkItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQueryOrInvalidSinkOrInvalidSinkUrl400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSinkNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.list_deliveries": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["SinkNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.get_delivery": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
                deliveryId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryWithPayload"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["DeliveryNotFoundOrSinkNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.redeliver": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
                deliveryId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryItem"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["DeliveryNotFoundOrReferenceNotFoundOrSinkNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.rotate_secret": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SinkWithSecret"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSinkNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "notification_sinks.test": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryItem"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSinkNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflictOrSinkPaused409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.overview": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policies.list": {
        parameters: {
            query?: {
                created_by?: components["schemas"]["Line512"];
                name?: components["schemas"]["Line512"];
                status?: components["schemas"]["ObjectStatus"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policies.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreatePolicy"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyCreated"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflictOrPolicyNameConflictOrReservedNamespace409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidRego422"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policies.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyDetail"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["PolicyNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policies.archive": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["PolicyNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policies.list_versions": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
            };
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyVersionItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["PolicyNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policies.add_version": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicySource"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionAdded"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["PolicyNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidRego422"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policies.get_version": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
                versionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyVersionItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["PolicyVersionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_canary.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CanaryItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["PolicyCanaryNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_canary.end": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["PolicyCanaryNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_canary.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CanaryRules"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CanaryItem"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQueryOrNoFields400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["PolicyCanaryNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_canary.activate": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Activated"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["PolicyCanaryNotFoundOrPolicySetBindingNotFoundOrReferenceNotFoundOrVersionNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            422: components["responses"]["InvalidPolicyBundleOrInvalidPolicyContract422"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicySetItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreatePolicySet"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicySetItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflictOrPolicySetNameConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicySetItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["PolicySetNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.archive": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["PolicySetNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.activate": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ActivateVersion"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Activated"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["PolicySetBindingNotFoundOrReferenceNotFoundOrVersionNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidPolicyBundleOrInvalidPolicyContract422"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.activation_status": {
        parameters: {
            query?: {
                outbox_id?: components["schemas"]["Line128"];
                version_id?: components["schemas"]["PolicySetVersionId"];
            };
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActivationStatus"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ActivePolicySetVersionNotFoundOrPolicySetBindingNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.simulate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Simulate"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Simulated"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["VersionNotFoundOrZoneNotFound404"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidPolicyBundleOrInvalidPolicyContract422"];
            429: components["responses"]["RateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.list_versions": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
            };
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SetVersionItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["PolicySetNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.add_version": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddSetVersion"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SetVersionAdded"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["PolicySetNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidPolicyBundleOrInvalidPolicyContract422"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.get_version": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
                versionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SetVersionDetail"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["PolicySetVersionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_canary.begin": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
                versionId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CanaryRules"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CanaryItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrVersionNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidPolicyBundleOrInvalidPolicyContract422"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.diff": {
        parameters: {
            query?: {
                from?: components["schemas"]["PolicySetVersionId"];
            };
            header?: never;
            path: {
                zoneId: string;
                id: string;
                versionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicySetDiff"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["VersionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            422: components["responses"]["InvalidPolicyBundleOrInvalidPolicyContract422"];
            429: components["responses"]["RateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.least_privilege": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
                versionId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AskLeastPrivilege"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeastPrivilege"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["VersionNotFoundOrZoneNotFound404"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidPolicyBundleOrInvalidPolicyContract422"];
            429: components["responses"]["RateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_sets.replay": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
                versionId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AskReplay"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["VersionNotFoundOrZoneNotFound404"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidPolicyBundleOrInvalidPolicyContract422"];
            429: components["responses"]["RateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_shadow.begin": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
                versionId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BeginShadow"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShadowItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "invalid_query";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrVersionNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["InvalidPolicyBundleOrInvalidPolicyContract422"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimitedOrTooManyPolicyChecks429"];
            503: components["responses"]["PolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_shadow.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description A digest of the state that it is about. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShadowReport"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AccountRoleForbiddenOrAdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["PolicyShadowNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "policy_shadow.end": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["PolicyShadowNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "provider_connections.list": {
        parameters: {
            query?: {
                provider_id?: components["schemas"]["ProviderId"];
                status?: components["schemas"]["ConnectionStatus"];
                subject_id?: components["schemas"]["Line512"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "provider_connections.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateConnection"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_params" | "invalid_provider_config" | "invalid_provider_connection" | "invalid_query" | "provider_connection_unsupported";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ProviderNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "provider_connections.authorize": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConnectionOf"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BegunAuthorization"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_params" | "invalid_provider_config" | "invalid_provider_oauth_authorize" | "invalid_query" | "provider_connection_unsupported";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ProviderNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "provider_connections.finish": {
        parameters: {
            query: {
                code?: components["schemas"]["Line4096"];
                error?: components["schemas"]["Line256"];
                iss?: components["schemas"]["Line2048"];
                state: components["schemas"]["Line256"];
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "authorization_code_required" | "invalid_params" | "invalid_provider_config" | "invalid_query" | "oauth_issuer_mismatch" | "oauth_state_expired" | "oauth_state_mismatch" | "provider_connection_unsupported" | "provider_oauth_denied" | "provider_token_endpoint_not_allowed";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "oauth_initiator_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ProviderNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            502: components["responses"]["ProviderTokenExchangeFailedOrProviderTokenResponseInvalidOrSecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "provider_connections.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConnectionOf"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidProviderConnectionOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ProviderConnectionNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "provider_connections.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ProviderConnectionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "providers.list": {
        parameters: {
            query?: {
                status?: components["schemas"]["ObjectStatus"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "providers.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateProvider"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_params" | "invalid_provider" | "invalid_provider_config" | "invalid_provider_identifier" | "invalid_query" | "provider_check_unsupported";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflictOrProviderIdentifierConflictOrReservedNamespace409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["ProviderCheckFailed422"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrProviderTestRateLimitedOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "providers.discover": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DiscoverProvider"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DiscoveredProvider"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidIssuerOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ZoneNotFound404"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["ProviderDiscoveryFailed422"];
            429: components["responses"]["ProviderDiscoveryRateLimitedOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "providers.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ProviderNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "providers.archive": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ProviderNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "providers.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateProvider"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "invalid_params" | "invalid_provider" | "invalid_provider_config" | "invalid_provider_identifier" | "invalid_query" | "no_fields" | "provider_config_required";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ProviderNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrProviderIdentifierConflictOrReservedNamespace409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "providers.test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderCheck"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidProviderConfigOrInvalidQueryOrProviderCheckUnsupported400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ProviderNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["ProviderTestRateLimitedOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "resources.list": {
        parameters: {
            query?: {
                status?: components["schemas"]["ObjectStatus"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "resources.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateResource"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "credential_provider_required" | "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_params" | "invalid_query" | "invalid_resource" | "invalid_resource_identifier" | "operation_duplicate" | "operation_method_and_path_required" | "operation_method_unknown" | "operation_path_invalid" | "operation_path_must_be_absolute" | "operation_scope_not_in_resource_scopes" | "resource_verification_unsupported" | "upstream_url_required";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ProviderNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            /** @description The state of things does not allow it now. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "conflict" | "idempotency_key_conflict" | "protected_resource" | "provider_identifier_conflict" | "reserved_namespace" | "resource_identifier_conflict" | "resource_quota_exceeded";
                    };
                };
            };
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            422: components["responses"]["ResourceCheckFailed422"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimitedOrResourceTestRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "resources.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ResourceNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "resources.archive": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrResourceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrProtectedResource409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "resources.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateResource"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "credential_provider_required" | "invalid_params" | "invalid_query" | "invalid_resource" | "invalid_resource_identifier" | "no_fields" | "operation_duplicate" | "operation_method_and_path_required" | "operation_method_unknown" | "operation_path_invalid" | "operation_path_must_be_absolute" | "operation_scope_not_in_resource_scopes" | "upstream_url_required";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ProviderNotFoundOrReferenceNotFoundOrResourceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrProtectedResourceOrReservedNamespaceOrResourceIdentifierConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "resources.test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceCheck"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQueryOrResourceVerificationUnsupported400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrResourceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimitedOrResourceTestRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "sessions.list": {
        parameters: {
            query?: {
                application_id?: components["schemas"]["ApplicationId"];
                format?: components["schemas"]["Format"];
                label?: components["schemas"]["Line64"];
                lifecycle?: components["schemas"]["Lifecycle"];
                parent_session_id?: components["schemas"]["SessionId"];
                status?: components["schemas"]["SessionStatus"];
                subject_id?: components["schemas"]["Line512"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRowListing"];
                    "text/csv": string;
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "sessions.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRow"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["SessionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "sessions.budgets": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetUses"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["SessionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "sessions.inbound": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DelegationItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["SessionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "sessions.outbound": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DelegationItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["SessionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "sessions.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resumed"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSessionNotFoundOrZoneNotFound404"];
            /** @description The state of things does not allow it now. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "conflict" | "idempotency_key_conflict" | "session_not_found_or_not_suspended" | "session_not_live" | "session_parent_not_active" | "session_subject_inactive";
                    };
                };
            };
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "sessions.suspend": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Suspended"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSessionNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "sessions.terminate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionTerminated"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSessionNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "sessions.tree": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionTree"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["SessionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zone_state.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description A digest of the state that it is about. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ZoneState"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            409: components["responses"]["ZoneStateInexpressible409"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zone_state.apply": {
        parameters: {
            query?: {
                dry_run?: boolean;
                manager?: components["schemas"]["Name64"];
                prune?: boolean;
                take_over?: boolean;
            };
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ZoneState"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description A digest of the state that it is about. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatePlan"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQueryOrInvalidZoneState400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrZoneStateInexpressible409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimitedOrTooManyPolicyChecks429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["OverloadedOrPolicyVerificationUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subject_issuers.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubjectIssuerItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subject_issuers.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSubjectIssuer"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubjectIssuerItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_params" | "invalid_query" | "invalid_subject_issuer";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflictOrSubjectIssuerExistsOrSubjectIssuerLimitReached409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subject_issuers.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubjectIssuerItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["SubjectIssuerNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subject_issuers.archive": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSubjectIssuerNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subject_issuers.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateSubjectIssuer"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubjectIssuerItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQueryOrInvalidSubjectIssuer400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSubjectIssuerNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subjects.list": {
        parameters: {
            query?: {
                kind?: components["schemas"]["SubjectType"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubjectItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subjects.list_blocked": {
        parameters: {
            query?: {
                subject_id?: components["schemas"]["Line512"];
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlockedSubjectItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subjects.overview": {
        parameters: {
            query: {
                subject_id: components["schemas"]["Line512"];
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubjectOverview"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["SubjectNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subjects.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RevokeSubject"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubjectRevoked"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQueryOrInvalidSubjectRevoke400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSubjectNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "subjects.unblock": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UnblockSubject"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubjectUnblocked"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_params" | "invalid_query" | "invalid_subject_revoke";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrSubjectNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "zones.thaw": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Zone"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "workloads.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sort?: "-created_at" | "created_at" | "name" | "-name";
                include_total?: boolean;
                search?: string;
            };
            header?: never;
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "workloads.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateWorkload"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadWithSecret"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_params" | "invalid_query" | "invalid_workload";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflictOrWorkloadNameTaken409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "workloads.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadItem"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            403: components["responses"]["AdminTokenZoneMismatchOrZoneForbidden403"];
            404: components["responses"]["WorkloadNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "workloads.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateWorkload"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version of what is answered. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadItem"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "duplicate_credential_env" | "invalid_credential_env" | "invalid_params" | "invalid_query" | "invalid_workload" | "no_fields";
                    };
                };
            };
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrWorkloadNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrWorkloadNameTaken409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "workloads.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description Changes only what still has one of these tags. */
                "If-Match"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrWorkloadNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "workloads.rotate_secret": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadWithSecret"];
                };
            };
            400: components["responses"]["IdempotencyKeyInvalidOrIdempotencyKeyMultipleOrIdempotencyResponseTooLargeOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrWorkloadNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrIdempotencyKeyConflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["OverloadedOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "workloads.reveal_secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zoneId: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadSecret"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["InvalidAccountAssertionOrInvalidAdminToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "admin_token_approve_only" | "admin_token_read_only" | "admin_token_zone_mismatch" | "reveal_capability_required" | "system_zone_read_only" | "zone_forbidden";
                    };
                };
            };
            404: components["responses"]["ReferenceNotFoundOrWorkloadNotFoundOrWorkloadSecretNotStoredOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["AuditUnavailable500"];
            502: components["responses"]["SecretBackendUnavailable502"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
}
