//! Every setting of a synthetic nation with its default and where the default comes from.

use serde::{Deserialize, Serialize};

use crate::SyntheticError;

/// Rows of returns for each true victim with the default knobs, notes included (measured: 8.57 at 111,111 true victims; other seeds and
/// sizes lie within 3 % of it).
pub const ROWS_PER_VICTIM: f64 = 8.57;
/// Of them, notes (measured: 4.99).
pub const NOTES_PER_VICTIM: f64 = 4.99;

/// All settings. A file of knobs is TOML; what it leaves out keeps its default, and a key that is not known is refused.
///
/// ```
/// let knobs = candour_synthetic::Knobs::from_toml("seed = 7\nrecords = 20000\n[flags]\ncse-sensitivity = 0.4\n")?;
/// assert_eq!(knobs.seed, 7);
/// assert_eq!(knobs.flags.cse_only_as_cce, 0.15);
/// assert!(candour_synthetic::Knobs::from_toml("sed = 7").is_err());
/// # Ok::<(), candour_synthetic::SyntheticError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Knobs {
    /// Seeds every stream of numbers. Default 1.
    pub seed: u64,
    /// Rows of returns to aim at, over all tables and bodies. Default 10,000.
    pub records: u64,
    /// True victims; overrides `records` where given.
    pub victims: Option<u64>,
    /// First calendar year of the period. Default 2016.
    pub first_year: i32,
    /// Last calendar year of the period. Default 2025.
    pub last_year: i32,
    /// Who records what.
    pub recording: Recording,
    /// Flags on offences.
    pub flags: Flags,
    /// Groups and how they are marked.
    pub groups: GroupKnobs,
    /// Suspects.
    pub suspects: Suspects,
    /// Victims.
    pub victim: Victims,
    /// What happens to a person's particulars on their way into a record.
    pub distortion: Distortion,
    /// Children's services.
    pub childrens: Childrens,
    /// The words of case notes.
    pub language: Language,
    /// Faults put into returns.
    pub faults: Faults,
    /// Bodies whose whole return goes wrong.
    pub sabotage: Sabotage,
    /// Whether returns are written in each record system's own column names, codes and dates (default), or in those of the specification.
    pub dialects: bool,
    /// The number of the version that returns say they are, as what is sent again is the second. Default 1.
    pub version: u32,
}

/// Who records what: for each list, the log odds that a person is on it are its base plus the slope by severity, the effect of the
/// body, and what being known to another agency adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Recording {
    /// Standard deviation of the police forces' effects, in log odds. Default 0.5.
    pub force_deviation: f64,
    /// Forces forced low. Default 3.
    pub low_forces: u32,
    /// What is added to the log odds of a low force. Default -1.5.
    pub low_shift: f64,
    /// Standard deviation of other bodies' effects. Default 0.35.
    pub body_deviation: f64,
    /// Slope by severity, which has mean 0 and deviation 1. Default 0.7.
    pub severity_slope: f64,
    /// Added to other lists' log odds where police have the person, and to health's and the voluntary sector's where children's
    /// services have. Default 0.8.
    pub referral: f64,
    /// Share on the police list at severity 0 in a middling force. Default 0.33.
    pub police: f64,
    /// Share on a children's services list. Default 0.235.
    pub childrens: f64,
    /// Share on a health list. Default 0.10.
    pub health: f64,
    /// Share on a voluntary sector list. Default 0.09.
    pub voluntary: f64,
    /// Share referred to the National Referral Mechanism. Default 0.015.
    pub nrm: f64,
    /// Of a recorded person's further offences, the share that is recorded too. Default 0.7.
    pub further_offences: f64,
}

