//! Spread: a quick hash for the store's own numbers.
//!
//! It must never be used for what a sender chooses: it doesn't withstand numbers that are chosen to collide.

use std::hash::Hasher;

/// Multiplies by 2⁶⁴ ÷ the golden ratio, which spreads numbers in a row over all of a table (Knuth, volume 3, section 6.4).
#[derive(Debug, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        // A table looks at the highest digits and at the lowest ones.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_i32(&mut self, number: i32) {
        self.write_u64(u64::from(number.cast_unsigned()));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
