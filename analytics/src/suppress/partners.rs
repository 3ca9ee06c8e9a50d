//! Which prefectures to hide in a band so that a count can move by [`super::whole`]: the cheapest other prefecture, or if no single one helps, all.

use super::domain::{Domain, Grid, THREE};
use super::flow::Way;

/// The cheapest way by which `found`, the least difference for a set of hidden domains, becomes greater than it is. `price` is 0 for what is hidden.
pub(crate) fn cheapest(grid: &Grid, hidden: &[bool], price: &[u64], domain: usize, found: impl Fn(&[bool]) -> u32) -> Option<Way> {
    let (own, bands) = match grid.domains().get(domain)? {
        Domain::Prefecture(code) => (*code, 0..THREE),
        Domain::PrefectureBand(code, band) => (*code, *band..band + 1),
        Domain::Nation | Domain::Band(_) => return None,
    };
    let was = found(hidden);
    let raises = |way: &Way| {
        let mut more = hidden.to_vec();
        for (_, flag) in more.iter_mut().enumerate().filter(|(index, _)| way.domains.contains(index)) {
            *flag = true;
        }
        found(&more) > was
    };
    let all: Vec<usize> = (0..grid.prefectures().len()).collect();
    let own = grid.prefectures().iter().position(|code| *code == own)?;
    let others = all.iter().copied().filter(|other| *other != own);
    let pairs = bands
        .clone()
        .flat_map(|band| others.clone().map(move |other| way(grid, price, &[own, other], band)));
    let mut pairs: Vec<Way> = pairs.collect();
    pairs.sort_by_key(|way| way.price);
    let together = bands.map(|band| way(grid, price, &all, band));
    pairs.into_iter().chain(together).filter(|way| way.price > 0).find(raises)
}

fn way(grid: &Grid, price: &[u64], prefectures: &[usize], band: usize) -> Way {
    let indices = prefectures.iter().flat_map(|index| {
        let (own, class) = grid.row(*index, band);
        [own, class]
    });
    let open: Vec<(usize, u64)> = indices
        .filter_map(|index| Some((index, price.get(index).copied().filter(|price| *price > 0)?)))
        .collect();
    Way {
        price: open.iter().map(|(_, price)| price).sum(),
        domains: open.into_iter().map(|(index, _)| index).collect(),
    }
}
