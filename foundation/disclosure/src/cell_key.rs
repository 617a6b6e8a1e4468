//! Cell-key perturbation, with the answers of the Office for National Statistics' package `cell-key-perturbation` 3.1.0.

use crate::{DisclosureError, Noise};

/// Rows of a noise table: counts above this use the last 250 rows again and again.
const ROWS: u64 = 750;
/// Rows that are used again.
const AGAIN: u64 = 250;
/// The longest noise table: 750 rows for 65,536 keys would be 49 million.
const MOST_ENTRIES: usize = 4_000_000;
/// The most that an entry may add or take.
const LARGEST_NOISE: i64 = 1_000;

/// What is added to a count, by the count and the cell's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoiseTable {
    keys: u64,
    /// By row and key; rows from a count of 1.
    noise: Vec<i32>,
    /// By row, the noises that any key gives, each once.
    possible: Vec<Vec<i32>>,
    most_up: u64,
    most_down: u64,
}

/// A record key made from an identifier, as the package does it: what is left after dividing by 4,096.
pub fn record_key(id: u64) -> u32 {
    (id % 4096) as u32
}

impl NoiseTable {
    /// Reads a noise table: CSV text with the columns `pcv`, `ckey` and `pvalue`. A pair that is not given has no noise.
    ///
    /// # Errors
    ///
    /// Where a column is missing, a value is no whole number or out of range, or a pair is given twice.
    pub fn from_csv(text: &str) -> Result<Self, DisclosureError> {
        let wrong = |line: u64, reason: &str| DisclosureError::Noise(format!("line {line}: {reason}"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| DisclosureError::Noise(e.to_string()))?.clone();
        let column = |name: &str| {
            header.iter().position(|h| h.trim() == name).ok_or_else(|| {
                DisclosureError::Noise(format!("no column {name}; the columns are pcv, ckey and pvalue"))
            })
        };
        let places = [column("pcv")?, column("ckey")?, column("pvalue")?];
        let mut entries: Vec<(u64, u64, i64)> = Vec::new();
        for row in reader.records() {
            let row = row.map_err(|e| DisclosureError::Noise(e.to_string()))?;
            let line = row.position().map_or(0, csv::Position::line);
            let number = |place: usize| -> Result<i64, DisclosureError> {
                row.get(places[place])
                    .and_then(|t| t.trim().parse().ok())
                    .ok_or_else(|| wrong(line, "pcv, ckey and pvalue must be whole numbers"))
            };
            let (row, key, noise) = (number(0)?, number(1)?, number(2)?);
            if !(0..=ROWS as i64).contains(&row) || !(0..65_536).contains(&key) || noise.abs() > LARGEST_NOISE
            {
                return Err(wrong(
                    line,
                    "pcv goes from 0 to 750, ckey from 0 to 65535 and pvalue from -1000 to 1000",
                ));
            }
            if entries.len() >= MOST_ENTRIES {
                return Err(DisclosureError::Noise(format!("more than {MOST_ENTRIES} lines")));
            }
            entries.push((row as u64, key as u64, noise));
        }
        let keys = 1 + entries.iter().map(|e| e.1).max().ok_or_else(|| wrong(2, "the table is empty"))?;
        let mut table = Self::without_noise(keys);
        let mut given = vec![false; table.noise.len()];
        // Row 0 would make people of nobody; the package's tables have none.
        for (row, key, noise) in entries.into_iter().filter(|e| e.0 > 0) {
            let place = ((row - 1) * keys + key) as usize;
            if std::mem::replace(&mut given[place], true) {
                return Err(DisclosureError::Noise(format!("pcv {row} and ckey {key} are given twice")));
            }
            table.noise[place] = noise as i32;
        }
        Ok(table.measured())
    }

    /// The package's example: counts under 10 become nothing, the rest are rounded to the nearest 5, whatever their key.
    pub fn ten_five() -> Self {
        let mut table = Self::without_noise(256);
        for count in 1..=ROWS as i32 {
            let noise = if count < 10 { -count } else { [0, -1, -2, 2, 1][count as usize % 5] };
            for key in 0..256 {
                table.noise[(count as usize - 1) * 256 + key] = noise;
            }
        }
        table.measured()
    }

    /// The table of greatest entropy among those that add or take at most `most`, change the share `changed` of counts, and change
    /// none on average. A count near zero is never taken below it.
    ///
    /// Greatest entropy under these means exp(tilt k) for the noises k other than none, the tilt being nothing for large counts
    /// (Marley and Leaver, *Proceedings of the 58th World Statistics Congress*, 2011, with the variance in place of the share).
    pub fn maximum_entropy(noise: Noise) -> Self {
        let mut table = Self::without_noise(noise.keys);
        let most = noise.most as i64;
        for count in 1..=ROWS {
            let lowest = -(most.min(count as i64));
            // The mean grows with the tilt; the tilt at which it is nothing is found by halving.
            let (mut left, mut right) = (-60.0f64, 60.0f64);
            for _ in 0..200 {
                let tilt = f64::midpoint(left, right);
                let mean: f64 = (lowest..)
                    .zip(shares(lowest, most, noise.changed, tilt))
                    .map(|(k, p)| k as f64 * p)
                    .sum();
                if mean > 0.0 { right = tilt } else { left = tilt }
            }
            let mut sum = 0.0;
            let mut key = 0;
            for (k, share) in (lowest..).zip(shares(lowest, most, noise.changed, right)) {
                sum += share;
                let until = ((sum * noise.keys as f64).round() as u64).min(noise.keys);
                while key < until {
                    table.noise[((count - 1) * noise.keys + key) as usize] = k as i32;
                    key += 1;
                }
            }
        }
        table.measured()
    }

    fn without_noise(keys: u64) -> Self {
        Self { keys, noise: vec![0; (ROWS * keys) as usize], possible: Vec::new(), most_up: 0, most_down: 0 }
    }

    fn measured(mut self) -> Self {
        self.possible = self
            .noise
            .chunks(self.keys as usize)
            .map(|row| {
                let mut row = row.to_vec();
                row.sort_unstable();
                row.dedup();
                row
            })
            .collect();
        self.most_up = self.noise.iter().max().map_or(0, |n| (*n).max(0) as u64);
        self.most_down = self.noise.iter().min().map_or(0, |n| (-*n).max(0) as u64);
        self
    }

    /// A count after noise, from the sum of the keys of the records counted.
    pub fn perturb(&self, count: u64, sum_of_keys: u64) -> u64 {
        let Some(row) = Self::row(count) else { return 0 };
        let noise = self.noise[row * self.keys as usize + (sum_of_keys % self.keys) as usize];
        count.saturating_add_signed(i64::from(noise))
    }

    /// A count's row; a count of nothing has none.
    fn row(count: u64) -> Option<usize> {
        let row = if count > ROWS { (count - 1) % AGAIN + 501 } else { count };
        row.checked_sub(1).map(|row| row as usize)
    }

    /// The most that noise takes from a count.
    pub(crate) fn most_taken(&self) -> u64 {
        self.most_down
    }

    /// The least and the most that a count can have been for someone who has this table but not the keys.
    pub(crate) fn known(&self, shown: u64) -> (u64, u64) {
        let can_be = |count: &u64| match Self::row(*count) {
            None => shown == 0,
            Some(row) => {
                self.possible[row].iter().any(|n| count.saturating_add_signed(i64::from(*n)) == shown)
            }
        };
        let (first, last) = (shown.saturating_sub(self.most_up), shown + self.most_down);
        ((first..=last).find(can_be).unwrap_or(first), (first..=last).rev().find(can_be).unwrap_or(last))
    }
}

/// Shares of the noises from `lowest` to `most`: those other than none share `changed` in proportion to exp(tilt k).
fn shares(lowest: i64, most: i64, changed: f64, tilt: f64) -> Vec<f64> {
    let largest = (tilt * lowest as f64).max(tilt * most as f64);
    let weight = |k: i64| if k == 0 { 0.0 } else { (tilt * k as f64 - largest).exp() };
    let total: f64 = (lowest..=most).map(weight).sum();
    (lowest..=most).map(|k| if k == 0 { 1.0 - changed } else { changed * weight(k) / total }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entropy_table_changes_the_share_asked_for_and_nothing_on_average() {
        let table = NoiseTable::maximum_entropy(Noise { keys: 256, most: 2, changed: 0.14 });
        for count in [1u64, 2, 3, 50, 750, 751, 100_000] {
            let shown: Vec<i64> = (0..256).map(|k| table.perturb(count, k) as i64 - count as i64).collect();
            let changed = shown.iter().filter(|n| **n != 0).count();
            let mean = shown.iter().sum::<i64>() as f64 / 256.0;
            assert!(mean.abs() < 0.02, "{count}: {mean}");
            assert!((shown.iter().min(), shown.iter().max()) >= (Some(&-2), Some(&0)));
            assert!((34..=38).contains(&changed), "{count}: {changed} of 256, for 14 %");
        }
        assert_eq!(table.perturb(0, 77), 0);
    }

    #[test]
    fn what_is_known_of_a_perturbed_count_is_all_that_the_table_gives_away() {
        let table = NoiseTable::ten_five();
        assert_eq!([0, 10, 15, 800].map(|s| table.known(s)), [(0, 9), (10, 12), (13, 17), (798, 802)]);
        let table = NoiseTable::maximum_entropy(Noise { keys: 256, most: 2, changed: 0.14 });
        assert_eq!([0, 10].map(|s| table.known(s)), [(0, 2), (8, 12)]);
    }

    #[test]
    fn a_noise_table_that_makes_no_sense_is_refused() {
        for (text, says) in [
            ("pcv,ckey\n1,2\n", "no column pvalue"),
            ("pcv,ckey,pvalue\n", "empty"),
            ("pcv,ckey,pvalue\n1,0,a\n", "whole numbers"),
            ("pcv,ckey,pvalue\n751,0,1\n", "750"),
            ("pcv,ckey,pvalue\n1,0,1\n1,0,2\n", "twice"),
        ] {
            let refused = NoiseTable::from_csv(text).unwrap_err().to_string();
            assert!(refused.contains(says), "{refused}");
        }
    }
}
