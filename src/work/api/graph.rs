//! `/api/v2/repositories/{repository}/graph`.

use actix_web::web::{Json, Path};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{parse, problems::OfItem};
use crate::{
    tenancy::{Routes, Scope, ViewWork},
    web::Result,
    work::{
        graph::Graph,
        model::{GraphNode, ProjectId},
        store,
    },
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/api/v2/repositories/{repository}/graph", get_graph)
}

/// Which projects of a repository need which others of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Graph)]
pub(super) struct GraphView {
    /// By path; those that neither need another nor are needed are left out.
    nodes: Vec<NodeView>,
    edges: Vec<EdgeView>,
    /// Groups of projects that need each other, by their ids.
    circles: Vec<Vec<Uuid>>,
    /// How many projects are left out, test fixtures aside.
    alone: u64,
}

/// A project of a graph.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GraphNode)]
pub(super) struct NodeView {
    id: Uuid,
    name: String,
    path: String,
    kind: String,
}

/// That one project needs another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GraphEdge)]
pub(super) struct EdgeView {
    from: Uuid,
    to: Uuid,
    /// What for: `runtime`, `optional`, `build`, `development`.
    scopes: Vec<String>,
}

impl From<Graph> for GraphView {
    fn from(graph: Graph) -> Self {
        let id = |index: &usize| graph.nodes.get(*index).map(|node| node.id.as_uuid());
        let edges = graph.edges.iter().filter_map(|edge| {
            let (from, to) = (id(&edge.from)?, id(&edge.to)?);
            Some(EdgeView { from, to, scopes: edge.scopes.clone() })
        });
        Self {
            edges: edges.collect(),
            circles: graph
                .circles
                .iter()
                .map(|circle| circle.iter().filter_map(id).collect())
                .collect(),
            alone: u64::try_from(graph.alone).unwrap_or(u64::MAX),
            nodes: graph.nodes.into_iter().map(node).collect(),
        }
    }
}

fn node(node: GraphNode) -> NodeView {
    NodeView { id: ProjectId::as_uuid(node.id), name: node.name, path: node.path, kind: node.kind }
}

/// Show which projects of a repository need which others of it
#[utoipa::path(
    get, path = "/api/v2/repositories/{repository}/graph", tag = "repositories", security(("bearer" = [])),
    params(("repository" = String, Path, description = "Its id or name.", pattern = "^[A-Za-z0-9._-]{1,100}$")),
    responses((status = 200, description = "The graph.", body = GraphView), OfItem),
)]
pub(super) async fn get_graph(
    scope: Scope<ViewWork>,
    path: Path<String>,
) -> Result<Json<GraphView>> {
    let mut tx = scope.begin().await?;
    let repository = parse::repository(&mut tx, &path).await?;
    let nodes = store::list_graph_nodes(&mut tx, repository.id).await?;
    let edges = store::list_graph_edges(&mut tx, repository.id).await?;
    Ok(Json(Graph::new(nodes, edges).into()))
}
