//! What a benchmark is told on its command line.

use clap::Parser;

/// Reads it. The word `--bench`, which every one is given by cargo, says nothing.
pub fn parse<P: Parser>() -> P {
    P::parse_from(std::env::args().filter(|word| word != "--bench"))
}
