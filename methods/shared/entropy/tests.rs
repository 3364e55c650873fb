//! Both coders through the one interface.

use super::*;

/// Deterministic noise, 31 bits a draw.
fn noise(n: usize) -> impl Iterator<Item = u32> {
    (0..n).scan(0x1234_5678u64, |state, _| {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Some((*state >> 33) as u32)
    })
}

/// Symbols of a two-sided geometric distribution whose width follows the context.
fn geometric(n: usize, contexts: u8) -> (Vec<i32>, Vec<u8>) {
    noise(n)
        .enumerate()
        .map(|(i, draw)| {
            let context = (i / 7 % usize::from(contexts)) as u8;
            let width = 0.5 + f64::from(context) * 3.0;
            let magnitude = (-(f64::from(draw >> 1) + 1.0) / f64::from(1u32 << 30)).abs().ln() * -width;
            (magnitude as i32 * if draw & 1 == 1 { -1 } else { 1 }, context)
        })
        .unzip()
}

fn round_trip(symbols: &[i32], contexts: &[u8]) -> usize {
    let mut payload = vec![7u8; 3];
    encode(symbols, contexts, &mut payload);
    let written = payload.len() - 3;
    payload.extend([0xa5; 9]);
    let mut decoder = Decoder::new(&payload[3..]).expect("what was written can be read");
    for (i, &symbol) in symbols.iter().enumerate() {
        assert_eq!(decoder.next(contexts.get(i).copied().unwrap_or(0)), symbol, "symbol {i} of {}", symbols.len());
    }
    assert_eq!(decoder.finish().ok(), Some(written));
    written
}

fn conditional_entropy_bytes(symbols: &[i32], contexts: &[u8]) -> f64 {
    let mut counts = std::collections::BTreeMap::<(u8, i32), f64>::new();
    let mut totals = [0.0; 256];
    for (&symbol, &context) in symbols.iter().zip(contexts) {
        *counts.entry((context, symbol)).or_default() += 1.0;
        totals[usize::from(context)] += 1.0;
    }
    counts.iter().map(|(key, count)| -count * (count / totals[usize::from(key.0)]).log2()).sum::<f64>() / 8.0
}

#[test]
fn extremes_and_few_symbols_round_trip() {
    let extremes = [i32::MIN, i32::MAX, 0, -1, 1, i32::MIN + 1, i32::MAX - 1, 4, -4, 7, -8];
    round_trip(&extremes, &[]);
    round_trip(&extremes, &[0, 255, 3, 0, 1, 9, 255, 4, 4, 4, 4]);
    round_trip(&[], &[]);
    round_trip(&[-3], &[200]);
    let many: Vec<i32> = extremes.iter().copied().cycle().take(60_000).collect();
    round_trip(&many, &[]);
}

#[test]
fn both_coders_come_close_to_the_conditional_entropy() {
    for (n, contexts, slack) in [(2000, 1, 1.08), (10_000, 3, 1.06), (300_000, 1, 1.015), (300_000, 40, 1.015)] {
        let (symbols, contexts) = geometric(n, contexts);
        let (bytes, entropy) = (round_trip(&symbols, &contexts), conditional_entropy_bytes(&symbols, &contexts));
        assert!((bytes as f64) < entropy * slack + 24.0, "{n} symbols: {bytes} bytes, entropy {entropy:.0}");
    }
}

#[test]
fn many_contexts_with_few_symbols_each_cost_no_more_than_one_context() {
    let (symbols, _) = geometric(40_000, 1);
    let symbols: Vec<i32> = symbols.iter().map(|symbol| symbol * 40).collect();
    let contexts: Vec<u8> = noise(40_000).map(|draw| draw as u8).collect();
    let (apart, together) = (round_trip(&symbols, &contexts), round_trip(&symbols, &[]));
    assert!(apart as f64 <= together as f64 * 1.02 + 40.0, "{apart} bytes against {together}");
}

#[test]
fn all_zero_input_is_next_to_free_at_any_size() {
    assert!(round_trip(&[0; 1000], &[]) <= 4);
    assert!(round_trip(&vec![0; 3_000_000], &[]) < 120);
    let mut rare = vec![0; 1_000_000];
    (0..1_000_000).step_by(9973).for_each(|i| rare[i] = 1 - (i % 3) as i32);
    assert!(round_trip(&rare, &[]) < 300);
}

#[test]
fn wide_symbols_take_their_raw_bits_and_little_more() {
    let symbols: Vec<i32> = noise(100_000).map(|draw| (draw << 1) as i32).collect();
    assert!(round_trip(&symbols, &[]) < 100_000 * 4 * 101 / 100);
    assert!(round_trip(&symbols[..1000], &[]) < 4140);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (symbols, contexts) = geometric(100_000, 9);
    let (mut one, mut two) = (Vec::new(), Vec::new());
    encode(&symbols, &contexts, &mut one);
    encode(&symbols, &contexts, &mut two);
    assert_eq!(one, two);
}

#[test]
fn every_prefix_and_flipped_bytes_are_survived() {
    for n in [300, 30_000] {
        let (symbols, contexts) = geometric(n, 5);
        let symbols: Vec<i32> = symbols.iter().map(|symbol| symbol << 4).collect();
        let mut payload = Vec::new();
        encode(&symbols, &contexts, &mut payload);
        let drain = |bytes: &[u8]| {
            let Ok(mut decoder) = Decoder::new(bytes) else { return };
            contexts.iter().for_each(|&context| {
                decoder.next(context);
            });
            let _ = decoder.finish();
        };
        let step = (payload.len() / 200).max(1);
        for at in (0..payload.len()).step_by(step).chain(0..payload.len().min(150)) {
            drain(&payload[..at]);
            let mut flipped = payload.clone();
            flipped[at] ^= 1 << (at % 8);
            drain(&flipped);
        }
        assert!(Decoder::new(&[]).is_err());
        drain(&[0xff; 400]);
        drain(&[0x01; 400]);
    }
}

#[test]
fn a_cut_payload_of_either_coder_is_corrupt() {
    for n in [300, 30_000] {
        let (symbols, contexts) = geometric(n, 5);
        let mut payload = Vec::new();
        encode(&symbols, &contexts, &mut payload);
        assert!(Decoder::new(&payload[..payload.len() / 2]).is_err());
    }
}

/// Not a check: prints nanoseconds per symbol. Run with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "it prints what it measured")]
fn speed() {
    for scale in [0.08, 0.3, 1.0, 4.0, 60.0] {
        let (base, contexts) = geometric(1 << 24, 12);
        let symbols: Vec<i32> = base.iter().map(|&symbol| (f64::from(symbol) * scale) as i32).collect();
        let mut payload = Vec::new();
        let start = std::time::Instant::now();
        encode(&symbols, &contexts, &mut payload);
        let encoded = start.elapsed().as_secs_f64();
        let start = std::time::Instant::now();
        let mut decoder = Decoder::new(&payload).expect("just written");
        let sum = contexts.iter().map(|&context| i64::from(decoder.next(context))).sum::<i64>();
        let decoded = start.elapsed().as_secs_f64();
        let n = symbols.len() as f64;
        let bits = payload.len() as f64 * 8.0 / n;
        println!("{bits:.3} bits: encode {:.2} ns, decode {:.2} ns ({sum})", encoded / n * 1e9, decoded / n * 1e9);
    }
}
