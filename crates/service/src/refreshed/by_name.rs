//! Many such values, by name: as many as may be.

use std::{collections::HashMap, sync::Arc};

use caracal_core::World;
use parking_lot::Mutex;

use super::Refreshed;

type Held<T, E> = HashMap<Box<str>, Arc<Refreshed<T, E>>>;

/// Keeps a value for each name. Past the bound those go that serve nobody any more, and then any.
#[derive(Debug)]
pub struct RefreshedByName<T, E> {
    world: World,
    most: usize,
    held: Mutex<Held<T, E>>,
}

impl<T, E: Clone> RefreshedByName<T, E> {
    /// Of `most` names.
    pub fn new(most: usize, world: World) -> Self {
        Self {
            world,
            most,
            held: Mutex::default(),
        }
    }

    /// What is kept under `name`, nothing yet where it is new.
    pub fn of(&self, name: &str) -> Arc<Refreshed<T, E>> {
        let mut held = self.held.lock();
        if let Some(found) = held.get(name) {
            return found.clone();
        }
        if held.len() >= self.most {
            held.retain(|_, other| other.is_live());
            if held.len() >= self.most
                && let Some(any) = held.keys().next().cloned()
            {
                held.remove(&any);
            }
        }
        let begun = Arc::new(Refreshed::new(self.world.clone()));
        held.insert(name.into(), begun.clone());
        begun
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::Timed, *};

    #[tokio::test]
    async fn names_are_apart_and_no_more_of_them_than_may_be() {
        let world = World::for_tests();
        let kept: RefreshedByName<u32, &str> = RefreshedByName::new(2, world.clone());
        let ask = async |name: &str, value: u32, seconds: u64| {
            let now = world.now();
            let until = now.plus(Duration::from_secs(seconds));
            let timed = Timed {
                value,
                got_at: now,
                renew_at: until,
                usable_until: until,
            };
            kept.of(name).get(async { Ok(timed) }).await.unwrap().value
        };
        assert_eq!((ask("a", 1, 1).await, ask("b", 2, 9).await), (1, 2));
        assert_eq!((ask("a", 3, 1).await, ask("b", 4, 9).await), (1, 2));
        world.manual_clock().advance(Duration::from_secs(1));
        assert_eq!(ask("c", 5, 9).await, 5);
        assert_eq!(ask("b", 6, 9).await, 2, "what serves nobody makes room first");
        assert_eq!(ask("d", 7, 9).await, 7);
        assert_eq!(kept.held.lock().len(), 2);
    }
}
