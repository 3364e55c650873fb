//! Independent jobs side by side, on the threads of the pool at hand.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

/// What `one` makes of each job, in their order.
///
/// # Panics
/// If `one` does.
pub fn map<J: Send, R: Send>(jobs: impl IntoIterator<Item = J>, one: impl Fn(J) -> R + Sync) -> Vec<R> {
    let slots: Vec<Mutex<(Option<J>, Option<R>)>> = jobs.into_iter().map(|job| Mutex::new((Some(job), None))).collect();
    each(slots.len(), &|at| {
        let mut slot = slots[at].lock().unwrap_or_else(PoisonError::into_inner);
        let (job, result) = &mut *slot;
        *result = job.take().map(&one);
    });
    slots.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner).1).collect()
}

/// What both jobs make.
///
/// # Panics
/// If one of them does.
pub fn both<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    fn run(one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
        rayon::join(one, other);
    }
    let (mut first, mut second) = ((Some(one), None), (Some(other), None));
    run(&mut || first.1 = first.0.take().map(|one| one()), &mut || second.1 = second.0.take().map(|other| other()));
    (first.1.expect("it ran"), second.1.expect("it ran"))
}

/// Not generic, so that the scheduling is compiled once and not for every kind of job: that was a tenth of all code.
fn each(count: usize, one: &(dyn Fn(usize) + Sync)) {
    // One by one: jobs are few and of different sizes.
    (0..count).into_par_iter().with_max_len(1).for_each(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_jobs_run_on_any_number_of_threads() {
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
            assert_eq!(pool.install(|| both(|| 7, || "seven")), (7, "seven"));
        }
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs_on_any_number_of_threads() {
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
            let squares = pool.install(|| map(0..100usize, |at| at * at));
            assert!(squares.into_iter().enumerate().all(|(at, square)| square == at * at));
            assert!(pool.install(|| map(Vec::<u8>::new(), |job| job)).is_empty());
        }
    }
}
