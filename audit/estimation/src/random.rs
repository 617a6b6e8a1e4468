//! Seeded draws that depend on a counter only, so that any thread can make any replicate and the bytes are the same.

use std::f64::consts::PI;
use std::sync::LazyLock;

use crate::special::ln_gamma;

/// A stream of draws: the `n`th number is a hash of the seed and `n` (Steele, Lea and Flood 2014, `SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    seed: u64,
    counter: u64,
}

/// Where the tail of the ziggurat begins, and the area of each of its 128 layers.
const ZIGGURAT_END: f64 = 3.442_619_855_899;
const ZIGGURAT_AREA: f64 = 9.912_563_035_262_17e-3;

/// Right edges of the layers, the widest first.
static LAYERS: LazyLock<[f64; 129]> = LazyLock::new(|| {
    let height = |x: f64| (-0.5 * x * x).exp();
    let mut edges = [0.0; 129];
    edges[0] = ZIGGURAT_AREA / height(ZIGGURAT_END);
    edges[1] = ZIGGURAT_END;
    for layer in 2..128 {
        let before: f64 = edges[layer - 1];
        edges[layer] = (-2.0 * (ZIGGURAT_AREA / before + height(before)).ln()).sqrt();
    }
    edges
});

fn mix(seed: u64, counter: u64) -> u64 {
    let mut z = seed.wrapping_add(counter.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What a stream is for; keeps two uses of one seed apart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Bootstrap = 1,
    Averaging = 2,
    Chain = 3,
}

/// The seed of a part of a run, such as one linkage draw or one stratum.
pub(crate) fn seed_of(seed: u64, part: u64) -> u64 {
    mix(seed ^ 0xA5A5_5A5A_C3C3_3C3C, part.wrapping_add(1))
}

impl Stream {
    /// The stream of one replicate or chain.
    pub(crate) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        Self { seed: mix(mix(seed, purpose as u64 + 0x5851_F42D), index), counter: 0 }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.counter += 1;
        mix(self.seed, self.counter)
    }

    /// Evenly between 0 and 1, never either.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Standard normal, by the ziggurat method (Marsaglia and Tsang 2000; Doornik 2005).
    pub(crate) fn normal(&mut self) -> f64 {
        let layers = &*LAYERS;
        loop {
            let bits = self.next_u64();
            let layer = (bits & 127) as usize;
            // The layer takes the lowest bits and the place in it the highest, so the two do not depend on each other.
            let u = (bits >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
            let x = u * layers[layer];
            if x.abs() < layers[layer + 1] {
                return x;
            }
            if layer == 0 {
                loop {
                    let (tail, up) = (self.unit().ln() / ZIGGURAT_END, self.unit().ln());
                    if -2.0 * up > tail * tail {
                        return if u < 0.0 { tail - ZIGGURAT_END } else { ZIGGURAT_END - tail };
                    }
                }
            }
            let height = |edge: f64| (-0.5 * (edge * edge - x * x)).exp();
            let (low, high) = (height(layers[layer]), height(layers[layer + 1]));
            if high + self.unit() * (low - high) < 1.0 {
                return x;
            }
        }
    }

    /// Gamma with unit scale (Marsaglia and Tsang 2000).
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let lift = self.unit().powf(1.0 / shape);
            return self.gamma(shape + 1.0) * lift;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            let u = self.unit();
            let square = x * x;
            if u < 1.0 - 0.0331 * square * square || u.ln() < 0.5 * square + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }

    /// Logarithms of a beta draw and of one less it, which stay finite where the draw rounds to 0 or 1.
    pub(crate) fn ln_beta(&mut self, a: f64, b: f64) -> (f64, f64) {
        let (first, second) = (self.ln_of_gamma(a), self.ln_of_gamma(b));
        let top = first.max(second);
        let sum = top + ((first - top).exp() + (second - top).exp()).ln();
        (first - sum, second - sum)
    }

    /// Logarithm of a gamma draw, which does not underflow for small shapes.
    fn ln_of_gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let lift = self.unit().ln() / shape;
            return self.gamma(shape + 1.0).ln() + lift;
        }
        self.gamma(shape).ln()
    }

    /// Beta, kept off 0 and 1 so that its logarithms are finite.
    pub(crate) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let x = if a == 1.0 && b == 1.0 {
            self.unit()
        } else if b == 1.0 {
            self.unit().powf(1.0 / a)
        } else if a == 1.0 {
            1.0 - self.unit().powf(1.0 / b)
        } else {
            let first = self.gamma(a);
            first / (first + self.gamma(b))
        };
        x.clamp(1e-300, 1.0 - 1e-16)
    }

    /// Poisson: by multiplication for small means, otherwise by transformed rejection (Hörmann 1993, PTRS).
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 {
            return 0;
        }
        if mean < 10.0 {
            let limit = (-mean).exp();
            let (mut product, mut count) = (self.unit(), 0);
            while product > limit {
                product *= self.unit();
                count += 1;
            }
            return count;
        }
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.024_83 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let v_r = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.unit() - 0.5;
            let v = self.unit();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= v_r {
                return k as u64;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let right = -mean + k * mean.ln() - ln_gamma(k + 1.0);
            if (v * inverse_alpha / (a / (us * us) + b)).ln() <= right {
                return k as u64;
            }
        }
    }

    /// Binomial: by inversion for small means, otherwise by transformed rejection (Hörmann 1993, BTRS).
    pub(crate) fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if n == 0 || p <= 0.0 {
            return 0;
        }
        if p >= 1.0 {
            return n;
        }
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        let count = n as f64;
        if n == 1 {
            return u64::from(self.unit() < p);
        }
        if count * p < 10.0 {
            let mut u = self.unit();
            // `(1 - p)^n` is never below `1 - n p`: most draws of rare things end here.
            if u <= 1.0 - count * p {
                return 0;
            }
            let ratio = p / (1.0 - p);
            let start = if n < 64 { (1.0 - p).powi(n as i32) } else { (count * (-p).ln_1p()).exp() };
            'again: loop {
                let mut term = start;
                let mut x = 0;
                while u > term {
                    u -= term;
                    x += 1;
                    // Past this the probability is below rounding; draw again.
                    if x > n || x > 110 {
                        u = self.unit();
                        continue 'again;
                    }
                    term *= ratio * ((count + 1.0) / x as f64 - 1.0);
                }
                return x;
            }
        }
        let spread = (count * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spread;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let c = count * p + 0.5;
        let v_r = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * spread;
        let odds = (p / (1.0 - p)).ln();
        let mode = ((count + 1.0) * p).floor();
        let mut at_mode = None;
        loop {
            let u = self.unit() - 0.5;
            let v = self.unit();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + c).floor();
            if us >= 0.07 && v <= v_r {
                return k as u64;
            }
            if k < 0.0 || k > count {
                continue;
            }
            let h = *at_mode.get_or_insert_with(|| ln_gamma(mode + 1.0) + ln_gamma(count - mode + 1.0));
            let left = (v * alpha / (a / (us * us) + b)).ln();
            let right = h - ln_gamma(k + 1.0) - ln_gamma(count - k + 1.0) + (k - mode) * odds;
            if left <= right {
                return k as u64;
            }
        }
    }
}

