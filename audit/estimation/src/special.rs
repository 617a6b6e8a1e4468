//! The few special functions that the estimates need, in double precision.

use std::f64::consts::PI;

/// Logarithm of the gamma function for a positive argument, by Stirling's series after a shift to 10 or more.
pub(crate) fn ln_gamma(x: f64) -> f64 {
    let mut x = x;
    let mut product = 1.0;
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0
            - square
                * (1.0 / 360.0
                    - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square * (1.0 / 1188.0)))));
    let shift = if product == 1.0 { 0.0 } else { f64::ln(product) };
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series - shift
}

/// Logarithm of `n!`.
pub(crate) fn ln_factorial(n: f64) -> f64 {
    ln_gamma(n + 1.0)
}

/// Upper regularised incomplete gamma function `Q(a, x)`: series below `a + 1`, continued fraction above (Lentz).
pub(crate) fn gamma_upper(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..10_000 {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        1.0 - scale * sum
    } else {
        let mut b = x + 1.0 - a;
        let mut c = 1e300;
        let mut d = 1.0 / b;
        let mut h = d;
        for i in 1..10_000 {
            let an = -f64::from(i) * (f64::from(i) - a);
            b += 2.0;
            d = 1.0 / (an * d + b);
            c = b + an / c;
            let step = d * c;
            h *= step;
            if (step - 1.0).abs() < 1e-15 {
                break;
            }
        }
        scale * h
    }
}

/// Probability that a chi-squared variable of `df` degrees of freedom is at least `x`.
pub(crate) fn chi_squared_upper(x: f64, df: f64) -> f64 {
    if df <= 0.0 { 1.0 } else { gamma_upper(df / 2.0, x / 2.0) }
}

/// The standard normal distribution function.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    let tail = 0.5 * gamma_upper(0.5, z * z / 2.0);
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// The standard normal quantile: Acklam's rational approximation, made exact by one step of Halley.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416];
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let horner = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, c| sum * x + c);
    let rough = if (0.024_25..=1.0 - 0.024_25).contains(&p) {
        let q = p - 0.5;
        let r = q * q;
        horner(&A, r) * q / (horner(&B, r) * r + 1.0)
    } else {
        let tail = p.min(1.0 - p);
        let q = (-2.0 * tail.ln()).sqrt();
        let z = horner(&C, q) / (horner(&D, q) * q + 1.0);
        if p < 0.5 { z } else { -z }
    };
    let error = normal_cdf(rough) - p;
    let step = error * (2.0 * PI).sqrt() * (rough * rough / 2.0).exp();
    rough - step / (1.0 + rough * step / 2.0)
}

/// Logarithm of the one-sided probability of a Poisson count as far from its mean as `x`: at most `x` where `x` is below
/// the mean, at least `x` otherwise. In logarithms, so that pairs far out keep their order.
pub(crate) fn ln_poisson_tail(x: f64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return if x > 0.0 { f64::NEG_INFINITY } else { 0.0 };
    }
    let at = x * mean.ln() - mean - ln_factorial(x);
    let (mut term, mut sum, mut j) = (1.0_f64, 1.0_f64, x);
    if x < mean {
        while j > 0.0 && term > sum * 1e-17 {
            term *= j / mean;
            sum += term;
            j -= 1.0;
        }
    } else {
        while term > sum * 1e-17 {
            j += 1.0;
            term *= mean / j;
            sum += term;
        }
    }
    (at + sum.ln()).min(0.0)
}

/// The `p` quantile of values in rising order, between neighbours (type 7 of Hyndman and Fan 1996); `None` without values.
pub(crate) fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = p.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    #[test]
    fn known_values() {
        close(ln_gamma(0.5), PI.sqrt().ln());
        close(ln_gamma(1.0), 0.0);
        close(ln_factorial(10.0), 3_628_800_f64.ln());
        close(ln_gamma(0.031_25), 3.448_489_127_797_958_4);
        close(normal_quantile(0.975), 1.959_963_984_540_054);
        close(normal_quantile(0.01), -2.326_347_874_040_841);
        close(normal_cdf(1.0), 0.841_344_746_068_542_9);
        // Two degrees of freedom are an exponential.
        close(chi_squared_upper(3.0, 2.0), (-1.5_f64).exp());
        close(ln_poisson_tail(0.0, 4.0), -4.0);
        close(ln_poisson_tail(1.0, 4.0), ((-4.0_f64).exp() * 5.0).ln());
        close(ln_poisson_tail(2.0, 1.0), (1.0 - 2.0 * (-1.0_f64).exp()).ln());
        close(quantile(&[1.0, 2.0, 4.0], 0.75).unwrap(), 3.0);
    }
}
