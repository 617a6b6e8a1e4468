//! The attacker's linear programs, solved on one condensed tableau.
//!
//! Every program here asks the same thing: how far can one cell move while every sum still holds and no other cell leaves what
//! the attacker already knows of it? The variables are therefore deviations from the true table: all zero is always possible, so
//! no first phase is needed, and the tableau is kept from one question to the next.

/// Below this an entry of the tableau is rounding error: true entries are small whole numbers or fractions of them.
const TINY: f64 = 1e-9;
/// A deviation this near to what was asked is as good as there: what is asked is a whole number.
const NEAR: f64 = 1e-7;
/// Pivots after which rounding error is thrown away by starting from the first tableau again.
const REFRESH: usize = 400;

/// Sums that must hold: each is `(parent, children)`, meaning that the parent is the sum of the children. Without a parent the
/// children's deviations cancel out: their total is known.
pub(crate) type Sums = Vec<(Option<u32>, Vec<u32>)>;

/// Deviations of the basic cells written as combinations of those of the others: `y_basic = T y_nonbasic`.
#[derive(Clone)]
pub(crate) struct Tableau {
    columns: usize,
    entries: Vec<f64>,
    basic: Vec<u32>,
    nonbasic: Vec<u32>,
    /// Where a cell stands: its row, or its column with all bits turned over.
    place: Vec<i32>,
}

impl Tableau {
    /// The tableau of `cells` cells under `sums`. Sums that follow from others cost nothing if parents come after their children.
    pub(crate) fn new(cells: usize, sums: &Sums) -> Self {
        // First as rows over all cells, then with the basic cells' columns left out.
        let mut rows: Vec<(u32, Vec<f64>)> = Vec::new();
        let mut row_of: Vec<Option<usize>> = vec![None; cells];
        let mut met_in_rows = vec![false; cells];
        for (parent, children) in sums {
            let mut sum = vec![0.0; cells];
            let mut add = |cell: u32, sign: f64| match row_of[cell as usize] {
                Some(row) => {
                    for (to, from) in sum.iter_mut().zip(&rows[row].1) {
                        *to += sign * from;
                    }
                }
                None => sum[cell as usize] += sign,
            };
            for &child in children {
                add(child, 1.0);
            }
            if let Some(parent) = parent {
                add(*parent, -1.0);
            }
            let pivot = if let Some(parent) = parent
                && sum[*parent as usize].abs() > TINY
            {
                *parent as usize
            } else {
                // The surest pivot is the largest entry; the first of equals, so that the answer never depends on chance.
                let mut best = 0;
                for (cell, entry) in sum.iter().enumerate() {
                    if entry.abs() > sum[best].abs() + TINY {
                        best = cell;
                    }
                }
                if cells == 0 || sum[best].abs() <= TINY {
                    continue;
                }
                best
            };
            let scale = -1.0 / sum[pivot];
            for entry in &mut sum {
                *entry *= scale;
            }
            sum[pivot] = 0.0;
            if met_in_rows[pivot] {
                for (_, row) in &mut rows {
                    let by = row[pivot];
                    if by != 0.0 {
                        row[pivot] = 0.0;
                        for (to, from) in row.iter_mut().zip(&sum) {
                            *to += by * from;
                        }
                    }
                }
            }
            for (met, entry) in met_in_rows.iter_mut().zip(&sum) {
                *met |= entry.abs() > TINY;
            }
            row_of[pivot] = Some(rows.len());
            rows.push((pivot as u32, sum));
        }
        let nonbasic: Vec<u32> = (0..cells as u32).filter(|&c| row_of[c as usize].is_none()).collect();
        let columns = nonbasic.len();
        let mut place = vec![0; cells];
        for (column, &cell) in nonbasic.iter().enumerate() {
            place[cell as usize] = !(column as i32);
        }
        let mut entries = Vec::with_capacity(columns * rows.len());
        let mut basic = Vec::with_capacity(rows.len());
        for (row, (cell, sum)) in rows.iter().enumerate() {
            place[*cell as usize] = row as i32;
            basic.push(*cell);
            entries.extend(nonbasic.iter().map(|&c| sum[c as usize]));
        }
        Self { columns, entries, basic, nonbasic, place }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.entries[row * self.columns..(row + 1) * self.columns]
    }

    /// Lets the cell of `row` and that of `column` change places.
    fn pivot(&mut self, row: usize, column: usize) {
        let columns = self.columns;
        let inverse = 1.0 / self.entries[row * columns + column];
        let (before, rest) = self.entries.split_at_mut(row * columns);
        let (pivot_row, after) = rest.split_at_mut(columns);
        for entry in pivot_row.iter_mut() {
            *entry *= -inverse;
            if entry.abs() < TINY {
                *entry = 0.0;
            }
        }
        pivot_row[column] = inverse;
        for other in before.chunks_exact_mut(columns).chain(after.chunks_exact_mut(columns)) {
            let by = other[column];
            if by == 0.0 {
                continue;
            }
            other[column] = 0.0;
            for (to, from) in other.iter_mut().zip(pivot_row.iter()) {
                *to += by * from;
            }
        }
        let (leaving, entering) = (self.basic[row], self.nonbasic[column]);
        self.basic[row] = entering;
        self.nonbasic[column] = leaving;
        self.place[entering as usize] = row as i32;
        self.place[leaving as usize] = !(column as i32);
    }
}

/// How far each cell may lie from its true count, as the attacker knows it. `lower <= 0 <= upper` for every cell.
#[derive(Clone)]
pub(crate) struct Bounds {
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
}

/// What an attack found.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Reach {
    /// The cell can move at least as far as was asked, or without end.
    Far,
    /// It can move this far and no further.
    Short(f64),
    /// The work allowed ran out: to be taken as exposed.
    Unknown,
}

