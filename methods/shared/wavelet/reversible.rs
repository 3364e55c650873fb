//! Integer to integer 5/3: the lifting steps rounded down (Calderbank et al. 1998; JPEG 2000, ISO 15444-1 annex F).
//!
//! Sums wrap around. The inverse takes away exactly what was added, so that nothing is lost even then.

/// Values to coefficients, `ceil(n / 2)` low ones first.
pub(super) fn analyse<const N: usize>(x: &mut [[i32; N]], scratch: &mut [[i32; N]]) {
    if x.len() < 2 {
        return;
    }
    step(x, 1, |a, b| 0i32.wrapping_sub(a.wrapping_add(b) >> 1));
    step(x, 0, |a, b| a.wrapping_add(b).wrapping_add(2) >> 2);
    let low = x.len().div_ceil(2);
    x.iter().enumerate().for_each(|(i, value)| scratch[if i % 2 == 0 { i / 2 } else { low + i / 2 }] = *value);
    x.copy_from_slice(scratch);
}

/// Coefficients to values.
pub(super) fn synthesise<const N: usize>(x: &mut [[i32; N]], scratch: &mut [[i32; N]]) {
    if x.len() < 2 {
        return;
    }
    let low = x.len().div_ceil(2);
    scratch.iter_mut().enumerate().for_each(|(i, value)| *value = x[if i % 2 == 0 { i / 2 } else { low + i / 2 }]);
    step(scratch, 0, |a, b| 0i32.wrapping_sub(a.wrapping_add(b).wrapping_add(2) >> 2));
    step(scratch, 1, |a, b| a.wrapping_add(b) >> 1);
    x.copy_from_slice(scratch);
}

/// Adds to every second value from `first` on what `change` makes of its neighbours; the ends mirror.
#[inline(always)]
fn step<const N: usize>(x: &mut [[i32; N]], first: usize, change: impl Fn(i32, i32) -> i32) {
    let last = x.len() - 1;
    for i in (first..x.len()).step_by(2) {
        let before = x[if i == 0 { 1 } else { i - 1 }];
        let after = x[if i == last { last - 1 } else { i + 1 }];
        for (value, (&before, &after)) in x[i].iter_mut().zip(before.iter().zip(&after)) {
            *value = value.wrapping_add(change(before, after));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_integers_come_back_even_where_sums_wrap_around() {
        for length in 1..40usize {
            let value = |i: usize| match i % 4 {
                0 => i32::MAX - i as i32,
                1 => i32::MIN + i as i32,
                _ => (i as i32 * 7919) << (i % 20),
            };
            let original: Vec<[i32; 4]> = (0..length).map(|i| [value(i); 4]).collect();
            let (mut x, mut scratch) = (original.clone(), original.clone());
            analyse(&mut x, &mut scratch);
            synthesise(&mut x, &mut scratch);
            assert_eq!(x, original);
        }
    }

    #[test]
    fn a_ramp_has_no_high_part_but_at_its_end() {
        let mut x: Vec<[i32; 4]> = (0..16).map(|i| [i; 4]).collect();
        let mut scratch = x.clone();
        analyse(&mut x, &mut scratch);
        assert!(x[8..15].iter().all(|x| x[0] == 0) && x[15][0] == 1);
    }
}