/// Flags on offences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Flags {
    /// Mean over forces of the share of CSE offences that carry the CSE flag. Default 0.50 (IICSA 2022, H.8).
    pub cse_sensitivity: f64,
    /// The lowest force. Default 0.10.
    pub cse_lowest: f64,
    /// The highest force. Default 0.90.
    pub cse_highest: f64,
    /// CSE offences that carry the criminal-exploitation flag instead. Default 0.15.
    pub cse_only_as_cce: f64,
    /// Offences that are not CSE and carry the flag. Default 0.01.
    pub cse_false: f64,
    /// Offences that are CSE outside groups. Default 0.14 (17,100 of 122,768).
    pub cse_share: f64,
    /// Offences committed online. Default 0.32 (68 per cent contact; VKPP).
    pub online: f64,
}

/// Groups and how they are marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct GroupKnobs {
    /// Share of offences by a group. Default 0.036 (COCAD).
    pub share: f64,
    /// Of those, by a group that exploits. Default 0.17.
    pub cse: f64,
    /// Of those, within a family. Default 0.26.
    pub familial: f64,
    /// Of those, in an institution. Default 0.10.
    pub institutional: f64,
    /// Chance of each further member beyond two. Default 0.45.
    pub size_tail: f64,
    /// Mean offences of a group. Default 4.
    pub offences: f64,
    /// Groups that share a member with another. Default 0.03.
    pub overlap: f64,
    /// Share of offences with two or more noted that are marked as group-based. Default 0.70.
    pub marked: f64,
    /// Group offences in an area of another force. Default 0.08.
    pub cross_border: f64,
}

/// Suspects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Suspects {
    /// Not identified. Default 0.40.
    pub unidentified: f64,
    /// Aged 10 to 17. Default 0.48 (COCAD 2023).
    pub under_18: f64,
    /// Male. Default 0.82.
    pub male: f64,
    /// Ethnicity missing. Default 0.66.
    pub ethnicity_missing: f64,
    /// Whether ethnicity is missing more often for some groups than for others. Default off.
    pub ethnicity_missing_not_at_random: bool,
    /// Identified suspects who stand twice in one force's table. Default 0.10.
    pub duplicates: f64,
    /// Of perpetrators not identified, those in whose place a child stands who is a victim in the same return. Default 0.004.
    pub criminalised: f64,
}

/// Victims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Victims {
    /// Female. Default 0.79.
    pub female: f64,
    /// Looked after by an authority. Default 0.12.
    pub looked_after: f64,
    /// NHS number present in police records. Default 0.03.
    pub nhs_police: f64,
    /// NHS number present in children's services records. Default 0.65.
    pub nhs_childrens: f64,
    /// What a year from 2024 adds to both, as the Act of 2026 is foreseen. Default 0.05.
    pub nhs_yearly_rise: f64,
    /// Ethnicity missing. Default 0.12.
    pub ethnicity_missing: f64,
    /// Chance of each further offence. Default 0.28.
    pub repeat: f64,
    /// Pairs of neighbours in the truth who are twins. Default 0.012.
    pub twins: f64,
    /// Pairs who are siblings at one address. Default 0.07.
    pub siblings: f64,
    /// Pairs who share an address and nothing else, as in a home. Default 0.02.
    pub shared_address: f64,
}

/// What happens to a person's particulars on their way into a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Distortion {
    /// Extra rows for a person already on the list. Default 0.12.
    pub duplicates: f64,
    /// A slip in a name, for each name. Default 0.055.
    pub name_typo: f64,
    /// Another spelling of one name, for each name. Default 0.03.
    pub transliteration: f64,
    /// A short form of the forename. Default 0.04.
    pub short_form: f64,
    /// Forename and surname the wrong way round. Default 0.012.
    pub name_order: f64,
    /// Surname changed. Default 0.02.
    pub surname_change: f64,
    /// Forename or surname missing, for each. Default 0.01.
    pub name_missing: f64,
    /// Date of birth missing. Default 0.04.
    pub dob_missing: f64,
    /// Day and month the wrong way round, where that makes a date. Default 0.01.
    pub dob_swapped: f64,
    /// A digit of the date of birth wrong. Default 0.015.
    pub dob_slip: f64,
    /// Another address than the first one. Default 0.18.
    pub moved: f64,
    /// Postcode missing. Default 0.10.
    pub postcode_missing: f64,
    /// A slip in the postcode. Default 0.02.
    pub postcode_typo: f64,
    /// Sex wrong. Default 0.005.
    pub sex_wrong: f64,
}