/// An attacker who keeps a tableau between questions.
pub(crate) struct Attacker<'a> {
    first: &'a Tableau,
    now: Tableau,
    pivots: usize,
    /// The deviations of the last answer.
    pub(crate) deviation: Vec<f64>,
    /// Entries of the tableau touched so far: what a time limit would be if a core had a clock.
    pub(crate) work: u64,
}

impl<'a> Attacker<'a> {
    pub(crate) fn new(first: &'a Tableau) -> Self {
        let cells = first.place.len();
        Self { first, now: first.clone(), pivots: 0, deviation: vec![0.0; cells], work: 0 }
    }

    /// Moves `cell` up (`sign` 1) or down (`sign` -1) by as much as `need`, and says how far it came.
    pub(crate) fn push(
        &mut self,
        cell: u32,
        sign: f64,
        need: f64,
        bounds: &Bounds,
        work_limit: u64,
    ) -> Reach {
        if self.pivots > REFRESH {
            self.now.clone_from(self.first);
            self.pivots = 0;
        }
        self.deviation.fill(0.0);
        let target = cell as usize;
        let columns = self.now.columns;
        let mut stalled = 0usize;
        loop {
            let come = sign * self.deviation[target];
            if come >= need - NEAR {
                return Reach::Far;
            }
            if self.work > work_limit {
                return Reach::Unknown;
            }
            // Who moves next: the cell itself until it is basic, then whoever moves it most.
            let (column, direction, rate) = if self.now.place[target] < 0 {
                ((!self.now.place[target]) as usize, sign, 1.0)
            } else {
                let row = self.now.place[target] as usize;
                let mut best: Option<(usize, f64, f64)> = None;
                for (column, &entry) in self.now.row(row).iter().enumerate() {
                    let gain = sign * entry;
                    if gain.abs() <= TINY {
                        continue;
                    }
                    let mover = self.now.nonbasic[column] as usize;
                    let free = if gain > 0.0 {
                        bounds.upper[mover] - self.deviation[mover] > TINY
                    } else {
                        self.deviation[mover] - bounds.lower[mover] > TINY
                    };
                    if !free {
                        continue;
                    }
                    let better = match best {
                        None => true,
                        // Where steps of length nothing have come one after another, the lowest number: Bland's rule ends.
                        Some((held, ..)) if stalled > 30 => {
                            self.now.nonbasic[column] < self.now.nonbasic[held]
                        }
                        Some((_, _, rate)) => gain.abs() > rate + TINY,
                    };
                    if better {
                        best = Some((column, gain.signum(), gain.abs()));
                    }
                }
                match best {
                    Some(found) => found,
                    None => return Reach::Short(come),
                }
            };
            let mover = self.now.nonbasic[column] as usize;
            let mut step = (need - come) / rate;
            let own = if direction > 0.0 {
                bounds.upper[mover] - self.deviation[mover]
            } else {
                self.deviation[mover] - bounds.lower[mover]
            };
            let mut blocked_by: Option<(usize, f64)> = None;
            step = step.min(own.max(0.0));
            for row in 0..self.now.basic.len() {
                let entry = direction * self.now.entries[row * columns + column];
                if entry.abs() <= TINY {
                    continue;
                }
                let moved = self.now.basic[row] as usize;
                let room = if entry > 0.0 {
                    bounds.upper[moved] - self.deviation[moved]
                } else {
                    self.deviation[moved] - bounds.lower[moved]
                };
                let longest = room.max(0.0) / entry.abs();
                let first = match blocked_by {
                    _ if longest > step + TINY => false,
                    None => longest < step,
                    Some(_) if longest < step - TINY => true,
                    Some((held, _)) if stalled > 30 => self.now.basic[row] < self.now.basic[held],
                    Some((_, size)) => entry.abs() > size,
                };
                if first {
                    step = step.min(longest);
                    blocked_by = Some((row, entry.abs()));
                }
            }
            self.work += self.now.basic.len() as u64 + columns as u64;
            if step.is_infinite() {
                return Reach::Far;
            }
            if step > 0.0 {
                self.deviation[mover] += direction * step;
                for row in 0..self.now.basic.len() {
                    let entry = self.now.entries[row * columns + column];
                    if entry != 0.0 {
                        self.deviation[self.now.basic[row] as usize] += direction * step * entry;
                    }
                }
                stalled = 0;
            } else {
                stalled += 1;
            }
            match blocked_by {
                // Its own bound: either far enough or the end.
                Some((row, _)) if self.now.basic[row] == cell => {
                    let come = sign * self.deviation[target];
                    return if come >= need - NEAR { Reach::Far } else { Reach::Short(come) };
                }
                Some((row, _)) => {
                    self.now.pivot(row, column);
                    self.pivots += 1;
                    self.work += (self.now.basic.len() * columns) as u64;
                }
                None if own <= step && mover == target => {
                    let come = sign * self.deviation[target];
                    return if come >= need - NEAR { Reach::Far } else { Reach::Short(come) };
                }
                None => {}
            }
        }
    }

    /// After [`Reach::Short`]: the cell's deviation as a combination of others', which shows why it cannot go further.
    ///
    /// For every possible table `y_cell = sum of factor * y_other`, so the sum of what the bounds allow each term is a limit.
    pub(crate) fn proof(&self, cell: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        let place = self.now.place[cell as usize];
        let row: &[f64] = if place < 0 { &[] } else { self.now.row(place as usize) };
        let own = (place < 0).then_some((cell, 1.0));
        row.iter()
            .zip(&self.now.nonbasic)
            .filter(|(entry, _)| entry.abs() > TINY)
            .map(|(&entry, &other)| (other, entry))
            .chain(own)
    }
}
