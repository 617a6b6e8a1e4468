use serde::{Deserialize, Serialize};

use crate::DisclosureError;

/// The largest threshold and rounding base: beyond it a profile is a mistake.
const LARGEST_RULE: u64 = 10_000;
/// The longest text of a profile.
const LONGEST_PROFILE: usize = 20_000;

/// A set of disclosure rules, as data. Every released table says which one it passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    /// Its short name.
    pub name: String,
    /// What it does, in one line for the foot of a table.
    pub title: String,
    /// Whose rule it is, and where that is written.
    pub source: String,
    /// Counts above nothing and under this are at risk. 0 or 1: none are.
    pub threshold: u64,
    /// What becomes of zeros.
    pub zeros: Zeros,
    /// Whether a row or column with everybody in one cell is at risk: it tells something of each of them.
    #[serde(default)]
    pub class_disclosure: bool,
    /// How much doubt must be left about a cell at risk.
    pub protect: Protect,
    /// Whether the attack takes readers to know which cells were left out by the rule, and so that they are under the threshold. Without
    /// it a cell left out may be anything for all they know, since those left out to protect others look the same.
    #[serde(default)]
    pub rule_known: bool,
    /// What further suppression keeps small.
    #[serde(default)]
    pub keep_small: KeepSmall,
    /// Rounding of what is published.
    #[serde(default)]
    pub rounding: Option<Rounding>,
    /// Cell-key perturbation.
    #[serde(default)]
    pub noise: Option<Noise>,
    /// What is printed in place of a count.
    #[serde(default)]
    pub symbols: Symbols,
}

/// What becomes of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zeros {
    /// They are published: nobody is counted in them.
    Publish,
    /// They are left out like small counts, so that nobody can be said not to be among the counted.
    Suppress,
}

/// How much doubt must be left about a cell at risk, against an attacker who knows all sums and all published cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protect {
    /// One more and one less than the truth must both be possible.
    Exact,
    /// Everything from 1 to the threshold must be possible, and 0 too where the truth is 1.
    Range,
}

/// What further suppression keeps small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepSmall {
    /// The number of cells left out.
    #[default]
    Cells,
    /// The sum of the counts left out.
    Value,
}

/// Rounding of what is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rounding {
    /// To the nearest multiple of this.
    pub base: u64,
    /// Which cells.
    pub levels: Levels,
    /// Whether roundings are chosen so that the rounded table still adds up.
    #[serde(default)]
    pub controlled: bool,
}

/// Which cells are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Levels {
    /// All of them.
    All,
    /// Those of a total of the first dimension, such as a nation or a region, but not its lowest level.
    Totals,
}

/// Cell-key perturbation: noise that depends on who is counted, so the same people always get the same noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Noise {
    /// How many cell keys there are.
    pub keys: u64,
    /// The most that is added or taken.
    pub most: u64,
    /// The share of counts that are changed.
    pub changed: f64,
}

/// What is printed in place of a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Symbols {
    /// For a cell left out to protect people.
    pub suppressed: String,
    /// For a cell that cannot apply.
    pub not_applicable: String,
    /// For a count above nothing that rounds to nothing; without one it is printed as 0.
    pub rounds_to_zero: Option<String>,
}

impl Default for Symbols {
    fn default() -> Self {
        Self { suppressed: "c".to_owned(), not_applicable: "z".to_owned(), rounds_to_zero: None }
    }
}

/// The profiles that come with this crate.
const BUILT_IN: [(&str, &str); 4] = [
    ("ons-10-5", include_str!("../profiles/ons-10-5.toml")),
    ("dfe-10-round", include_str!("../profiles/dfe-10-round.toml")),
    ("lt5-suppress", include_str!("../profiles/lt5-suppress.toml")),
    ("census-ckm", include_str!("../profiles/census-ckm.toml")),
];

