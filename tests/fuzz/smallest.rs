//! Few inputs that reach most of what many do.

use std::collections::HashSet;

/// Inputs kept per target and bytes of them, so that the corpus stays small.
const KEPT: usize = 48;
const KEPT_BYTES: usize = 40_000;
/// Bytes that an input counts for beside its own.
const EACH: usize = 64;

/// One after the other that which reaches most that is new for its length, of inputs with what each reaches.
pub fn cover(candidates: impl Iterator<Item = (Vec<u8>, Vec<u64>)>) -> Vec<Vec<u8>> {
    let mut candidates: Vec<_> = candidates.filter(|(_, news)| !news.is_empty()).collect();
    let (mut kept, mut bytes, mut reached) = (Vec::<Vec<u8>>::new(), 0, HashSet::new());
    while kept.len() < KEPT {
        candidates.retain_mut(|(input, news)| {
            news.retain(|new| !reached.contains(new));
            !news.is_empty() && bytes + input.len() <= KEPT_BYTES
        });
        let worth = |(input, news): &(Vec<u8>, Vec<u64>)| news.len() as f64 / (input.len() + EACH) as f64;
        let best = (0..candidates.len()).max_by(|&a, &b| worth(&candidates[a]).total_cmp(&worth(&candidates[b])));
        let Some(best) = best else { break };
        let (input, news) = candidates.swap_remove(best);
        reached.extend(news);
        bytes += input.len();
        kept.push(input);
    }
    kept
}
