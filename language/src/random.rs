//! Seeded numbers that depend on a counter only (Steele, Lea and Flood 2014, `SplitMix64`), so that any order gives the same.

#[derive(Debug, Clone)]
pub(crate) struct Stream {
    seed: u64,
    counter: u64,
}

fn mix(seed: u64, counter: u64) -> u64 {
    let mut z = seed.wrapping_add(counter.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Stream {
    /// A stream of its own for each use: `purpose` keeps two uses of one seed apart.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        Self { seed: mix(seed, purpose.wrapping_add(0x51ED_270B)), counter: 0 }
    }

    fn next_u64(&mut self) -> u64 {
        self.counter += 1;
        mix(self.seed, self.counter)
    }

    /// Evenly from 0 up to and without `n`, by multiplying (Lemire 2019); the bias is below `n / 2^64`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }
}
