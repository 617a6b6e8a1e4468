//! Small dense linear algebra: Cholesky, null spaces and a feasibility test, for matrices of at most a few dozen columns.

/// Solves the symmetric positive definite system in place: `matrix` (row-major, `p` by `p`, lower triangle used) becomes
/// its Cholesky factor and `rhs` the solution. False where the matrix is not positive definite to working precision.
pub(crate) fn solve(matrix: &mut [f64], rhs: &mut [f64], p: usize) -> bool {
    for i in 0..p {
        for j in 0..=i {
            let (before, row) = matrix.split_at(i * p);
            let own = &row[..=i];
            let other = if j == i { &own[..j] } else { &before[j * p..j * p + j] };
            let dot: f64 = own[..j].iter().zip(other).map(|(a, b)| a * b).sum();
            let left = own[j] - dot;
            if i == j {
                // Relative to its own diagonal: a column that the others explain leaves nothing.
                if left <= own[j] * 1e-13 || !left.is_finite() {
                    return false;
                }
                matrix[i * p + i] = left.sqrt();
            } else {
                matrix[i * p + j] = left / matrix[j * p + j];
            }
        }
    }
    for i in 0..p {
        let dot: f64 = matrix[i * p..i * p + i].iter().zip(&rhs[..i]).map(|(a, b)| a * b).sum();
        rhs[i] = (rhs[i] - dot) / matrix[i * p + i];
    }
    for i in (0..p).rev() {
        rhs[i] /= matrix[i * p + i];
        let value = rhs[i];
        for j in 0..i {
            rhs[j] -= matrix[i * p + j] * value;
        }
    }
    true
}

/// A basis of the null space of the rows, as columns: `p` by `d`, row-major, and `d`. Rows are eliminated in place.
pub(crate) fn null_space(rows: &mut [f64], p: usize) -> (Vec<f64>, usize) {
    let pivots = eliminate(rows, p);
    let d = p - pivots.len();
    let mut basis = vec![0.0; p * d];
    let free: Vec<usize> = (0..p).filter(|column| !pivots.contains(column)).collect();
    for (place, &column) in free.iter().enumerate() {
        basis[column * d + place] = 1.0;
        for (row, &pivot) in pivots.iter().enumerate() {
            basis[pivot * d + place] = -rows[row * p + column];
        }
    }
    (basis, d)
}

/// Rank of the rows, which are eliminated in place.
pub(crate) fn rank(rows: &mut [f64], p: usize) -> usize {
    eliminate(rows, p).len()
}

/// Brings rows to reduced form in place and gives the pivot column of each.
fn eliminate(rows: &mut [f64], p: usize) -> Vec<usize> {
    let count = rows.len().checked_div(p).unwrap_or(0);
    let mut pivots = Vec::with_capacity(p);
    for column in 0..p {
        let done = pivots.len();
        let best =
            (done..count).max_by(|&a, &b| rows[a * p + column].abs().total_cmp(&rows[b * p + column].abs()));
        let Some(best) = best.filter(|&row| rows[row * p + column].abs() > 1e-8) else { continue };
        if best != done {
            for j in 0..p {
                rows.swap(best * p + j, done * p + j);
            }
        }
        let scale = 1.0 / rows[done * p + column];
        rows[done * p..(done + 1) * p].iter_mut().for_each(|value| *value *= scale);
        for row in (0..count).filter(|&row| row != done) {
            let factor = rows[row * p + column];
            if factor != 0.0 {
                for j in column..p {
                    rows[row * p + j] -= factor * rows[done * p + j];
                }
            }
        }
        pivots.push(column);
    }
    pivots
}

/// True where weights of 1 or more on the rows (`m` by `d`, row-major) make their sum zero: Stiemke's alternative to a
/// direction in which no row rises and one falls. Phase one of the simplex method with Bland's rule.
pub(crate) fn balances(rows: &[f64], d: usize) -> bool {
    let m = rows.len().checked_div(d).unwrap_or(0);
    let width = m + 1;
    // With weights 1 + u, u >= 0: for each column the rows' sum weighted by u is minus the plain sum.
    let mut tableau = vec![0.0; d * width];
    for column in 0..d {
        let sum: f64 = (0..m).map(|row| rows[row * d + column]).sum();
        let sign = if sum > 0.0 { -1.0 } else { 1.0 };
        for row in 0..m {
            tableau[column * width + row] = sign * rows[row * d + column];
        }
        tableau[column * width + m] = -sign * sum;
    }
    // The artificial variables' costs: minus the sum of their rows.
    let mut cost: Vec<f64> =
        (0..width).map(|j| -(0..d).map(|i| tableau[i * width + j]).sum::<f64>()).collect();
    let mut basic = vec![usize::MAX; d];
    // Bland's rule cannot cycle; the bound is against rounding only.
    for _ in 0..50_000 {
        if cost[m] > -1e-9 {
            return true;
        }
        let Some(entering) = (0..m).find(|&j| cost[j] < -1e-9) else { return cost[m] > -1e-7 };
        let mut leaving: Option<(f64, usize)> = None;
        for i in 0..d {
            let step = tableau[i * width + entering];
            if step > 1e-9 {
                let ratio = tableau[i * width + m] / step;
                let better = leaving.is_none_or(|(best, row)| {
                    ratio < best - 1e-12 || (ratio < best + 1e-12 && basic[i] < basic[row])
                });
                if better {
                    leaving = Some((ratio, i));
                }
            }
        }
        // Phase one is bounded below by zero, so some row must stop it.
        let Some((_, row)) = leaving else { return false };
        let scale = 1.0 / tableau[row * width + entering];
        for j in 0..width {
            tableau[row * width + j] *= scale;
        }
        for i in (0..d).filter(|&i| i != row) {
            let factor = tableau[i * width + entering];
            if factor != 0.0 {
                for j in 0..width {
                    tableau[i * width + j] -= factor * tableau[row * width + j];
                }
            }
        }
        let factor = cost[entering];
        for j in 0..width {
            cost[j] -= factor * tableau[row * width + j];
        }
        basic[row] = entering;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_refuses() {
        let mut matrix = vec![4.0, 0.0, 2.0, 3.0];
        let mut rhs = vec![8.0, 7.0];
        assert!(solve(&mut matrix, &mut rhs, 2));
        assert!((rhs[0] - 1.25).abs() < 1e-12 && (rhs[1] - 1.5).abs() < 1e-12, "{rhs:?}");
        assert!(!solve(&mut [1.0, 0.0, 1.0, 1.0], &mut [1.0, 1.0], 2));
    }

    #[test]
    fn null_space_is_orthogonal_to_rows() {
        let rows = vec![1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0];
        let (basis, d) = null_space(&mut rows.clone(), 3);
        assert_eq!(d, 1);
        for row in rows.chunks(3) {
            assert!(row.iter().zip(&basis).map(|(a, b)| a * b).sum::<f64>().abs() < 1e-12);
        }
    }

    #[test]
    fn rows_balance_or_do_not() {
        assert!(balances(&[1.0, -2.0], 1));
        assert!(!balances(&[1.0, 2.0], 1));
        assert!(!balances(&[1.0, 0.0], 1));
        assert!(balances(&[1.0, 0.0, 0.0, 1.0, -1.0, -1.0], 2));
        assert!(!balances(&[1.0, 0.0, 0.0, 1.0, -1.0, 1.0], 2));
    }
}
