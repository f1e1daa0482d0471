//! `POST /v1/run/manifest` and `POST /v1/run/credential`: what `caracal run` starts a program with.

use std::sync::Arc;

use caracal_core::{Secret, WorkloadId};
use caracal_service::{
    Refusal,
    front::{Answer, Form, Inbound},
};
use caracal_wire::run::{Credential, CredentialForm, Manifest, ManifestForm};

use crate::{
    StsDeps,
    run::{self, CredentialRequest, Launch, Login},
};

/// Names a launch over its requests, so that evidence shows what belongs together.
const LAUNCH_HEADER: &str = "X-Caracal-Launch-Id";

pub(super) async fn manifest(
    call: Arc<Inbound<StsDeps>>,
    Form(form): Form<ManifestForm>,
) -> Result<Answer<Manifest>, Refusal> {
    let launch = proven(&call, form.workload_id, form.secret).await?;
    run::manifest(&launch).await.map(Answer)
}

pub(super) async fn credential(
    call: Arc<Inbound<StsDeps>>,
    Form(form): Form<CredentialForm>,
) -> Result<Answer<Credential>, Refusal> {
    let launch = proven(&call, form.workload_id, form.secret).await?;
    let wanted = CredentialRequest {
        env: &form.env,
        approval_id: form.approval_id.as_ref(),
    };
    run::credential(&launch, &wanted).await.map(Answer)
}

async fn proven(
    call: &Inbound<StsDeps>,
    workload_id: WorkloadId,
    secret: String,
) -> Result<Launch<'_>, Refusal> {
    let launch = call.headers.get(LAUNCH_HEADER);
    let login = Login {
        workload_id,
        secret: Secret::new(secret),
        launch_id: launch.and_then(|value| value.to_str().ok()),
        peer: call.peer,
    };
    let launch = Launch::proven(&call.role, login, &call.request_id).await?;
    call.caller_is_proved();
    Ok(launch)
}
