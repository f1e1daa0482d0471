//! Every setting of the daemon, declared once. From here come reading, `check-config`, `config` and the handbook's page
//! of settings.

mod bucket;
mod checkpoints;
mod control;
mod coordinator;
mod enforcement;
mod evidence;
mod export;
mod keys;
mod process;
mod sign_in;
mod stores;
mod traces;
mod web;
mod zone_keys;

use caracal_service::config::{Declared, Role};

pub(crate) use self::{
    bucket::bucket, checkpoints::*, control::*, coordinator::*, enforcement::*, evidence::*, export::*,
    keys::*, process::*, sign_in::*, stores::*, traces::*, web::*, zone_keys::*,
};

/// A group of settings with its heading on the page of settings.
pub(crate) type Group = (&'static str, &'static [&'static (dyn Declared + Sync)]);

/// Every setting, in the order in which people look for them.
pub(crate) const GROUPS: &[Group] = &[
    ("Process", process::GROUP),
    ("Listeners", process::LISTENERS),
    ("Traces", traces::GROUP),
    ("Stores", stores::GROUP),
    ("Keys and tokens", keys::GROUP),
    ("Zone keys", zone_keys::GROUP),
    ("Evidence", evidence::GROUP),
    ("Checkpoints", checkpoints::GROUP),
    ("Export", export::GROUP),
    ("Bucket of the export", bucket::GROUP),
    ("Token service and Gateway", enforcement::GROUP),
    ("Coordinator", coordinator::GROUP),
    ("Control API", control::GROUP),
    ("Console", web::GROUP),
    ("Sign-in to the console", sign_in::GROUP),
    ("Witness", checkpoints::WITNESS),
];

/// Every setting.
pub(crate) fn all() -> impl Iterator<Item = &'static (dyn Declared + Sync)> {
    GROUPS.iter().flat_map(|(_, group)| group.iter().copied())
}

/// The processes that write evidence.
const WRITERS: &[Role] = &[Role::Api, Role::Sts, Role::Gateway, Role::Coordinator];
