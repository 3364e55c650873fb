//! Finds where the last few integers of a sequence occurred before: what followed there is likely to follow here.

use super::wide::TRUSTS;

/// Integers that have to agree before what followed is trusted at all.
const LENGTH: u32 = 6;
/// Places of the table, at most.
const MOST_PLACES: usize = 1 << 20;
/// Agreements in a row from which trust grows no more.
const LONGEST: u32 = 400;

/// The integers so far, and the place in them that the latest ones agree with.
#[derive(Clone, Debug)]
pub struct Matcher {
    history: Vec<i32>,
    /// By hash of [`LENGTH`] integers: the place behind them.
    places: Vec<u32>,
    hash: u32,
    at: usize,
    /// Agreements in a row, as far as known.
    agreed: u32,
    /// The last eight outcomes at this place, the latest lowest: ones are misses.
    misses: u8,
}

impl Matcher {
    /// For a sequence of `len` integers.
    pub fn new(len: usize) -> Self {
        let places = len.next_power_of_two().clamp(1 << 8, MOST_PLACES);
        Matcher { history: Vec::with_capacity(len), places: vec![0; places], hash: 0, at: 0, agreed: 0, misses: 0 }
    }

    /// The integer that is likely to be next, and how far that is to be trusted; 0 for not at all.
    #[inline(always)]
    pub fn likely(&self) -> (i32, usize) {
        if self.at == 0 {
            return (0, 0);
        }
        // Agreements in octaves, and misses of late.
        let length = (self.agreed + 1).ilog2().min(8) as usize;
        let misses = self.misses.count_ones().min(2) as usize;
        (self.history[self.at], (1 + length * 3 + (2 - misses)).min(TRUSTS - 1))
    }

    /// Takes note of the next integer.
    #[inline(always)]
    pub fn note(&mut self, value: i32) {
        if self.at > 0 {
            let hit = self.history[self.at] == value;
            self.at += 1;
            self.misses = self.misses << 1 | u8::from(!hit);
            self.agreed = if hit { (self.agreed + 1).min(LONGEST) } else { self.agreed / 4 };
            if self.misses.count_ones() > 4 {
                self.at = 0;
            }
        }
        self.history.push(value);
        // Integers before the last LENGTH are shifted out.
        self.hash =
            (self.hash << (32 / LENGTH)).wrapping_mul(5).wrapping_add((value as u32).wrapping_mul(0x9e37_79b1) >> 7);
        let place = (self.hash.wrapping_mul(0x2c1b_3c6d) >> (32 - self.places.len().ilog2())) as usize;
        if self.at == 0 {
            self.seek(self.places[place] as usize);
        }
        self.places[place] = self.history.len() as u32;
    }

    /// Takes up a place, if what is before it agrees.
    #[inline(always)]
    fn seek(&mut self, place: usize) {
        let (before, behind) = self.history.split_at(place.min(self.history.len()));
        let pairs = before.iter().rev().zip(before.iter().chain(behind).rev());
        let agreed = pairs.take(16).take_while(|(one, other)| one == other).count() as u32;
        if place > 0 && agreed >= LENGTH - 2 {
            (self.at, self.agreed, self.misses) = (place, agreed, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_before_is_found_again_and_a_miss_is_forgiven() {
        let sequence: Vec<i32> = (0..300u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50) as i32).collect();
        let mut twice = [sequence.clone(), sequence].concat();
        twice[420] += 1;
        let (mut matcher, mut right) = (Matcher::new(twice.len()), 0);
        for &value in &twice {
            let (likely, trust) = matcher.likely();
            right += usize::from(trust > 0 && likely == value);
            matcher.note(value);
        }
        assert!((290..300).contains(&right), "{right}");
    }
}
