//! `--gateway`: local addresses that speak to protected resources for a program that holds nothing.
//!
//! The launcher acts as an application: it starts a session for the program, hands it no more than the scopes that were
//! named, and gets a mandate for each request that the program sends. The program knows an address on this machine and
//! nothing else. When it ends, its session ends.

mod application;
mod authority;
mod forward;
mod listener;
mod refused;
mod target;

use std::path::Path;
use std::rc::Rc;

use anyhow::Context as _;
use zeroize::Zeroizing;

use self::application::Application;
use self::authority::Authority;
use self::listener::Listener;
pub(super) use self::target::Target;
use super::{Variables, child_environment};
use crate::environment::Environment;
use crate::http::{self, Http};

/// What `--gateway` set up.
pub(super) struct Gateways {
    listeners: Vec<Listener>,
    authority: Rc<Authority>,
}

impl Gateways {
    /// Opens an address for each target, with a session and authority behind it.
    ///
    /// # Errors
    /// One sentence when the application is not usable, is refused, or an address cannot be opened.
    pub(super) async fn open(
        environment: &Environment,
        home: Option<&Path>,
        targets: Vec<Target>,
        labels: &[String],
    ) -> anyhow::Result<Self> {
        let application = Application::resolve(environment, home)?;
        let urls = [&application.sts, &application.coordinator, &application.gateway].map(String::as_str);
        let http = Http::new(&urls)?;
        let forward = Rc::new(forward::Forward::new(
            &application.gateway,
            http::connector(&urls)?,
        ));
        let authority = Rc::new(Authority::begin(application, http, &targets, labels).await?);
        let mut listeners = Vec::new();
        for (place, target) in targets.into_iter().enumerate() {
            let opened = Listener::open(target.name, place, authority.clone(), forward.clone()).await;
            match opened.context("cannot listen on this machine") {
                Ok(listener) => listeners.push(listener),
                Err(error) => {
                    authority.end().await;
                    return Err(error);
                }
            }
        }
        Ok(Self { listeners, authority })
    }

    /// Where the program finds each.
    pub(super) fn variables(&self) -> Variables {
        let variables = self.listeners.iter();
        variables
            .map(|listener| (listener.name().into(), Zeroizing::new(listener.url())))
            .collect()
    }

    /// Serves for as long as it is polled.
    pub(super) async fn serve(&self) -> std::convert::Infallible {
        let serving = self.listeners.iter().map(Listener::serve);
        futures_util::future::join_all(serving).await;
        // No listener ends by itself.
        std::future::pending().await
    }

    /// Ends the session and what it was given.
    pub(super) async fn close(&self) {
        self.authority.end().await;
    }
}

/// What to open for the words of the command line.
///
/// # Errors
/// One sentence with the word that makes no sense.
pub(super) fn targets(words: &[String]) -> anyhow::Result<Vec<Target>> {
    let targets = words
        .iter()
        .map(|word| word.parse())
        .collect::<anyhow::Result<Vec<Target>>>()?;
    for target in &targets {
        child_environment::check(&target.name)?;
    }
    Ok(targets)
}
