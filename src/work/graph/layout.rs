//! Places the nodes of a graph in layers from left to right, so that what needs stands left of
//! what is needed.
//!
//! The usual steps (Sugiyama): edges that close a circle are turned; a node's layer is the longest
//! way to it; an edge over several layers gets a joint in each; joints and nodes are ordered by the
//! mean of their neighbours; then each is moved towards them as far as the order leaves room.

use super::{Edge, finished, needs};

/// Whole pixels.
type Pixels = i64;

pub(in crate::work) const BOX_HEIGHT: Pixels = 42;
const ROW: Pixels = BOX_HEIGHT + 16;
const JOINT_ROW: Pixels = 18;
const GAP: Pixels = 76;
const MARGIN: Pixels = 12;
const ROUNDS: usize = 12;

/// Where a node's box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::work) struct Place {
    pub(in crate::work) x: Pixels,
    pub(in crate::work) y: Pixels,
    pub(in crate::work) width: Pixels,
}

/// A drawing: one place a node and one line an edge, in their order.
#[derive(Debug, Default)]
pub(in crate::work) struct Drawing {
    pub(in crate::work) width: Pixels,
    pub(in crate::work) height: Pixels,
    pub(in crate::work) places: Vec<Place>,
    /// Each as the `d` of an SVG path.
    pub(in crate::work) lines: Vec<String>,
}

/// Draws nodes of these widths.
pub(in crate::work) fn draw(widths: &[Pixels], edges: &[Edge]) -> Drawing {
    let mut net = Net::new(widths, edges);
    for round in 0..ROUNDS {
        net.order(round % 2 == 0);
    }
    net.stack();
    for round in 0..ROUNDS {
        net.pull(round % 2 == 0);
    }
    net.drawing(widths.len(), edges)
}

/// A node, or a joint of an edge where it crosses a layer.
#[derive(Debug, Default, Clone)]
struct Item {
    layer: usize,
    /// Zero for a joint.
    width: Pixels,
    /// The middle.
    y: Pixels,
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Item {
    const fn row(&self) -> Pixels {
        if self.width == 0 { JOINT_ROW } else { ROW }
    }
}

struct Net {
    items: Vec<Item>,
    /// The items of each layer from top to bottom.
    layers: Vec<Vec<usize>>,
    /// For each edge its items from the left, and whether it was turned.
    chains: Vec<(Vec<usize>, bool)>,
}

impl Net {
    fn new(widths: &[Pixels], edges: &[Edge]) -> Self {
        let turned = turned(widths.len(), edges);
        let ends: Vec<(usize, usize)> = edges
            .iter()
            .zip(&turned)
            .map(|(edge, turned)| if *turned { (edge.to, edge.from) } else { (edge.from, edge.to) })
            .collect();
        let layers = layers(widths.len(), &ends);
        let items = widths.iter().zip(&layers);
        let items =
            items.map(|(width, layer)| Item { layer: *layer, width: *width, ..Item::default() });
        let mut net = Self { items: items.collect(), layers: Vec::new(), chains: Vec::new() };
        for ((from, to), turned) in ends.into_iter().zip(turned) {
            let chain = net.chain(from, to);
            net.chains.push((chain, turned));
        }
        let depth = net.items.iter().map(|item| item.layer + 1).max().unwrap_or(0);
        net.layers = vec![Vec::new(); depth];
        for (index, item) in net.items.iter().enumerate() {
            if let Some(layer) = net.layers.get_mut(item.layer) {
                layer.push(index);
            }
        }
        net
    }

    fn layer_of(&self, item: usize) -> usize {
        self.items.get(item).map_or(0, |item| item.layer)
    }

    /// Links two nodes, by a joint in each layer between them.
    fn chain(&mut self, from: usize, to: usize) -> Vec<usize> {
        let mut chain = vec![from];
        for layer in self.layer_of(from) + 1..self.layer_of(to) {
            self.items.push(Item { layer, ..Item::default() });
            chain.push(self.items.len() - 1);
        }
        chain.push(to);
        for (one, other) in chain.iter().zip(chain.iter().skip(1)) {
            if let Some(item) = self.items.get_mut(*one) {
                item.right.push(*other);
            }
            if let Some(item) = self.items.get_mut(*other) {
                item.left.push(*one);
            }
        }
        chain
    }

    /// The layers in the direction of a sweep.
    fn sweep(&self, forward: bool) -> Vec<usize> {
        if forward {
            (0..self.layers.len()).collect()
        } else {
            (0..self.layers.len()).rev().collect()
        }
    }