/// Children's services.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Childrens {
    /// Mean factors in the assessment of an exploited child. Default 5.
    pub factors: f64,
    /// Change of the share marked 11A from the first year to the last. Default -0.29.
    pub cse_factor_trend: f64,
    /// Lowest share of missing and away swapped. Default 0.13.
    pub missing_swap_lowest: f64,
    /// Highest share. Default 0.29.
    pub missing_swap_highest: f64,
    /// Assessments of harmed children that state a risk only. Default 0.35.
    pub risk_only: f64,
    /// Mean missing episodes of a child known to children's services. Default 0.6.
    pub missing_episodes: f64,
}

/// The words of case notes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Language {
    /// Whether notes are written at all. Default yes.
    pub notes: bool,
    /// Share of notes with wording that guidance asks not to use, in the best body. Default 0.02.
    pub lowest: f64,
    /// In the worst body. Default 0.40.
    pub highest: f64,
    /// Standard deviation over bodies of the change a year, in log odds. Default 0.06.
    pub drift: f64,
    /// Outside police, the share of such notes that concern a child with a recorded offence. Default 0.5.
    pub beside_offence: f64,
    /// Sentences in a note, mean. Default 7.
    pub sentences: f64,
}

/// Faults put into single cells and rows of returns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Faults {
    /// Rows with a fault put in. Default 0.004.
    pub rate: f64,
}

/// How many bodies have a whole return go wrong in each way; drawn without overlap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Sabotage {
    /// Returned after the date asked for. Default 6.
    pub late: u32,
    /// Nothing returned, signed as nil. Default 2.
    pub nil_signed: u32,
    /// Nothing returned, and no word why. Default 2.
    pub nil_unsigned: u32,
    /// Another year's return. Default 2.
    pub wrong_year: u32,
    /// Opened and saved in a spreadsheet. Default 3.
    pub spreadsheet: u32,
    /// A flag with its two values the wrong way round. Default 2.
    pub reversed_flag: u32,
    /// Every row of a table twice. Default 2.
    pub double_return: u32,
    /// A new record system within the period, with months lost. Default 4.
    pub system_change: u32,
    /// A column that nobody asked for. Default 1.
    pub unknown_column: u32,
    /// Fewer rows than the sender lists. Default 1.
    pub lost_rows: u32,
    /// One category in every row, as a default leaves it. Default 2.
    pub default_category: u32,
    /// Dates of birth on 1 January for want of better. Default 2.
    pub placeholder_births: u32,
    /// All missing episodes of one kind. Default 2.
    pub one_kind: u32,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            seed: 1,
            records: 10_000,
            victims: None,
            first_year: 2016,
            last_year: 2025,
            recording: Recording::default(),
            flags: Flags::default(),
            groups: GroupKnobs::default(),
            suspects: Suspects::default(),
            victim: Victims::default(),
            distortion: Distortion::default(),
            childrens: Childrens::default(),
            language: Language::default(),
            faults: Faults::default(),
            sabotage: Sabotage::default(),
            dialects: true,
            version: 1,
        }
    }
}

impl Default for Recording {
    fn default() -> Self {
        Self {
            force_deviation: 0.5,
            low_forces: 3,
            low_shift: -1.5,
            body_deviation: 0.35,
            severity_slope: 0.7,
            referral: 0.8,
            police: 0.33,
            childrens: 0.235,
            health: 0.10,
            voluntary: 0.09,
            nrm: 0.015,
            further_offences: 0.7,
        }
    }
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            cse_sensitivity: 0.50,
            cse_lowest: 0.10,
            cse_highest: 0.90,
            cse_only_as_cce: 0.15,
            cse_false: 0.01,
            cse_share: 0.14,
            online: 0.32,
        }
    }
}

