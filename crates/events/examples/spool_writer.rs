//! Appends to a spool for as long as it lives and prints the id of each event once it is acknowledged. The
//! crash test kills it.
//!
//! `spool_writer <directory> <prefix of ids>`

use std::{
    io::{self, Write},
    time::Duration,
};

use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, system_world};
use caracal_events::{Spool, SyncMode};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(dir), Some(prefix)) = (arguments.next(), arguments.next()) else {
        return Err("usage: spool_writer <directory> <prefix>".into());
    };
    let world = system_world();
    let key = HmacKey::from_bytes(b"the key of the crash test's spool");
    let spool = Spool::open(dir, SyncMode::Interval(Duration::from_millis(50)), key, 64 << 20)?;
    let mut out = io::stdout().lock();
    for number in 0_u64.. {
        let mut event = AuditEvent::new(
            &world,
            ZoneId::parse("zone-1")?,
            "token_exchange",
            "req-1",
            "allow",
        );
        event.id = format!("{prefix}-{number}");
        spool.append(std::slice::from_ref(&event))?;
        writeln!(out, "{}", event.id)?;
    }
    Ok(())
}
