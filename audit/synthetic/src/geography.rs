//! An invented country of the size of England and Wales: 43 police forces, 175 local authorities, 42 health bodies, 12 voluntary
//! organisations and the holder of the referral mechanism.
//!
//! Names and codes are invented on purpose. Forces are made to under-record and authorities to send damaged returns, and no reader
//! may take such a figure for one of a real body. The codes have the form of the statistical office's, with a first letter that it
//! gives to no country. The map does not depend on the seed, so that a figure of one run can be laid beside that of another.

use candour_returns::BodyType;

use crate::random::{Kind, Stream};

/// A police force and its area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Force {
    /// `X23` and six digits.
    pub code: String,
    /// An invented name.
    pub name: String,
    /// Its local authorities, as numbers of [`Geography::authorities`].
    pub authorities: std::ops::Range<u16>,
    /// Whether it lies in the country with fewer, larger forces.
    pub west: bool,
    /// Column and row in a map of tiles.
    pub tile: (u8, u8),
}

/// A local authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// `X06` or `X96` and six digits.
    pub code: String,
    /// An invented name.
    pub name: String,
    /// Its force, as a number of [`Geography::forces`].
    pub force: u8,
    /// Its health body, counted from 0. Health areas are not those of the police.
    pub health: u8,
    /// Children under 18 living there.
    pub children: u32,
    /// Column and row in a map of tiles.
    pub tile: (u8, u8),
}

/// A body that sends a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendingBody {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its sort.
    pub body_type: BodyType,
}

/// The map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Geography {
    /// 43 forces.
    pub forces: Vec<Force>,
    /// 175 authorities, those of one force together.
    pub authorities: Vec<Authority>,
    /// All bodies that send: forces, authorities, health bodies, voluntary organisations, the holder of the mechanism.
    pub bodies: Vec<SendingBody>,
}

/// Authorities of each force. The last four forces are those of the west.
const AUTHORITIES_OF: [u8; 43] = [
    32, 1, 10, 5, 7, 5, 4, 6, 9, 2, 3, 3, 4, 5, 5, 4, 3, 4, 4, 2, 2, 2, 2, 4, 1, 2, 2, 1, 3, 2, 2, 1, 1, 3,
    1, 1, 1, 2, 2, 6, 5, 7, 4,
];
/// Health bodies.
pub(crate) const HEALTH_BODIES: usize = 42;
/// Voluntary organisations.
pub(crate) const VOLUNTARY_BODIES: usize = 12;

const HEADS: [&str; 44] = [
    "Aldra", "Bremel", "Caddow", "Dorrin", "Elvan", "Fenwy", "Garrow", "Hesket", "Istrel", "Jarl", "Kelder",
    "Lorne", "Marrow", "Nethra", "Orrin", "Pellan", "Quarra", "Ravel", "Sarnel", "Tolver", "Ulvar", "Varrow",
    "Wether", "Yarrel", "Zennel", "Amber", "Bellow", "Corvel", "Dunnel", "Esker", "Farrel", "Gimmer",
    "Hollin", "Ingar", "Keswel", "Lammer", "Mossal", "Norrel", "Ottra", "Pendra", "Roddam", "Skellan",
    "Tarrel", "Wynnel",
];
const TAILS: [&str; 16] = [
    "mere", "wick", "dale", "stow", "moor", "shaw", "holt", "fleet", "gate", "ness", "combe", "beck",
    "thorpe", "ridge", "haven", "leigh",
];

