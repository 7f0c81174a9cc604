//! Which projects of a repository need which others, and which need each other in a circle.

use std::collections::{BTreeMap, HashMap};

use super::model::{GraphEdge, GraphNode, ProjectId};

pub(super) mod layout;

/// The projects that have to do with others, and how.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// By path; only those with an edge.
    pub(super) nodes: Vec<GraphNode>,
    pub(super) edges: Vec<Edge>,
    /// Groups of projects that need each other, by their indices.
    pub(super) circles: Vec<Vec<usize>>,
    /// How many projects neither need nor are needed.
    pub(super) alone: usize,
}

/// An edge between the nodes of these indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) scopes: Vec<String>,
}

impl Edge {
    /// The scope that matters most: what runs comes before what only tests.
    pub(super) fn scope(&self) -> &str {
        let has = |scope: &&str| self.scopes.iter().any(|own| own == scope);
        ["runtime", "optional", "build"].into_iter().find(has).unwrap_or("development")
    }
}

impl Graph {
    pub(super) fn new(nodes: Vec<GraphNode>, edges: Vec<GraphEdge>) -> Self {
        let all = nodes.len();
        let is_in =
            |node: &GraphNode| edges.iter().any(|edge| edge.from == node.id || edge.to == node.id);
        let nodes: Vec<GraphNode> = nodes.into_iter().filter(is_in).collect();
        let places: HashMap<ProjectId, usize> =
            nodes.iter().enumerate().map(|(index, node)| (node.id, index)).collect();
        let edges: Vec<Edge> = edges
            .into_iter()
            .filter_map(|edge| {
                let (from, to) = (*places.get(&edge.from)?, *places.get(&edge.to)?);
                Some(Edge { from, to, scopes: edge.scopes })
            })
            .collect();
        let circles = circles(nodes.len(), &edges);
        Self { alone: all - nodes.len(), nodes, edges, circles }
    }

    /// The names of a circle's projects, the first one again at its end.
    pub(super) fn names<'g>(&'g self, circle: &'g [usize]) -> impl Iterator<Item = &'g str> {
        circle.iter().filter_map(|index| self.nodes.get(*index)).map(|node| node.name.as_str())
    }
}

/// What each node needs.
pub(super) fn needs(count: usize, edges: &[Edge]) -> Vec<Vec<usize>> {
    let mut needs = vec![Vec::new(); count];
    for edge in edges {
        if let Some(own) = needs.get_mut(edge.from) {
            own.push(edge.to);
        }
    }
    needs
}

/// The nodes in the order in which a walk along the edges leaves them.
pub(super) fn finished(next: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = vec![false; next.len()];
    let mut order = Vec::with_capacity(next.len());
    for start in 0..next.len() {
        let mut open = vec![(start, 0)];
        while let Some((node, at)) = open.pop() {
            if at == 0 && std::mem::replace(seen.get_mut(node).unwrap_or(&mut true), true) {
                continue;
            }
            match next.get(node).and_then(|next| next.get(at)) {
                Some(child) => open.extend([(node, at + 1), (*child, 0)]),
                None => order.push(node),
            }
        }
    }
    order
}

/// Groups of nodes that reach each other (Kosaraju's way), each sorted.
fn circles(count: usize, edges: &[Edge]) -> Vec<Vec<usize>> {
    let turned: Vec<Edge> = edges
        .iter()
        .map(|edge| Edge { from: edge.to, to: edge.from, scopes: Vec::new() })
        .collect();
    let back = needs(count, &turned);
    let mut group = vec![None; count];
    for root in finished(&needs(count, edges)).into_iter().rev() {
        let mut open = vec![root];
        while let Some(node) = open.pop() {
            let Some(own) = group.get_mut(node).filter(|own| own.is_none()) else { continue };
            *own = Some(root);
            open.extend(back.get(node).into_iter().flatten());
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (node, root) in group.into_iter().enumerate() {
        if let Some(root) = root {
            groups.entry(root).or_default().push(node);
        }
    }
    let mut circles: Vec<_> = groups.into_values().filter(|group| group.len() > 1).collect();
    circles.sort();
    circles
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::work) fn edge(from: usize, to: usize) -> Edge {
        Edge { from, to, scopes: vec!["runtime".to_owned()] }
    }

    #[test]
    fn circles_are_found_and_lines_are_none() {
        let edges = [edge(0, 1), edge(1, 2), edge(2, 1), edge(2, 3), edge(4, 5), edge(5, 4)];

        assert_eq!(circles(6, &edges), [vec![1, 2], vec![4, 5]]);
        assert!(circles(3, &[edge(0, 1), edge(0, 2), edge(1, 2)]).is_empty());
    }

    #[test]
    fn projects_without_edges_are_counted() {
        let node = |name: &str| GraphNode {
            id: ProjectId::new(),
            name: name.to_owned(),
            path: name.to_owned(),
            kind: "rust".to_owned(),
        };
        let nodes = vec![node("a"), node("b"), node("c")];
        let (a, c) = (nodes[0].id, nodes[2].id);

        let edges = vec![GraphEdge { from: c, to: a, scopes: vec!["development".to_owned()] }];
        let graph = Graph::new(nodes, edges);

        assert_eq!((graph.nodes.len(), graph.alone), (2, 1));
        assert_eq!((graph.edges[0].from, graph.edges[0].to), (1, 0));
        assert_eq!(graph.edges[0].scope(), "development");
    }

    #[test]
    fn what_runs_decides_how_an_edge_looks() {
        let scopes = ["development", "runtime"].map(str::to_owned).to_vec();

        assert_eq!(Edge { from: 0, to: 1, scopes }.scope(), "runtime");
    }
}