    /// Sorts each layer by the mean place of its neighbours in the layer before.
    fn order(&mut self, forward: bool) {
        let mut place = vec![0_i64; self.items.len()];
        for layer in &self.layers {
            number(layer, &mut place);
        }
        for layer in self.sweep(forward) {
            let Some(layer) = self.layers.get_mut(layer) else { continue };
            let items = &self.items;
            layer.sort_by_key(|index| {
                let beside = items.get(*index).map(|it| if forward { &it.left } else { &it.right });
                let own = place.get(*index).copied().unwrap_or(0) * 1_000;
                let places = beside.into_iter().flatten().filter_map(|one| place.get(*one));
                mean(places.map(|place| place * 1_000)).unwrap_or(own)
            });
            number(layer, &mut place);
        }
    }

    /// Puts the items of each layer below each other, around a common middle.
    fn stack(&mut self) {
        for layer in &self.layers {
            let height: Pixels =
                layer.iter().filter_map(|it| self.items.get(*it)).map(Item::row).sum();
            let mut y = -height / 2;
            for index in layer {
                if let Some(item) = self.items.get_mut(*index) {
                    item.y = y + item.row() / 2;
                    y += item.row();
                }
            }
        }
    }

    /// Moves items towards the mean of their neighbours, keeping order and distance.
    ///
    /// Pushing only down and pushing only up both keep them; so does the middle of the two.
    fn pull(&mut self, forward: bool) {
        for layer in self.sweep(forward) {
            let Some(layer) = self.layers.get(layer) else { continue };
            let wanted: Vec<Pixels> = layer.iter().map(|index| self.wanted(*index)).collect();
            let rows: Vec<Pixels> =
                layer.iter().map(|it| self.items.get(*it).map_or(0, Item::row)).collect();
            let down = spread(wanted.iter().copied().zip(rows.iter().copied()));
            let up = spread(wanted.iter().rev().map(|y| -y).zip(rows.iter().rev().copied()));
            for (index, (down, up)) in layer.iter().zip(down.iter().zip(up.iter().rev())) {
                if let Some(item) = self.items.get_mut(*index) {
                    item.y = i64::midpoint(*down, -up);
                }
            }
        }
    }

    fn wanted(&self, index: usize) -> Pixels {
        let Some(item) = self.items.get(index) else { return 0 };
        let beside = item.left.iter().chain(&item.right).filter_map(|one| self.items.get(*one));
        mean(beside.map(|one| one.y)).unwrap_or(item.y)
    }