/// Density of the standard normal, for smoothing.
pub(crate) fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of many draws lie within five standard errors of the truth.
    fn check(name: &str, mean: f64, variance: f64, mut draw: impl FnMut(&mut Stream) -> f64) {
        let mut stream = Stream::new(7, Purpose::Bootstrap, 0);
        let n = 40_000;
        let values: Vec<f64> = (0..n).map(|_| draw(&mut stream)).collect();
        let found = values.iter().sum::<f64>() / f64::from(n);
        let spread = values.iter().map(|v| (v - found).powi(2)).sum::<f64>() / f64::from(n);
        assert!(
            (found - mean).abs() < 5.0 * (variance / f64::from(n)).sqrt(),
            "{name}: mean {found}, not {mean}"
        );
        assert!((spread / variance - 1.0).abs() < 0.06, "{name}: variance {spread}, not {variance}");
    }

    #[test]
    fn draws_have_the_right_mean_and_variance() {
        check("normal", 0.0, 1.0, Stream::normal);
        check("gamma .25", 0.25, 0.25, |s| s.gamma(0.25));
        check("gamma 40", 40.0, 40.0, |s| s.gamma(40.0));
        check("beta", 0.25, 0.25 * 0.75 / 9.0, |s| s.beta(2.0, 6.0));
        check("beta in logarithms", 0.25, 0.25 * 0.75 / 1.8, |s| s.ln_beta(0.2, 0.6).0.exp());
        check("logarithm of a beta", -10.0, 100.0, |s| s.ln_beta(1.0, 0.1).1);
        check("poisson 3", 3.0, 3.0, |s| s.poisson(3.0) as f64);
        check("poisson 300", 300.0, 300.0, |s| s.poisson(300.0) as f64);
        check("binomial 5", 1.5, 1.05, |s| s.binomial(5, 0.3) as f64);
        check("binomial 2000 rare", 4.0, 3.992, |s| s.binomial(2000, 0.002) as f64);
        check("binomial 2000", 800.0, 480.0, |s| s.binomial(2000, 0.4) as f64);
        check("binomial 90 %", 90.0, 9.0, |s| s.binomial(100, 0.9) as f64);
    }

    #[test]
    fn a_replicate_does_not_depend_on_the_others() {
        let first = |index| Stream::new(1, Purpose::Chain, index).next_u64();
        assert_eq!(first(5), first(5));
        assert_ne!(first(5), first(6));
        assert_ne!(first(0), Stream::new(1, Purpose::Bootstrap, 0).next_u64());
    }
}
