//! In which order cells are visited: at random, so that no cell always follows the same one, and methods in turn, so that
//! an hour in which the machine is slow is no method's own.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The order of one round: indices into `methods`, which names the method of each cell. The same for the same seed.
///
/// Every method's cells are shuffled; then each turn takes one of every method that has any left, in random order.
pub(super) fn order(methods: &[&str], seed: u64, salt: &str, round: usize) -> Vec<usize> {
    let mut random = random(seed, salt, round);
    let mut queues: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, &method) in methods.iter().enumerate() {
        match queues.iter_mut().find(|(name, _)| *name == method) {
            Some((_, queue)) => queue.push(at),
            None => queues.push((method, vec![at])),
        }
    }
    queues.iter_mut().for_each(|(_, queue)| queue.shuffle(&mut random));
    let mut order = Vec::with_capacity(methods.len());
    while !queues.is_empty() {
        queues.shuffle(&mut random);
        order.extend(queues.iter_mut().filter_map(|(_, queue)| queue.pop()));
        queues.retain(|(_, queue)| !queue.is_empty());
    }
    order
}

/// The order in which data sets are gone to in one round.
pub(super) fn shuffled(mut subjects: Vec<usize>, seed: u64, round: usize) -> Vec<usize> {
    subjects.shuffle(&mut random(seed, "", round));
    subjects
}

fn random(seed: u64, salt: &str, round: usize) -> ChaCha8Rng {
    let text = format!("{seed}\n{salt}\n{round}");
    ChaCha8Rng::from_seed(*blake3::hash(text.as_bytes()).as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const METHODS: [&str; 9] = ["a", "a", "a", "a", "a", "b", "b", "c", "c"];

    #[test]
    fn every_cell_is_visited_once_and_methods_take_turns() {
        for seed in 0..50 {
            let order = order(&METHODS, seed, "data", 0);
            assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..9).collect());
            for turn in [&order[..3], &order[3..6]] {
                let methods: BTreeSet<_> = turn.iter().map(|&at| METHODS[at]).collect();
                assert_eq!(methods.len(), 3, "{order:?}");
            }
        }
    }

    #[test]
    fn the_order_follows_from_the_seed_and_differs_from_round_to_round() {
        let of = |seed, salt, round| order(&METHODS, seed, salt, round);
        assert_eq!(of(1, "data", 0), of(1, "data", 0));
        let orders = [of(1, "data", 0), of(2, "data", 0), of(1, "data", 1), of(1, "other", 0)];
        assert_eq!(orders.iter().collect::<BTreeSet<_>>().len(), 4);
        assert!(order(&[], 0, "", 0).is_empty());
        let of = |seed, round| shuffled((0..9).collect(), seed, round);
        assert_eq!(of(1, 0), of(1, 0));
        assert_eq!([of(1, 0), of(2, 0), of(1, 1)].iter().collect::<BTreeSet<_>>().len(), 3);
    }
}
