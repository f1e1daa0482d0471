//! How many file descriptors there are, and how many connections that allows.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::config::Role;

/// Descriptors beside connections of clients: databases, files, the runtime's own.
const OTHERWISE: u64 = 64;

/// Raises the soft limit to the hard one; soft limits date from `select` and are no policy of anybody. Returns the
/// limit in force.
pub(crate) fn raise() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return 1024;
    };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() {
        return hard;
    }
    soft
}

/// Most connections of `role`'s listener, at most `wanted`, so that all listeners of the process together leave
/// descriptors for each other: a call at the Gateway takes one more for its upstream, and the Gateway gets half of
/// what there is, whatever its streams do the others can still be reached.
pub(crate) fn connections(role: Role, roles: &[Role], descriptors: u64, wanted: usize) -> usize {
    let usable = descriptors.saturating_sub(OTHERWISE.max(descriptors / 8));
    let has_gateway = roles.contains(&Role::Gateway);
    let others = u64::try_from(roles.len()).unwrap_or(u64::MAX) - u64::from(has_gateway);
    let share = match (role, others) {
        (Role::Gateway, 0) => usable / 2,
        (Role::Gateway, _) => usable / 4,
        (_, others) if has_gateway => usable / 2 / others.max(1),
        (_, others) => usable / others.max(1),
    };
    usize::try_from(share).unwrap_or(usize::MAX).min(wanted).max(2)
}

/// Most connections of the one listener of a process, at most `wanted`.
pub(crate) fn connections_alone(descriptors: u64, wanted: usize) -> usize {
    let usable = descriptors.saturating_sub(OTHERWISE.max(descriptors / 8));
    usize::try_from(usable).unwrap_or(usize::MAX).min(wanted).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_listeners_together_leave_descriptors_for_the_rest() {
        for descriptors in [128_u64, 256, 1024, 1 << 20] {
            let used: u64 = Role::ALL
                .iter()
                .map(|role| {
                    let own = connections(*role, Role::ALL, descriptors, 10_000) as u64;
                    if *role == Role::Gateway { own * 2 } else { own }
                })
                .sum();
            assert!(used + OTHERWISE <= descriptors, "{used} of {descriptors}");
        }
        assert_eq!(connections(Role::Api, &[Role::Api], 1 << 20, 10_000), 10_000);
    }
}