impl Default for GroupKnobs {
    fn default() -> Self {
        Self {
            share: 0.036,
            cse: 0.17,
            familial: 0.26,
            institutional: 0.10,
            size_tail: 0.45,
            offences: 4.0,
            overlap: 0.03,
            marked: 0.70,
            cross_border: 0.08,
        }
    }
}

impl Default for Suspects {
    fn default() -> Self {
        Self {
            unidentified: 0.40,
            under_18: 0.48,
            male: 0.82,
            ethnicity_missing: 0.66,
            ethnicity_missing_not_at_random: false,
            duplicates: 0.10,
            criminalised: 0.004,
        }
    }
}

impl Default for Victims {
    fn default() -> Self {
        Self {
            female: 0.79,
            looked_after: 0.12,
            nhs_police: 0.03,
            nhs_childrens: 0.65,
            nhs_yearly_rise: 0.05,
            ethnicity_missing: 0.12,
            repeat: 0.28,
            twins: 0.012,
            siblings: 0.07,
            shared_address: 0.02,
        }
    }
}

impl Default for Distortion {
    fn default() -> Self {
        Self {
            duplicates: 0.12,
            name_typo: 0.055,
            transliteration: 0.03,
            short_form: 0.04,
            name_order: 0.012,
            surname_change: 0.02,
            name_missing: 0.01,
            dob_missing: 0.04,
            dob_swapped: 0.01,
            dob_slip: 0.015,
            moved: 0.18,
            postcode_missing: 0.10,
            postcode_typo: 0.02,
            sex_wrong: 0.005,
        }
    }
}

impl Default for Childrens {
    fn default() -> Self {
        Self {
            factors: 5.0,
            cse_factor_trend: -0.29,
            missing_swap_lowest: 0.13,
            missing_swap_highest: 0.29,
            risk_only: 0.35,
            missing_episodes: 0.6,
        }
    }
}

impl Default for Language {
    fn default() -> Self {
        Self { notes: true, lowest: 0.02, highest: 0.40, drift: 0.06, beside_offence: 0.5, sentences: 7.0 }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self { rate: 0.004 }
    }
}

impl Default for Sabotage {
    fn default() -> Self {
        Self {
            late: 6,
            nil_signed: 2,
            nil_unsigned: 2,
            wrong_year: 2,
            spreadsheet: 3,
            reversed_flag: 2,
            double_return: 2,
            system_change: 4,
            unknown_column: 1,
            lost_rows: 1,
            default_category: 2,
            placeholder_births: 2,
            one_kind: 2,
        }
    }
}

impl Sabotage {
    /// No body goes wrong.
    pub fn none() -> Self {
        Self {
            late: 0,
            nil_signed: 0,
            nil_unsigned: 0,
            wrong_year: 0,
            spreadsheet: 0,
            reversed_flag: 0,
            double_return: 0,
            system_change: 0,
            unknown_column: 0,
            lost_rows: 0,
            default_category: 0,
            placeholder_births: 0,
            one_kind: 0,
        }
    }
}

impl Knobs {
    /// Reads a file of knobs.
    ///
    /// # Errors
    ///
    /// [`SyntheticError::Knobs`] for what is not TOML or not a knob, with its line; [`SyntheticError::OutOfRange`] as
    /// [`check`](Self::check).
    pub fn from_toml(text: &str) -> Result<Self, SyntheticError> {
        let knobs: Self = toml::from_str(text).map_err(|e| SyntheticError::Knobs(e.to_string()))?;
        knobs.check()?;
        Ok(knobs)
    }

    /// The same nation with returns as they are after every query was answered: no fault and no sabotage. The truth and every
    /// other cell stay as they were, since faults have streams of their own.
    pub fn corrected(&self) -> Self {
        Self { faults: Faults { rate: 0.0 }, sabotage: Sabotage::none(), ..self.clone() }
    }

