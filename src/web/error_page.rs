//! An error as a page, or as the part of one that htmx asked for.

use askama::Template;

use super::{
    error::Problem,
    html::{Link, Shell},
    icon::Icon,
};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell,
    status: u16,
    title: &'a str,
    text: &'a str,
    help: &'static str,
    request_id: &'a str,
    links: Vec<Link>,
}

#[derive(Template)]
#[template(path = "_error.html")]
struct ErrorPart<'a> {
    status: u16,
    title: &'a str,
    text: &'a str,
    help: &'static str,
    request_id: &'a str,
    links: Vec<Link>,
}

/// Renders a problem for a person; the bare text where even that fails.
pub fn error_page(problem: &Problem, fragment: bool) -> String {
    let Problem { status, title, detail, request_id, .. } = problem;
    let (status, help, links) = (*status, help(*status), vec![Link::new("Go to the start", "/")]);
    let rendered = if fragment {
        ErrorPart { status, title, text: detail, help, request_id, links }.render()
    } else {
        ErrorPage {
            shell: Shell::bare(title),
            status,
            title,
            text: detail,
            help,
            request_id,
            links,
        }
        .render()
    };
    rendered.unwrap_or_else(|_| title.clone())
}

const fn help(status: u16) -> &'static str {
    match status {
        404 => "If somebody sent you the address, ask them for access or check that it is whole.",
        500.. => {
            "If it stays, give the request id to whoever runs this server: the log has the rest."
        }
        _ => "",
    }
}
