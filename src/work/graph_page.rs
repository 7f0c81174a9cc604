//! The graph of a repository: which of its projects need which others.

use actix_web::web::{Data, Path};
use askama::Template;

use super::{
    graph::{
        Edge, Graph,
        layout::{self, BOX_HEIGHT, Drawing},
    },
    model::GraphNode,
    pages::viewing,
    store,
    views::{Viewing, kind_label},
};
use crate::{
    organizations::Rail,
    repositories,
    tenancy::{Scope, ViewWork},
    web::{
        AppError, Result,
        html::{Crumb, Html, Link, Shell, counted},
        icon::Icon,
    },
};

/// A drawing of more projects shows nothing but lines.
const DRAWN: usize = 300;
/// Lines of a drawing; each bends in every column that it crosses.
const DRAWN_LINES: usize = 1_000;
/// Longer names are cut in a box; the list below has them whole.
const NAME: usize = 26;

#[derive(Template)]
#[template(path = "work/graph.html")]
pub(super) struct GraphPage {
    shell: Shell,
    repository: Link,
    /// How much there is, in words.
    summary: String,
    /// How many projects have nothing to do with others, in words.
    alone: String,
    circles: Vec<String>,
    drawing: Option<Picture>,
    rows: Vec<Row>,
}

/// The drawing, as a template places it.
struct Picture {
    width: i64,
    height: i64,
    boxes: Vec<Box>,
    lines: Vec<Line>,
    /// The kinds of lines that there are, for the legend.
    legend: Vec<(&'static str, &'static str)>,
}

struct Box {
    href: String,
    label: String,
    name: String,
    kind: String,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    text_x: i64,
    name_y: i64,
    kind_y: i64,
}

struct Line {
    class: &'static str,
    path: String,
}

/// One project with all that it needs.
struct Row {
    project: Link,
    needs: Vec<(Link, String)>,
}

/// Shows which projects of a repository need which others.
pub(super) async fn graph(
    scope: Scope<ViewWork>,
    rail: Data<Rail>,
    path: Path<(String, String)>,
) -> Result<Html<GraphPage>> {
    let viewing = viewing(&scope);
    let mut tx = scope.begin().await?;
    let repository = repositories::find_named(&mut tx, &path.1).await?.ok_or(AppError::NotFound)?;
    let nodes = store::list_graph_nodes(&mut tx, repository.id).await?;
    let edges = store::list_graph_edges(&mut tx, repository.id).await?;
    let graph = Graph::new(nodes, edges);

    let home = Link::new(&repository.name, viewing.links.repository(&repository.name));
    let steps = vec![
        Crumb::new(&home.label, &home.href),
        Crumb::new("Graph", viewing.links.graph(&repository.name)),
    ];
    let is_drawn =
        !graph.edges.is_empty() && graph.nodes.len() <= DRAWN && graph.edges.len() <= DRAWN_LINES;
    Ok(Html::new(GraphPage {
        shell: rail.shell(&scope, "repositories", steps),
        repository: home,
        summary: summary(&graph),
        alone: alone(&graph),
        circles: graph.circles.iter().map(|circle| circle_words(&graph, circle)).collect(),
        drawing: is_drawn.then(|| picture(&graph, &viewing)),
        rows: rows(&graph, &viewing),
    }))
}

fn summary(graph: &Graph) -> String {
    format!(
        "{}, {}",
        counted(graph.nodes.len(), "project", "projects"),
        counted(graph.edges.len(), "dependency between them", "dependencies between them")
    )
}

fn alone(graph: &Graph) -> String {
    match graph.alone {
        0 => String::new(),
        1 => "One more project needs none of the others and is needed by none.".to_owned(),
        more => format!("{more} more projects need none of the others and are needed by none."),
    }
}

fn circle_words(graph: &Graph, circle: &[usize]) -> String {
    const NAMED: usize = 12;
    let mut names: Vec<String> =
        graph.names(circle).take(NAMED).map(|name| format!("“{name}”")).collect();
    if circle.len() > NAMED {
        names.push(format!("{} more", circle.len() - NAMED));
    }
    let last = names.pop().unwrap_or_default();
    format!("{} and {last} need each other in a circle.", names.join(", "))
}

fn picture(graph: &Graph, viewing: &Viewing) -> Picture {
    let names: Vec<String> = graph.nodes.iter().map(|node| cut(&node.name)).collect();
    let widths: Vec<i64> =
        graph.nodes.iter().zip(&names).map(|(node, name)| width(name, &node.kind)).collect();
    let drawing = layout::draw(&widths, &graph.edges);
    let lines = graph
        .edges
        .iter()
        .zip(&drawing.lines)
        .map(|(edge, path)| Line { class: class(edge.scope()), path: path.clone() });
    Picture {
        width: drawing.width,
        height: drawing.height,
        lines: lines.collect(),
        legend: legend(&graph.edges),
        boxes: boxes(graph, names, &drawing, viewing),
    }
}

fn boxes(graph: &Graph, names: Vec<String>, drawing: &Drawing, viewing: &Viewing) -> Vec<Box> {
    let each = graph.nodes.iter().enumerate().zip(names).zip(&drawing.places);
    let boxes = each.map(|(((index, node), name), place)| Box {
        href: viewing.links.project(node.id),
        label: described(graph, index, node),
        name,
        kind: kind_label(&node.kind).to_owned(),
        x: place.x,
        y: place.y,
        width: place.width,
        height: BOX_HEIGHT,
        text_x: place.x + 12,
        name_y: place.y + 18,
        kind_y: place.y + 33,
    });
    boxes.collect()
}

/// What somebody hears who does not see the lines.
fn described(graph: &Graph, index: usize, node: &GraphNode) -> String {
    let needs = graph.edges.iter().filter(|edge| edge.from == index).count();
    let needed = graph.edges.iter().filter(|edge| edge.to == index).count();
    format!("{}, {}: needs {needs}, needed by {needed}", node.name, kind_label(&node.kind))
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

/// Room for both lines of a box in the face they are written in.
fn width(name: &str, kind: &str) -> i64 {
    let letters =
        |text: &str, tenths: i64| i64::try_from(text.chars().count()).unwrap_or(0) * tenths / 10;
    (letters(name, 78).max(letters(kind_label(kind), 62)) + 26).max(90)
}

const fn class_and_words(scope: &str) -> (&'static str, &'static str) {
    match scope.as_bytes() {
        b"runtime" => ("runtime", "needs it to run"),
        b"optional" => ("optional", "may use it"),
        b"build" => ("building", "needs it to build"),
        _ => ("development", "needs it to test or develop"),
    }
}

const fn class(scope: &str) -> &'static str {
    class_and_words(scope).0
}

fn legend(edges: &[Edge]) -> Vec<(&'static str, &'static str)> {
    let kinds = ["runtime", "optional", "build", "development"].into_iter();
    let there = kinds.filter(|kind| edges.iter().any(|edge| edge.scope() == *kind));
    there.map(class_and_words).collect()
}

fn rows(graph: &Graph, viewing: &Viewing) -> Vec<Row> {
    let link = |node: &GraphNode| Link::new(&node.name, viewing.links.project(node.id));
    let rows = graph.nodes.iter().enumerate().map(|(index, node)| Row {
        project: link(node),
        needs: graph
            .edges
            .iter()
            .filter(|edge| edge.from == index)
            .filter_map(|edge| Some((link(graph.nodes.get(edge.to)?), edge.scopes.join(", "))))
            .collect(),
    });
    rows.filter(|row| !row.needs.is_empty()).collect()
}
