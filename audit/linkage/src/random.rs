//! Seeded numbers that depend on a counter only, so that any thread can make any of them.

/// A stream of numbers: the `n`th is a hash of the seed and `n` (Steele, Lea and Flood 2014, `SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    seed: u64,
    counter: u64,
}

/// The number at a counter.
pub(crate) fn mix(seed: u64, counter: u64) -> u64 {
    let mut z = seed.wrapping_add(counter.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Stream {
    /// A stream of its own for each use: `purpose` keeps two uses of one seed apart.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        Self { seed: mix(seed, purpose.wrapping_add(0x5851_F42D)), counter: 0 }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.counter += 1;
        mix(self.seed, self.counter)
    }

    /// Evenly from 0 up to and without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Evenly from 0 up to and without `n`, by multiplying (Lemire 2019); the bias is below `n / 2^64`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }
}
