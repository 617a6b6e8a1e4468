use std::collections::{BTreeMap, HashMap};

use crate::DisclosureError;

/// Levels a hierarchy may have.
pub const DEEPEST: u32 = 10;
/// Codes one dimension may have.
pub const MOST_CODES: usize = 50_000;

/// One way of breaking a count down: its codes form a tree, and each code's count is the sum of its children's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    name: String,
    codes: Vec<Code>,
    index: HashMap<String, u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Code {
    label: String,
    parent: Option<u32>,
    children: Vec<u32>,
    depth: u32,
}

impl Dimension {
    /// A dimension without levels between: a total and its parts.
    ///
    /// # Errors
    ///
    /// Where two codes have one label, there are none, or too many.
    pub fn flat<S: Into<String>>(
        name: impl Into<String>,
        total: impl Into<String>,
        parts: impl IntoIterator<Item = S>,
    ) -> Result<Self, DisclosureError> {
        let parts = parts.into_iter().map(Into::into).collect();
        Self::tree(name, &BTreeMap::from([(total.into(), parts)]))
    }

    /// A dimension from `parent -> children`. Exactly one code is nobody's child: the grand total.
    ///
    /// # Errors
    ///
    /// Where the codes do not form one tree, or there are more than [`MOST_CODES`] or more than [`DEEPEST`] levels.
    pub fn tree(
        name: impl Into<String>,
        children_of: &BTreeMap<String, Vec<String>>,
    ) -> Result<Self, DisclosureError> {
        let name = name.into();
        let wrong = |reason: String| DisclosureError::Hierarchy { dimension: name.clone(), reason };
        let mut parent_of: HashMap<&str, &str> = HashMap::new();
        for (parent, children) in children_of {
            if children.is_empty() {
                return Err(wrong(format!("{parent} has no children; leave it out as a parent")));
            }
            for child in children {
                if let Some(other) = parent_of.insert(child, parent) {
                    return Err(wrong(format!(
                        "{child} is a child of {other} and of {parent}; a code has one parent"
                    )));
                }
            }
            if parent_of.len() > MOST_CODES {
                return Err(wrong(format!("more than {MOST_CODES} codes")));
            }
        }
        let mut roots = children_of.keys().filter(|parent| !parent_of.contains_key(parent.as_str()));
        let root = match (roots.next(), roots.next()) {
            (Some(root), None) => root,
            (None, _) => {
                return Err(wrong("no code is the grand total: every parent is also a child".to_owned()));
            }
            (Some(one), Some(other)) => {
                return Err(wrong(format!(
                    "{one} and {other} are both nobody's child; join them under one total"
                )));
            }
        };
        let mut codes: Vec<Code> = Vec::with_capacity(parent_of.len() + 1);
        let mut index = HashMap::with_capacity(parent_of.len() + 1);
        // Parents before children and siblings in the order given; depth is limited, so the stack is too.
        let mut waiting: Vec<(&str, Option<u32>, u32)> = vec![(root, None, 0)];
        while let Some((label, parent, depth)) = waiting.pop() {
            if depth > DEEPEST {
                return Err(wrong(format!("{label} lies deeper than {DEEPEST} levels")));
            }
            let code = codes.len() as u32;
            index.insert(label.to_owned(), code);
            codes.push(Code { label: label.to_owned(), parent, children: Vec::new(), depth });
            if let Some(parent) = parent {
                codes[parent as usize].children.push(code);
            }
            if let Some(children) = children_of.get(label) {
                waiting.extend(children.iter().rev().map(|child| (child.as_str(), Some(code), depth + 1)));
            }
        }
        if codes.len() != parent_of.len() + 1 {
            return Err(wrong("some codes go round in a ring and never reach the total".to_owned()));
        }
        Ok(Self { name, codes, index })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many codes it has, totals included.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Never: there is always the total.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The labels, parents before their children.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(|code| code.label.as_str())
    }

    /// A code's label.
    pub(crate) fn label(&self, code: u32) -> &str {
        &self.codes[code as usize].label
    }

    /// The code with a label.
    pub(crate) fn code(&self, label: &str) -> Option<u32> {
        self.index.get(label).copied()
    }

    pub(crate) fn parent(&self, code: u32) -> Option<u32> {
        self.codes[code as usize].parent
    }

    pub(crate) fn children(&self, code: u32) -> &[u32] {
        &self.codes[code as usize].children
    }

    /// Levels below the total.
    pub(crate) fn depth(&self, code: u32) -> u32 {
        self.codes[code as usize].depth
    }

    pub(crate) fn is_leaf(&self, code: u32) -> bool {
        self.codes[code as usize].children.is_empty()
    }

    /// Reads one object per dimension, `parent -> children`, with the dimensions' names in the same order.
    pub(crate) fn from_json(text: &str, names: &[&str]) -> Result<Vec<Self>, DisclosureError> {
        let trees: Vec<BTreeMap<String, Vec<String>>> =
            serde_json::from_str(text).map_err(|e| DisclosureError::Hierarchy {
                dimension: "all".to_owned(),
                reason: format!("the hierarchy is not a list of objects of lists of codes: {e}"),
            })?;
        if trees.len() != names.len() {
            return Err(DisclosureError::Hierarchy {
                dimension: "all".to_owned(),
                reason: format!(
                    "the hierarchy has {} dimensions and the table {}; give one object for each column before count",
                    trees.len(),
                    names.len()
                ),
            });
        }
        trees.iter().zip(names).map(|(tree, name)| Self::tree(*name, tree)).collect()
    }
}
