//! `POST /zones/{zone}/agents`: starts a session.

use caracal_core::SessionId;
use caracal_lifecycle::{
    GROUPED,
    receipts::Keyed,
    records::Anchor,
    sessions::{self, Started},
};
use caracal_service::{
    Refusal,
    front::{Body, CreatedOnce},
    zones::ZoneState,
};
use caracal_storage::ZoneWork;
use caracal_wire::coordinator::sessions::{SessionStarted, StartSession};

use super::{not_owner, request::SessionRequest};
use crate::{
    auth::subject,
    call::{Call, Entity, SESSION_START},
    idempotent::Idempotent,
    metrics,
};

pub(crate) async fn handle(
    call: Call,
    Body(body): Body<StartSession>,
) -> Result<CreatedOnce<SessionStarted>, Refusal> {
    let asked = SessionRequest::check(body)?;
    let application = &asked.start.application_id;
    call.about().application_id = Some(application.clone());
    call.about().parent_id.clone_from(&asked.start.parent_id);
    call.about().labels.clone_from(&asked.start.labels);
    if !call.caller.may_run(application) {
        return Err(not_owner());
    }
    let zone = call.zone().await?;
    let anchor = subject::resolve(
        &call.role,
        &call.caller,
        application,
        asked.subject_session_id.as_ref(),
        asked.subject_token.as_deref(),
    )
    .await?;
    let keyed = call.keyed(SESSION_START, application, || asked.canonical(&call.caller));

    let mut work = call.work(GROUPED).await?;
    let now = call.now();
    let begun = begin(&call, work.as_mut(), &zone, &asked, &anchor, keyed.as_ref()).await;
    let (work, begun) = call.durable(work, begun).await?;
    let started = match begun {
        Idempotent::Repeated { receipt, live } => return call.repeat(work, receipt, live).await,
        Idempotent::Fresh(started) => started,
    };
    let made = SessionStarted {
        session: (&started.session).into(),
        delegation_edge_id: started.inherited.map(|delegation| delegation.id),
        warnings: started.warnings,
    };
    let entity = Entity::session(&started.session.id);
    call.commit_made(work, keyed.as_ref(), entity, &made, now).await?;
    metrics::session_started(asked.start.lifecycle.as_str());
    Ok(CreatedOnce::New(made))
}

async fn begin(
    call: &Call,
    work: &mut dyn ZoneWork,
    zone: &ZoneState,
    asked: &SessionRequest,
    anchor: &Anchor,
    keyed: Option<&Keyed>,
) -> Result<Idempotent<Started>, Refusal> {
    let now = call.now();
    if let Some(receipt) = call.claim(keyed, work, now).await? {
        let session = match SessionId::parse(&receipt.resource_id) {
            Ok(id) => work.sessions().get(&id).await?,
            Err(_) => None,
        };
        let live = session.filter(|session| session.holds_slot(now));
        let live = live.inspect(|session| call.about().session(session)).is_some();
        return Ok(Idempotent::Repeated { receipt, live });
    }
    let resources = |name: &str| zone.resource(name).map(|state| state.resource.as_ref());
    let started = sessions::start(work, &call.act(), &resources, &asked.start, anchor).await?;
    Ok(Idempotent::Fresh(started))
}