    fn drawing(&self, nodes: usize, edges: &[Edge]) -> Drawing {
        let top = self.items.iter().map(|item| item.y - item.row() / 2).min().unwrap_or(0);
        let bottom = self.items.iter().map(|item| item.y + item.row() / 2).max().unwrap_or(0);
        let mut columns = Vec::with_capacity(self.layers.len());
        let mut x = MARGIN;
        for layer in &self.layers {
            let width = layer.iter().filter_map(|index| self.items.get(*index)).map(|it| it.width);
            let width = width.max().unwrap_or(0);
            columns.push((x, width));
            x += width + GAP;
        }
        let column = |item: &Item| columns.get(item.layer).copied().unwrap_or_default();
        let y = |item: &Item| item.y - top + MARGIN;
        let places = self.items.iter().take(nodes).map(|item| {
            let (x, width) = column(item);
            Place { x, y: y(item) - BOX_HEIGHT / 2, width }
        });
        let lines = self.chains.iter().take(edges.len()).map(|(chain, turned)| {
            let items = chain.iter().filter_map(|index| self.items.get(*index));
            // Beside the line that runs the other way, where there is one.
            let aside = if *turned { 9 } else { 0 };
            let points = items.map(|item| (column(item), y(item) + aside)).collect::<Vec<_>>();
            line(&points, *turned)
        });
        Drawing {
            width: x - GAP + MARGIN,
            height: bottom - top + 2 * MARGIN,
            places: places.collect(),
            lines: lines.collect(),
        }
    }
}

/// Places in order that are at least as far apart as their rows need.
fn spread(wanted: impl Iterator<Item = (Pixels, Pixels)>) -> Vec<Pixels> {
    let mut free = Pixels::MIN / 4;
    wanted
        .map(|(y, row)| {
            let place = y.max(free + row / 2);
            free = place + row / 2;
            place
        })
        .collect()
}

fn number(layer: &[usize], place: &mut [i64]) {
    for (number, index) in (0..).zip(layer) {
        if let Some(place) = place.get_mut(*index) {
            *place = number;
        }
    }
}

fn mean(values: impl Iterator<Item = i64>) -> Option<i64> {
    let (sum, count) = values.fold((0, 0), |(sum, count), value| (sum + value, count + 1));
    (sum * 2 + count).checked_div(count * 2).filter(|_| count > 0)
}

/// Whether each edge runs against the others, so that it is drawn backwards.
fn turned(count: usize, edges: &[Edge]) -> Vec<bool> {
    let mut left = vec![0; count];
    for (moment, node) in finished(&needs(count, edges)).into_iter().enumerate() {
        if let Some(left) = left.get_mut(node) {
            *left = moment;
        }
    }
    // A walk leaves a node after all it needs, unless it stands in a circle with it.
    edges.iter().map(|edge| left.get(edge.from) < left.get(edge.to)).collect()
}

/// For each node the longest way to it; what nothing needs stands right before what it needs.
fn layers(count: usize, ends: &[(usize, usize)]) -> Vec<usize> {
    let mut layers = vec![0_usize; count];
    // Without circles no way is longer than there are nodes.
    for _ in 0..count {
        let mut is_settled = true;
        for (from, to) in ends {
            let wanted = layers.get(*from).map_or(0, |layer| layer + 1);
            if let Some(layer) = layers.get_mut(*to).filter(|layer| **layer < wanted) {
                (*layer, is_settled) = (wanted, false);
            }
        }
        if is_settled {
            break;
        }
    }
    for node in 0..count {
        let is_needed = ends.iter().any(|(_, to)| *to == node);
        let nearest = ends.iter().filter(|(from, _)| *from == node);
        let nearest = nearest.filter_map(|(_, to)| layers.get(*to)).min().copied();
        if let (false, Some(nearest), Some(layer)) = (is_needed, nearest, layers.get_mut(node)) {
            *layer = nearest.saturating_sub(1);
        }
    }
    layers
}

/// A path through columns, from the right side of its first box to the left side of its last.
fn line(points: &[((Pixels, Pixels), Pixels)], turned: bool) -> String {
    let mut stops: Vec<(Pixels, Pixels)> = Vec::new();
    let last = points.len().saturating_sub(1);
    for (index, ((x, width), y)) in points.iter().enumerate() {
        if index > 0 {
            // The tip of the arrow stands just before the box.
            stops.push((if index == last && !turned { x - 2 } else { *x }, *y));
        }
        if index < last {
            stops.push((x + width + if index == 0 && turned { 2 } else { 0 }, *y));
        }
    }
    if turned {
        stops.reverse();
    }
    let mut path = String::new();
    for (index, (x, y)) in stops.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| stops.get(before));
        let step = match before {
            None => format!("M{x} {y}"),
            // Through a column it runs straight, between two it bends.
            Some(_) if index % 2 == 0 => format!(" L{x} {y}"),
            Some((from_x, from_y)) => {
                let middle = i64::midpoint(*from_x, *x);
                format!(" C{middle} {from_y} {middle} {y} {x} {y}")
            }
        };
        path.push_str(&step);
    }
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::tests::edge, *};

    fn overlaps(one: &Place, other: &Place) -> bool {
        one.x < other.x + other.width
            && other.x < one.x + one.width
            && one.y < other.y + BOX_HEIGHT
            && other.y < one.y + BOX_HEIGHT
    }

    #[test]
    fn what_needs_stands_left_of_what_is_needed() {
        let drawing = draw(&[100; 4], &[edge(0, 1), edge(1, 2), edge(0, 2), edge(3, 2)]);

        let x: Vec<_> = drawing.places.iter().map(|place| place.x).collect();
        assert!(x[0] < x[1] && x[1] < x[2]);
        assert_eq!(x[3], x[1], "right before what it needs");
        assert!(drawing.lines.iter().all(|line| line.starts_with('M') && line.contains(" C")));
    }

    #[test]
    fn a_circle_is_drawn_with_one_line_backwards() {
        let drawing = draw(&[100; 2], &[edge(0, 1), edge(1, 0)]);

        assert_ne!(drawing.places[0].x, drawing.places[1].x);
        assert_ne!(drawing.lines[0], drawing.lines[1]);
    }

    #[test]
    fn nothing_is_an_empty_drawing() {
        assert!(draw(&[], &[]).places.is_empty());
    }

    proptest! {
        #[test]
        fn boxes_lie_inside_and_never_on_each_other(
            count in 2_usize..60,
            pairs in prop::collection::vec((0_usize..60, 0_usize..60), 1..160),
        ) {
            let edges: Vec<Edge> = pairs
                .into_iter()
                .map(|(from, to)| edge(from % count, to % count))
                .filter(|edge| edge.from != edge.to)
                .collect();
            let drawing = draw(&vec![120; count], &edges);

            prop_assert_eq!((drawing.places.len(), drawing.lines.len()), (count, edges.len()));
            for (index, one) in drawing.places.iter().enumerate() {
                prop_assert!(one.x >= 0 && one.y >= 0);
                prop_assert!(one.x + one.width <= drawing.width && one.y + BOX_HEIGHT <= drawing.height);
                for other in &drawing.places[..index] {
                    prop_assert!(!overlaps(one, other), "{one:?} {other:?}");
                }
            }
        }
    }
}
