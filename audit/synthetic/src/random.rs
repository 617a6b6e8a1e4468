//! Seeded numbers that depend on what they are for and on a counter only, so that any thread can make any of them.

/// What a stream is for. Two kinds never share a number, so a change to one leaves the others as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Kind {
    Area = 1,
    Force,
    Body,
    Person,
    Home,
    Protected,
    History,
    Event,
    Capture,
    Group,
    Offender,
    Record,
    Clerk,
    Suspect,
    Offence,
    Note,
    Fault,
    Sabotage,
    Order,
}

/// A stream of numbers: the `n`th is a hash of a key and `n` (Steele, Lea and Flood 2014, `SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    key: u64,
    counter: u64,
}

/// The number at a counter.
pub(crate) fn mix(key: u64, counter: u64) -> u64 {
    let mut z = key.wrapping_add(counter.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Stream {
    pub(crate) fn new(seed: u64, kind: Kind, index: u64) -> Self {
        let base = mix(mix(seed ^ 0x5851_F42D_4C95_7F2D, kind as u64), 0x1405_7B7E);
        Self { key: mix(base, index.wrapping_add(1)), counter: 0 }
    }

    /// For things that belong to two others, such as a person's record at a body.
    pub(crate) fn of_two(seed: u64, kind: Kind, first: u64, second: u64) -> Self {
        Self::new(seed, kind, mix(first.wrapping_add(0x9E37_79B9), second.wrapping_add(1)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.counter += 1;
        mix(self.key, self.counter)
    }

    /// Evenly from 0 up to and without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Evenly from 0 up to and without `n`, by multiplying (Lemire 2019); the bias is below `n / 2^64`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Evenly from `low` to `high`, both included; `low` where they are the wrong way round.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        if high <= low {
            return low;
        }
        low + self.below((i64::from(high) - i64::from(low) + 1) as u64) as i32
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// An item drawn by its weight; the last where rounding leaves none.
    pub(crate) fn weighted<T: Copy>(&mut self, items: &[(T, f64)]) -> T {
        let total: f64 = items.iter().map(|i| i.1).sum();
        let mut left = self.unit() * total;
        for (item, weight) in items {
            left -= weight;
            if left < 0.0 {
                return *item;
            }
        }
        items[items.len() - 1].0
    }

    /// How often in a row something of this chance happens, at most `most` times.
    pub(crate) fn run(&mut self, chance: f64, most: u32) -> u32 {
        let mut n = 0;
        while n < most && self.chance(chance) {
            n += 1;
        }
        n
    }

    /// Near enough normal with mean 0 and deviation 1: the sum of twelve even numbers less six. Only additions, so that it is
    /// the same on every processor, which logarithms and cosines need not be.
    pub(crate) fn normal(&mut self) -> f64 {
        let mut sum = 0.0;
        for _ in 0..4 {
            let bits = self.next();
            for part in 0..3 {
                sum += ((bits >> (part * 21)) & 0x1F_FFFF) as f64 / 2_097_152.0;
            }
        }
        sum - 6.0
    }
}

/// The inverse of the logit.
pub(crate) fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Log odds.
pub(crate) fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_have_mean_nought_and_deviation_one() {
        let mut r = Stream::new(1, Kind::Person, 0);
        let draws: Vec<f64> = (0..50_000).map(|_| r.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 50_000.0;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 50_000.0;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
    }

    #[test]
    fn streams_of_two_kinds_differ() {
        assert_ne!(Stream::new(1, Kind::Person, 5).next(), Stream::new(1, Kind::Home, 5).next());
        assert_ne!(Stream::new(1, Kind::Person, 5).next(), Stream::new(2, Kind::Person, 5).next());
    }
}
