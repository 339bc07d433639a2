//! Which of several servers does what: the one whose hash with it is the highest. All servers that see the same others
//! agree without talking, and one that comes or goes moves only its own share. Pure.

use stocktake_store::fleet::ServerId;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// None: there is no server.
pub fn whose(what: &str, servers: &[ServerId]) -> Option<ServerId> {
    let weight = |server: &ServerId| {
        let (high, low) = server.0.as_u64_pair();
        (xxh3_64_with_seed(what.as_bytes(), high ^ low.rotate_left(32)), *server)
    };
    servers.iter().copied().max_by_key(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(n: u128) -> Vec<ServerId> {
        (1..=n).map(|n| ServerId(uuid::Uuid::from_u128((n << 64) | (n * 77)))).collect()
    }

    #[test]
    fn shares_are_fair_and_stay_when_others_come_and_go() {
        let three = servers(3);
        let things: Vec<_> = (0..300).map(|n| format!("provider:{n}")).collect();
        let of = |servers: &[ServerId]| things.iter().map(|what| whose(what, servers)).collect::<Vec<_>>();
        let before = of(&three);
        for server in &three {
            let share = before.iter().filter(|owner| **owner == Some(*server)).count();
            assert!((60..=140).contains(&share), "{share} of 300");
        }
        let after = of(&three[..2]);
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after || *before == Some(three[2]), "only what the lost server had moves");
        }
        assert_eq!(whose("provider:1", &[]), None);
    }
}
