//! XML from strangers, read into a small tree; no entity but the five of XML is ever expanded.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
};

use super::{Unreadable, table::SHORT};
use crate::scanner::text;

/// No manifest is nested deeper, and none has more elements.
const MAX_DEPTH: usize = 64;
const MAX_ELEMENTS: usize = 50_000;

/// An element with what is inside it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    text: String,
    pub(super) children: Vec<Self>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The elements at the end of a path of names, all branches followed.
    pub(super) fn at<'e>(&'e self, path: &[&'e str]) -> Vec<&'e Self> {
        path.iter().fold(vec![self], |found, name| {
            found.into_iter().flat_map(|element| element.all(name)).collect()
        })
    }

    /// Its own text on one line; nothing where there is none.
    pub(super) fn line(&self, limit: usize) -> Option<String> {
        text::some_line(&self.text, limit)
    }

    /// The text of the first child of that name.
    pub(super) fn child_line(&self, name: &str) -> Option<String> {
        self.child(name)?.line(SHORT)
    }
}

/// Reads a document; its root element stands for it.
pub(super) fn read(text: &str) -> Result<Element, Unreadable> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    for _ in 0..MAX_ELEMENTS * 8 {
        let event = reader.read_event().map_err(|error| Unreadable::new(&error))?;
        match event {
            Event::Start(start) if open.len() < MAX_DEPTH => open.push(element(&start)),
            Event::Start(_) => return Err(Unreadable::new(&"it is nested too deeply")),
            Event::Empty(start) => close(&mut open, element(&start)),
            Event::End(_) => {
                if let Some(ended) = open.pop() {
                    close(&mut open, ended);
                }
            }
            Event::Text(part) => add_text(&mut open, &part.xml_content(XmlVersion::Implicit1_0)),
            Event::CData(part) => add_text(&mut open, &part.xml_content(XmlVersion::Implicit1_0)),
            Event::GeneralRef(reference) => add_text(&mut open, &resolved(&reference)),
            Event::Eof => return finish(open),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    Err(Unreadable::new(&"it has too many elements"))
}

fn finish(mut open: Vec<Element>) -> Result<Element, Unreadable> {
    let document = open.pop().filter(|_| open.is_empty());
    let root = document.and_then(|document| document.children.into_iter().next());
    root.ok_or_else(|| Unreadable::new(&"it ends before its elements do"))
}

fn close(open: &mut [Element], ended: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(ended);
    }
}

fn add_text(open: &mut [Element], part: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(part);
    }
}

fn element(start: &BytesStart<'_>) -> Element {
    let attributes = start.attributes().flatten().filter_map(|attribute| {
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some((local(attribute.key.as_ref()), value.into_owned()))
    });
    Element {
        name: local(start.name().as_ref()),
        attributes: attributes.collect(),
        ..Element::default()
    }
}

/// Without the prefix of its namespace.
fn local(name: impl AsRef<str>) -> String {
    let name = name.as_ref();
    name.rsplit_once(':').map_or(name, |(_, local)| local).to_owned()
}

/// `&amp;` and `&#38;`; what the document defines itself is left out.
fn resolved(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let name = reference.xml_content(XmlVersion::Implicit1_0);
    quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_text_attributes_and_children() {
        let root = read(
            "<?xml version=\"1.0\"?><!-- x --><a:project xmlns:a=\"u\"><item Include=\"x &amp; y\"/>\
             <name> a &lt; <![CDATA[b]]>&#33;\n</name></a:project>",
        )
        .unwrap();

        assert_eq!(root.name, "project");
        assert_eq!(root.child("item").unwrap().attribute("Include"), Some("x & y"));
        assert_eq!(root.child_line("name").as_deref(), Some("a < b!"));
    }

    #[test]
    fn bombs_and_halves_end_quickly() {
        let laughs = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;\">]><a>&c;&c;x</a>";

        assert_eq!(read(laughs).unwrap().line(80).as_deref(), Some("x"));
        assert!(read(&"<a>".repeat(1_000_000)).is_err());
        assert!(read(&format!("<a>{}</a>", "<b/>".repeat(1_000_000))).is_err());
        for half in ["", "<a", "<a><b></a>", "<a>", "text"] {
            assert!(read(half).is_err(), "{half}");
        }
    }
}
