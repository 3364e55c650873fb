//! Target `native`: a number of components by expectation maximisation, their numbers as 32-bit floats.

use super::code::{MOST, is_coded};
use super::component::{Component, NUMBERS};
use super::em;
use super::field::{Lattice, render};
use super::polish::Problem;
use crate::api::{Element, Error};
use crate::shared::residual;

/// Places that expectation maximisation looks at, at most.
const PLACES: usize = 1 << 17;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Native {
    pub components: usize,
    pub seed: u64,
    pub polish: bool,
}

impl Native {
    /// Appends the number of components, one byte, and the numbers of each: see `SPEC.md`.
    pub fn write<T: Element>(&self, data: &[T], shape: &[usize], payload: &mut Vec<u8>) {
        let largest = data.iter().fold(0.0f64, |largest, value| largest.max(value.to_f64().abs()));
        let all = Lattice::all(shape);
        let mut components = if largest > 0.0 { self.fit(data, shape, largest) } else { Vec::new() };
        components.truncate(MOST);
        payload.push(components.len() as u8);
        for component in &components {
            for number in (0..NUMBERS).filter(|&number| is_coded(number, all.active())) {
                let scale = if number == 0 { libm::log(largest) } else { 0.0 };
                payload.extend(((component.numbers[number] + scale) as f32).to_le_bytes());
            }
        }
    }

    fn fit<T: Element>(&self, data: &[T], shape: &[usize], largest: f64) -> Vec<Component> {
        let scaled: Vec<f64> = data.iter().map(|value| value.to_f64() / largest).collect();
        let lattice = Lattice::all(shape).thinned(PLACES);
        let mut components = em::fit(&lattice.pick(&scaled), &lattice, self.components.min(data.len()), self.seed);
        if self.polish {
            let mut problem = Problem::new(shape, &scaled);
            problem.signed = false;
            problem.polish(&mut components, 0, 60, 1e-3);
        }
        components
    }
}

/// Reads values.
pub(super) fn read<T: Element>(payload: &[u8], shape: &[usize], output: &mut [T]) -> Result<(), Error> {
    let all = Lattice::all(shape);
    let coded: Vec<usize> = (0..NUMBERS).filter(|&number| is_coded(number, all.active())).collect();
    let count = *payload.first().ok_or_else(|| Error::corrupt(0, "the number of components is missing"))? as usize;
    if count > MOST || payload.len() != 1 + count * coded.len() * 4 {
        return Err(Error::corrupt(0, format!("{count} components in {} bytes", payload.len())));
    }
    let mut numbers = payload[1..].as_chunks::<4>().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes)));
    let mut components = Vec::with_capacity(count);
    for _ in 0..count {
        let mut component = Component { negative: false, numbers: [0.0; NUMBERS] };
        for &number in &coded {
            component.numbers[number] = numbers.next().filter(|number| number.is_finite()).unwrap_or(0.0);
        }
        components.push(component);
    }
    let model = render(&components, &all);
    output.iter_mut().zip(model).for_each(|(output, model)| *output = residual::bare(model));
    Ok(())
}
