//! The counting allocator, alone in its process: other tests would allocate in between.

use codecbench::run::alloc::{Counting, peak};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_peak_is_the_most_that_was_held_at_once() {
    let megabytes = |count: usize| vec![1u8; count << 20];
    let held = megabytes(8);
    let (_, bytes) = peak(|| {
        drop(held);
        let first = megabytes(3);
        drop(megabytes(2));
        first
    });
    let bytes = bytes.expect("the allocator is installed");
    assert_eq!(bytes, 0, "what was held before and is let go makes room: 8 MiB went, 5 came");
    let (_, bytes) = peak(|| {
        let first = megabytes(3);
        drop(megabytes(2));
        std::hint::black_box(first).len() + megabytes(1).len()
    });
    assert_eq!(bytes, Some(5 << 20));
}
