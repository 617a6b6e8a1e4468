use serde::{Deserialize, Serialize};

use crate::{AreaId, BodyId, PartialDate};

/// What sort of body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// A government as a whole.
    Government,
    /// A department of state.
    Department,
    /// An executive agency or non-departmental public body.
    Agency,
    /// A police force.
    PoliceForce,
    /// A body that serves or coordinates police forces.
    PolicingBody,
    /// A local authority.
    LocalAuthority,
    /// An inspectorate.
    Inspectorate,
    /// A regulator or ombudsman.
    Regulator,
    /// A prosecutor.
    Prosecutor,
    /// A commissioner.
    Commissioner,
    /// An inquiry, panel or board that makes or watches recommendations.
    Panel,
    /// A health body.
    Health,
    /// A charity or campaign.
    Charity,
    /// A faith body.
    Faith,
    /// A company.
    Company,
    /// A stated set of bodies addressed together, such as "all police forces".
    Group,
    /// Anything else, including bodies only proposed.
    Other,
}

/// A code in a named scheme, such as `gss` `E06000001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Code {
    /// The scheme, in lower case: `gss`, `ons-pfa`, `police-uk`.
    pub scheme: String,
    /// The code itself, as the scheme writes it.
    pub value: String,
    /// Whether the scheme still uses it.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub current: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_true(value: &bool) -> bool {
    *value
}

/// A name and the time it was in use; an open end means no end is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameInTime {
    /// The name as the body wrote it.
    pub name: String,
    /// First use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PartialDate>,
    /// Last use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<PartialDate>,
}

impl NameInTime {
    /// A name with no known beginning or end.
    pub fn always(name: impl Into<String>) -> Self {
        Self { name: name.into(), from: None, until: None }
    }
}

/// Someone recommendations are made to, or answers come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Permanent name; survives renaming.
    pub id: BodyId,
    /// What sort of body.
    pub kind: BodyKind,
    /// Its names over time, newest last; never empty in a valid record.
    pub names: Vec<NameInTime>,
    /// Codes in public schemes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Code>,
    /// Where it acts, in words, where no area of the record fits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub territory: String,
    /// Where it acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
    /// The body it is part of, which may answer for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<BodyId>,
    /// Who took over its work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<BodyId>,
    /// Why it is in the register, in a phrase.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
}

impl Body {
    /// The newest name, or the id where the record is damaged and holds none.
    pub fn name(&self) -> &str {
        self.names.last().map_or(self.id.as_str(), |n| &n.name)
    }

    /// The name in use on a day; the newest where the record does not say.
    pub fn name_on(&self, day: jiff::civil::Date) -> &str {
        let in_use = |n: &&NameInTime| {
            n.from.is_none_or(|from| from.earliest() <= day)
                && n.until.is_none_or(|until| day <= until.latest())
        };
        self.names.iter().rev().find(in_use).map_or_else(|| self.name(), |n| &n.name)
    }
}

/// What sort of area it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AreaKind {
    /// A country.
    Country,
    /// An English region.
    Region,
    /// A police force area.
    PoliceForceArea,
    /// A local authority's area.
    LocalAuthority,
}

/// A place with an edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Permanent name.
    pub id: AreaId,
    /// What sort of area.
    pub kind: AreaKind,
    /// Its name.
    pub name: String,
    /// Codes in public schemes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Code>,
    /// The areas that hold it; several, because a council lies in a region and in a police area.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<AreaId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_keeps_its_old_names() {
        let body = Body {
            id: BodyId::new("mhclg").unwrap(),
            kind: BodyKind::Department,
            names: vec![
                NameInTime {
                    name: "Department for Levelling Up, Housing and Communities".into(),
                    from: Some("2021-09".parse().unwrap()),
                    until: Some("2024-07".parse().unwrap()),
                },
                NameInTime {
                    name: "Ministry of Housing, Communities and Local Government".into(),
                    from: Some("2024-07".parse().unwrap()),
                    until: None,
                },
            ],
            codes: vec![],
            territory: String::new(),
            area: None,
            part_of: None,
            successors: vec![],
            role: String::new(),
        };
        assert_eq!(body.name(), "Ministry of Housing, Communities and Local Government");
        assert!(body.name_on(jiff::civil::date(2022, 1, 1)).starts_with("Department for Levelling Up"));
    }
}