    /// All knobs as TOML, so that a run can be made again.
    ///
    /// # Errors
    ///
    /// [`SyntheticError::Knobs`] where a number has no spelling in TOML, as a seed beyond 2^63 has not.
    pub fn to_toml(&self) -> Result<String, SyntheticError> {
        toml::to_string(self).map_err(|e| SyntheticError::Knobs(e.to_string()))
    }

    /// True victims to make: `victims`, or as many as `records` rows need.
    pub fn true_victims(&self) -> u64 {
        let rows = if self.language.notes { ROWS_PER_VICTIM } else { ROWS_PER_VICTIM - NOTES_PER_VICTIM };
        self.victims.unwrap_or_else(|| (self.records as f64 / rows).round().max(1.0) as u64)
    }

    /// Whether every knob makes sense.
    ///
    /// # Errors
    ///
    /// [`SyntheticError::OutOfRange`] for the first that does not.
    pub fn check(&self) -> Result<(), SyntheticError> {
        let shares = [
            ("recording.police", self.recording.police),
            ("recording.childrens", self.recording.childrens),
            ("recording.health", self.recording.health),
            ("recording.voluntary", self.recording.voluntary),
            ("recording.nrm", self.recording.nrm),
            ("recording.further-offences", self.recording.further_offences),
            ("flags.cse-sensitivity", self.flags.cse_sensitivity),
            ("flags.cse-lowest", self.flags.cse_lowest),
            ("flags.cse-highest", self.flags.cse_highest),
            ("flags.cse-only-as-cce", self.flags.cse_only_as_cce),
            ("flags.cse-false", self.flags.cse_false),
            ("flags.cse-share", self.flags.cse_share),
            ("flags.online", self.flags.online),
            ("groups.share", self.groups.share),
            ("groups.cse", self.groups.cse),
            ("groups.familial", self.groups.familial),
            ("groups.institutional", self.groups.institutional),
            ("groups.size-tail", self.groups.size_tail),
            ("groups.overlap", self.groups.overlap),
            ("groups.marked", self.groups.marked),
            ("groups.cross-border", self.groups.cross_border),
            ("suspects.unidentified", self.suspects.unidentified),
            ("suspects.under-18", self.suspects.under_18),
            ("suspects.male", self.suspects.male),
            ("suspects.ethnicity-missing", self.suspects.ethnicity_missing),
            ("suspects.duplicates", self.suspects.duplicates),
            ("suspects.criminalised", self.suspects.criminalised),
            ("victim.female", self.victim.female),
            ("victim.looked-after", self.victim.looked_after),
            ("victim.nhs-police", self.victim.nhs_police),
            ("victim.nhs-childrens", self.victim.nhs_childrens),
            ("victim.nhs-yearly-rise", self.victim.nhs_yearly_rise),
            ("victim.ethnicity-missing", self.victim.ethnicity_missing),
            ("victim.repeat", self.victim.repeat),
            ("victim.twins", self.victim.twins),
            ("victim.siblings", self.victim.siblings),
            ("victim.shared-address", self.victim.shared_address),
            ("distortion.duplicates", self.distortion.duplicates),
            ("distortion.name-typo", self.distortion.name_typo),
            ("distortion.transliteration", self.distortion.transliteration),
            ("distortion.short-form", self.distortion.short_form),
            ("distortion.name-order", self.distortion.name_order),
            ("distortion.surname-change", self.distortion.surname_change),
            ("distortion.name-missing", self.distortion.name_missing),
            ("distortion.dob-missing", self.distortion.dob_missing),
            ("distortion.dob-swapped", self.distortion.dob_swapped),
            ("distortion.dob-slip", self.distortion.dob_slip),
            ("distortion.moved", self.distortion.moved),
            ("distortion.postcode-missing", self.distortion.postcode_missing),
            ("distortion.postcode-typo", self.distortion.postcode_typo),
            ("distortion.sex-wrong", self.distortion.sex_wrong),
            ("childrens.missing-swap-lowest", self.childrens.missing_swap_lowest),
            ("childrens.missing-swap-highest", self.childrens.missing_swap_highest),
            ("childrens.risk-only", self.childrens.risk_only),
            ("language.lowest", self.language.lowest),
            ("language.highest", self.language.highest),
            ("language.beside-offence", self.language.beside_offence),
            ("faults.rate", self.faults.rate),
        ];
        for (knob, value) in shares {
            if !(0.0..=1.0).contains(&value) {
                return out_of_range(knob, value, "a share from 0 to 1");
            }
        }
        let bounded = [
            ("recording.force-deviation", self.recording.force_deviation, 0.0, 5.0),
            ("recording.body-deviation", self.recording.body_deviation, 0.0, 5.0),
            ("recording.low-shift", self.recording.low_shift, -10.0, 0.0),
            ("recording.severity-slope", self.recording.severity_slope, -5.0, 5.0),
            ("recording.referral", self.recording.referral, -5.0, 5.0),
            ("groups.offences", self.groups.offences, 1.0, 1000.0),
            ("childrens.factors", self.childrens.factors, 1.0, 12.0),
            ("childrens.cse-factor-trend", self.childrens.cse_factor_trend, -1.0, 1.0),
            ("childrens.missing-episodes", self.childrens.missing_episodes, 0.0, 20.0),
            ("language.drift", self.language.drift, 0.0, 1.0),
            ("language.sentences", self.language.sentences, 1.0, 30.0),
        ];
        for (knob, value, low, high) in bounded {
            if !(low..=high).contains(&value) {
                return Err(SyntheticError::OutOfRange {
                    knob,
                    value: value.to_string(),
                    limit: "within the bounds that its documentation makes sense of",
                });
            }
        }
        let ordered = [
            ("flags.cse-lowest", self.flags.cse_lowest, self.flags.cse_highest),
            (
                "childrens.missing-swap-lowest",
                self.childrens.missing_swap_lowest,
                self.childrens.missing_swap_highest,
            ),
            ("language.lowest", self.language.lowest, self.language.highest),
        ];
        for (knob, low, high) in ordered {
            if low > high {
                return out_of_range(knob, low, "no more than the highest");
            }
        }
        if self.groups.cse + self.groups.familial + self.groups.institutional > 1.0 {
            return out_of_range("groups.cse", self.groups.cse, "at most 1 together with the other kinds");
        }
        if self.true_victims() > 50_000_000 {
            return Err(SyntheticError::OutOfRange {
                knob: "victims",
                value: self.true_victims().to_string(),
                limit: "at most 50,000,000",
            });
        }
        if self.first_year < 1990 || self.last_year < self.first_year || self.last_year > 2040 {
            return Err(SyntheticError::OutOfRange {
                knob: "first-year",
                value: format!("{} to {}", self.first_year, self.last_year),
                limit: "years from 1990 to 2040, the first before the last",
            });
        }
        Ok(())
    }
}

fn out_of_range(knob: &'static str, value: f64, limit: &'static str) -> Result<(), SyntheticError> {
    Err(SyntheticError::OutOfRange { knob, value: value.to_string(), limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_survives_toml() {
        let knobs = Knobs { seed: 9, victims: Some(5), ..Knobs::default() };
        assert_eq!(Knobs::from_toml(&knobs.to_toml().unwrap()).unwrap(), knobs);
    }

    #[test]
    fn a_share_above_one_is_refused_by_name() {
        let error = Knobs::from_toml("[suspects]\nmale = 1.5").unwrap_err().to_string();
        assert!(error.contains("suspects.male") && error.contains("1.5"), "{error}");
    }

    #[test]
    fn an_unknown_knob_in_a_table_is_refused() {
        let error = Knobs::from_toml("[groups]\nsise-tail = 0.4").unwrap_err().to_string();
        assert!(error.contains("sise-tail"), "{error}");
    }
}