impl Profile {
    /// A profile that comes with this crate: `ons-10-5`, `dfe-10-round`, `lt5-suppress` or `census-ckm`.
    ///
    /// # Errors
    ///
    /// Where there is none of this name; the message lists those there are.
    pub fn built_in(name: &str) -> Result<Self, DisclosureError> {
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml(text),
            None => Err(DisclosureError::Profile(format!(
                "there is no {name}; take one of {} or write your own",
                Self::names().collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    /// The names of the profiles that come with this crate.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Reads a profile of your own.
    ///
    /// # Errors
    ///
    /// Where the text is not a profile, or its rules contradict each other.
    pub fn from_toml(text: &str) -> Result<Self, DisclosureError> {
        if text.len() > LONGEST_PROFILE {
            return Err(DisclosureError::Profile(format!("the text is longer than {LONGEST_PROFILE} bytes")));
        }
        let profile: Self = toml::from_str(text).map_err(|e| DisclosureError::Profile(e.to_string()))?;
        profile.check()?;
        Ok(profile)
    }

    /// Whether its rules make sense together.
    pub(crate) fn check(&self) -> Result<(), DisclosureError> {
        let wrong = |reason: String| Err(DisclosureError::Profile(format!("{}: {reason}", self.name)));
        if self.threshold > LARGEST_RULE {
            return wrong(format!("a threshold of {}, more than {LARGEST_RULE}", self.threshold));
        }
        if let Some(rounding) = self.rounding
            && (rounding.base < 2 || rounding.base > LARGEST_RULE)
        {
            return wrong(format!("rounding to {}; take a base from 2 to {LARGEST_RULE}", rounding.base));
        }
        if let Some(noise) = self.noise {
            if self.rounding.is_some() {
                return wrong("noise and rounding together; choose one".to_owned());
            }
            if !(2..=65_536).contains(&noise.keys) || !(1..=20).contains(&noise.most) {
                return wrong("noise needs 2 to 65,536 keys and a most from 1 to 20".to_owned());
            }
            if !(noise.changed > 0.0 && noise.changed < 1.0) {
                return wrong(format!(
                    "noise that changes {} of counts; give a share between 0 and 1",
                    noise.changed
                ));
            }
        }
        if self.threshold < 2 && self.rounding.is_none() && self.noise.is_none() {
            return wrong("no threshold, no rounding and no noise: nothing would be protected".to_owned());
        }
        Ok(())
    }

    /// Whether a count is at risk by its size alone.
    pub(crate) fn at_risk(&self, count: u64) -> bool {
        if count == 0 { self.zeros == Zeros::Suppress } else { count < self.threshold }
    }

    /// How far up and down a count at risk must be able to move.
    pub(crate) fn doubt(&self, count: u64) -> (f64, f64) {
        match self.protect {
            Protect::Exact => (1.0, if count == 0 { 0.0 } else { 1.0 }),
            Protect::Range => {
                let lowest = u64::from(count > 1);
                let up = self.threshold.max(count + 1) - count;
                (up as f64, count.saturating_sub(lowest) as f64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profiles_that_come_with_the_crate_are_read_and_named_as_they_are_asked_for() {
        for name in Profile::names() {
            assert_eq!(Profile::built_in(name).unwrap().name, name);
        }
        assert!(Profile::built_in("none").unwrap_err().to_string().contains("lt5-suppress"));
    }

    #[test]
    fn doubt_covers_what_the_criterion_says() {
        let mut profile = Profile::built_in("lt5-suppress").unwrap();
        // From 1 to the threshold, and to 0 where the truth is 1.
        assert_eq!([1, 2, 4].map(|c| profile.doubt(c)), [(4.0, 1.0), (3.0, 1.0), (1.0, 3.0)]);
        profile.protect = Protect::Exact;
        assert_eq!([0, 1, 4].map(|c| profile.doubt(c)), [(1.0, 0.0), (1.0, 1.0), (1.0, 1.0)]);
    }

    #[test]
    fn rules_that_protect_nobody_or_contradict_are_refused() {
        let text = BUILT_IN[2].1;
        for (from, to, says) in [
            ("threshold = 5", "threshold = 0", "nothing would be protected"),
            ("threshold = 5", "threshold = 20000", "more than 10000"),
            ("threshold = 5", "treshold = 5", "treshold"),
            ("protect = \"range\"", "protect = \"some\"", "some"),
        ] {
            let refused = Profile::from_toml(&text.replace(from, to)).unwrap_err().to_string();
            assert!(refused.contains(says), "{refused}");
        }
    }
}