impl Geography {
    /// The one map.
    pub fn new() -> Self {
        let mut forces = Vec::with_capacity(43);
        let mut authorities: Vec<Authority> = Vec::with_capacity(175);
        for (f, &count) in AUTHORITIES_OF.iter().enumerate() {
            let first = authorities.len() as u16;
            let west = f >= 39;
            // One force, as in the city it is modelled on, has an area with almost nobody in it.
            let tiny = f == 1;
            for _ in 0..count {
                let a = authorities.len();
                let mut r = Stream::new(0, Kind::Area, a as u64);
                let size = if tiny { 1_500.0 } else { 65_000.0 * (0.45 * r.normal()).exp() };
                authorities.push(Authority {
                    code: if west { format!("X96{:06}", a - 152) } else { format!("X06{:06}", a + 1) },
                    name: format!(
                        "{}{}",
                        HEADS[a % HEADS.len()],
                        TAILS[(a % HEADS.len() * 5 + a / HEADS.len() * 3) % TAILS.len()]
                    ),
                    force: f as u8,
                    health: 0,
                    // Forces of one or two authorities are whole counties.
                    children: (size * if count <= 2 && !tiny { 2.4 } else { 1.0 }) as u32,
                    tile: ((a % 14) as u8, (a / 14) as u8),
                });
            }
            forces.push(Force {
                code: format!("X23{:06}", f + 1),
                name: format!("{} Constabulary", HEADS[(f * 3 + 11) % HEADS.len()]),
                authorities: first..authorities.len() as u16,
                west,
                tile: ((f % 7) as u8, (f / 7) as u8),
            });
        }
        let count = authorities.len();
        for (a, authority) in authorities.iter_mut().enumerate() {
            // Runs of four or five authorities, cut without regard to forces.
            authority.health = (a * HEALTH_BODIES / count) as u8;
        }
        let mut bodies = Vec::new();
        bodies.extend(forces.iter().map(|f| body(&f.code, f.name.clone(), BodyType::Police)));
        bodies.extend(
            authorities.iter().map(|a| body(&a.code, format!("{} Council", a.name), BodyType::Childrens)),
        );
        bodies.extend((0..HEALTH_BODIES).map(|h| {
            body(
                &format!("X54{:06}", h + 1),
                format!("{} Health Board", HEADS[(h * 5 + 3) % HEADS.len()]),
                BodyType::Health,
            )
        }));
        bodies.extend((0..VOLUNTARY_BODIES).map(|v| {
            body(
                &format!("XV{:07}", v + 1),
                format!("{} Trust", HEADS[(v * 9 + 1) % HEADS.len()]),
                BodyType::Vol,
            )
        }));
        bodies.push(body("XN0000001", "Referral Mechanism Office".to_owned(), BodyType::Nrm));
        Self { forces, authorities, bodies }
    }

    /// The number of the body that is a force.
    pub(crate) fn police_body(force: u8) -> u16 {
        u16::from(force)
    }

    /// The number of the body that is an authority.
    pub(crate) fn childrens_body(&self, authority: u16) -> u16 {
        self.forces.len() as u16 + authority
    }

    pub(crate) fn health_body(&self, authority: u16) -> u16 {
        (self.forces.len() + self.authorities.len()) as u16
            + u16::from(self.authorities[usize::from(authority)].health)
    }

    pub(crate) fn voluntary_body(&self, authority: u16) -> u16 {
        let force = usize::from(self.authorities[usize::from(authority)].force);
        (self.forces.len()
            + self.authorities.len()
            + HEALTH_BODIES
            + force * VOLUNTARY_BODIES / self.forces.len()) as u16
    }

    pub(crate) fn nrm_body(&self) -> u16 {
        self.bodies.len() as u16 - 1
    }
}

impl Default for Geography {
    fn default() -> Self {
        Self::new()
    }
}

fn body(code: &str, name: String, body_type: BodyType) -> SendingBody {
    SendingBody { code: code.to_owned(), name, body_type }
}

/// Shares out `total` by weight so that the parts add up: the largest remainders get what rounding down leaves.
pub(crate) fn apportion(total: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    if weights.is_empty() || sum <= 0.0 {
        return vec![0; weights.len()];
    }
    let exact: Vec<f64> = weights.iter().map(|w| w / sum * total as f64).collect();
    let mut parts: Vec<u64> = exact.iter().map(|e| e.floor() as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| {
        (exact[b] - exact[b].floor()).total_cmp(&(exact[a] - exact[a].floor())).then(a.cmp(&b))
    });
    let left = total.saturating_sub(parts.iter().sum());
    for &place in order.iter().cycle().take(left as usize) {
        parts[place] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_map_has_the_shape_of_england_and_wales() {
        let map = Geography::new();
        assert_eq!(map.forces.len(), 43);
        assert_eq!(map.authorities.len(), 175);
        assert_eq!(map.forces.iter().filter(|f| f.west).map(|f| f.authorities.len()).sum::<usize>(), 22);
        let children: u64 = map.authorities.iter().map(|a| u64::from(a.children)).sum();
        assert!((10_000_000..16_000_000).contains(&children), "{children}");
        assert_eq!(map.bodies.len(), 43 + 175 + 42 + 12 + 1);
    }

    #[test]
    fn codes_and_names_of_areas_are_unique() {
        let map = Geography::new();
        let codes: BTreeSet<&str> = map.bodies.iter().map(|b| b.code.as_str()).collect();
        assert_eq!(codes.len(), map.bodies.len());
        let names: BTreeSet<&str> = map.bodies.iter().map(|b| b.name.as_str()).collect();
        assert_eq!(names.len(), map.bodies.len(), "two bodies have one name");
    }

    #[test]
    fn parts_add_up() {
        assert_eq!(apportion(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(apportion(0, &[1.0]), [0]);
        assert_eq!(apportion(7, &[0.0, 1.0]), [0, 7]);
    }
}
