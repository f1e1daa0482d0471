//! `POST /access/v1/search/subject`, `…/resource` and `…/action`: what [`evaluation`](super::evaluation) says yes to.

use caracal_authz::reach;
use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_wire::authzen::{
    Found, FoundAction, FoundActions, FoundEntities, SearchAction, SearchResource, SearchSubject,
};

use super::question::{
    APPLICATION, RESOURCE, declares, expect_kind, expect_resources, goes_on, is_there, page, there, who,
};
use crate::{
    call::{InHomeZone, NamesZone},
    routes::access,
};

fn nothing() -> FoundEntities {
    FoundEntities {
        results: Vec::new(),
        page: caracal_wire::authzen::PageTold {
            next_token: String::new(),
        },
    }
}

/// Applications that can act now.
pub(crate) async fn subject(
    InHomeZone(call): InHomeZone,
    _: NamesZone,
    Body(asked): Body<SearchSubject>,
) -> Result<Answer<FoundEntities>, Refusal> {
    expect_kind("subject", &asked.subject.kind, &[APPLICATION])?;
    let zone = access::state(&call).await?;
    let everybody = access::Everybody::of(&zone);
    let (resource, scope) = (&asked.resource, &asked.action.name);
    if there(&zone, &call.role.config.control_audience, resource)?.is_err()
        || !declares(&zone, &resource.id, scope)
    {
        return Ok(Answer(nothing()));
    }
    let found = everybody.page(
        &page(&asked.page)?,
        |policy, part| reach::subjects(policy, &resource.id, scope, part),
        |application| application,
    )?;
    let now = call.now();
    let live = found.rows.into_iter().filter(|id| {
        let id = id.parse().ok();
        id.is_some_and(|id| zone.live_application(&id, now).is_some())
    });
    let results = live.map(|id| Found {
        kind: APPLICATION.to_owned(),
        id: id.to_owned(),
    });
    Ok(Answer(FoundEntities {
        results: results.collect(),
        page: goes_on(everybody.cursor(found.next)),
    }))
}

/// Resources of the zone that declare the scope.
pub(crate) async fn resource(
    InHomeZone(call): InHomeZone,
    _: NamesZone,
    Body(asked): Body<SearchResource>,
) -> Result<Answer<FoundEntities>, Refusal> {
    expect_resources(&asked.resource)?;
    let zone = access::state(&call).await?;
    let page = page(&asked.page)?;
    let who = who(&call, &zone, &asked.subject).await?;
    let (Ok(who), None) = (who, zone.zone.frozen_at) else {
        return Ok(Answer(nothing()));
    };
    let (application, scope) = (who.application.as_str(), &asked.action.name);
    let policy = zone.policy_for(application);
    let part = access::part(policy, &page)?;
    let found = reach::resources(policy, application, who.labels.as_deref(), scope, part);
    let there = found.rows.into_iter().filter(|resource| {
        is_there(&zone, &call.role.config.control_audience, resource) && declares(&zone, resource, scope)
    });
    let results = there.map(|resource| Found {
        kind: RESOURCE.to_owned(),
        id: resource.to_owned(),
    });
    Ok(Answer(FoundEntities {
        results: results.collect(),
        page: goes_on(access::cursor(policy, found.next)),
    }))
}

/// Scopes that the resource declares.
pub(crate) async fn action(
    InHomeZone(call): InHomeZone,
    _: NamesZone,
    Body(asked): Body<SearchAction>,
) -> Result<Answer<FoundActions>, Refusal> {
    let zone = access::state(&call).await?;
    let page = page(&asked.page)?;
    let there = there(&zone, &call.role.config.control_audience, &asked.resource)?;
    let who = who(&call, &zone, &asked.subject).await?;
    let (Ok(()), Ok(who)) = (there, who) else {
        return Ok(Answer(FoundActions {
            results: Vec::new(),
            page: nothing().page,
        }));
    };
    let (application, resource) = (who.application.as_str(), &asked.resource.id);
    let policy = zone.policy_for(application);
    let part = access::part(policy, &page)?;
    let found = reach::scopes(policy, application, who.labels.as_deref(), resource, part);
    let declared = found
        .rows
        .into_iter()
        .filter(|scope| declares(&zone, resource, scope));
    let results = declared.map(|scope| FoundAction {
        name: scope.to_owned(),
    });
    Ok(Answer(FoundActions {
        results: results.collect(),
        page: goes_on(access::cursor(policy, found.next)),
    }))
}
