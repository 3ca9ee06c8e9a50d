//! The domains of the publication plan and the finest cells that they are sums of, as the edges of one network. Knows no answers.
//!
//! Left of the cells stands the tree nation - prefecture - prefecture x three bands, right of them the tree nation - six bands. A change of the cells
//! that no published total shows is a circulation of this network that uses no published edge, which makes "what can be inferred?" a question of flows
//! (Cox, Network models for complementary cell suppression, JASA 90, 1995).

use serde::Serialize;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

/// Number of bands that results are published in for the nation.
pub(crate) const SIX: usize = 6;
/// Number of bands that results are published in for a prefecture.
pub(crate) const THREE: usize = 3;

/// A part of the country that the plan publishes distributions of. Bands are indices into [`Banding::bands`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Domain {
    /// The nation.
    Nation,
    /// The nation's hospitals of one of the six bands of [`Banding::Survey`].
    Band(usize),
    /// A prefecture.
    Prefecture(PrefectureCode),
    /// A prefecture's hospitals of one of the three bands of [`Banding::Program`].
    PrefectureBand(PrefectureCode, usize),
}

impl Domain {
    /// The key of the domain's band, such as `400+`; `None` for a whole area.
    pub fn band(self) -> Option<&'static str> {
        let (banding, band) = match self {
            Domain::Band(band) => (Banding::Survey, band),
            Domain::PrefectureBand(_, band) => (Banding::Program, band),
            Domain::Nation | Domain::Prefecture(_) => return None,
        };
        banding.bands().get(band).map(|band| band.key)
    }
}

/// One way along an edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arc {
    pub(crate) to: usize,
    pub(crate) edge: usize,
    pub(crate) forward: bool,
}

/// The network over some prefectures. Edges are numbered: first the domains, in the order of [`Grid::domains`], then the cells, six to a prefecture.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    prefectures: Vec<PrefectureCode>,
    domains: Vec<Domain>,
    ends: Vec<(usize, usize)>,
    arcs: Vec<Vec<Arc>>,
}

/// The node left of all prefectures.
pub(crate) const LEFT: usize = 0;
/// The node right of all bands.
const RIGHT: usize = 1;
/// The node of the first of the six bands.
const FIRST_BAND: usize = 2;

impl Grid {
    pub(crate) fn new(prefectures: Vec<PrefectureCode>) -> Grid {
        let count = prefectures.len();
        let prefecture_node = |index: usize| FIRST_BAND + SIX + index;
        let class_node = |index: usize, band: usize| FIRST_BAND + SIX + count + THREE * index + band;
        let mut domains = vec![Domain::Nation];
        let mut ends = vec![(RIGHT, LEFT)];
        for band in 0..SIX {
            domains.push(Domain::Band(band));
            ends.push((FIRST_BAND + band, RIGHT));
        }
        for (index, code) in prefectures.iter().enumerate() {
            domains.push(Domain::Prefecture(*code));
            ends.push((LEFT, prefecture_node(index)));
        }
        for (index, code) in prefectures.iter().enumerate() {
            for band in 0..THREE {
                domains.push(Domain::PrefectureBand(*code, band));
                ends.push((prefecture_node(index), class_node(index, band)));
            }
        }
        for index in 0..count {
            ends.extend((0..SIX).map(|band| (class_node(index, band / 2), FIRST_BAND + band)));
        }
        let mut arcs = vec![Vec::new(); FIRST_BAND + SIX + count + THREE * count];
        for (edge, (tail, head)) in ends.iter().copied().enumerate() {
            for (from, to, forward) in [(tail, head, true), (head, tail, false)] {
                if let Some(list) = arcs.get_mut(from) {
                    list.push(Arc { to, edge, forward });
                }
            }
        }
        Grid {
            prefectures,
            domains,
            ends,
            arcs,
        }
    }

    pub(crate) fn domains(&self) -> &[Domain] {
        &self.domains
    }

    pub(crate) fn prefectures(&self) -> &[PrefectureCode] {
        &self.prefectures
    }

    pub(crate) fn cells(&self) -> usize {
        self.prefectures.len() * SIX
    }

    pub(crate) fn nodes(&self) -> usize {
        self.arcs.len()
    }

    /// Tail and head of an edge; cells point from left to right.
    pub(crate) fn ends(&self, edge: usize) -> (usize, usize) {
        self.ends.get(edge).copied().unwrap_or((LEFT, LEFT))
    }

    pub(crate) fn arcs(&self, node: usize) -> &[Arc] {
        self.arcs.get(node).map_or(&[], Vec::as_slice)
    }

    /// The cell of an edge; `None` for a domain.
    pub(crate) fn cell_of(&self, edge: usize) -> Option<usize> {
        edge.checked_sub(self.domains.len())
    }

    /// Tail and head of a cell.
    pub(crate) fn cell_ends(&self, cell: usize) -> (usize, usize) {
        self.ends(self.domains.len() + cell)
    }

    /// The nodes of the six bands.
    pub(crate) fn band_nodes() -> std::ops::Range<usize> {
        FIRST_BAND..FIRST_BAND + SIX
    }

    /// The domains of a prefecture and of one of its three bands, by the prefecture's index.
    pub(crate) fn row(&self, prefecture: usize, band: usize) -> (usize, usize) {
        let first = 1 + SIX;
        (first + prefecture, first + self.prefectures.len() + THREE * prefecture + band)
    }

    /// The cells that a domain is the sum of.
    pub(crate) fn cells_of(&self, domain: usize) -> Vec<usize> {
        let place = |code: PrefectureCode| self.prefectures.iter().position(|other| *other == code).unwrap_or(usize::MAX);
        match self.domains.get(domain) {
            None => Vec::new(),
            Some(Domain::Nation) => (0..self.cells()).collect(),
            Some(Domain::Band(band)) => (0..self.prefectures.len()).map(|index| index * SIX + band).collect(),
            Some(Domain::Prefecture(code)) => {
                let first = place(*code).saturating_mul(SIX);
                (first..first.saturating_add(SIX)).collect()
            }
            Some(Domain::PrefectureBand(code, band)) => {
                let first = place(*code).saturating_mul(SIX).saturating_add(2 * band);
                vec![first, first.saturating_add(1)]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_inner_node_of_the_network_says_that_parts_add_up() {
        let codes: Vec<PrefectureCode> = PrefectureCode::all().take(3).collect();
        let grid = Grid::new(codes);
        // Any numbers in the cells, carried to the domains that hold them, are a circulation.
        let flow = |edge: usize| -> usize {
            match grid.cell_of(edge) {
                Some(cell) => cell * cell + 1,
                None => grid.cells_of(edge).iter().map(|cell| cell * cell + 1).sum(),
            }
        };
        for node in 0..grid.nodes() {
            let sum = |forward: bool| -> usize {
                grid.arcs(node)
                    .iter()
                    .filter(|arc| arc.forward == forward)
                    .map(|arc| flow(arc.edge))
                    .sum()
            };
            assert_eq!(sum(true), sum(false), "node {node}");
        }
        assert_eq!((grid.domains().len(), grid.cells()), (7 + 4 * 3, 18));
        let code = grid.prefectures()[1];
        let (own, band) = grid.row(1, 2);
        assert_eq!(
            (grid.domains()[own], grid.domains()[band]),
            (Domain::Prefecture(code), Domain::PrefectureBand(code, 2))
        );
    }
}
